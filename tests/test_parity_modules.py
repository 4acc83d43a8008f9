"""Containers, simple layers, dropout, embeddings and the hooks of modules: short programs that both libraries run."""

from __future__ import annotations

from typing import Any

import pytest
from parity import check, programs

pytest.importorskip("torch")

SETUP = """
from collections import OrderedDict
nn = t.nn
F = nn.functional
t.manual_seed(3)
def shown(m):
    return [repr(m).replace("torch.", ""), list(m.state_dict()), [n for n, _ in m.named_parameters()]]
def numbers(*shape):
    n = 1
    for size in shape: n *= size
    return (t.arange(float(n), dtype=t.float64).reshape(shape) * 0.7).sin()
def leaf(*shape):
    return numbers(*shape).requires_grad_()
def slopes(y, *inputs):
    g = numbers(*y.shape) + 0.3
    first = t.autograd.grad(y, inputs, g, create_graph=True)
    if not any(f.requires_grad for f in first): return [y, first]
    second = t.autograd.grad(sum((f * numbers(*f.shape)).sum() for f in first), inputs, allow_unused=True)
    return [y, first, [s for s in second if s is not None and s.abs().sum() > 0]]
l = nn.ModuleList([nn.Linear(1, 2), nn.Tanh(), nn.Linear(1, 2)])
d = nn.ModuleDict({"a": nn.Tanh(), "b": nn.Linear(1, 2)})
pl = nn.ParameterList([t.ones(2), nn.Parameter(t.zeros(1, 3)), 5])
pd = nn.ParameterDict({"b": t.ones(2), "a": 3})
"""

LINES = """
r = shown(l), len(l), [type(m).__name__ for m in l]
r = l[0] is list(l)[0], l[-1] is l[2], shown(l[1:]), shown(l[::-1]), shown(l[5:])
l[3]
l[-4]
l["0"]
l[1] = nn.ReLU(); r = shown(l)
l[-1] = nn.ReLU(); r = shown(l)
l[3] = nn.ReLU()
del l[0]; r = shown(l)
del l[-2:]; r = shown(l)
del l[3]
r = shown(l.append(nn.ReLU()))
l.append(3)
r = shown(l.extend([nn.ReLU(), nn.ReLU()]))
l.extend(3)
l += [nn.ReLU()]; r = shown(l)
r = shown(l + [nn.ReLU()]), len(l)
l.insert(1, nn.ReLU()); r = shown(l)
l.insert(0, nn.Linear(2, 2)); r = shown(l)
r = shown(l.pop(1)), shown(l)
l.pop(7)
l(t.ones(1))
r = shown(nn.ModuleList()), shown(nn.ModuleList(nn.ReLU() for _ in range(3))), l[1] in l, nn.ReLU() in l
r = sorted(n for n in dir(l) if n.isdigit())
r = shown(nn.ModuleList([nn.ModuleList([nn.ReLU()] * 2), nn.ModuleList([nn.ReLU()] * 2), nn.Sequential(nn.ReLU())]))
r = shown(d), len(d), list(d), list(d.keys()), [k for k, _ in d.items()], [type(m).__name__ for m in d.values()]
r = "a" in d, "c" in d, d["a"] is d.a, shown(nn.ModuleDict([("x", nn.ReLU()), ["y", nn.Tanh()]]))
r = shown(nn.ModuleDict())
d["c"]
d["c"] = nn.ReLU(); d["a"] = nn.Linear(1, 1); r = shown(d)
d["a.b"] = nn.ReLU()
d["a"] = 3
d[3] = nn.ReLU()
d["keys"] = nn.ReLU()
del d["a"]; r = shown(d)
del d["c"]
r = shown(d.pop("b")), shown(d)
d.pop("c")
d.update({"z": nn.ReLU(), "a": nn.ReLU()}); r = shown(d)
d.update(OrderedDict(z=nn.ReLU())); d.update(nn.ModuleDict({"y": nn.Tanh()})); r = shown(d)
d.update(3)
d.update([3])
d.update([("a", nn.ReLU(), 3)])
d.clear(); r = shown(d)
d(1)
r = shown(pl), len(pl), pl[1], pl[-1], pl[2], shown(pl[:2]), [type(p).__name__ for p in pl]
pl[3]
pl[0] = t.zeros(4); r = shown(pl)
pl[2] = "x"; r = shown(pl)
r = shown(pl.append(t.ones(1)).extend([t.ones(1), 7])), len(pl)
pl += [t.ones(3)]; r = shown(pl)
pl.extend(t.ones(3))
pl.extend(3)
pl()
r = shown(nn.ParameterList()), sorted(n for n in dir(pl) if n.isdigit())
r = shown(pd), len(pd), list(pd), list(reversed(pd)), list(pd.keys()), pd["b"], pd["a"], "a" in pd, "z" in pd
pd["z"]
pd["z"] = t.zeros(2, 2); r = shown(pd)
pd[3] = t.zeros(1)
del pd["b"]; r = shown(pd)
del pd["z"]
r = pd.pop("b"), shown(pd)
pd.pop("z")
r = pd.popitem()[0], shown(pd)
nn.ParameterDict().popitem()
r = pd.get("z"), pd.get("z", 4), pd.get("b"), pd.setdefault("c", t.ones(1)), pd.setdefault("n"), shown(pd)
r = shown(pd.copy()), pd.copy()["b"] is pd["b"], shown(pd.fromkeys(["x", "y"], t.ones(1))), [v for v in pd.values()]
pd.update({"z": t.ones(1), "y": t.ones(1)}); r = shown(pd)
pd.update(OrderedDict([("z", t.ones(1)), ("y", t.ones(1))])); r = shown(pd)
pd.update([("w", 3)]); pd.update(nn.ParameterDict({"v": 1})); r = shown(pd)
pd.update(3)
pd.update([("a", 1, 2)])
r = shown(pd | nn.ParameterDict({"b": 4, "z": 5})), shown(pd)
pd |= nn.ParameterDict({"b": 4, "z": t.ones(1)}); r = shown(pd)
pd.clear(); r = shown(pd)
pd(1)
r = shown(nn.Sequential(OrderedDict(a=nn.Tanh(), b=nn.ReLU()))[1:])
r = shown(nn.Sequential(nn.Identity(1, x=2), nn.Flatten(), nn.Unflatten(1, (2, 3))))
r = nn.Identity()(L(1.0)), shown(nn.Flatten(0, 1)), nn.Flatten()(numbers(2, 3, 4))
r = nn.Flatten(0)(numbers(2, 3)), nn.Flatten(1, 2)(numbers(2, 3, 4, 2))
r = nn.Unflatten(1, (2, -1))(numbers(3, 4)), nn.Unflatten(0, [3])(numbers(3, 2)), shown(nn.Unflatten(-1, [2, 2]))
nn.Unflatten(1, (2, 2.0))
nn.Unflatten(1, 4)
nn.Unflatten(1, (2, 3))(numbers(3, 4))
nn.Flatten(3)(numbers(3, 4))
r = shown(nn.Bilinear(2, 3, 4)), list(nn.Bilinear(2, 3, 4).parameters()), shown(nn.Bilinear(2, 3, 4, bias=False))
m, a, b = nn.Bilinear(2, 3, 4).double(), leaf(5, 2), leaf(5, 3); r = slopes(m(a, b), a, b, *m.parameters())
m, a, b = nn.Bilinear(2, 3, 1, False, dtype=t.float64), leaf(2), leaf(3); r = slopes(m(a, b), a, b, m.weight)
nn.Bilinear(0, 2, 3)
nn.Bilinear(2, 3, 4)(t.ones(5, 2), t.ones(5, 2))
m = nn.Dropout(0.3); r = [m(numbers(4, 5)) for _ in range(2)], m.eval()(numbers(2)), t.rand(1), shown(m)
r = shown(nn.Dropout(0.2, True))
m = nn.Dropout1d(); r = m(numbers(3, 4, 2)), m(numbers(4, 2)), shown(m)
m = nn.Dropout2d(0.4, inplace=True); x = numbers(2, 3, 2, 2); r = m(x) is x, x
m = nn.Dropout3d(0.4); r = m(numbers(2, 3, 2, 2, 1)), m(numbers(3, 2, 2, 1))
m = nn.AlphaDropout(0.2); r = m(numbers(4, 5)), m.eval()(numbers(2)), shown(m)
m = nn.FeatureAlphaDropout(0.6); r = m(numbers(4, 5, 2)), shown(m)
x = leaf(4, 5); r = slopes(nn.Dropout()(x) * x, x)
x = leaf(4, 5); r = slopes(nn.AlphaDropout()(x) * x, x)
nn.Dropout(1.5)
nn.AlphaDropout(-0.1)
nn.Dropout(None)
nn.Dropout2d()(numbers(2, 3, 2))
nn.Dropout1d()(numbers(2))
m = nn.Embedding(5, 3); r = shown(m), m.weight, m(t.tensor([[1, 4], [0, 1]])), m(t.tensor(2))
r = nn.Embedding(5, 3)(t.tensor([], dtype=t.int64))
m = nn.Embedding(5, 3, -1, dtype=t.float64); r = shown(m), slopes(m(t.tensor([4, 1, 1, 4])) ** 2, m.weight)
m = nn.Embedding(5, 3, 0, 1.5, 1.0); r = shown(m), m(t.tensor([1, 3, 1])).detach(), m.weight
m = nn.Embedding(5, 3, scale_grad_by_freq=True); m(t.tensor([[1, 4], [1, 1]])).sum().backward(); r = m.weight.grad
w = numbers(4, 2); m = nn.Embedding.from_pretrained(w); w[0] = 9; r = shown(m), m.weight, m(t.tensor([0, 3]))
m = nn.Embedding.from_pretrained(numbers(4, 2), False, 1, 0.3); r = shown(m), m(t.tensor([0, 1, 3])).detach(), m.weight
m = nn.Embedding(3, 2, _weight=numbers(3, 2), _freeze=True); r = m.weight
nn.Embedding(3, 2, _weight=numbers(2, 3))
nn.Embedding(3, 2, padding_idx=3)
nn.Embedding(3, 2, padding_idx=-4)
nn.Embedding.from_pretrained(numbers(4))
nn.Embedding(3, 2)(t.tensor([3]))
nn.Embedding(3, 2)(t.tensor([-1]))
nn.Embedding(3, 2)(t.tensor([0.5]))
nn.Embedding(-1, 2)
m = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1)).type(t.float64); r = m.state_dict()
m = nn.Linear(2, 1).type("torch.DoubleTensor"); r = m.weight
m = nn.Linear(2, 1); m(t.ones(1, 2)).sum().backward(); m.double(); r = m.weight.grad, m.weight
"""

PROGRAMS = """
# hooks of all modules
h, log = __import__(t.__name__ + ".nn.modules.module", fromlist=["x"]), []
handles = [
    h.register_module_forward_pre_hook(lambda m, args: log.append(("before", type(m).__name__)) or (args[0] + 1,)),
    h.register_module_forward_hook(lambda m, args, out: log.append(("after", type(m).__name__)) or out * 2),
    h.register_module_forward_hook(lambda m, args, kw, out: log.append(("kw", kw)), with_kwargs=True),
    h.register_module_forward_hook(lambda m, args, out: log.append(("always", out is None)), always_call=True),
    h.register_module_full_backward_pre_hook(lambda m, g: log.append(("pre", type(m).__name__, g[0].tolist()))),
    h.register_module_full_backward_hook(lambda m, gi, go: log.append(("grad", type(m).__name__, gi[0].tolist()))),
]
m = nn.Sequential(nn.Tanh(), nn.Tanh())
m[0].register_forward_pre_hook(lambda m, args: log.append("own before"))
m[0].register_forward_hook(lambda m, args, out: log.append("own after"))
m[1].register_full_backward_hook(lambda m, gi, go: log.append("own grad"))
x = L(0.25, 1.0)
try:
    m(x).sum().backward()
    first = x.grad.clone()
    try: nn.Linear(1, 1)(t.ones(3))
    except RuntimeError: log.append("failed")
finally:
    for handle in handles: handle.remove()
n = len(log)
nn.Tanh()(x)
r = log, first, len(log) == n

# hooks of registration
h, log = __import__(t.__name__ + ".nn.modules.module", fromlist=["x"]), []
handles = [
    h.register_module_parameter_registration_hook(lambda m, n, p: log.append((n, type(p).__name__))),
    h.register_module_buffer_registration_hook(lambda m, n, b: log.append((n, b is None))),
    h.register_module_module_registration_hook(lambda m, n, c: log.append((n, type(c).__name__))),
    h.register_module_parameter_registration_hook(lambda m, n, p: nn.Parameter(p * 2) if n == "w" else None),
]
try:
    m = nn.Module()
    m.w = nn.Parameter(t.ones(1))
    m.register_parameter("none", None)
    m.register_buffer("b", t.ones(1))
    m.register_buffer("nothing", None)
    m.b = t.zeros(1)
    m.child = nn.Tanh()
    m.add_module("linear", nn.Linear(1, 1))
finally:
    for handle in handles: handle.remove()
m.v = nn.Parameter(t.ones(1))
r = log, m.w, [n for n, _ in m.named_parameters()]

# hooks of state dicts
log = []
m = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.Linear(1, 1)))
def post(m, state, prefix, metadata):
    log.append((type(m).__name__, prefix, list(state), dict(metadata)))
    state[prefix + "extra"] = 3
m[1].register_state_dict_post_hook(post)
m[1][0].register_state_dict_pre_hook(lambda m, prefix, keep: log.append((prefix, keep)))
state = m.state_dict(keep_vars=True)
handle = m[0].register_state_dict_post_hook(lambda *args: 3)
try: m.state_dict()
except RuntimeError: log.append("refused")
handle.remove()
r = log, list(state), list(m.state_dict(prefix="p."))

# hooks before loading
log = []
m = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
def rename(m, state, prefix, metadata, strict, missing, unexpected, errors):
    log.append((prefix, dict(metadata), missing, unexpected, errors))
    for key in [k for k in state if k.startswith(prefix + "old")]:
        state[key.replace("old", "weight")] = state.pop(key)
m[1].register_load_state_dict_pre_hook(rename)
state = m.state_dict()
state["1.old"] = state.pop("1.weight") * 0 + 7
given = list(state)
log.append(str(m.load_state_dict(state)))
m[0].register_load_state_dict_pre_hook(lambda *args: args[-1].append("no"))
try: m.load_state_dict(state)
except RuntimeError: log.append("failed")
r = log, m[1].weight, list(state) == given

# hooks after loading
log = []
m = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
handle = m.register_load_state_dict_post_hook(lambda m, keys: log.append([list(k) for k in keys]))
m[1].register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
keys = m.load_state_dict({"0.weight": t.ones(1, 1), "0.bias": t.ones(1)})
log.append([list(k) for k in keys])
try: m.load_state_dict({"0.weight": t.ones(1, 1), "more": t.ones(1)})
except RuntimeError as error: log.append("more" in str(error) and "Missing" not in str(error))
m[0].register_load_state_dict_post_hook(lambda m, keys: 3)
try: m.load_state_dict(m.state_dict())
except AssertionError: log.append("refused")
r = log

# ties and copies
import copy, pickle
class Tied(nn.Module): pass
m = nn.Sequential(nn.Embedding(3, 2), nn.Linear(2, 3, bias=False), nn.BatchNorm1d(3))
m[1].weight = m[0].weight
m.append(m[1])
copies = [copy.deepcopy(m), pickle.loads(pickle.dumps(m))]
r = [(c[1].weight is c[0].weight, c[3] is c[1], len(list(c.parameters())), c.state_dict()) for c in copies]
"""


@pytest.mark.parametrize("line", LINES.strip().splitlines())
def test_a_line(line: str) -> None:
    check(SETUP + line.replace("; ", "\n"))


@pytest.mark.parametrize("program", programs(PROGRAMS))
def test_a_program(program: Any) -> None:
    check(SETUP + program)
