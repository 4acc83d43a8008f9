"""Vectors of indices; classes."""

import numpy as np

CONSTANTS = {
    "three_rows": np.array([[0, 2], [1, 0], [2, 2]]),
    "minus": np.array([-1, -2, 0]),
    "flat": np.array([[3, -1], [11, 0], [5, 5]]),
}

FUNCTIONS = """
torch.index_select(x, 1, k); x.index_select(0, k32); torch.index_select(x, 1, torch.tensor(0)); torch.index_select(s, 0, torch.tensor([0])); n.index_select(-1, k); torch.index_select(x, 0, no)
torch.index_select(x, dim=0, index=k); x.T.index_select(0, k); cube.index_select(1, k); mask.index_select(1, k)
torch.index_add(x, 0, k, y); x.index_add(0, k, y, alpha=2); torch.index_add(x, 0, k32, y, alpha=0.5); torch.index_add(n, 0, k, n, alpha=1.5); torch.index_add(s, 0, torch.tensor([0]), s)
torch.index_add(v, 0, torch.tensor(1), v[:1]); x.index_add(1, k, y[:, :3]); x.index_add(dim=-1, index=no, source=y[:, :0]); cube.index_add(1, k, cube * 2); torch.index_add(x.T, 1, k, y.T)
torch.index_copy(x, 0, torch.tensor([2, 0]), y[:2]); x.index_copy(1, k[:2], y[:, :2]); torch.index_copy(v, 0, torch.tensor(1), s); torch.index_copy(v, 0, torch.tensor([1]), s); torch.index_copy(s, 0, torch.tensor([0]), s * 2)
torch.index_copy(x, 0, k, y); n.index_copy(0, k, n); x.index_copy(0, no, y[:0])
torch.index_fill(x, 0, k, 1); x.index_fill(1, k, s); torch.index_fill(n, 0, k, 1.5); torch.index_fill(n, 0, k, s.detach()); torch.index_fill(x, 0, torch.tensor([-1]), s.detach()); torch.index_fill(x, 0, torch.tensor(1), s)
torch.index_fill(s, 0, torch.tensor([0]), 7); x.index_fill(0, no, 3.0); torch.index_fill(mask, 0, k, True); x.index_fill(dim=0, index=minus, value=0.5)
torch.index_put(x, (k,), s); torch.index_put(x, (k[:2], k[:2]), v[:2]); torch.index_put(x, (k, k), v[:3], accumulate=True); torch.index_put(x, (mask,), s); torch.index_put(x, [k], v); x.index_put((k32,), row)
torch.index_put(x, (three - 1,), v); torch.index_put(x, (three - 3, k[:2]), v[:2]); torch.index_put(x, (mask,), eight[:7], accumulate=True); x.index_put((k,), y, True); n.index_put((k,), n, accumulate=True)
torch.index_put(x, (minus, minus), v[:3]); torch.index_put(x, (no,), v); cube.index_put((k % 2, k), v, accumulate=True); x.index_put((mask,), eight[:7]); torch.index_put(x, (row_mask,), y[:2]); x.index_put(indices=(k,), values=s)
x.put(three_rows, few); torch.put(x, three_rows, v.repeat(2)[:6], accumulate=True); torch.put(x, flat, few, accumulate=True); torch.put(x, torch.tensor([-1, 3]), v[:2]); n.put(flat, n[:, :2], True); x.put(no, v[:0])
torch.take(x, three_rows); x.take(flat); torch.take(x, torch.tensor([-1])); torch.take(x, torch.tensor(3)); n.take(flat); x.take(no); torch.take(s, torch.tensor([0, 0])); x.T.take(flat); torch.take(empty, no)
torch.unravel_index(k, (3, 4)); torch.unravel_index(torch.tensor([-1, 20]), (3, 4)); torch.unravel_index(three_rows, 4); torch.unravel_index(k32, (3, 4)); torch.unravel_index(three, (2, 2, 3))
F.one_hot(k); F.one_hot(k, 5); F.one_hot(no, 3); F.one_hot(three); F.one_hot(three_rows, num_classes=4)
F.embedding(three_rows, x); F.embedding(k32, x); F.embedding(three - 2, x); F.embedding(three_rows, x, padding_idx=-1); F.embedding(three_rows, x, padding_idx=0); F.embedding(three_rows, n); F.embedding(no, x)
F.embedding(input=k, weight=x, padding_idx=1); F.embedding(k, x * y); F.embedding(k, x, scale_grad_by_freq=True)
(__import__("warnings").simplefilter("ignore"), torch.index_reduce(x, 0, k, p, "prod"))[1]; x.index_reduce(0, k, y, "mean", include_self=False); torch.index_reduce(x, 0, k, y, "amax"); x.index_reduce(1, k, y[:, :3], "amin"); n.index_reduce(0, k, n, "mean")
(x * 1).index_add_(0, k, y, alpha=2); (x * 1).index_copy_(0, torch.tensor([2, 0]), y[:2]); (x * 1).index_fill_(0, k, 2.5); (x * 1).index_fill_(0, k, s); (x * 1).index_put_((k, k), v[:3], accumulate=True)
(x * 1).index_put_((mask,), s); torch.index_put_(x * 1, (k,), s); (x * 1).put_(three_rows, few, accumulate=True); (x * 1).index_reduce_(0, k, p, "prod"); torch.zeros(3, 4, dtype=x.dtype).index_add_(0, k, y); (n * 1).put_(flat, n[:, :2])
"""

CREATION = """
[F.embedding(torch.tensor([0, 2, 0]), w, max_norm=5.0) for w in [torch.arange(12.0).reshape(3, 4).requires_grad_()]][0].detach(); [w for w in [torch.arange(12.0).reshape(3, 4)] for u in [F.embedding(torch.tensor([0, 2, 0]), w, None, 5.0, 1.0)]][0]
"""

ERRORS = """
torch.index_select(x, 1, torch.tensor([-1])); torch.index_select(x, 1, torch.tensor([7])); torch.index_select(x, 1, three_rows); torch.index_select(s, 0, torch.tensor([0, 0])); torch.index_select(x, 1, k.float())
torch.index_select(x, 1, k.short()); torch.index_select(x, 5, k); torch.index_add(x, 0, k, y[:, :1]); torch.index_add(x, 0, k, y[:2]); torch.index_add(x, 0, -k, y); torch.index_add(x, 0, minus, y); torch.index_add(x, 0, k, n)
torch.index_add(v, 0, torch.tensor(1), s); torch.index_copy(x, 0, k32, y); torch.index_copy(x, 0, minus, y); torch.index_copy(x, 0, k, y[:, :1]); torch.index_copy(x, 0, k, n); torch.index_fill(x, 0, k, v[:1])
torch.index_fill(x, 0, k32, s); torch.index_fill(x, 0, torch.tensor([7]), s); torch.index_fill(x, 0, three_rows, s); torch.index_fill(x, 0, k, "a")
torch.index_put(x, (k, k), n[0, :3]); torch.index_put(x, (None, k), s); torch.index_put(x, k, s); torch.index_put(x, (k,), 2.0); torch.index_put(x, (1,), s); torch.index_put(x, (k,), torch.zeros(7))
torch.index_put(x, (torch.tensor([0, 9]),), s); torch.index_put(x, (k.float(),), s); torch.index_put(x, (k.short(),), s)
torch.put(x, torch.tensor([17]), v[:1]); torch.put(x, three_rows, v); torch.put(x, three_rows, n[:, :2]); torch.put(x, three_rows.int(), few); torch.take(x, torch.tensor([17])); torch.take(x, k32); torch.take(x, k.float())
torch.take(empty, torch.tensor([0])); torch.unravel_index(k.float(), (3, 4)); torch.unravel_index(k, (-1,)); torch.unravel_index(k, (0,))
F.one_hot(k, 2); F.one_hot(k32); F.one_hot(-k); F.one_hot(no); F.one_hot(k.float()); F.embedding(k, x, padding_idx=5); F.embedding(k + 9, x); F.embedding(-k, x); F.embedding(k, v); F.embedding(k, cube); F.embedding(k.float(), x)
torch.index_reduce(x, 0, k, y, "sum"); torch.index_reduce(x, 0, minus, y, "prod")
"""

UNARY = """
a.index_select(0, torch.tensor([1, 1])); a.index_add(0, torch.tensor([0, 0]), a); a.index_add(0, torch.tensor([0]), a[:1], alpha=2); a.index_copy(0, torch.tensor([1]), a[:1]); a.index_fill(0, torch.tensor([0]), 1)
a.index_fill(0, torch.tensor([0]), 1.5); a.index_put((torch.tensor([0, 0]),), a, accumulate=True); a.put(torch.tensor([1, 0]), a); a.put(torch.tensor([0, 0]), a, accumulate=True); a.take(torch.tensor([1, -1]))
F.one_hot(a); F.embedding(a, torch.tensor([[1.0], [2.0]])); F.embedding(torch.tensor([0, 1]), a.reshape(2, 1)); torch.tensor([1.0, 2.0]).index_select(0, a); torch.tensor([1.0, 2.0]).take(a); torch.unravel_index(a, (2, 2))[1]
torch.tensor([1.0, 2.0]).index_add(0, a, torch.tensor([1.0, 2.0])); torch.tensor([1.0, 2.0]).index_copy(0, a, torch.tensor([1.0, 2.0])); torch.tensor([1.0, 2.0]).put(a, torch.tensor([1.0, 2.0]))
"""
