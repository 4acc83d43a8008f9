"""Modules, losses and SGD beside PyTorch's own: the same program, run by both libraries, with the same outcome."""

from __future__ import annotations

import itertools
import warnings
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

import microgradnp as mg

torch: Any = pytest.importorskip("torch")

LIBRARIES = (torch, mg)


def plain(value: Any) -> Any:
    """A result as something that compares: tensors as their dtype and values."""
    if isinstance(value, (torch.Tensor, mg.Tensor)):
        return str(value.dtype).removeprefix("torch."), value.detach().tolist()
    if isinstance(value, (torch.nn.Module, mg.nn.Module)):
        return repr(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def outcomes(program: Any) -> list[Any]:
    """What a program gives with each library: its result, or the type of the exception that it raises."""
    results = []
    for library in LIBRARIES:
        try:
            results.append(plain(program(library)))
        except Exception as error:
            results.append(type(error).__name__)
    return results


def assert_same(program: Any) -> None:
    theirs, ours = outcomes(program)
    assert ours == theirs


def assert_close(program: Any, rtol: float = 1e-12, atol: float = 1e-12) -> None:
    """The tensors that a program returns are equal, up to rounding, in dtype, shape and values."""
    theirs, ours = ([np.asarray(t.detach()) for t in program(library)] for library in LIBRARIES)
    for t, o in zip(theirs, ours, strict=True):
        assert (o.dtype, o.shape) == (t.dtype, t.shape)
        np.testing.assert_allclose(o, t, rtol=rtol, atol=atol)


def tensor(
    library: Any, shape: tuple[int, ...], seed: int, low: float = -2, high: float = 2, dtype: Any = np.float64
) -> Any:
    array = np.random.default_rng(seed).uniform(low, high, shape).astype(dtype)
    return library.from_numpy(array).requires_grad_()


def with_gradients(library: Any, value: Any, inputs: list[Any]) -> list[Any]:
    """A value, its gradients, and the gradients of those."""
    first = library.autograd.grad((value * value).sum(), inputs, create_graph=True)
    second = library.autograd.grad(sum((g * g).sum() for g in first), inputs)
    return [value, *first, *second]


# Numbers


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [(2, 4), (4, 1), (7, 3), (100, 17)], ids=str)
def test_linear_draws_pytorchs_numbers_bit_for_bit(sizes, dtype):
    weights = []
    for library in LIBRARIES:
        library.manual_seed(3)
        layer = library.nn.Linear(*sizes, dtype=getattr(library, dtype))
        weights.append([p.detach().numpy().tobytes() for p in layer.parameters()])
    assert weights[0] == weights[1]


@pytest.mark.parametrize(
    "fill",
    [
        lambda init, w: init.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu"),
        lambda init, w: init.kaiming_normal_(w, a=0.3),
        lambda init, w: init.xavier_uniform_(w, gain=init.calculate_gain("tanh")),
        lambda init, w: init.xavier_normal_(w),
        lambda init, w: init.uniform_(w, -1, 2),
        lambda init, w: init.normal_(w, 1, 0.1),
        lambda init, w: init.constant_(w, 0.3),
    ],
)
def test_init_draws_pytorchs_numbers(fill):
    def program(library):
        library.manual_seed(5)
        return [fill(library.nn.init, library.empty(20, 3))]

    assert_close(program, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(4, 3), (3,), (2, 5, 3), (0, 3), (2, 0, 3)], ids=str)
def test_linear_forward_and_gradients_of_two_orders(shape, bias):
    def program(library):
        library.manual_seed(0)
        layer = library.nn.Linear(3, 2, bias=bias, dtype=library.float64)
        x = tensor(library, shape, 1)
        return with_gradients(library, layer(x), [x, *layer.parameters()])

    assert_close(program)


@pytest.mark.parametrize("name", ["Sigmoid", "Tanh", "ReLU"])
def test_activations(name):
    def program(library):
        x = tensor(library, (3, 4), 2)
        return with_gradients(library, getattr(library.nn, name)()(x), [x])

    assert_close(program)


LOSSES: list[tuple[str, dict[str, tuple[int, ...]]]] = [("MSELoss", {})]  # with the shapes of their weights
for _weight in ({}, {"weight": (3, 1)}, {"weight": (2,)}, {"weight": (3, 2)}):
    LOSSES += [
        ("BCELoss", _weight),
        ("BCEWithLogitsLoss", _weight),
        ("BCEWithLogitsLoss", _weight | {"pos_weight": (2,)}),
    ]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("name", "weights"), LOSSES, ids=str)
def test_losses_with_gradients_of_both_arguments_and_of_two_orders(name, weights, reduction):
    def program(library):
        options = {option: tensor(library, shape, 5, 0.5, 3).detach() for option, shape in weights.items()}
        loss = getattr(library.nn, name)(reduction=reduction, **options)
        low, high = (0.1, 0.9) if name == "BCELoss" else (-2, 2)
        x, y = tensor(library, (3, 2), 3, low, high), tensor(library, (3, 2), 4, 0.1, 0.9)
        return with_gradients(library, loss(x, y), [x, y])

    assert_close(
        program, rtol=1e-9 if name == "BCELoss" else 1e-12
    )  # PyTorch's second derivative of BCE has an epsilon


SGD_OPTIONS = [
    {"momentum": momentum, "dampening": dampening, "weight_decay": decay, "nesterov": nesterov, "maximize": maximize}
    for momentum, dampening, decay, nesterov, maximize in itertools.product(
        [0, 0.9], [0, 0.3], [0, 0.01], [False, True], [False, True]
    )
    if not nesterov or (momentum and not dampening)
]


def problem(library: Any, dtype: Any, options: dict[str, Any]) -> tuple[list[Any], Any, Any]:
    """Parameters in two groups, an optimizer for them, and one step of training."""
    weight, bias = tensor(library, (3, 2), 0, dtype=dtype), tensor(library, (3,), 1, dtype=dtype)
    data = tensor(library, (5, 2), 2, dtype=dtype).detach()
    optimizer = library.optim.SGD([{"params": [weight]}, {"params": [bias], "lr": 0.05}], lr=0.1, **options)

    def step():
        optimizer.zero_grad()
        loss = (data @ weight.T + bias).tanh().mean()
        loss.backward()
        optimizer.step()

    return [weight, bias], optimizer, step


@pytest.mark.parametrize(
    "options", SGD_OPTIONS, ids=lambda o: ",".join(f"{k}={v}" for k, v in o.items() if v) or "plain"
)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-6)], ids=["float64", "float32"])
def test_twenty_steps_of_sgd_and_its_state_dict(options, dtype, tolerance):
    def program(library):
        parameters, optimizer, step = problem(library, dtype, options)
        for _ in range(20):
            step()
        buffers = [s["momentum_buffer"] for s in optimizer.state_dict()["state"].values()]
        groups.append(optimizer.state_dict()["param_groups"])
        return [*parameters, *buffers]

    groups: list[Any] = []
    assert_close(program, tolerance, tolerance)
    assert groups[0] == groups[1]


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9, "maximize": True}], ids=str)
@pytest.mark.parametrize("foreign", [False, True], ids=["as arrays", "as PyTorch's tensors"])
def test_training_goes_on_from_pytorchs_state(options, foreign):
    theirs, their_optimizer, their_step = problem(torch, np.float64, options)
    ours, our_optimizer, our_step = problem(mg, np.float64, options)
    for _ in range(3):
        their_step()
    state = their_optimizer.state_dict()
    if not foreign:
        state["state"] = {n: {k: v.numpy() for k, v in s.items()} for n, s in state["state"].items()}
    our_optimizer.load_state_dict(state)
    for o, t in zip(ours, theirs, strict=True):
        o.data = mg.from_numpy(t.detach().numpy().copy())
    for _ in range(3):
        their_step(), our_step()
    for o, t in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(o.detach().numpy(), t.detach().numpy(), rtol=1e-12)


def test_xor_training_gives_pytorchs_losses():
    def program(library):
        library.manual_seed(1)
        nn = library.nn
        model = nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid()).double()
        x = library.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]], dtype=library.float64)
        y = library.tensor([[0.0], [1], [1], [0]], dtype=library.float64)
        optimizer, loss_function = library.optim.SGD(model.parameters(), lr=0.5, momentum=0.9), nn.MSELoss()
        losses = []
        for _ in range(200):
            loss = loss_function(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return [*losses, *model.parameters()]

    assert_close(program, rtol=1e-9)


# Modules


def make_net(library: Any) -> Any:
    """A module with everything in it: parameters, buffers of both kinds, nested, shared and absent modules."""
    nn = library.nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(2, 1)
            self.register_buffer("count", library.zeros(1, dtype=library.int64))
            self.scale = nn.Parameter(library.ones(2))
            self.register_buffer("cache", library.zeros(3), persistent=False)
            self.body = nn.Sequential(OrderedDict(first=nn.Linear(2, 2, bias=False), act=nn.ReLU(inplace=True)))
            self.body.add_module("inner", nn.Sequential(nn.Tanh(), nn.Linear(2, 2)))
            self.tied = self.head
            self.absent = None
            self.register_parameter("nothing", None)
            self.register_module("gap", None)
            self.plain = 3

        def extra_repr(self) -> str:
            return "two\nlines"

    net = Net()
    with library.no_grad():
        for i, parameter in enumerate(net.parameters()):
            parameter.fill_(0.1 * (i + 1))
    return net


def description(net: Any) -> Any:
    """What a program can see of a module."""
    return {
        "repr": repr(net),
        "state": net.state_dict(),
        "parameters": [(name, tuple(p.shape), p.requires_grad) for name, p in net.named_parameters()],
        "buffers": [name for name, _ in net.named_buffers()],
        "modules": [(name, module.training) for name, module in net.named_modules()],
        "children": [name for name, _ in net.named_children()],
        "own": [list(net._parameters), list(net._buffers), list(net._modules)],
    }


LOOKS = """
list(net.state_dict())
type(net.state_dict()).__name__, net.state_dict()._metadata
net.state_dict(prefix="x.", keep_vars=True)["x.scale"] is net.scale
[p.requires_grad for p in net.state_dict(keep_vars=True).values()]
[n for n, _ in net.named_parameters(prefix="net", recurse=False)]
[n for n, _ in net.named_parameters(remove_duplicate=False)]
[n for n, _ in net.named_modules(prefix="net")], [n for n, _ in net.named_modules(remove_duplicate=False)]
[type(m).__name__ for m in net.modules()], [type(m).__name__ for m in net.children()], len(list(net.buffers()))
[tuple(p.shape) for p in net.parameters(recurse=False)], len(list(net.modules(remove_duplicate=False)))
net.get_submodule("body.inner.1") is net.body.inner[1], net.get_submodule("") is net
net.get_submodule("body.nope")
net.get_submodule("scale")
net.get_parameter("body.first.weight") is net.body.first.weight
net.get_parameter("body.first")
net.get_parameter("count")
net.get_buffer("cache") is net.cache
net.get_buffer("scale")
net.get_buffer("nope")
net.nope
"scale" in net._parameters, "head" in net._modules, "head" in net._buffers, len(net._modules), net._modules["gap"]
net._modules["nope"]
net._parameters.keys() | net._buffers.keys() == {"scale", "nothing", "count", "cache"}
sorted(set(dir(net)) & {"head", "scale", "count", "body", "0", "training"})
[n for n in dir(net.body.inner) if n.isdigit()]
net(1)
net.train(3)
net.load_state_dict([1])
net.load_state_dict({"scale": t.ones(2), "nothing": t.ones(1)})
net.load_state_dict({**net.state_dict(), "scale": 3})
net.load_state_dict({**net.state_dict(), "scale": t.ones(3)}, strict=False)
str(net.load_state_dict(net.state_dict()))
net.load_state_dict({**net.state_dict(), "more": t.ones(1)}, strict=False).unexpected_keys
net.load_state_dict({"scale": t.zeros(2)}, strict=False).missing_keys
net.to(t.int64)
nn.Module(1)
nn.Module(name=1)
nn.Linear(-1, 2)
nn.Linear(2.5, 1)
nn.Linear(2, 1, dtype=t.int64)
nn.Linear(2, 1)(t.ones(4, 3))
nn.Linear(2, 1)(t.tensor(1.0))
nn.Sequential([nn.Tanh()])
nn.Parameter(), nn.Parameter(t.ones(2), requires_grad=False), nn.Parameter(nn.Parameter(t.ones(1)) * 2)
nn.Parameter(t.ones(2, dtype=t.int64))
str(nn.Parameter(t.ones(2))), [type(nn.Parameter(t.ones(1)) * 2) is t.Tensor]
nn.BCELoss()(t.full((4, 1), 0.5), t.ones(4))
nn.BCELoss()(t.full((4,), 1.5), t.ones(4))
nn.BCEWithLogitsLoss()(t.ones(4, 1), t.ones(4))
nn.BCEWithLogitsLoss(pos_weight=2.0)
list(nn.BCEWithLogitsLoss(weight=t.ones(1)).state_dict()), nn.BCEWithLogitsLoss(pos_weight=t.ones(1))
nn.MSELoss(reduction="bad")(t.ones(1), t.ones(1))
"""

CHANGES = """
net.scale = nn.Parameter(t.zeros(1))
net.scale = t.zeros(2)
net.scale = 3
net.scale = None
net.scale = nn.Tanh()
net.scale = "x"
del net.scale
net.head = nn.Tanh()
net.head = None
net.head = 3
net.head = t.ones(1)
net.head = nn.Parameter(t.ones(1))
net.count = t.ones(3)
net.count = None
net.count = 3
net.count = nn.Parameter(t.ones(1))
net.cache = nn.Parameter(t.ones(1))
net.cache = t.ones(2)
del net.count, net.cache; net.register_buffer("cache", t.ones(1))
net.nothing = nn.Parameter(t.ones(1))
net.gap = nn.Tanh()
net.absent = nn.Tanh()
net.plain = nn.Parameter(t.ones(1))
net.plain = nn.Tanh()
net.later = t.ones(2)
net.later = [3]
del net.nope
del net.plain
del net.head
del net._modules["head"]; net.head = 3
net._parameters["scale"] = None
net._modules["new"] = nn.Tanh()
net._buffers["new"] = t.ones(1)
net._parameters.pop("scale")
net._modules["gap"] = nn.Sequential(nn.Tanh())
net.register_parameter("new", nn.Parameter(t.ones(1)))
net.register_parameter("new", t.ones(1))
net.register_parameter("new", nn.Parameter(t.ones(1)) * 2)
net.register_parameter("count", nn.Parameter(t.ones(1)))
net.register_parameter("plain", nn.Parameter(t.ones(1)))
net.register_parameter("a.b", None)
net.register_parameter("", None)
net.register_parameter(3, None)
net.register_parameter("eval", nn.Parameter(t.ones(1)))
net.register_buffer("scale", t.ones(1))
net.register_buffer("count", t.ones(1), persistent=False)
net.register_buffer("cache", t.ones(1))
net.register_buffer("new", 3)
net.register_buffer("forward", None)
net.add_module("scale", nn.Tanh())
net.add_module("new", 3)
net.add_module("a.b", nn.Tanh())
net.add_module("eval", nn.Tanh())
net.set_submodule("body.inner.0", nn.ReLU())
net.set_submodule("body.new", nn.ReLU())
net.set_submodule("body.new", nn.ReLU(), strict=True)
net.set_submodule("scale", nn.ReLU())
net.set_submodule("", nn.ReLU())
net.set_submodule("head", 3)
net.eval()
net.eval(); net.body.train()
net.train(False); net.train(True)
net.requires_grad_(False); net.head.requires_grad_()
net.apply(lambda m: setattr(m, "seen", True)); net.requires_grad_(not all(m.seen for m in net.modules()))
net.apply(lambda m: m.add_module("z", nn.Tanh()) if isinstance(m, nn.Linear) else None)
net.double()
net.half().float()
net.to(t.float64); net.head.to(t.float32)
net.to(dtype=t.float64)
net.to(t.ones(1, dtype=t.float64))
net.to("cpu", t.float64)
net.to(device="cpu")
net.load_state_dict({k: v + 1 for k, v in net.state_dict().items()})
net.load_state_dict({k: (v + 1).double() for k, v in net.state_dict().items()})
net.load_state_dict({k: (v + 1).double() for k, v in net.state_dict().items()}, assign=True)
net.load_state_dict({k: v for k, v in net.state_dict().items() if "head" in k}, strict=False)
net.body.append(nn.Tanh())
net.body.extend([nn.Tanh(), nn.ReLU()])
net.body.inner.insert(0, nn.ReLU())
net.body.inner.insert(2, nn.ReLU()); net.body.inner.insert(-1, nn.Sigmoid())
net.body.inner.insert(4, nn.ReLU())
net.gap = net.body.pop(1)
net.gap = net.body.pop(-1)
net.body.pop(3)
del net.body[0]
del net.body[-2:]
del net.body[5]
net.body[1] = nn.Sigmoid()
net.body[-1] = nn.Sigmoid()
net.body[3] = nn.Sigmoid()
net.body["act"] = nn.Sigmoid()
net.body[0] = 3
net.gap = net.body[0:2]
net.gap = net.body[::-1]
net.gap = net.body + net.body.inner
net.gap = net.body + [nn.Tanh()]
net.body.inner += nn.Sequential(nn.ReLU(), nn.Tanh())
net.body += 3
net.gap = net.body.inner * 2; net.nothing = (3 * net.body.inner)[5].weight
net.gap = net.body.inner * 0
net.gap = net.body.inner * 1.5
net.body.inner *= 3
net.body.inner *= 0
net.eval() if net.body[-1] is net.body.inner and [type(m) for m in net.body][1] is nn.ReLU else 0
net.plain = net.body[3]
net = copy.deepcopy(net)
net = copy.deepcopy(net); net.scale = None if net.tied is net.head else net.scale
net = pickle.loads(pickle.dumps(net.body))
net = copy.copy(net); net.register_parameter("more", nn.Parameter(t.ones(1)))
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def names(library: Any) -> dict[str, Any]:
    import copy
    import pickle

    return {"t": library, "nn": library.nn, "net": make_net(library), "copy": copy, "pickle": pickle}


@pytest.mark.parametrize("expression", lines(LOOKS))
def test_what_is_seen_of_a_module(expression):
    assert_same(lambda library: eval(expression, names(library)))


@pytest.mark.parametrize("statements", lines(CHANGES))
def test_changing_a_module(statements):
    def program(library):
        namespace = names(library)
        try:
            exec(statements, namespace)
        except Exception as error:
            namespace["failed"] = type(error).__name__
        return namespace.get("failed"), description(namespace["net"])

    assert_same(program)


# Hooks


def log_of(program: Any) -> Any:
    """A program that returns its log: what it passes to ``log``, and the exception that ends it."""

    def run(library):
        log: list[Any] = []
        try:
            program(library, lambda *items: log.append(plain(items)))
        except Exception as error:
            log.append(type(error).__name__)
        return log

    return run


def layer(library: Any) -> Any:
    linear = library.nn.Linear(2, 1, dtype=library.float64)
    with library.no_grad():
        linear.weight.fill_(0.5)
        linear.bias.fill_(0.25)
    return linear


def forward_hooks(library, log):
    linear, x = layer(library), library.ones(1, 2, dtype=library.float64)
    linear.register_forward_pre_hook(lambda m, args: log("before", m is linear, args))
    linear.register_forward_pre_hook(lambda m, args: args[0] * 2)
    linear.register_forward_pre_hook(lambda m, args: (args[0] * 3,), prepend=True)
    linear.register_forward_hook(lambda m, args, out: log("after", args, out))
    last = linear.register_forward_hook(lambda m, args, out: out * 10)
    linear.register_forward_hook(lambda m, args, out: log("first", out), prepend=True)
    log(linear(x))
    last.remove()
    last.remove()
    log(linear(x))
    with linear.register_forward_hook(lambda m, args, out: -out):
        log(linear(x))
    log(linear(x))


def forward_hooks_with_keywords(library, log):
    linear, x = layer(library), library.ones(1, 2, dtype=library.float64)
    linear.register_forward_pre_hook(lambda m, args, kwargs: log(args, kwargs), with_kwargs=True)
    linear.register_forward_pre_hook(lambda m, args, kwargs: ((kwargs["input"] * 2,), {}), with_kwargs=True)
    linear.register_forward_hook(lambda m, args, kwargs, out: log(args, kwargs, out), with_kwargs=True)
    log(linear(input=x))
    linear.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    linear(input=x)


def forward_hooks_after_an_error(library, log):
    linear = layer(library)
    linear.register_forward_hook(lambda m, args, out: log("skipped", out))
    linear.register_forward_hook(lambda m, args, out: log("always", len(args), out), always_call=True)
    linear.register_forward_hook(lambda m, args, kwargs, out: log(kwargs), always_call=True, with_kwargs=True)
    linear(library.ones(1, 3, dtype=library.float64))


def a_forward_hook_that_raises(library, log):
    linear = layer(library)
    linear.register_forward_hook(lambda m, args, out: log("always", out), always_call=True)
    linear.register_forward_hook(lambda m, args, out: [][1], always_call=True)
    linear.register_forward_hook(lambda m, args, out: log("later", out), always_call=True)
    linear(library.ones(1, 2, dtype=library.float64))


def watch(module: Any, log: Any, name: str) -> Any:
    module.register_full_backward_pre_hook(lambda m, grad_output: log(name, grad_output))
    module.register_full_backward_hook(lambda m, grad_input, grad_output: log(name, grad_input, grad_output))
    return module


def backward_hooks_of_a_network(library, log):
    nn, (first, last) = library.nn, (layer(library), layer(library))
    first.weight = nn.Parameter(library.ones(2, 2, dtype=library.float64))
    model = watch(nn.Sequential(watch(first, log, "first"), nn.Tanh(), watch(last, log, "last")), log, "model")
    x = tensor(library, (3, 2), 1)
    model(x).sum().backward()
    log(x.grad, [p.grad for p in model.parameters()])
    (first,) = library.autograd.grad(model(x).sum(), x, create_graph=True)
    (first * first).sum().backward()
    log(x.grad)
    with library.no_grad():
        log(model(x))


def backward_hooks_of_many_inputs_and_outputs(library, log):
    class Products(library.nn.Module):
        def forward(self, a, b, factor=2):
            return a * factor, b * 3, a * b

    module = watch(Products(), log, "products")
    a, b = tensor(library, (2,), 1), tensor(library, (2,), 2)
    first, second, product = module(a, b, 5)
    first.sum().backward(retain_graph=True)
    log(a.grad, b.grad)
    product.sum().backward(retain_graph=True)
    (second * product).sum().backward()
    log(a.grad, b.grad)
    module(a.detach(), b, factor=1)[2].sum().backward()
    both = a * 1
    first, second, product = module(both, both)
    (first * second + product).sum().backward()
    log(a.grad, b.grad)
    log(library.autograd.grad(module(a, b)[2].sum(), [b]))


def backward_hooks_that_replace_gradients(library, log):
    linear, x = layer(library), tensor(library, (1, 2), 1)
    linear.register_full_backward_hook(lambda m, grad_input, grad_output: (grad_input[0] * 10,))
    linear.register_full_backward_hook(lambda m, grad_input, grad_output: log(grad_input, grad_output))
    linear.register_full_backward_hook(lambda m, grad_input, grad_output: log("first"), prepend=True)
    linear.register_full_backward_pre_hook(lambda m, grad_output: (grad_output[0] * 5,))
    linear(x).sum().backward()
    log(x.grad, linear.weight.grad)
    linear.register_full_backward_hook(lambda m, grad_input, grad_output: (None,))
    linear(x).sum().backward()
    log(x.grad, linear.weight.grad)
    linear.register_full_backward_hook(lambda m, grad_input, grad_output: (1, 2))
    linear(x).sum().backward()


def backward_hooks_without_gradients_of_inputs(library, log):
    linear = watch(layer(library), log, "linear")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        linear(library.ones(1, 2, dtype=library.float64)).sum().backward()
        log([str(w.message)[:60] for w in caught], linear.weight.grad)


def backward_hooks_of_a_dict(library, log):
    class Named(library.nn.Module):
        def forward(self, x):
            return {"out": x * 2}

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        x = tensor(library, (2,), 1)
        watch(Named(), log, "named")(x)["out"].sum().backward()
        log(len(caught), x.grad)


HOOKS = [
    forward_hooks,
    forward_hooks_with_keywords,
    forward_hooks_after_an_error,
    a_forward_hook_that_raises,
    backward_hooks_of_a_network,
    backward_hooks_of_many_inputs_and_outputs,
    backward_hooks_that_replace_gradients,
    backward_hooks_without_gradients_of_inputs,
    backward_hooks_of_a_dict,
]


@pytest.mark.parametrize("program", HOOKS, ids=lambda program: program.__name__)
def test_hooks_see_and_do_the_same(program):
    theirs, ours = (rounded(log_of(program)(library)) for library in LIBRARIES)
    assert ours == theirs


def rounded(nested: Any) -> Any:
    if isinstance(nested, (list, tuple)):
        return [rounded(item) for item in nested]
    return float(f"{nested:.12g}") if isinstance(nested, float) else nested


# Optimizers


OPTIMIZERS = """
optim.SGD(net.parameters())
optim.SGD(net.parameters(), 0.1, 0.9, 0, 0.01, True, maximize=True, foreach=False, fused=None)
optim.SGD([{"params": net.scale, "lr": 0.5, "name": "s"}, {"params": net.head.parameters()}], lr=0.1, momentum=0.5)
optim.SGD(net.named_parameters(), lr=0.1)
optim.SGD([{"params": net.head.named_parameters()}, {"params": [net.scale]}], lr=0.1)
optim.SGD([("scale", net.scale), net.head.weight], lr=0.1)
optim.SGD([], lr=0.1)
optim.SGD(net.scale, lr=0.1)
optim.SGD(net, lr=0.1)
optim.SGD([net.scale, 3], lr=0.1)
optim.SGD({net.scale}, lr=0.1).param_groups[0]["lr"]
optim.SGD([{"params": {net.scale}}], lr=0.1)
optim.SGD([net.scale * 2], lr=0.1)
optim.SGD([{"params": [net.scale]}, {"params": [net.scale]}], lr=0.1)
optim.SGD([{"params": [net.scale]}, 3], lr=0.1)
optim.SGD([net.scale], lr=-0.1)
optim.SGD([net.scale], momentum=-0.1)
optim.SGD([net.scale], weight_decay=-0.1)
optim.SGD([net.scale], nesterov=True)
optim.SGD([net.scale], nesterov=True, momentum=0.9, dampening=0.1)
optim.SGD([net.scale], foreach=True, fused=True)
optim.SGD([net.scale], lr="0.1")
optim.SGD([net.scale], rate=0.1)
optim.SGD([net.scale], 0.1, 0, 0, 0, False, True)
optim.SGD([net.scale], lr=t.tensor(0.5)).param_groups[0]["lr"] * 2
optim.SGD([net.scale], lr=t.ones(2))
sgd.add_param_group({"params": net.head.parameters(), "lr": 3}); sgd
sgd.add_param_group({"params": net.scale})
sgd.add_param_group([net.head.weight])
sgd.add_param_group({"params": net.head.named_parameters()})
sgd.add_param_group({"lr": 3})
sgd.step(lambda: 7)
sgd.step()
sgd.load_state_dict({"state": {}, "param_groups": []})
sgd.load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]})
sgd.load_state_dict(optim.SGD([t.ones(2)], lr=5, momentum=0.5).state_dict()); sgd
sgd.param_groups[0]["lr"] = 7; sgd
[sgd.zero_grad(), net.scale.grad]
[sgd.zero_grad(set_to_none=False), net.scale.grad]
"""


@pytest.mark.parametrize("statements", lines(OPTIMIZERS))
def test_what_an_optimizer_makes_of_its_arguments(statements):
    def program(library):
        namespace = {**names(library), "optim": library.optim}
        scale = namespace["net"].scale
        sgd = namespace["sgd"] = library.optim.SGD([scale], lr=0.1)
        (scale * scale).sum().backward()
        *first, last = statements.split("; ")
        exec("; ".join(first), namespace)
        result = eval(last, namespace)
        if isinstance(result, library.optim.Optimizer):
            return repr(result), result.state_dict(), result.defaults
        return result, sgd.state_dict(), scale

    assert_same(program)
