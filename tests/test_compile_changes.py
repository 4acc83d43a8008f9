"""What changes between the calls of a compiled function: each story is told twice, to the function itself and to the
compiled one, and what is seen on the way is the same, bit for bit; or the compiled one refuses.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn
from microgradnp.compiler import NotCapturable

F = nn.functional
Story = Callable[[Callable[[Any], Any]], Iterator[Any]]
SAME: list[Any] = []
REFUSED: list[Any] = []
OUTSIDE = 2.0
config = ModuleType("config")


def same(story: Story) -> Story:
    SAME.append(pytest.param(story, id=story.__name__))
    return story


def refused(match: str) -> Callable[[Story], Story]:
    def add(story: Story) -> Story:
        REFUSED.append(pytest.param(story, match, id=story.__name__))
        return story

    return add


def seen(item: Any) -> Any:
    """Something that can be compared, to the last bit."""
    if isinstance(item, (mg.Tensor, np.ndarray)):
        array = item.detach()._array if isinstance(item, mg.Tensor) else item
        return array.shape, array.dtype, array.tobytes()
    if isinstance(item, (tuple, list)):
        return [type(item), *map(seen, item)]
    if isinstance(item, dict):
        return type(item), {key: seen(value) for key, value in item.items()}
    return item


def told(story: Story, how: Callable[[Any], Any]) -> list[Any]:
    mg.manual_seed(0)
    return [seen(item) for item in story(how)]


@pytest.mark.parametrize("executor", ["reference", "numpy"])
@pytest.mark.parametrize("story", SAME)
def test_it_is_the_same(story, executor):
    assert told(story, mg.compile(executor=executor)) == told(story, lambda function: function)


@pytest.mark.parametrize("story, match", REFUSED)
def test_it_is_refused(story, match):
    expected = told(story, lambda function: function)
    found: list[Any] = []
    with pytest.raises(NotCapturable, match=match):
        mg.manual_seed(0)
        found.extend(seen(item) for item in story(mg.compile))
    assert found == expected[: len(found)]


def ones(value: float = 1.0, requires_grad: bool = False) -> Any:
    return mg.full((2,), value, requires_grad=requires_grad)


# Training


def network() -> Any:
    return nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 2)).double()


def data(seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return mg.tensor(rng.normal(size=(5, 3))), mg.tensor(rng.random((5, 2)))


def training(c: Any, change: Any, optimizer: Any = None, calls: int = 9) -> Iterator[Any]:
    """Steps, before each of which ``change(i, model, optimizer)`` is called."""
    model = network()
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9) if optimizer is None else optimizer(model)

    def step(x: Any, y: Any) -> Any:
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    compiled = c(step)
    for i in range(calls):
        change(i, model, optimizer)
        state = [value for p in model.parameters() for value in optimizer.state[p].values()]
        yield compiled(*data(i)), list(model.parameters()), [p.grad for p in model.parameters()], state


@same
def the_state_of_an_optimizer_is_loaded(c):
    saved: dict[str, Any] = {}

    def change(i, model, optimizer):
        if i == 3:
            saved.update(optimizer.state_dict())
        if i == 6:
            optimizer.load_state_dict(saved)

    yield from training(c, change, calls=12)


@same
def the_state_of_an_optimizer_is_forgotten(c):
    yield from training(c, lambda i, model, optimizer: optimizer.state.clear() if i == 5 else None)


@same
def the_state_of_an_optimizer_is_replaced(c):
    def change(i, model, optimizer):
        if i == 5:
            optimizer.state[model[0].weight]["momentum_buffer"] = mg.ones_like(model[0].weight).detach()

    yield from training(c, change)


@same
def an_optimizer_gets_another_group(c):
    def change(i, model, optimizer):
        if i == 5:
            optimizer.add_param_group({"params": [model[2].weight], "lr": 0.5})

    yield from training(c, change, lambda model: mg.optim.SGD(model[0].parameters(), lr=0.1))


@same
def an_optimizer_loses_a_parameter(c):
    yield from training(c, lambda i, model, optimizer: optimizer.param_groups[0]["params"].pop() if i == 5 else None)


@same
def the_learning_rate_is_a_tensor(c):
    rate = mg.tensor(0.1)
    yield from training(
        c, lambda i, model, optimizer: rate.mul_(0.9), lambda model: mg.optim.SGD(model.parameters(), lr=rate)
    )


@same
def groups_with_settings_of_their_own(c):
    def change(i, model, optimizer):
        optimizer.param_groups[1]["lr"] = 0.1 / (i + 1)
        optimizer.param_groups[0]["weight_decay"] = 0.1 * (i > 4)

    def optimizer(model):
        groups = [{"params": model[0].parameters(), "lr": 0.3}, {"params": model[2].parameters(), "momentum": 0.5}]
        return mg.optim.SGD(groups, lr=0.1)

    yield from training(c, change, optimizer)


@same
def a_hook_on_a_parameter_comes_and_goes(c):
    handles = []

    def change(i, model, optimizer):
        if i == 4:
            handles.append(model[0].weight.register_hook(lambda g: g * 2))
        if i == 8:
            handles[0].remove()
            model[0].weight.register_hook(lambda g: g * 3)

    yield from training(c, change, calls=12)


@same
def a_hook_after_accumulation_is_added(c):
    def tripled(p):
        p.grad = p.grad * 3

    yield from training(c, lambda i, m, o: m[0].weight.register_post_accumulate_grad_hook(tripled) if i == 5 else None)


@refused("it changes the settings of an optimizer before the step")
def a_learning_rate_that_falls_inside(c):
    model = network()
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)

    @c
    def step(x, y):
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["lr"] *= 0.9
        optimizer.step()
        return loss

    for i in range(6):
        yield step(*data(i)), list(model.parameters())


# Variables


class Scaled:
    def __init__(self) -> None:
        self.scale = 2.0

    def __call__(self, x: Any) -> Any:
        return x * self.scale

    @property
    def twice(self) -> Any:
        return 2 * self.scale


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = 2.0

    def scaled(self, x: Any) -> Any:
        return x * self.scale

    def forward(self, x: Any) -> Any:
        return x * self.scale * OUTSIDE


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Layer()

    def forward(self, x: Any) -> Any:
        return x * self.inner.scale


def times_outside(x: Any) -> Any:
    return x * OUTSIDE


def changed_at_four(function: Any, change: Callable[[], Any]) -> Iterator[Any]:
    for i in range(8):
        if i == 4:
            change()
        yield function(ones())


@same
def an_attribute_of_a_callable_object(c):
    scaled = Scaled()
    yield from changed_at_four(c(scaled), lambda: setattr(scaled, "scale", 3.0))


@same
def an_attribute_of_an_object_nearby(c):
    scaled = Scaled()
    yield from changed_at_four(c(lambda x: x * scaled.twice), lambda: setattr(scaled, "scale", 3.0))


@same
def an_entry_of_a_dict(c):
    settings = {"deep": {"scale": 2.0}}
    yield from changed_at_four(c(lambda x: x * settings["deep"]["scale"]), lambda: settings["deep"].update(scale=3.0))


@same
def a_variable_of_a_file(c):
    config.scale = 2.0  # type: ignore[attr-defined]
    yield from changed_at_four(c(lambda x: x * config.scale), lambda: setattr(config, "scale", 3.0))


@same
def a_variable_around_a_function_that_is_called(c):
    def change():
        global OUTSIDE
        OUTSIDE = 3.0

    globals()["OUTSIDE"] = 2.0
    yield from changed_at_four(c(lambda x: times_outside(x) + 1), change)


@same
def a_variable_around_a_method_of_a_module(c):
    globals()["OUTSIDE"] = 2.0
    yield from changed_at_four(c(Layer()), lambda: globals().update(OUTSIDE=3.0))


@same
def a_variable_behind_a_decorator(c):
    factor = 2.0

    @functools.wraps(times_outside)
    def wrapper(x, k):
        return x * factor * k

    def change():
        nonlocal factor
        factor = 5.0

    yield from changed_at_four(c(functools.partial(wrapper, k=2)), change)


@same
def a_default_of_an_argument(c):
    def function(x, k=2.0):
        return x * k

    yield from changed_at_four(c(function), lambda: setattr(function, "__defaults__", (5.0,)))


@same
def an_attribute_of_a_module_whose_method_is_compiled(c):
    layer = Layer()
    yield from changed_at_four(c(layer.scaled), lambda: setattr(layer, "scale", 3.0))


@same
def an_attribute_of_a_module_that_is_not_called(c):
    outer = Outer()
    yield from changed_at_four(c(outer), lambda: setattr(outer.inner, "scale", 3.0))


@same
def an_attribute_is_set_on_what_is_compiled(c):
    layer = c(Layer())
    yield from changed_at_four(layer, lambda: setattr(layer, "scale", 3.0))


@same
def an_attribute_of_a_class(c):
    class Kind:
        scale = 2.0

        @classmethod
        def scaled(cls, x):
            return x * cls.scale

    layer = type("Kind", (nn.Module,), {"scale": 2.0, "forward": lambda self, x: x * self.scale})
    function, module = c(lambda x: Kind.scaled(x)), c(layer())
    for i in range(8):
        if i == 4:
            Kind.scale = layer.scale = 3.0
        yield function(ones()), module(ones())


@same
def a_method_is_another(c):
    class Changing(nn.Module):
        def forward(self, x):
            return self.act(x)

        def act(self, x):
            return x * 2

    yield from changed_at_four(c(Changing()), lambda: setattr(Changing, "act", lambda self, x: x * 3))


@same
def attributes_of_arguments_that_are_no_tensors(c):
    scaled, layer, factor = Scaled(), Layer(), 2.0
    function = c(lambda x, one, other, third: x * one.scale + x * other.scale + third(x))

    def times(x):
        return x * factor

    for i in range(8):
        if i == 4:
            scaled.scale = 3.0
        if i == 6:
            layer.scale, factor = 5.0, 7.0
        yield function(ones(), scaled, layer, times)


@same
def a_decorated_method(c):
    class Trainer:
        def __init__(self, k: float) -> None:
            self.k = k

        @c
        def step(self, x: Any) -> Any:
            return x * self.k

    one, other = Trainer(2.0), Trainer(7.0)
    for i in range(8):
        if i == 4:
            one.k = 5.0
        yield one.step(ones()), other.step(ones())


@same
def minus_zero_is_another_number(c):
    factor = 0.0
    around, given = c(lambda x: x * factor), c(lambda x, k: x * k)
    for value in (0.0, -0.0):
        factor = value
        for _ in range(4):
            yield around(ones()), given(ones(), value)


@same
def the_default_dtype(c):
    function = c(lambda: mg.ones(2) * 2)
    try:
        for i in range(8):
            if i == 4:
                mg.set_default_dtype(mg.float64)
            yield function()
    finally:
        mg.set_default_dtype(mg.float32)


# Arguments


@same
def numbers_of_numpy(c):
    function = c(lambda x, k: x * float(k))
    for i in range(8):
        yield function(ones(), np.float32(i // 2))


@same
def a_set_and_a_slice(c):
    function, chosen = c(lambda x, s, k: x[s] * (2 if 1 in k else 3)), {1}
    for i in range(8):
        if i == 4:
            chosen.clear()
        yield function(mg.arange(5.0), slice(0, 3), chosen)


@same
def a_parameter_is_another_argument_than_a_tensor(c):
    function = c(lambda x: x * 2 if isinstance(x, nn.Parameter) else x * 3)
    with mg.no_grad():
        for i in range(8):
            yield function(ones(requires_grad=True) if i < 4 else nn.Parameter(ones()))


@same
def the_gradient_of_an_argument_is_added_to(c):
    function, x = c(lambda x: (x * x).sum().backward()), ones(requires_grad=True)
    for _ in range(5):
        function(x)
        yield x.grad
    for i in range(6):
        x = ones(requires_grad=True)
        x.grad = ones(7.0 + i) if i in (2, 4) else None
        function(x)
        yield x.grad


@same
def an_argument_becomes_a_gradient(c):
    w = ones(requires_grad=True)

    @c
    def function(x):
        w.grad = x

    for i in range(5):
        function(ones(float(i)))
        yield w.grad


@same
def two_tensors_share_a_gradient(c):
    a, b = ones(requires_grad=True), ones(requires_grad=True)

    @c
    def function(x):
        a.grad = b.grad = x * 2

    for i in range(5):
        function(ones(float(i)))
        a.grad.mul_(3)
        yield a.grad, b.grad


@same
def views_of_a_data_set_are_written_to(c):
    rows, function = mg.arange(12.0).reshape(6, 2), c(lambda x: (x.mul_(2), x.sum())[1])
    for i in range(6):
        yield function(rows[i]), rows


@same
def read_only_memory_is_not_written_to(c):
    function = c(lambda x: x.add_(1))
    for i in range(6):
        array = np.zeros(2)
        array.flags.writeable = i in (1, 2, 3)
        try:
            function(mg.from_numpy(array))
        except RuntimeError:
            yield "an error"
        yield array


@same
def a_graph_that_has_saved_what_is_written_to_is_stale(c):
    w, total = ones(requires_grad=True), ones()
    function = c(lambda x: (x.add_(1), total.add_(1), None)[2])
    for i in range(8):
        x = ones()
        y = (w * (x if i % 2 else total)).sum()
        function(x)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()
        yield x, total


@refused("shares memory")
def an_argument_looks_into_what_is_written_to(c):
    w = ones(requires_grad=True)
    optimizer = mg.optim.SGD([w], lr=0.1)

    @c
    def step(x):
        optimizer.zero_grad()
        loss = (w * x).square().sum()
        loss.backward()
        optimizer.step()
        return loss, x * 2

    for i in range(6):
        yield step(ones(float(i)) if i < 4 else w.detach()), w


@refused("shares memory")
def an_argument_that_is_written_to_shares_memory(c):
    function = c(lambda x, y: (x.mul_(2), x + y)[1])
    for i in range(6):
        x = ones(float(i))
        yield function(x, ones() if i < 4 else x.detach())


@refused("requires a gradient")
def an_argument_is_made_to_require_a_gradient(c):
    function = c(lambda x: (x.requires_grad_() * 2).sum().backward())
    for _ in range(4):
        x = ones()
        function(x)
        yield x.grad, x.requires_grad


@refused("requires a gradient")
def an_argument_is_written_to_in_the_graph(c):
    w = ones(requires_grad=True)
    function = c(lambda x: (x.mul_(w), None)[1])
    for _ in range(4):
        x = ones()
        function(x)
        yield x.requires_grad


@refused("has hooks")
def an_argument_has_a_hook(c):
    function = c(lambda x: (x * x).sum().backward())
    for i in range(6):
        x = ones(requires_grad=True)
        if i > 3:
            x.register_hook(lambda g: g * 2)
        function(x)
        yield x.grad


@refused("look into other memory")
def an_argument_gets_other_memory(c):
    rows = mg.arange(12.0).reshape(6, 2)

    @c
    def function(x):
        x.data = x.data * 2

    for i in range(6):
        function(rows[i])
        yield rows


@refused("look into other memory")
def tensors_change_their_memory_for_one_another_s(c):
    p, q = ones(1.0), ones(2.0)

    @c
    def function():
        p.data, q.data = q.data, p.data

    for _ in range(4):
        function()
        yield p, q


@refused("changes a list or dict")
def a_list_is_appended_to(c):
    function = c(lambda items: items.append(items[0] * 2))
    for i in range(4):
        items = [ones(float(i))]
        function(items)
        yield items


# Arrays of NumPy


@same
def arrays_beside_tensors(c):
    array, places, mask = np.ones(2, np.float32), np.array([0, 2]), np.array([True, False])

    @c
    def function(x):
        y = mg.zeros(2)
        y[0:2] = array
        return (
            x[places],
            x[:2] * mg.tensor(array),
            mg.as_tensor(array, dtype=mg.float64),
            y,
            np.stack([array, x[:2]]),
            (mg.where(mask, x[:2], 0.0) + array * x[:2] + np.maximum(array, x[:2]) + mg.from_numpy(array)),
        )

    for i in range(6):
        if i == 4:
            array[1], places[0], mask[1] = 5, 1, True
        yield function(mg.arange(4.0))


@same
def memory_that_is_not_numpy_s(c):
    array = np.frombuffer(bytearray(80))
    tensor = mg.from_numpy(array)

    @c
    def function(x):
        tensor.add_(x)
        tensor[0:2].add_(1)
        tensor[2:5].add_((tensor[2:5] * -2).exp())
        return tensor * 1

    for i in range(5):
        yield function(mg.full((10,), i / 10, dtype=mg.float64)), array


# Results


@same
def structures(c):
    function = c(lambda x: (OrderedDict(a=x * 2), {"k": [x.sum(), None, 3]}, x.shape, x.numel()))
    for i in range(5):
        yield function(ones(float(i)))


@same
def results_have_memory_of_their_own(c):
    w = mg.arange(4.0)
    function = c(lambda x: (w[1:] * 1, x.reshape(-1)[::2] + 0))
    for i in range(5):
        for result in function(mg.arange(3.0) + i):
            yield result
            result.add_(1)
        yield w


def test_returned_views_are_copies_from_the_first_call_on():
    w = mg.arange(4.0)
    function = mg.compile(lambda: w[1:])
    for _ in range(4):
        function().add_(1)
        assert w.tolist() == [0.0, 1.0, 2.0, 3.0]


@refused("it returns 3 in one run, 4 in the next")
def a_count_is_returned(c):
    count = [0]

    @c
    def function(x):
        count[0] += 1
        return x * 2, count[0]

    for _ in range(5):
        yield function(ones())


@refused("it returns a tensor of shape")
def tensors_from_outside_are_returned_in_turn(c):
    tensors = [ones(), ones(2)]

    @c
    def function():
        tensors.reverse()
        return tensors[0]

    for _ in range(5):
        yield function()


@refused("another grad mode")
def the_grad_mode_stays_changed(c):
    try:
        yield c(lambda: mg.set_grad_enabled(False) and None)()
        yield mg.is_grad_enabled()
    finally:
        mg.set_grad_enabled(True)


@same
def warnings_of_numpy_are_not_shown(c):
    function = c(lambda x: (x.exp(), x / 0, x.log()))
    for i in range(5):
        yield function(ones(1000.0 - 500 * i))


# Random numbers


@same
def streams_move_on(c):
    own, numpys = mg.Generator().manual_seed(5), np.random.default_rng(0)

    @c
    def function(x):
        mg.rand(3)  # whose result nobody needs
        return mg.rand(2, generator=own), mg.randperm(5), mg.rand(2), mg.rand(2), mg.rand(2, rng=numpys) * x

    for i in range(6):
        if i == 4:
            mg.manual_seed(9)
            own.manual_seed(1)
        yield function(ones()), mg.get_rng_state(), own.get_state()


@refused(r"get_state\(\) inside a compiled function")
def the_state_of_a_stream_is_read(c):
    yield c(mg.get_rng_state)()


# One in another, copies, threads


@same
def one_compiled_function_calls_another(c):
    model = network()
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    @c
    def step(x, y):
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    twice = c(lambda x, y: step(x, y) + step(x, y))
    for i in range(10):
        yield (step if i % 5 == 0 else twice)(*data(i)), list(model.parameters())


@same
def a_copy_is_trained_for_itself(c):
    class Trainer:
        def __init__(self) -> None:
            self.model = network()
            self.optimizer = mg.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
            self.compiled = c(self.step)

        def step(self, x: Any, y: Any) -> Any:
            loss = F.mse_loss(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            return loss.detach()

    trainer = Trainer()
    for i in range(4):
        yield trainer.compiled(*data(i))
    other = copy.deepcopy(trainer)
    for i in range(4):
        yield other.compiled(*data(i)), list(other.model.parameters()), list(trainer.model.parameters())


@same
def several_threads_call_one_function(c):
    w = mg.ones(100, 100)
    function = c(lambda x: ((x @ w).sin() @ w).cos() @ w)
    arguments, results = [mg.full((100, 100), i / 100) for i in range(4)], [None] * 4
    for x in arguments[:3]:
        function(x)

    def call(i: int) -> None:
        for _ in range(5):
            results[i] = function(arguments[i])

    threads = [threading.Thread(target=call, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield results


# What is refused has not happened


def test_a_refused_call_is_undone():
    total, count = mg.zeros(2), [0]

    @mg.compile(variants=1)
    def function(x):
        count[0] += x.numel() > 1
        total.add_(1)
        return x[:1] * count[0]

    happened = 0
    for n in (1, 1, 1, 2, 2, 2, 2, 2):
        try:
            function(mg.ones(n))
            happened += 1
        except NotCapturable:
            pass
        assert total.tolist() == [happened, happened]
    assert happened < 8


def test_the_state_of_an_optimizer_is_undone():
    model = network()
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    before = [p.detach().clone() for p in model.parameters()]

    @mg.compile
    def step(x, y):
        F.mse_loss(model(x), y).backward()
        optimizer.step()
        optimizer.param_groups[0]["lr"] = 0.01

    with pytest.raises(NotCapturable, match="settings of SGD change"):
        step(*data(0))
    assert not optimizer.state
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert all((p == value).all() for p, value in zip(model.parameters(), before, strict=True))
