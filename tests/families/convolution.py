"""Convolutions."""

from __future__ import annotations

import itertools

import numpy as np

OPERANDS = {
    "field": ((2, 4, 5, 6), -2, 2), "wave": ((2, 4, 7), -2, 2), "k33": ((6, 4, 3, 3), -1, 1), "k23": ((4, 2, 2, 3), -1, 1),
    "k3": ((6, 4, 3), -1, 1), "k2": ((4, 2, 2), -1, 1), "t33": ((4, 3, 3, 3), -1, 1), "t3": ((4, 3, 3), -1, 1), "six": ((6,), -1, 1),
    "tri": ((3,), -1, 1), "k11": ((2, 4, 1, 1), -1, 1), "deep": ((4, 1, 3, 2), -1, 1), "none4": ((0, 4, 5, 6), -1, 1),
}  # fmt: skip


def _terms(output, weight, input, windows, groups):
    """The positions of all factors of the sum that the three operations share, one after the other."""
    inner = input[1] // groups
    for n, d, c in itertools.product(range(output[0]), range(output[1]), range(inner)):
        channel = d // (output[1] // groups) * inner + c
        for o in itertools.product(*(range(w.count) for w in windows)):
            for k in itertools.product(*(range(w.size) for w in windows)):
                place = [i * w.stride + j * w.dilation - w.padding for i, j, w in zip(o, k, windows, strict=True)]
                if all(0 <= i < size for i, size in zip(place, input[2:], strict=True)):
                    yield (n, d, *o), (d, c, *k), (n, channel, *place)


def _convolution(input, weight, windows, groups, bias=None):
    out = np.zeros((input.shape[0], weight.shape[0], *(w.count for w in windows)))
    for o, k, i in _terms(out.shape, weight.shape, input.shape, windows, groups):
        out[o] += weight[k] * input[i]
    return out if bias is None else out + np.expand_dims(bias, tuple(range(1, 1 + len(windows))))


def _transposed(input, weight, size, windows, groups, bias=None):
    out = np.zeros((input.shape[0], groups * weight.shape[1], *size))
    for o, k, i in _terms(input.shape, weight.shape, out.shape, windows, groups):
        out[i] += weight[k] * input[o]
    return out if bias is None else out + np.expand_dims(bias, tuple(range(1, 1 + len(windows))))


def _kernels(output, input, windows, groups):
    out = np.zeros((output.shape[1], input.shape[1] // groups, *(w.size for w in windows)))
    for o, k, i in _terms(output.shape, out.shape, input.shape, windows, groups):
        out[k] += output[o] * input[i]
    return out


REFERENCES = {
    "convolution": _convolution,
    "transposed_convolution": _transposed,
    "convolution_kernels": _kernels,
}

FUNCTIONS = """
torch.conv2d(field, k33); F.conv2d(field, k33, six, padding=1); F.conv2d(field, k33, six, 2, 1); F.conv2d(field, k33, None, (1, 2), (2, 0), (2, 1))
F.conv2d(field, k23, tri.sum() * six[:4], groups=2, padding=1); F.conv2d(field, k23, groups=2, stride=3, padding=(3, 1), dilation=(1, 2)); F.conv2d(field[0], k33, six); F.conv2d(field, k11)
F.conv2d(field, k33, padding="same"); F.conv2d(field, k23, groups=2, padding="same", dilation=(2, 3)); F.conv2d(field, k33, padding="valid"); F.conv2d(field, deep, groups=4, padding=1)
F.conv2d(field.transpose(2, 3), k33.flip(3)); F.conv2d(field[:, :, ::2, 1:], k33[::2], padding=1); F.conv2d(none4, k33, six); F.conv2d(field[:, :1].expand(2, 4, 5, 6), k33)
F.conv2d(field, k33, stride=[2], padding=[1]); F.conv2d(input=field, weight=k33, bias=None, stride=(5, 6), padding=1, dilation=1, groups=1); F.conv2d(field[:, :2], field[:, :2])
torch.conv1d(wave, k3, six); F.conv1d(wave, k3, six, 2, 3, 2); F.conv1d(wave, k2, None, 1, "same", 2, 2); F.conv1d(wave[0], k3, padding=(1,)); F.conv1d(wave, wave[:, :2, :3], groups=2)
F.conv1d(wave, k3, padding="same"); F.conv1d(wave.transpose(0, 1).contiguous().transpose(0, 1), k3)
torch.conv_transpose2d(field, t33); F.conv_transpose2d(field, t33, tri, padding=1); F.conv_transpose2d(field, t33, tri, 2, 1, 1); F.conv_transpose2d(field, t33, None, (3, 1), (0, 2), (2, 0), 1, (1, 2))
F.conv_transpose2d(field, t33, six, 2, groups=2); F.conv_transpose2d(field, t33, six, 1, 3, groups=2); F.conv_transpose2d(field, t33, dilation=3, output_padding=2); F.conv_transpose2d(field[0], t33, tri, 4)
F.conv_transpose2d(none4, t33, tri, 2); F.conv_transpose2d(field.transpose(2, 3), t33[:, ::2], stride=2, padding=2); F.conv_transpose2d(field, k11[0][:, None], stride=2); F.conv_transpose2d(field, t33, stride=2, dilation=3, output_padding=2)
torch.conv_transpose1d(wave, t3, tri); F.conv_transpose1d(wave, t3, None, 2, 1, 1, 1, 2); F.conv_transpose1d(wave[0], t3, six, groups=2, stride=3); F.conv_transpose1d(wave, t3, stride=1, padding=4)
F.conv2d(F.conv_transpose2d(field, t33, stride=2, padding=1), k33[:, :3], padding=1)
"""

CREATION = """
F.conv2d(torch.arange(50).reshape(1, 2, 5, 5), torch.arange(54).reshape(3, 2, 3, 3), padding=1); F.conv_transpose1d(torch.arange(6).reshape(1, 2, 3), torch.arange(8).reshape(2, 2, 2), stride=2)
F.conv2d(torch.arange(50).reshape(1, 2, 5, 5).half(), torch.arange(54).reshape(3, 2, 3, 3).half() / 64, torch.ones(3).half()); F.conv_transpose2d(torch.arange(50).reshape(1, 2, 5, 5).half() / 64, torch.ones(2, 3, 3, 3).half(), stride=2)
F.conv2d(torch.full((1, 1, 2, 2), 7, dtype=torch.uint8), torch.full((1, 1, 2, 2), 60, dtype=torch.uint8))
"""

SPECIAL = """
F.conv_transpose1d(z[None], z[None, None, :2], stride=2)
"""

UNARY = """
F.conv1d(a[None], a[None, None]); F.conv1d(a[None], a[None, None], a[:1], padding=2)
"""

ERRORS = """
F.conv2d(field, k3); F.conv2d(wave, k3); F.conv1d(field, k3); F.conv1d(v, k3); F.conv2d(x, k33); F.conv2d(field[None], k33); F.conv2d(field, k23); F.conv2d(field, k33, groups=2); F.conv2d(field, k33[:5], groups=2)
F.conv2d(field, k33, groups=0); F.conv2d(field, k33, groups=-1); F.conv2d(field, k33, tri); F.conv2d(field, k33, six[None]); F.conv2d(field, k33, 3); F.conv2d(3, k33); F.conv2d(field, 3); F.conv2d(field, k33.double())
F.conv2d(field, k33, six.double()); F.conv2d(field.long(), k33); F.conv2d(field, k33, stride=0); F.conv2d(field, k33, stride=(1, 2, 3)); F.conv2d(field, k33, padding=-1); F.conv2d(field, k33, dilation=0); F.conv2d(field, k33, dilation=3)
F.conv2d(field[:, :, :2], k33); F.conv2d(field, k33, padding="same", stride=2); F.conv2d(field, k33, padding="full"); F.conv2d(field, k33, stride=1.0); F.conv2d(field, k33, stride="1"); F.conv2d(field, k33[:0]); F.conv2d(field, k33[:, :, :0])
F.conv2d(field[:, :, :0], k33, padding=3); F.conv2d(field > 0, k33 > 0); F.conv1d(wave, k3, padding=(1, 1)); F.conv1d(wave[:, :, :1], k3); F.conv2d(field, k33, None, 1, 0, 1, 1, 1)
F.conv_transpose2d(field, k33); F.conv_transpose2d(field, t33, six); F.conv_transpose2d(field, t33, groups=3); F.conv_transpose2d(field, t33, output_padding=1); F.conv_transpose2d(field, t33, stride=2, output_padding=2)
F.conv_transpose2d(field, t33, padding=4); F.conv_transpose2d(field, t33, padding="same"); F.conv_transpose2d(field[:, :, :0], t33); F.conv_transpose2d(field, t33, output_padding=-1); F.conv_transpose1d(field, t3); F.conv_transpose1d(v, t3)
F.conv_transpose1d(wave, t3.double()); F.conv_transpose1d(wave, t3, stride=(1, 2)); F.conv_transpose2d(field > 0, t33 > 0)
"""
