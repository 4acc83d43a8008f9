"""Recurrent layers and cells as functions; the modules made of them are in test_parity_recurrent.py."""

from __future__ import annotations

import numpy as np

OPERANDS = {
    "seq": ((3, 2, 3), -2, 2), "rows": ((5, 3), -2, 2), "h": ((1, 2, 2), -1, 1), "c": ((1, 2, 2), -1, 1),
    "w8": ((8, 3), -1, 1), "u8": ((8, 2), -1, 1), "b8": ((8,), -1, 1), "w2": ((2, 4), -1, 1),
}  # fmt: skip
CONSTANTS = {"sizes": np.array([2, 2, 1])}

FUNCTIONS = """
torch.lstm_cell(seq[0], (h[0], c[0]), w8, u8); torch.lstm_cell(seq[0], (h[0], c[0]), w8, u8, b8, b8 * 2)
torch.lstm_cell(seq[:, 0][:2], [h[0], c[0].T], w8, u8, b_hh=b8); torch.gru_cell(seq[0], h[0], w8[:6], u8[:6])
torch.gru_cell(seq[0], hx=h[0], w_ih=w8[:6], w_hh=u8[:6], b_ih=b8[:6], b_hh=b8[2:]); torch.gru_cell(seq[0], h[0], w8[:6], u8[:6], b8[:6])
torch.rnn_tanh_cell(seq[0], h[0], w8[:2], u8[:2], b8[:2], b8[2:4]); torch.rnn_relu_cell(seq[0], h[0], w8[:2], u8[:2], b8[:2], b8[2:4])
torch.rnn_tanh_cell(seq[0][:0], h[0][:0], w8[:2], u8[:2])
torch.lstm(seq, (h, c), [w8, u8, b8, b8 * 2], True, 1, 0.0, False, False, False); torch.lstm(seq, (h, c), (w8, u8), False, 1, 0.0, True, False, False)
torch.lstm(rows, sizes, (h, c), [w8, u8, b8, b8], True, 1, 0.0, False, False)
torch.gru(seq, h, [w8[:6], u8[:6], b8[:6], b8[2:]], True, 1, 0.0, False, False, False); torch.gru(seq.transpose(0, 1), h, [w8[:6], u8[:6]], False, 1, 0.0, False, False, batch_first=True)
torch.gru(rows, sizes, h, [w8[:6], u8[:6]], has_biases=False, num_layers=1, dropout=0.0, train=False, bidirectional=False)
torch.rnn_tanh(seq, torch.cat([h, c]), [w8[:2], u8[:2], w8[2:4], u8[2:4]], False, 1, 0.0, False, True, False)
torch.rnn_relu(seq, torch.cat([h, c]), [w8[:2], u8[:2], w8[2:4, :2], u8[2:4]], False, 2, 0.0, False, False, False)
torch.rnn_relu(rows, sizes, torch.cat([h, c]), [w8[:2], u8[:2], w8[2:4], u8[2:4]], False, 1, 0.0, False, True)
[torch.manual_seed(1), torch.rnn_tanh(seq, torch.cat([h, c]), [w8[:2], u8[:2], w8[2:4, :2], u8[2:4]], False, 2, 0.4, True, False, False)][1]
"""

ERRORS = """
torch.lstm_cell(seq[0], (h[0], c[0]), w8[:, :2], u8); torch.lstm_cell(seq[0], (h[0], c[0][:1]), w8, u8); torch.lstm_cell(seq[0], (h[0],), w8, u8)
torch.lstm_cell(seq[0], h[0], w8, u8); torch.lstm_cell(seq[0].double(), (h[0], c[0]), w8, u8); torch.lstm_cell(seq[0], (h[0], c[0]), w8[:4], u8)
torch.lstm_cell(seq[0, 0], (h[0, 0], c[0, 0]), w8, u8); torch.gru_cell(seq[0], h[0], w8, u8); torch.lstm_cell(seq[0], (h[0], c[0]), w8, u8, b8[:3], b8)
torch.lstm(seq[:0], (h, c), [w8, u8], False, 1, 0.0, False, False, False); torch.lstm(seq, (h,), [w8, u8], False, 1, 0.0, False, False, False)
torch.gru(seq, h, [w8[:6], u8[:6]], False, 1, 0.0, False, False)
"""
