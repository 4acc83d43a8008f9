"""``nn.utils`` beside PyTorch's: the same program, run by both libraries, with the same outcome."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.nn.utils.weight_norm import WeightNorm

torch: Any = pytest.importorskip("torch")


def outcome(library: Any, program: str, dtype: str) -> tuple[Any, list[str]]:
    """What an expression gives, beside the model that it was about; and the categories of its warnings."""
    library.manual_seed(0)
    nn, float_ = library.nn, getattr(library, dtype)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).to(float_)
    model[0].bias.requires_grad_(False)
    x = library.tensor([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]], dtype=float_)
    (model(x) ** 2).sum().backward()
    names = {"t": library, "nn": nn, "model": model, "x": x, "inf": float("inf"), "nan": float("nan")}
    names |= {"ps": list(model.parameters()), "lone": nn.Parameter(library.zeros(2, dtype=float_))}
    *first, last = program.split("; ")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec("\n".join(first), names)
            result = eval(last, names)
        except Exception as error:
            result = next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    state = {name: (p, p.grad, p.requires_grad) for name, p in model.named_parameters()}
    return plain((result, state, list(model.state_dict()))), [w.category.__name__ for w in caught]


def plain(value: Any) -> Any:
    if isinstance(value, (torch.Tensor, mg.Tensor)):
        return str(value.dtype).removeprefix("torch."), tuple(value.shape), value.detach().double().tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return repr(value) if isinstance(value, (torch.nn.Module, mg.nn.Module)) else value


def close(a: Any, b: Any, rtol: float) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(close(a[key], b[key], rtol) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(close(p, q, rtol) for p, q in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return bool(np.isclose(a, b, rtol=rtol, atol=rtol, equal_nan=True))
    return a == b


def assert_same(program: str, dtype: str, rtol: float) -> None:
    (theirs, their_warnings), (ours, our_warnings) = (outcome(library, program, dtype) for library in (torch, mg))
    assert close(ours, theirs, rtol), f"{program}\nmicrogradnp: {ours}\nPyTorch:     {theirs}"
    assert our_warnings == their_warnings


CLIPPING = """
nn.utils.clip_grad_norm_(model.parameters(), 0.5)
nn.utils.clip_grad_norm_(ps, 1000.0)
nn.utils.clip_grad_norm_(tuple(ps), max_norm=0.5, norm_type=1)
nn.utils.clip_grad_norm_(iter(ps), 1, 3.5)
nn.utils.clip_grad_norm_(ps, 0.5, inf)
nn.utils.clip_grad_norm_(ps, 0.5, "inf")
nn.utils.clip_grad_norm_(ps, 0.5, -inf)
nn.utils.clip_grad_norm_(ps, 0.5, 0)
nn.utils.clip_grad_norm_(ps, 0.5, -1.0)
nn.utils.clip_grad_norm_(ps, 0)
nn.utils.clip_grad_norm_(ps, -1.0)
nn.utils.clip_grad_norm_(ps, inf)
nn.utils.clip_grad_norm_(ps, "0.5")
nn.utils.clip_grad_norm_(ps, 0.5, foreach=True)
nn.utils.clip_grad_norm_(ps, 0.5, foreach=False)
nn.utils.clip_grad_norm_(ps[0], 0.5)
nn.utils.clip_grad_norm_([], 0.5)
nn.utils.clip_grad_norm_(iter(()), 0.5)
nn.utils.clip_grad_norm_((p for p in ()), 0.5)
nn.utils.clip_grad_norm_([lone], 0.5)
nn.utils.clip_grad_norm_([3], 0.5)
nn.utils.clip_grad_norm_(ps, None)
nn.utils.clip_grad_norm_(ps, 0.5, "two")
ps[0].grad[0, 0] = nan; nn.utils.clip_grad_norm_(ps, 0.5)
ps[0].grad[0, 0] = inf; nn.utils.clip_grad_norm_(ps, 0.5)
ps[0].grad[0, 0] = nan; nn.utils.clip_grad_norm_(ps, 0.5, error_if_nonfinite=True)
ps[0].grad[0, 0] = -inf; nn.utils.clip_grad_norm_(ps, 0.5, 2.0, True)
lone.grad = t.zeros(2, dtype=lone.dtype); nn.utils.clip_grad_norm_(lone, 0.5), lone.grad
nn.utils.clip_grad_norm(ps, 0.5)
lone.grad = t.ones(1, dtype=lone.dtype).expand(2); nn.utils.clip_grad_norm_(lone, 0.5)
lone.grad = t.ones(4, dtype=lone.dtype)[::2]; nn.utils.clip_grad_norm_(lone, 0.5), lone.grad
w = ps[0]; w.grad = t.autograd.grad(w.sin().sum(), w, create_graph=True)[0]; nn.utils.clip_grad_norm_(w, 0.5)
nn.utils.clip_grad_value_(model.parameters(), 0.1)
nn.utils.clip_grad_value_(ps[0], 1)
nn.utils.clip_grad_value_(ps, clip_value="0.25", foreach=True)
nn.utils.clip_grad_value_(ps, -0.1)
ps[0].grad[0, 0] = nan; nn.utils.clip_grad_value_(ps, 0.1)
nn.utils.get_total_norm([p.grad for p in ps if p.grad is not None])
nn.utils.get_total_norm(x)
nn.utils.get_total_norm(lone).requires_grad
nn.utils.get_total_norm([], 3)
nn.utils.get_total_norm([x, x[0]], 3.0, False, None)
nn.utils.get_total_norm([x.double(), x.float()])
nn.utils.get_total_norm([x.half(), x.half()]).dtype is t.float16
nn.utils.get_total_norm([t.ones(2, dtype=t.int64)])
nn.utils.get_total_norm([x / 0 * 0], error_if_nonfinite=True)
nn.utils.get_total_norm([t.zeros(0)], inf)
nn.utils.clip_grads_with_norm_(ps, 0.5, t.tensor(5.0))
nn.utils.clip_grads_with_norm_(ps, 0.5, t.tensor(5.0, dtype=t.float64), True)
nn.utils.clip_grads_with_norm_(ps[0], 7, t.tensor(5.0))
nn.utils.clip_grads_with_norm_(ps, 0.5, 5.0)
"""

CONVERTING = """
nn.utils.parameters_to_vector(model.parameters())
(nn.utils.parameters_to_vector(ps) ** 2).sum().backward()
nn.utils.parameters_to_vector([])
nn.utils.parameters_to_vector([ps[0].t()])
nn.utils.parameters_to_vector([lone, t.zeros(2, dtype=t.float64)]).dtype is t.float64
nn.utils.vector_to_parameters(t.arange(26, dtype=x.dtype), model.parameters())
nn.utils.vector_to_parameters(nn.utils.parameters_to_vector(ps) * 2, ps)
v = t.arange(26, dtype=x.dtype); nn.utils.vector_to_parameters(v, ps); v[0] = 7; ps[0]
nn.utils.vector_to_parameters(t.arange(30, dtype=x.dtype), ps)
nn.utils.vector_to_parameters([1.0], ps)
nn.utils.vector_to_parameters(t.arange(3.0, dtype=x.dtype), [lone]); lone
nn.utils.vector_to_parameters(t.arange(1.0), [lone])
nn.utils.vector_to_parameters(t.ones(1, 2), [lone])
"""

NORMALIZING = """
nn.utils.weight_norm(model[0])
nn.utils.weight_norm(model[0]); model[0].weight_g, model[0].weight_v, model[0].weight, model[0].weight.requires_grad
nn.utils.weight_norm(model[0], dim=1); model[0].weight_g, model(x)
nn.utils.weight_norm(model[0], "weight", None); model[0].weight_g, model(x)
nn.utils.weight_norm(model[0], dim=-1); model[0].weight_g, model(x)
nn.utils.weight_norm(model[2], name="bias"); model[2].bias_g, model(x)
nn.utils.weight_norm(model[0]); (model(x) ** 2).sum().backward()
nn.utils.weight_norm(model[0], dim=None); (model(x) ** 2).sum().backward()
nn.utils.weight_norm(model[0]); t.optim.SGD(model.parameters(), lr=0.1).step(); model(x), model[0].weight
nn.utils.weight_norm(model[0]); model.load_state_dict({k: v * 2 for k, v in model.state_dict().items()}); model(x)
nn.utils.weight_norm(model[0]); model.half(); model.to(x.dtype); model(x)
nn.utils.weight_norm(nn.utils.weight_norm(model[0]), "bias"); model(x)
nn.utils.weight_norm(nn.utils.weight_norm(model[0]))
nn.utils.weight_norm(model[0], "scale")
nn.utils.weight_norm(model[0], dim=3)
nn.utils.weight_norm(3)
nn.utils.remove_weight_norm(nn.utils.weight_norm(model[0])); model(x), type(model[0].weight).__name__
nn.utils.weight_norm(model[0]); nn.utils.weight_norm(model[0], "bias"); nn.utils.remove_weight_norm(model[0], "bias")
nn.utils.weight_norm(model[0]); t.optim.SGD(model.parameters(), 0.1).step(); nn.utils.remove_weight_norm(model[0])
nn.utils.remove_weight_norm(model[0])
nn.utils.remove_weight_norm(nn.utils.weight_norm(model[0]), "bias")
"""


@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-12), ("float32", 2e-6)], ids=["float64", "float32"])
@pytest.mark.parametrize("program", [line for text in (CLIPPING, CONVERTING) for line in text.strip().splitlines()])
def test_gradients_and_vectors(program, dtype, rtol):
    assert_same(program, dtype, rtol)


@pytest.mark.parametrize("program", NORMALIZING.strip().splitlines())
def test_weight_norm(program):
    if "dim=3" in program:  # where PyTorch leaves a module without its parameter
        program = f"before = list(model.state_dict()); {program}"
        assert outcome(mg, program, "float64")[0][0] == outcome(torch, program, "float64")[0][0] == "IndexError"
    elif "half" in program:
        assert_same(program, "float64", 1e-3)
    else:
        assert_same(program, "float64", 1e-12)


def test_a_normalized_layer_has_second_derivatives():
    """Those of its formula: PyTorch's own of ``weight_norm`` leave out that the norm depends on the direction."""

    def derivatives(library: Any, weight: Any) -> list[Any]:
        shapes = {"x": (1, 3), "g": (2, 1), "v": (2, 3)}
        x, g, v = (
            library.from_numpy(np.random.default_rng(i).uniform(0.5, 2, shape)).requires_grad_()
            for i, shape in enumerate(shapes.values())
        )
        first = library.autograd.grad(((x @ weight(v, g).T) ** 3).sum(), [x, g, v], create_graph=True)
        return [*first, *library.autograd.grad(sum((d * d * 0.3).sum() for d in first), [x, g, v])]

    theirs = derivatives(torch, lambda v, g: v * (g / v.pow(2).sum(1, keepdim=True).sqrt()))
    ours = derivatives(mg, lambda v, g: WeightNorm("weight", 0).compute_weight(SimpleNamespace(weight_v=v, weight_g=g)))
    for o, t in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(o.detach().numpy(), t.detach().numpy(), rtol=1e-12)


TIED = """
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(2, 2).to(x.dtype), nn.Linear(2, 2).to(x.dtype)
        self.b.weight = self.a.weight
        self.register_buffer("n", t.zeros(2, dtype=x.dtype))

    def forward(self, x, k=1):
        self.n = self.n + 1
        return self.a(x) + self.b(x).sin() + self.n.sum() * k
"""

CALLS = """
call(m, {"a.weight": w}, v)
call(m, {"b.weight": w}, (v,)), call(m, {"b.weight": w}, v, tie_weights=False)
call(m, {"a.bias": v, "b.weight": w}, (v,), {"k": 2})
call(m, {"a.weight": w, "b.weight": w * 2}, v)
call(m, {"a.weight": w, "b.weight": w}, v)
call(m, {"a.weight": w, "b.weight": w * 2}, v, tie_weights=False)
call(m, {"a.weight": w}, v, strict=True)
call(m, {"a.weight": w, "c": w}, v, strict=True)
call(m, {**dict(m.named_parameters(remove_duplicate=False)), "n": v}, v, strict=True)
call(m, (dict(m.named_parameters(remove_duplicate=False)), dict(m.named_buffers())), v, strict=True)
call(m, ({"n": v}, {"n": v}), v)
call(m, 3, v)
call(m, [3], v)
call(m, {"n": v}, v), m.n
call(m, {"a.weight": 3}, v)
call(m, {"n": t.zeros(3)}, v)
call(m, {}, v)
call(m, {})
call(m, {}, None, {"x": v})
call(3, {}, v)
call(m, {"a.weight": w.requires_grad_()}, v).sum().backward(); w.grad, m.a.weight.grad, m.b.bias.grad
nn.utils.stateless.functional_call(m, {"n": v}, v)
"""


@pytest.mark.parametrize("program", CALLS.strip().splitlines())
def test_functional_calls(program):
    setup = "m, w, v, call = Tied(), t.eye(2, dtype=x.dtype), t.ones(2, dtype=x.dtype), t.func.functional_call"
    *first, last = program.split("; ")
    steps = "\n".join([setup, *first, f"r = {last}"])
    assert_same(f"{TIED}; exec({steps!r}, globals()); r, list(m.state_dict()), m.a.weight", "float64", 1e-12)
