"""The deliberate differences from PyTorch, each with an id that docs/differences.md explains.

A row is a program for both libraries (see ``parity.py``) and what it gives here: a value, or the type of its error.
PyTorch, where it is installed, must give something else; else the row and the entry have to go.
"""

from __future__ import annotations

import re
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from parity import outcome, same

import microgradnp as mg

PAGE = Path(__file__).parents[1] / "docs" / "differences.md"
DATA = Path(__file__).parent / "data"
BY_CHANCE = {"ties", "margin-of-no-rows"}  # what PyTorch gives here depends on its build, or on what memory holds

PRELUDE = """
from math import inf, nan
import numpy as np
import warnings
F = t.nn.functional
def grad(y, *x):
    found = t.autograd.grad(y.sum(), x, create_graph=True, allow_unused=True)
    return [None if g is None else g.tolist() for g in found]
def second(y, x, power=1):
    g, = t.autograd.grad(y.sum(), x, create_graph=True)
    return grad(g**power, x)
def zeros(*shape):
    return t.zeros(*shape, dtype=t.float64, requires_grad=True)
"""

ROWS: list[tuple[str, str, Any]] = [
    # Types and printing
    ("dtypes", "r = t.float32 == np.dtype('float32')", True),
    ("dtypes", "t.float32.is_floating_point", "AttributeError"),
    ("dtype-texts", "r = t.ones(1, dtype='float64').element_size()", 8),
    ("numpy-types", "r = t.from_numpy(np.ones(2, np.uint16)).tolist()", "TypeError"),
    ("names-when-printed", "r = str(t.float16), repr(t.Size([2]))", ["float16", "Size([2])"]),
    ("print-profiles", "t.set_printoptions(profile='mine')", "ValueError"),
    ("subclasses", "class S(t.Tensor): pass\nr = type(S([1.0]) * 2).__name__", "Tensor"),
    (
        "float-of-tensors",
        "x = L(2.0)\nwith warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n    float(x[0] * 2)\nr = len(caught)",
        0,
    ),
    ("devices", "t.ones(1, device='meta')", "DeviceError"),
    ("devices", "t.ones(1).to('cuda')", "DeviceError"),
    ("mixed-precision", "t.autocast('cpu')", "RuntimeError"),
    ("mixed-precision", "t.amp.GradScaler('cpu')", "RuntimeError"),
    ("flip-order", "r = t.flip(t.ones(2, 3).T, (0,)).stride()", [2, 1]),
    # NumPy
    ("numpy-functions", "x = L(0.0)\nr = grad(np.exp(x), x)", [[1.0]]),
    ("numpy-functions", "r = type(np.fft.fft(t.ones(4))).__name__", "TypeError"),
    ("arrays-alone", "r = type(t.exp(np.ones(2))).__name__", "ndarray"),
    ("arrays-of-no-dimensions", "r = (t.ones(2) * np.array(2.0)).element_size()", 4),
    ("numbers-for-tensors", "r = t.maximum(C(1.0, 3.0), 2).tolist()", [2.0, 3.0]),
    ("numbers-for-tensors", "r = t.hypot(C(3.0), 4).tolist()", [5.0]),
    ("argmax-of-bools", "r = t.tensor([False, True]).argmax().item()", 1),
    (
        "memory-changed-by-numpy",
        "a = np.ones(2)\nx = t.from_numpy(a).requires_grad_()\ny = x * x\na[0] = 5\nr = grad(y, x)",
        [[2.0, 2.0]],
    ),
    (
        "memory-changed-by-numpy",
        "x = L(1.0, 1.0)\ny = x * x\nx.detach().numpy()[0] = 5\nr = grad(y, x)",
        "RuntimeError",
    ),
    # Gradients
    ("floor-division", "x, y = L(7.0, 0.0), L(2.0, 3.0)\nr = grad(x // y, x, y)", [[0.0, 0.0], [0.0, 0.0]]),
    (
        "floor-division",
        "x, y = L(7.0), L(2.0)\nr = grad(t.div(x, y, rounding_mode='floor') + x // y, x, y)",
        [[0.0], [0.0]],
    ),
    ("remainder-of-a-number", "y = L(2.0, 3.0)\nr = grad(7 % y, y)", [[-3.0, -2.0]]),
    ("heaviside", "y = L(2.0, 3.0)\nr = grad(t.heaviside(C(7.0, 0.0), y), y)", [[0.0, 1.0]]),
    ("ldexp", "y = L(2.0, 3.0)\nr = grad(t.ldexp(y, t.tensor([-1, -2])), y)", [[0.5, 0.25]]),
    (
        "bincount",
        "w = L(1.0, 2.0, 3.0)\nr = grad(t.bincount(t.tensor([1, 1, 0]), w) * t.arange(2), w)",
        [[1.0, 1.0, 0.0]],
    ),
    ("histogram", "w = L(1.0, 2.0)\nr = t.histogram(w, 2)[0].requires_grad", False),
    ("scatter", "x = L(1.0, 2.0)\nr = grad(x.scatter(0, t.tensor([0]), 5.0, reduce='multiply'), x)", [[5.0, 1.0]]),
    (
        "scatter",
        "x, s = L(1.0, 2.0), L(3.0, 4.0)\nr = grad(x.scatter(0, t.tensor([0]), s), x, s)",
        [[0.0, 1.0], [1.0, 0.0]],
    ),
    (
        "scatter-ties",
        "x, s = L(3.0, 2.0), L(3.0, 3.0)\n"
        "r = grad(x.scatter_reduce(0, t.tensor([0, 0]), s, 'amax', include_self=False), x, s)",
        [[0.0, 1.0], [0.5, 0.5]],
    ),
    (
        "index-fill",
        "x, v = L(1.0, 2.0), t.tensor(4.0, dtype=t.float64, requires_grad=True)\n"
        "r = grad(x.index_fill(0, t.tensor([-1]), v), x, v)",
        [[1.0, 0.0], 1.0],
    ),
    ("view-as-own-type", "x = L(1.0, 2.0)\nr = grad(x.view(t.float64), x)", [[1.0, 1.0]]),
    (
        "block-diag",
        "x, y = zeros(0), L(1.0, 2.0)\no = t.block_diag(x, y, y)\nr = grad(o * t.arange(12).view(3, 4), y)",
        [[14.0, 16.0]],
    ),
    ("as-strided", "x = L(1.0, 2.0, 3.0)\nr = grad(x[1:].as_strided((2,), (1,), 0), x)", [[1.0, 1.0, 0.0]]),
    ("in-place-leaky-relu", "x = L(-1.0)\nr = grad(F.leaky_relu(x * 1, -0.5, inplace=True), x)", [[-0.5]]),
    ("variance-over-no-dims", "x = L(1.0, 2.0)\nr = grad(x.var(dim=()), x)", [[-1.0, 1.0]]),
    ("no-degrees-of-freedom", "x = L(2.0, 1.0, 6.0)\nr = grad(x.var(correction=3), x)", [[-inf, -inf, inf]]),
    ("norm-twice", "x = L(0.0, 0.0)\nr = second(x.norm(), x)", [[0.0, 0.0]]),
    (
        "attention-twice",
        "x = zeros(1, 1, 2, 2)\nr = len(second(F.scaled_dot_product_attention(x, x, x, is_causal=True), x))",
        1,
    ),
    ("distances-twice", "x = L(3.0, 4.0).view(1, 2)\nr = second(t.cdist(x, zeros(1, 2)), x)", [[[0.032, -0.024]]]),
    (
        "weight-norm-twice",
        "m = t.nn.utils.weight_norm(t.nn.Linear(2, 1, bias=False, dtype=t.float64))\n"
        "v = m.weight_v\nv.data = C(1.0, 0.0).reshape(1, 2)\nm.weight_g.data = C(2.0).reshape(1, 1)\n"
        "r = second(m(C(1.0, 1.0)), v)",
        [[[-2.0, -4.0]]],
    ),
    (
        "embedding-by-frequency-twice",
        "w = L(1.0, 2.0).reshape(2, 1)\nu = L(1.0, 1.0)\n"
        "x = t.nn.functional.embedding(t.tensor([0, 0]), w, scale_grad_by_freq=True)[:, 0]\n"
        "g, = t.autograd.grad((x * u).sum(), w, create_graph=True)\nr = grad(g.sum(), u)",
        [[0.5, 0.5]],
    ),
    (
        "det-twice",
        "x = zeros(2, 2)\ng, = t.autograd.grad(t.linalg.det(x), x, create_graph=True)\nr = grad(g[0, 0], x)",
        [[[0.0, 0.0], [0.0, 1.0]]],
    ),
    ("logdet-of-singular", "x = zeros(2, 2)\nr = grad(t.linalg.slogdet(x)[1], x)", [[[nan, nan], [nan, nan]]]),
    (
        "logcumsumexp-thrice",
        "x = L(0.3, 1.0)\ng, = t.autograd.grad((t.logcumsumexp(x, 0)**2).sum(), x, create_graph=True)\n"
        "g, = t.autograd.grad((g**2).sum(), x, create_graph=True)\nr = bool(np.isfinite(grad(g**2, x)).all())",
        True,
    ),
    (
        "loss-weights",
        "w = t.ones(2, requires_grad=True)\n"
        "r = grad(F.multi_margin_loss(t.zeros(2, 2), t.tensor([0, 1]), weight=w), w)",
        [[0.25, 0.25]],
    ),
    (
        "loss-weights",
        "w = t.ones(2, requires_grad=True)\nr = grad(F.nll_loss(t.zeros(2, 2), t.tensor([0, 1]), weight=w), w)",
        [[0.0, 0.0]],
    ),
    ("loss-weights", "y = L(0.0)\nr = grad(F.soft_margin_loss(C(2.0).double(), y), y)", [[-1.0]]),
    ("targets-of-zero", "p = L(0.0)\nr = grad(F.kl_div(L(0.5), p, reduction='sum'), p)", [[-0.5]]),
    ("targets-of-zero", "p = L(0.0)\nr = grad(F.poisson_nll_loss(L(0.5), p, full=True), p)", [[-0.5]]),
    ("igamma", "t.igamma(L(1.0), L(1.0))", "NotImplementedError"),
    ("zeros-for-none", "x = L(1.0, 2.0)\nr = grad(t.linalg.vector_norm(x, 0), x)", [[0.0, 0.0]]),
    ("names-of-nodes", "r = type(F.silu(L(1.0)).grad_fn).__name__", "MulBackward0"),
    ("sparse-gradients", "t.gather(L(1.0), 0, t.tensor([0]), sparse_grad=True)", "NotImplementedError"),
    (
        "float16-sums",
        "x = t.ones(1, dtype=t.float16, requires_grad=True)\n"
        "x[t.zeros(4096, dtype=t.int64)].backward(t.ones(4096, dtype=t.float16))\nr = x.grad.item()",
        4096.0,
    ),
    # In place
    ("overlapping-writes", "x = t.arange(4.0)\nx[1:].copy_(x[:-1])\nr = x.tolist()", [0.0, 0.0, 1.0, 2.0]),
    ("overlapping-writes", "x = t.arange(4.0)\nx[1:].add_(x[:-1])\nr = x.tolist()", [0.0, 1.0, 3.0, 5.0]),
    ("overlapping-writes", "x = t.arange(4.0).view(2, 2)\nx.copy_(x.T)\nr = x.tolist()", [[0.0, 2.0], [1.0, 3.0]]),
    ("writes-to-parts", "x = L(1.0, 1.0)\ny = x * 1\na, b = y.split(1)\na.mul_(2)\nr = grad(y, x)", [[2.0, 1.0]]),
    ("writes-to-parts", "x = L(1.0, 1.0)\ny = x * 1\na, b = y.unbind()\nb.mul_(2)\nr = grad(y, x)", [[1.0, 2.0]]),
    ("writes-to-expanded", "s = L(2.0)\nz = zeros(1).detach().expand(3)\nz.fill_(s[0])\nr = grad(z, s)", [[3.0]]),
    ("writes-to-expanded", "x = t.ones(1).expand(3)\nx[t.tensor([0, 1])] = t.tensor([2.0, 3.0])", "RuntimeError"),
    ("exp-then-write", "x = L(0.0)\ny = x * 2\ny.exp_().mul_(2)\nr = grad(y, x)", [[4.0]]),
    (
        "turned-in-place",
        "x = t.ones(2, 3, requires_grad=True)\ny = x * 1\nz = y * y\ny.t_()\nr = grad(z, x)",
        [[[2.0] * 3] * 2],
    ),
    ("data", "x = L(1.0)\ny = x * x\nx.data = t.zeros(1, dtype=t.float64)\nr = grad(y, x)", [[2.0]]),
    ("data", "x = L(1.0)\ny = x * x\nx.data.sub_(0.5)\nr = grad(y, x)", "RuntimeError"),
    # Values at nan and infinity, and rounding
    ("products-without-quotient", "x = L(inf, 2.0)\nr = grad(x.prod(), x)", [[2.0, inf]]),
    ("products-without-quotient", "x = L(2.0, inf, 3.0)\nr = grad(x.cumprod(0), x)", [[inf, 8.0, inf]]),
    ("nan-in-bounds", "x = L(*[nan] * 16)\nr = grad(F.relu6(x), x)", [[1.0] * 16]),
    ("nan-in-bounds", "x = L(*[nan] * 16)\nr = grad(F.hardshrink(x), x)", [[1.0] * 16]),
    ("mean-of-nans", "x = L(nan, nan)\nr = grad(x.nanmean(), x)", [[0.0, 0.0]]),
    ("copysign", "x = L(inf, -inf)\nr = grad(t.copysign(x, t.ones(2)), x)", [[1.0, -1.0]]),
    ("overflow", "r = F.softplus(L(800.0), threshold=1000).tolist()", [800.0]),
    ("overflow", "r = F.soft_margin_loss(L(-800.0), C(1.0).double()).tolist()", 800.0),
    ("trapezoid", "r = t.trapezoid(C(inf, inf, 1.0)).item()", inf),
    ("alpha-of-zero", "a = t.full((2, 2), inf)\nr = t.addmm(t.ones(2, 2), a, a, alpha=0)[0].tolist()", [nan, nan]),
    ("outside-the-domain", "x = L(-1.0)\nr = grad(t.acosh(x), x)", [[-inf]]),
    ("outside-the-domain", "x = L(-0.0, -inf)\nr = grad(x**0.5, x)", [[inf, 0.0]]),
    ("more-exact", "x = L(0.3)\nr = grad(F.hardsigmoid(x), x)[0][0] == 1 / 6", True),
    ("more-exact", "r = abs(t.polygamma(1, L(0.5)).item() - np.pi**2 / 2) < 1e-14", True),
    ("more-exact", "r = t.full((7,), 0.1).std().item()", 0.0),
    ("ties", "r = t.ones(3).topk(2).values.tolist()", [1.0, 1.0]),
    # Arguments and errors
    ("convolution-of-no-channels", "r = list(F.conv1d(t.ones(2, 0, 5), t.ones(6, 0, 3)).shape)", [2, 6, 3]),
    ("messages", "try: bool(t.ones(3))\nexcept RuntimeError as error: r = '.any()' in str(error)", True),
    ("reduction-by-position", "F.mse_loss(t.zeros(2), t.ones(2), 'sum')", "TypeError"),
    (
        "kl-div-averaged-twice",
        "r = F.kl_div(t.zeros(4, 2), t.ones(4, 2) * 2, size_average=True, reduction='batchmean').item() > 1",
        True,
    ),
    ("dtypes-in-losses", "r = F.huber_loss(t.ones(2), t.ones(2).double()).element_size()", 8),
    ("dtypes-in-losses", "r = F.binary_cross_entropy_with_logits(t.ones(2).double(), t.ones(2)).element_size()", 8),
    ("dtypes-in-losses", "r = F.hinge_embedding_loss(t.tensor([1, 2]), t.tensor([1, -1])).item()", 0.5),
    ("margin-of-no-rows", "r = F.multi_margin_loss(t.zeros(0, 3), t.zeros(0, dtype=t.int64)).item()", nan),
    ("unknown-reductions", "r = type(t.nn.L1Loss(reduction='median')).__name__", "ValueError"),
    ("interpolation-of-bytes", "F.interpolate(t.ones(1, 1, 2, 2).byte(), 3, mode='bilinear')", "NotImplementedError"),
    (
        "places-of-padding",
        "layer = t.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)\n"
        "encoder = t.nn.TransformerEncoder(layer, 1).eval()\n"
        "with t.no_grad():\n    y = encoder(t.ones(1, 2, 4), src_key_padding_mask=t.tensor([[False, True]]))\n"
        "r = bool(y[0, 1].any())",
        True,
    ),
    ("take-along-dim", "t.take_along_dim(C(1.0, 2.0), t.tensor([7]), 0)", "IndexError"),
    ("uint8", "r = (t.tensor([1], dtype=t.uint8) > -1).tolist()", [True]),
    ("uint8", "t.tensor([1], dtype=t.uint8).clamp(-1)", "RuntimeError"),
    ("factors-of-integers", "a = t.ones(2, 2, dtype=t.int64)\nt.addmm(a, a, a, alpha=0.5)", "RuntimeError"),
    ("in-place-types", "r = t.ones(2).float_power_(2).tolist()", [1.0, 1.0]),
    ("in-place-types", "r = t.ones(2).cumsum_(0, dtype=t.float64).tolist()", [1.0, 2.0]),
    ("median-of-no-bools", "t.median(t.zeros(0, dtype=t.bool))", "NotImplementedError"),
    # Modules
    (
        "layers-in-lists",
        "m = t.nn.Module()\nm.layers = [t.nn.Tanh()]\nwith warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n    list(m.parameters()), list(m.parameters())\nr = len(caught)",
        1,
    ),
    ("hidden-methods", "m = t.nn.Module()\nm.modules = [1]", "KeyError"),
    ("hidden-methods", "m = t.nn.Module()\nm.children = t.nn.Tanh()", "KeyError"),
    ("module-inside-itself", "m = t.nn.Sequential(t.nn.Sequential())\nm[0].append(m)", "ValueError"),
    (
        "failed-loading",
        "m = t.nn.Linear(1, 1)\nw = m.weight.item()\n"
        "try: m.load_state_dict({'weight': t.full((1, 1), w + 1)})\nexcept RuntimeError: r = m.weight.item() == w",
        True,
    ),
    (
        "failed-renaming",
        "p = [t.zeros(2), t.zeros(2)]\n"
        "try: t.nn.utils.vector_to_parameters(t.ones(3), p)\nexcept RuntimeError: r = p[0].tolist()",
        [0.0, 0.0],
    ),
    (
        "failed-renaming",
        "m = t.nn.Linear(1, 1)\ntry: t.nn.utils.weight_norm(m, dim=2)\nexcept IndexError: r = len(m.state_dict())",
        2,
    ),
    ("unknown-names", "t.func.functional_call(t.nn.Linear(1, 1), {'wait': t.ones(1)}, t.ones(1))", "RuntimeError"),
    (
        "shared-modules",
        "a = t.nn.Linear(1, 1)\nm = t.nn.Sequential(a, a)\nbefore = a.weight\n"
        "t.func.functional_call(m, {'0.weight': t.ones(1, 1)}, t.ones(1))\nr = a.weight is before",
        True,
    ),
    ("nothing-to-clip", "r = t.nn.utils.clip_grad_value_([t.ones(1)], 1.0)", None),
    ("lengths-beyond-the-batch", "t.nn.utils.rnn.pack_padded_sequence(t.ones(2, 2), [3, 1])", "RuntimeError"),
    ("padding-of-one", "t.nn.utils.rnn.pad_sequence([t.ones(2, 2), t.ones(2, 1)])", "RuntimeError"),
    (
        "unpadding",
        "x = t.ones(3, 2)\nt.nn.utils.rnn.unpad_sequence(x, t.tensor([1, 2]))\nr = tuple(x.shape)",
        [3, 2],
    ),
    # Data
    ("options-of-workers", "t.utils.data.DataLoader([1], timeout=3)", "ValueError"),
    ("options-of-workers", "t.utils.data.DataLoader([1], num_workers=1, prefetch_factor=0)", "ValueError"),
    (
        "stop-iteration",
        "class Data:\n    def __len__(self): return 2\n    def __getitem__(self, i): return next(iter(()))\n"
        "r = list(t.utils.data.DataLoader(Data(), num_workers=1))",
        "RuntimeError",
    ),
    # Files and settings
    ("safetensors", "import io\nf = io.BytesIO()\nt.save(t.ones(1), f)\nr = f.getvalue()[:2] == b'PK'", False),
    ("no-pickles", "import io\nt.save(t.nn.Linear(1, 1), io.BytesIO())", "TypeError"),
    (
        "arrays-in-files",
        "import io\nt.save(np.ones(2), f := io.BytesIO())\nf.seek(0)\nr = t.load(f).tolist()",
        [1.0, 1.0],
    ),
    ("bfloat16-in-files", f"r = str(t.load({str(DATA / 'bfloat16.pt')!r}).dtype)", "float32"),
    ("matmul-precision", "t.set_float32_matmul_precision('low')", "ValueError"),
    (
        "no-log-of-checkpoints",
        "from importlib import import_module\ncheckpoint = import_module(t.__name__ + '.utils.checkpoint').checkpoint\n"
        "checkpoint(t.exp, L(1.0), use_reentrant=False, debug=True)",
        "NotImplementedError",
    ),
    # Random numbers
    ("rng", "r = tuple(t.rand(2, rng=np.random.default_rng(0)).shape)", [2]),
    ("generator-states", "t.manual_seed(0)\nr = len(t.get_rng_state())", 2524),
    ("inexact-integers", "t.randint(0, 5000, (2,), dtype=t.float16)", "RuntimeError"),
]

rows = pytest.mark.parametrize(
    "name, source, expected", ROWS, ids=[f"{name}-{i}" for i, (name, _, _) in enumerate(ROWS)]
)


@rows
def test_here(name: str, source: str, expected: Any) -> None:
    assert same(outcome(mg, PRELUDE + source)[0], expected)


@rows
def test_in_pytorch(name: str, source: str, expected: Any) -> None:
    torch = pytest.importorskip("torch")
    torch.set_warn_always(True)  # else a warning that another test has seen is not given again
    try:
        result = outcome(torch, PRELUDE + source)[0]
    finally:
        torch.set_warn_always(False)
    assert result not in ("NameError", "SyntaxError", "AttributeError"), "a mistake in the program"
    assert name in BY_CHANCE or not same(result, expected), "PyTorch does the same"


def test_the_page_explains_every_row_and_no_other() -> None:
    explained = re.findall(r"^- `([a-z0-9-]+)`: ", PAGE.read_text(), re.MULTILINE)
    assert len(explained) == len(set(explained))
    assert set(explained) == {name for name, _, _ in ROWS}
