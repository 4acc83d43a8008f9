"""Modules: what they register, how they are called, saved, copied and printed, and what they say to mistakes."""

import copy
import gc
import pickle
import warnings
from collections import OrderedDict

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn
from microgradnp.autograd import scope


def values(tensor):
    return tensor.detach().tolist()


class Block(nn.Module):
    """A layer with a parameter and a buffer of its own."""

    def __init__(self, size=2):
        super().__init__()
        self.linear = nn.Linear(size, size)
        self.scale = nn.Parameter(mg.ones(size))
        self.register_buffer("count", mg.zeros(1, dtype=mg.int64))

    def forward(self, x):
        return self.linear(x) * self.scale


# What is registered


def test_assigning_registers_and_reading_finds_it_in_the_instance():
    block = Block()
    assert [name for name, _ in block.named_parameters()] == ["scale", "linear.weight", "linear.bias"]
    assert [name for name, _ in block.named_buffers()] == ["count"]
    assert [name for name, _ in block.named_modules()] == ["", "linear"]
    assert list(block.children()) == [block.linear]
    assert (
        vars(block)["scale"] is block.scale
    )  # no __getattr__ on the way: reading costs what reading an attribute costs


def test_a_shared_module_or_parameter_is_counted_once_but_saved_under_every_name():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    model.append(model[1])
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert len(list(model.named_parameters(remove_duplicate=False))) == 6
    assert sorted(model.state_dict()) == ["0.bias", "0.weight", "1.bias", "1.weight", "2.bias", "2.weight"]
    model.load_state_dict(model.state_dict())


def test_a_plain_tensor_or_list_is_an_ordinary_attribute():
    block = Block()
    block.note, block.sizes = mg.ones(1), [3, 4]
    assert len(list(block.parameters())) == 3
    assert list(block.state_dict()) == ["scale", "count", "linear.weight", "linear.bias"]


@pytest.mark.parametrize("name", ["scale", "linear", "count"])
def test_what_is_registered_can_be_set_to_none_and_deleted(name):
    block = Block()
    setattr(block, name, None)
    assert not any(key.startswith(name) for key in block.state_dict())
    assert name in block._registered
    delattr(block, name)
    assert not hasattr(block, name)
    assert name not in block._registered


def test_a_name_takes_its_last_kind_and_nothing_of_the_former_one_is_left():
    block = Block()
    block.register_buffer("cache", mg.ones(1), persistent=False)
    assert "cache" not in block.state_dict()
    block.cache = nn.Parameter(mg.ones(1))
    assert list(block._buffers) == ["count"]
    assert "cache" in block.state_dict()
    block.linear = nn.Parameter(mg.ones(1))
    assert list(block._parameters) == ["scale", "cache", "linear"]
    assert list(block._modules) == []


def test_the_mappings_of_one_kind_behave_as_dictionaries():
    block = Block()
    block._modules["act"] = nn.Tanh()
    assert list(block._modules.items()) == [("linear", block.linear), ("act", block.act)]
    assert "scale" in block._parameters and "scale" not in block._modules
    del block._parameters["scale"]
    block.scale = mg.ones(2)  # now an ordinary attribute
    assert len(block._parameters) == 0
    assert repr(block._buffers) == "{'count': tensor([0])}"
    with pytest.raises(KeyError, match="nope"):
        block._modules["nope"]


def written_parameter():
    return nn.Parameter(mg.ones(1), requires_grad=False).mul_(mg.ones(1, requires_grad=True))


class HasNames(nn.Module):
    def helper(self):
        pass

    @property
    def size(self):
        return 3


WRONG = [
    (
        lambda m: setattr(m, "scale", mg.ones(2)),
        TypeError,
        r"'Tensor' as parameter 'scale' of Block \(nn.Parameter or None",
    ),
    (
        lambda m: setattr(m, "linear", 3),
        TypeError,
        r"'int' as child module 'linear' of Block \(nn.Module or None expected",
    ),
    (lambda m: setattr(m, "scale", nn.Tanh()), TypeError, "cannot assign 'Tanh' as parameter 'scale'"),
    (lambda m: setattr(m, "count", 3), TypeError, r"'int' as buffer 'count' of Block \(Tensor or None expected"),
    (lambda m: setattr(m, "train", nn.Tanh()), KeyError, "'train' already exists: it is a method of Block"),
    (
        lambda m: setattr(HasNames(), "helper", nn.Tanh()),
        KeyError,
        "'helper' already exists: it is a method of HasNames",
    ),
    (lambda m: setattr(HasNames(), "size", nn.Tanh()), KeyError, "'size' already exists: it is a property of HasNames"),
    (lambda m: m.register_buffer("scale", None), KeyError, "attribute 'scale' already exists"),
    (lambda m: m.register_parameter("a.b", None), KeyError, 'parameter name cannot contain ".", got: a.b'),
    (lambda m: m.add_module("", None), KeyError, "module name cannot be empty string"),
    (lambda m: m.register_buffer(3, None), TypeError, "buffer name should be a string. Got int"),
    (lambda m: m.add_module("x", 3), TypeError, "int is not a Module subclass"),
    (lambda m: m.register_parameter("x", mg.ones(1)), TypeError, "'Tensor' object to parameter 'x'"),
    (
        lambda m: setattr(m, "scale", written_parameter()),
        ValueError,
        "Cannot assign non-leaf Tensor to parameter 'scale'",
    ),
    (lambda m: m.register_parameter("x", written_parameter()), ValueError, "non-leaf Tensor to parameter 'x'"),
    (lambda m: m.register_buffer("x", [1]), TypeError, "'list' object to buffer 'x'"),
    (lambda m: m.nope, AttributeError, "'Block' object has no attribute 'nope'"),
    (lambda m: delattr(m, "nope"), AttributeError, "nope"),
    (lambda m: m.get_submodule("linear.x"), AttributeError, r"Linear has no attribute `x` \(looking for `linear.x`\)"),
    (lambda m: m.get_parameter("linear"), AttributeError, "`linear` is not an nn.Parameter"),
    (lambda m: m.get_buffer("scale"), AttributeError, "`scale` is not a buffer"),
    (lambda m: m.set_submodule("scale", nn.Tanh()), AttributeError, "`scale` is not an nn.Module"),
    (lambda m: m.set_submodule("new", nn.Tanh(), strict=True), AttributeError, "no attribute `new`"),
    (lambda m: nn.Module()(1), NotImplementedError, r'Module \[Module\] is missing the required "forward" function'),
    (lambda m: m.train(1), ValueError, "training mode is expected to be boolean, got 1"),
]


@pytest.mark.parametrize(("mistake", "error", "text"), WRONG, ids=[text[:40] for _, _, text in WRONG])
def test_a_mistake_is_named_and_changes_nothing(mistake, error, text):
    block = Block()
    before = (repr(block), list(block.state_dict()), dict(block._registered))
    with pytest.raises(error, match=text):
        mistake(block)
    assert (repr(block), list(block.state_dict()), dict(block._registered)) == before


@pytest.mark.parametrize("value", [nn.Parameter(mg.ones(1)), nn.Tanh()], ids=["parameter", "module"])
def test_assigning_before_init_says_what_to_call(value):
    class Forgetful(nn.Module):
        def __init__(self):
            self.part = value

    with pytest.raises(
        AttributeError, match=r"Forgetful.__init__ must call super\(\).__init__\(\) before it assigns 'part'"
    ):
        Forgetful()


def test_a_wrapper_that_passes_missing_attributes_on():
    class Wrapper(nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self.module, name)

    block = Block()
    assert Wrapper(block).scale is block.scale
    assert Wrapper(block).module is block


# Calling


def test_a_call_leaves_scope_and_numpys_warnings_as_they_were_even_after_an_error():
    with np.errstate(all="raise"):
        before = np.geterr()
        with pytest.raises(RuntimeError, match="weight expects 2"):
            Block()(mg.ones(1, 3))
        assert np.geterr() == before
        nn.Sequential(nn.Sigmoid())(mg.full((1,), 1e30))
        assert np.geterr() == before
    assert scope.current.get() is None


def test_every_call_of_a_shared_module_belongs_to_its_caller():
    shared = nn.Linear(2, 2)
    first, second = nn.Sequential(shared), nn.Sequential(shared)
    x = mg.ones(1, 2)
    for outer in (first, second, first):
        out = outer(x)
        assert out.grad_fn.scope.chain() == [outer, shared]
    assert shared(x).grad_fn.scope.chain() == [shared]


def test_forward_alone_leaves_no_cycles():
    model, x = nn.Sequential(Block(), nn.ReLU(), Block()), mg.ones(4, 2)
    hooked = nn.Sequential(Block())
    hooked.register_forward_hook(lambda module, args, output: None)
    hooked.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    x.requires_grad_()
    gc.collect()
    gc.disable()
    try:
        model(x), hooked(x)
        before = len(gc.get_objects())
        for _ in range(2000):
            model(x), hooked(x)
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()


# Hooks


def test_forward_hooks_replace_arguments_and_output_until_they_are_removed():
    double = nn.Sequential()
    handles = [
        double.register_forward_pre_hook(lambda module, args: args[0] + 1),
        double.register_forward_hook(lambda module, args, output: output * 10),
        double.register_forward_hook(lambda module, args, output: output + 1, prepend=True),
    ]
    assert double(mg.tensor(1.0)).item() == 30
    for handle, result in zip(handles, (20, 2, 1), strict=True):
        handle.remove()
        assert double(mg.tensor(1.0)).item() == result


def test_hooks_with_keywords_and_after_errors():
    seen = []
    linear = nn.Linear(2, 1)
    linear.register_forward_hook(lambda *given: seen.append("only after success"))
    linear.register_forward_pre_hook(lambda module, args, kwargs: seen.append(kwargs), with_kwargs=True)
    linear.register_forward_hook(lambda *given: seen.append(given[-1]), always_call=True)
    with pytest.raises(RuntimeError, match="input has 3 features"):
        linear(input=mg.ones(3))
    assert list(seen[0]) == ["input"] and seen[1] is None
    linear.register_forward_hook(lambda *given: [][1], always_call=True)
    with pytest.warns(UserWarning, match="always_call"), pytest.raises(RuntimeError, match="input has 3 features"):
        linear(mg.ones(3))
    seen.clear()
    with pytest.raises(IndexError):
        linear(mg.ones(2))
    assert len(seen) == 3  # each hook once, although the last one raises


def test_backward_hooks_get_all_gradients_at_once_and_may_replace_them():
    class Both(nn.Module):
        def forward(self, a, b, c):
            return a * b, a * c

    both, seen = Both(), []
    both.register_full_backward_pre_hook(lambda module, grads: (grads[0] * 2, grads[1]))
    both.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append((grad_input, grad_output)))
    both.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 10, *grad_input[1:]))
    a, b = mg.tensor([2.0], requires_grad=True), mg.tensor([3.0], requires_grad=True)
    first, second = both(a, b, 5)
    (first + second).sum().backward()
    (grad_input, grad_output), *more = seen
    assert not more
    assert [values(g) for g in grad_output] == [[2.0], [1.0]]
    assert [values(g) for g in grad_input[:2]] == [[11.0], [4.0]] and grad_input[2] is None
    assert (values(a.grad), values(b.grad)) == ([110.0], [4.0])


def test_backward_hooks_are_called_in_every_sweep_and_only_for_what_it_reaches():
    linear, seen = nn.Linear(2, 2), []
    linear.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(values(grad_output[0])))
    x = mg.ones(1, 2, requires_grad=True)
    out = linear(x)
    for factor in (1.0, 2.0):
        (out * factor).sum().backward(retain_graph=True)
    mg.autograd.grad(out.sum(), out)  # ends at the output: the module is not reached
    mg.autograd.grad(out.sum(), x)
    assert seen == [[[1.0, 1.0]], [[2.0, 2.0]], [[1.0, 1.0]]]
    with mg.no_grad():
        assert not linear(x).requires_grad


def test_backward_hooks_leave_no_trace_where_nothing_is_recorded():
    identity, x = nn.Sequential(), mg.ones(1, requires_grad=True)
    identity.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    with mg.no_grad():
        assert identity(x) is x
    assert identity(x.detach()).grad_fn is None


def test_gradients_that_come_round_the_output_pass_the_backward_hooks_by():
    class Keeps(nn.Module):
        def forward(self, x):
            self.inner = x * 3
            return self.inner * 2

    keeps, seen = Keeps(), []
    keeps.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(values(grad_input[0])))
    x = mg.ones(1, requires_grad=True)
    for use, gradients in ((keeps(x), [[6.0]]), (keeps.inner, [[6.0]])):
        use.sum().backward(retain_graph=True)
        assert seen == gradients


def test_backward_hooks_see_zeros_for_unused_inputs_and_may_write_to_what_they_see():
    class First(nn.Module):
        def forward(self, a, b):
            return a * 2

    first, seen = First(), []
    first.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(values(grad_input[1])))
    first.register_full_backward_hook(lambda module, grad_input, grad_output: [grad_output[0].fill_(100), None][1])
    a, b, c = (mg.ones(2, requires_grad=True) for _ in range(3))
    (first(a, b) + c).sum().backward(inputs=[a, c])
    assert seen == [[0.0, 0.0]]
    assert (values(a.grad), b.grad, values(c.grad)) == ([2.0, 2.0], None, [1.0, 1.0])


@pytest.mark.parametrize("write", [lambda t: t.mul_(3), lambda t: t.relu_(), lambda t: t[:, 0].mul_(2)])
def test_a_module_with_backward_hooks_may_be_followed_by_writes_in_place(write):
    results = []
    for hooked in (False, True):
        mg.manual_seed(0)
        linear, x = nn.Linear(2, 2), mg.ones(3, 2, requires_grad=True)
        if hooked:
            linear.register_full_backward_hook(lambda module, grad_input, grad_output: None)
        out = linear(x)
        write(out)
        (out * out).sum().backward()
        results.append((values(x.grad), values(linear.weight.grad)))
    assert results[0] == results[1]


def test_a_module_with_backward_hooks_may_write_to_its_input():
    results = []
    for hooked in (False, True):
        relu = nn.ReLU(inplace=True)
        if hooked:
            relu.register_full_backward_hook(lambda module, grad_input, grad_output: None)
        x = mg.tensor([-1.0, 2.0], requires_grad=True)
        h = x * 1
        out = relu(h)
        (h * 3 + out).sum().backward()
        results.append((values(h), values(x.grad)))
    assert results[0] == results[1] == ([0.0, 2.0], [0.0, 4.0])


BAD_RESULTS = [
    ((1, 2), RuntimeError, "returned an invalid number of grad_input, got 2, but expected 1"),
    (mg.ones(3), RuntimeError, r"changed the size of a gradient: \(3,\), must be \(1, 2\)"),
    ((3,), TypeError, "must return Tensors or None, got int"),
]


@pytest.mark.parametrize(("result", "error", "text"), BAD_RESULTS, ids=["count", "shape", "type"])
def test_a_backward_hook_that_returns_nonsense(result, error, text):
    linear = nn.Linear(2, 1)
    linear.register_full_backward_hook(lambda module, grad_input, grad_output: result)
    with pytest.raises(error, match=text):
        linear(mg.ones(1, 2, requires_grad=True)).sum().backward()


def test_a_backward_hook_without_inputs_to_differentiate_warns():
    linear, seen = nn.Linear(2, 1), []
    linear.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(grad_input))
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        linear(mg.ones(1, 2)).sum().backward()
    assert seen == [(None,)]
    with pytest.warns(UserWarning, match="should be a Tensor or a tuple of Tensors but received <class 'list'>"):
        hooked = nn.Sequential()
        hooked.register_full_backward_hook(lambda *_: None)
        hooked([mg.ones(1)])


# Training and evaluation


def test_train_and_eval_live_with_a_method_of_that_name():
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 1)

        def train(self, X, y, epochs=10):
            return "trained"

    network, outer = Network(), nn.Sequential(Network(), nn.Tanh())
    assert network.eval() is network
    assert not network.training and not network.layer.training
    assert network.train(1, 2) == "trained"
    nn.Module.train(network)
    assert network.training and network.layer.training
    outer.eval()
    assert not any(module.training for module in outer.modules())


def test_an_overridden_train_of_a_submodule_is_asked():
    class Frozen(nn.Sequential):
        def train(self, mode=True):
            return super().train(False)

    model = nn.Sequential(Frozen(nn.Linear(1, 1)), nn.Tanh())
    model.train()
    assert [module.training for module in model.modules()] == [True, False, False, True]


@pytest.mark.parametrize(
    "train", [lambda self, epochs=3: [][1], lambda self, *, data=None: [][1], lambda self, x: [][1]]
)
def test_eval_starts_no_training(train):
    network = type("Network", (nn.Module,), {"train": train})()
    assert not network.eval().training


def test_apply_goes_from_the_inside_out():
    seen = []
    model = nn.Sequential(nn.Sequential(nn.Tanh()), nn.ReLU())
    assert model.apply(lambda module: seen.append(type(module).__name__)) is model
    assert seen == ["Tanh", "Sequential", "ReLU", "Sequential"]


# Converting


def test_conversion_keeps_parameters_ties_and_memory_where_it_can():
    model = nn.Sequential(Block(), Block())
    model[1].linear.weight = model[0].linear.weight
    model(mg.ones(1, 2)).sum().backward()
    parameters, memory = list(model.parameters()), model[0].scale.detach().numpy()
    assert model.float() is model
    assert np.shares_memory(model[0].scale.detach().numpy(), memory)  # it was float32: nothing to do
    model.double()
    assert all(p is q for p, q in zip(parameters, model.parameters(), strict=True))
    assert {p.dtype for p in parameters} == {p.grad.dtype for p in parameters} == {mg.float64}
    assert model[0].count.dtype == mg.int64
    assert model[1].linear.weight is model[0].linear.weight


@pytest.mark.parametrize(
    ("target", "dtype"),
    [
        ((mg.float64,), mg.float64),
        (("cpu",), mg.float16),
        (("cpu", "float64"), mg.float64),
        ((mg.ones(1),), mg.float32),
    ],
    ids=str,
)
def test_to(target, dtype):
    assert nn.Linear(1, 1).half().to(*target).weight.dtype == dtype


def test_to_refuses_other_devices_and_integers():
    with pytest.raises(TypeError, match="only accepts floating point dtypes"):
        nn.Linear(1, 1).to(mg.int64)
    with pytest.raises(RuntimeError, match="device 'cuda' is not there"):
        nn.Linear(1, 1).to("cuda")
    with pytest.raises(TypeError, match="memory_format"):
        nn.Linear(1, 1).to("cpu", memory_format=None)


# State


def test_state_dict_shares_memory_and_load_state_dict_copies():
    block, other = Block(), Block()
    state = block.state_dict()
    other.load_state_dict(state)
    state["scale"].fill_(7)
    assert values(block.scale) == [7, 7]
    assert values(other.scale) == [1, 1]
    assert not state["scale"].requires_grad and block.state_dict(keep_vars=True)["scale"] is block.scale


def test_loading_lists_every_fault_at_once_and_changes_nothing():
    block = Block()
    before = copy.deepcopy(block.state_dict())
    wrong = {"scale": mg.zeros(3), "count": "many", "linear.weight": mg.zeros(2, 2), "head.bias": mg.zeros(1)}
    with pytest.raises(RuntimeError) as caught:
        block.load_state_dict(wrong)
    assert str(caught.value) == (
        "Error(s) in loading state_dict for Block:\n"
        '\tMissing key(s) in state_dict: "linear.bias". \n'
        '\tUnexpected key(s) in state_dict: "head.bias". \n'
        "\tsize mismatch for scale: copying a param with shape Size([3]) from checkpoint, the shape in current model "
        "is Size([2]).\n"
        '\tWhile copying the parameter named "count", expected Tensor or Tensor-like object from checkpoint but '
        "received <class 'str'>"
    )
    assert {k: values(v) for k, v in block.state_dict().items()} == {k: values(v) for k, v in before.items()}


def test_loading_what_fits_only():
    block = Block()
    result = block.load_state_dict({"scale": mg.zeros(2), "more": mg.zeros(1)}, strict=False)
    assert values(block.scale) == [0, 0]
    assert result.missing_keys == ["count", "linear.weight", "linear.bias"]
    assert result.unexpected_keys == ["more"]
    assert str(block.load_state_dict(block.state_dict())) == "<All keys matched successfully>"
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like"):
        block.load_state_dict([("scale", mg.zeros(2))])


def test_loading_arrays_of_another_dtype_keeps_the_parameters_own():
    linear = nn.Linear(2, 1)
    linear.load_state_dict({"weight": np.array([[1, 2]]), "bias": np.array([0.5])})
    assert values(linear.weight) == [[1.0, 2.0]]
    assert linear.weight.dtype == mg.float32 and linear.weight.requires_grad


def test_loading_by_assignment():
    linear = nn.Linear(2, 1)
    weight = mg.zeros(1, 2, dtype=mg.float64)
    linear.bias.requires_grad_(False)
    linear.load_state_dict({"weight": weight, "bias": mg.zeros(1)}, assign=True)
    weight.fill_(3)
    assert values(linear.weight) == [[3, 3]] and isinstance(linear.weight, nn.Parameter)
    assert [p.requires_grad for p in linear.parameters()] == [True, False]


def test_a_graph_made_before_loading_is_stale():
    linear, x = nn.Linear(2, 1), mg.ones(1, 2, requires_grad=True)
    loss = linear(x).sum()
    linear.load_state_dict(linear.state_dict())
    with pytest.raises(RuntimeError, match=r"'weight'.*changed by load_state_dict"):
        loss.backward()


def test_extra_state():
    class Counter(nn.Module):
        calls = 0

        def get_extra_state(self):
            return {"calls": self.calls}

        def set_extra_state(self, state):
            self.calls = state["calls"]

    model, other = nn.Sequential(Counter(), nn.Linear(1, 1)), nn.Sequential(Counter(), nn.Linear(1, 1))
    model[0].calls = 3
    assert list(model.state_dict()) == ["0._extra_state", "1.weight", "1.bias"]
    other.load_state_dict(model.state_dict())
    assert other[0].calls == 3
    with pytest.raises(RuntimeError, match=r'Missing.*"0._extra_state"'):
        other.load_state_dict(model[1:].state_dict())


# Copies


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_a_copy_is_complete_and_shares_nothing(copied):
    model = nn.Sequential(Block(), Block()).eval()
    model[1].linear.weight = model[0].linear.weight
    model[0].scale.requires_grad_(False)
    x = mg.ones(1, 2)
    model(x).sum().backward()
    other = copied(model)
    assert repr(other) == repr(model) and values(other(x)) == values(model(x))
    assert other[1].linear.weight is other[0].linear.weight is not model[0].linear.weight
    assert [p.requires_grad for p in other.parameters()] == [p.requires_grad for p in model.parameters()]
    assert not other.training
    assert all(p.grad is None for p in other.parameters())
    assert isinstance(other[0].scale, nn.Parameter)
    assert other(x).grad_fn.scope.chain() == [other, other[1]]
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        assert not np.shares_memory(p.detach().numpy(), q.detach().numpy())


def test_a_shallow_copy_registers_for_itself():
    block = Block()
    other = copy.copy(block)
    other.more = nn.Parameter(mg.ones(1))
    assert other.scale is block.scale
    assert "more" not in block.state_dict()


def test_a_parameter_shares_the_memory_of_a_tensor_and_keeps_its_class():
    class Named(nn.Parameter):
        pass

    data = mg.ones(2)
    parameter = Named(data)
    parameter.name = "gain"
    data.fill_(3)
    assert values(parameter) == [3, 3]
    other = copy.deepcopy(parameter)
    assert type(other) is Named and other.name == "gain" and other.requires_grad and other.is_leaf
    assert type(parameter * 2) is mg.Tensor
    assert repr(nn.Parameter(mg.ones(2))) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    assert nn.Parameter().shape == (0,)


# Containers


def test_sequential_is_a_list_that_shares_its_modules():
    first, second, third = nn.Linear(1, 2), nn.Tanh(), nn.Linear(2, 1)
    model = nn.Sequential(first, second, third)
    assert model[-1] is third and list(model) == [first, second, third]
    assert model[:2][0] is first and len(model[::2]) == 2
    assert list(model + model[:1]) == list(model).__add__([first])
    assert list(2 * model) == list(model) * 2
    assert model.pop(1) is second and [name for name, _ in model.named_children()] == ["0", "1"]
    model.insert(1, second).insert(-1, nn.ReLU())
    assert [type(m).__name__ for m in model] == ["Linear", "Tanh", "ReLU", "Linear"]
    del model[1:3]
    model.extend(model)
    assert list(model) == [first, third, first, third]
    model *= 2
    assert list(model) == [first, third] * 4
    assert "append" in dir(model) and "0" not in dir(model)
    with pytest.raises(IndexError, match="index 8 is out of range: this Sequential has 8 modules"):
        model[8]


def test_a_sequential_may_have_parameters_of_its_own():
    class Scaled(nn.Sequential):
        def __init__(self, *modules):
            super().__init__(*modules)
            self.scale = nn.Parameter(mg.tensor(2.0))

        def forward(self, x):
            return super().forward(x) * self.scale

    assert Scaled(nn.ReLU())(mg.tensor(3.0)).item() == 6


@pytest.mark.parametrize(
    ("mistake", "error", "text"),
    [
        (lambda: nn.Sequential([nn.Tanh()]), TypeError, "list is not a Module subclass"),
        (lambda: nn.Sequential() + nn.Tanh(), ValueError, "supports only objects of Sequential"),
        (lambda: nn.Sequential() * 0, ValueError, "Non-positive multiplication factor 0"),
        (lambda: nn.Sequential().insert(1, nn.Tanh()), IndexError, "Index out of range: 1"),
        (lambda: nn.Sequential().insert(0, 3), TypeError, "int is not a Module subclass"),
    ],
)
def test_mistakes_with_sequential(mistake, error, text):
    with pytest.raises(error, match=text):
        mistake()


def test_repr():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(OrderedDict(hidden=nn.Linear(2, 4, bias=False), act=nn.ReLU(inplace=True)))
            self.head = nn.Sequential(nn.Sequential(nn.Linear(4, 1)), nn.Sigmoid())
            self.loss = nn.BCELoss()

        def extra_repr(self):
            return "for\nXOR"

    assert repr(Net()) == (
        "Net(\n  for\n  XOR\n"
        "  (body): Sequential(\n"
        "    (hidden): Linear(in_features=2, out_features=4, bias=False)\n"
        "    (act): ReLU(inplace=True)\n"
        "  )\n"
        "  (head): Sequential(\n"
        "    (0): Sequential(\n"
        "      (0): Linear(in_features=4, out_features=1, bias=True)\n"
        "    )\n"
        "    (1): Sigmoid()\n"
        "  )\n"
        "  (loss): BCELoss()\n"
        ")"
    )
    assert repr(nn.Sequential()) == "Sequential()"


# Layers


def test_linear_is_x_times_weight_transposed_plus_bias():
    linear = nn.Linear(3, 2, dtype=mg.float64)
    x = np.arange(12.0).reshape(2, 2, 3)
    expected = x @ linear.weight.detach().numpy().T + linear.bias.detach().numpy()
    np.testing.assert_allclose(linear(mg.tensor(x)).detach().numpy(), expected)
    assert linear(mg.tensor(x[0, 0])).shape == (2,)
    assert linear(mg.zeros(0, 3, dtype=mg.float64)).shape == (0, 2)
    assert [name for name, _ in nn.Linear(3, 2, bias=False).named_parameters()] == ["weight"]


def test_linear_starts_within_one_over_the_root_of_its_inputs():
    mg.manual_seed(0)
    linear = nn.Linear(100, 50)
    for p in linear.parameters():
        assert 0.09 < np.abs(p.detach().numpy()).max() <= 0.1
    mg.manual_seed(0)
    assert values(nn.Linear(100, 50).weight) == values(linear.weight)


def test_a_linear_without_inputs_or_outputs_warns_and_works():
    with pytest.warns(UserWarning, match="zero-element"):
        none, nothing = nn.Linear(0, 2), nn.Linear(2, 0)
    assert none(mg.ones(3, 0)).shape == (3, 2)
    assert nothing(mg.ones(3, 2)).shape == (3, 0)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((-1, 2), RuntimeError, "in_features must not be negative, got -1"),
        ((2, 1.5), TypeError, "out_features must be an int, got float"),
        ((2, 1, True, "cuda"), RuntimeError, "device 'cuda' is not there"),
        ((2, 1, True, None, "complex64"), TypeError, "Linear: 'complex64' is not a supported dtype"),
        ((2, 1, True, None, mg.int64), RuntimeError, "floating point dtype can require gradients, got int64"),
    ],
    ids=str,
)
def test_a_linear_that_cannot_be(arguments, error, text):
    with pytest.raises(error, match=text):
        nn.Linear(*arguments)


def test_a_misfit_is_named_by_its_path_from_the_module_that_was_called():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.Sequential(nn.Linear(4, 1)))

        def forward(self, x):
            return self.encoder(x)

    net = Net()
    rule = ": the last dimension of the input must equal in_features"
    for call, shape, text in (
        (net, (4, 3), "Linear 'encoder.0': input has 3 features, weight expects 2 (input (4, 3), weight (1, 2))"),
        (
            net,
            (2, 4, 2),
            "Linear 'encoder.2.0': input has 1 features, weight expects 4 (input (2, 4, 1), weight (1, 4))",
        ),
        (net.encoder, (3,), "Linear '0': input has 3 features, weight expects 2 (input (3,), weight (1, 2))"),
        (net.encoder[2][0], (3,), "Linear: input has 3 features, weight expects 4 (input (3,), weight (1, 4))"),
        (net.encoder[0], (), "Linear: input has no features, weight expects 2 (input (), weight (1, 2))"),
    ):
        with pytest.raises(RuntimeError) as caught:
            call(mg.ones(shape))
        assert str(caught.value) == text + rule


def test_relu_in_place_writes_into_its_input():
    x = mg.tensor([-1.0, 2.0])
    assert nn.ReLU(inplace=True)(x) is x
    assert values(x) == [0, 2]
    y = mg.tensor([-1.0, 2.0])
    nn.ReLU()(y)
    assert values(y) == [-1, 2]
    assert nn.functional.relu(y, inplace=True) is y


# Losses

LOSSES = [
    (nn.MSELoss, lambda x, y: (x - y) ** 2),
    (nn.BCELoss, lambda x, y: -(y * np.log(x) + (1 - y) * np.log(1 - x))),
    (nn.BCEWithLogitsLoss, lambda x, y: np.log(1 + np.exp(-x)) * y + np.log(1 + np.exp(x)) * (1 - y)),
]


@pytest.mark.parametrize(("loss", "formula"), LOSSES, ids=[loss.__name__ for loss, _ in LOSSES])
@pytest.mark.parametrize(("reduction", "reduce"), [("mean", np.mean), ("sum", np.sum), ("none", np.asarray)])
def test_losses_by_their_formulas(loss, formula, reduction, reduce):
    x, y = np.array([[0.2, 0.7], [0.4, 0.9]]), np.array([[0.0, 1.0], [0.3, 1.0]])
    out = loss(reduction=reduction)(mg.tensor(x), mg.tensor(y))
    np.testing.assert_allclose(out.numpy(), reduce(formula(x, y)), rtol=1e-12)


def test_weights_of_the_losses_are_buffers():
    loss = nn.BCEWithLogitsLoss(weight=mg.ones(2), pos_weight=mg.full((2,), 3.0))
    assert list(loss.state_dict()) == ["weight", "pos_weight"]
    assert loss.double().pos_weight.dtype == mg.float64
    x = mg.zeros(2)
    assert nn.BCEWithLogitsLoss()(x, mg.ones(2)).item() * 3 == pytest.approx(loss.float()(x, mg.ones(2)).item())
    for weighted in (nn.BCELoss, nn.BCEWithLogitsLoss):
        each = weighted(weight=mg.tensor([1.0, 2.0]), reduction="none")(x + 0.5, mg.ones(2))
        assert each[1].item() == 2 * each[0].item() != 0


def test_a_loss_of_two_shapes_is_never_silent():
    column, row = mg.full((4, 1), 0.5), mg.ones(4)
    with pytest.warns(UserWarning, match=r"\(4,\).*different to the input size.*\(4, 1\)") as caught:
        nn.MSELoss()(column, row)
    assert len(caught) == 1
    for loss in (nn.BCELoss(), nn.BCEWithLogitsLoss()):
        with pytest.raises(ValueError, match=rf"{type(loss).__name__}.*\(4,\).*\(4, 1\).*reshape"):
            loss(column, row)


@pytest.mark.parametrize("loss", [nn.MSELoss, nn.BCELoss, nn.BCEWithLogitsLoss])
def test_arguments_of_losses(loss):
    with pytest.raises(ValueError, match=f"{loss.__name__}: 'average' is not a valid value for reduction"):
        loss(reduction="average")
    for former, reduction in (
        ({"size_average": False}, "sum"),
        ({"size_average": True}, "mean"),
        ({"reduce": False}, "none"),
        ({"reduce": True}, "mean"),
    ):
        with pytest.warns(UserWarning, match=f"please use reduction='{reduction}'"):
            assert loss(**former).reduction == reduction
    with pytest.raises(TypeError, match="must be bools, got 'sum'"):
        loss(size_average="sum")


# Initialization


def test_init_fills_without_recording():
    weight = nn.Parameter(mg.empty(200, 50))
    for fill, spread in (
        (lambda w: nn.init.xavier_normal_(w), np.sqrt(2 / 250)),
        (lambda w: nn.init.kaiming_normal_(w), np.sqrt(2 / 50)),
        (lambda w: nn.init.kaiming_uniform_(w, mode="fan_out", nonlinearity="tanh"), 5 / 3 / np.sqrt(200)),
        (lambda w: nn.init.xavier_uniform_(w, gain=2.0), 2 * np.sqrt(2 / 250)),
        (lambda w: nn.init.normal_(w, 0, 0.3), 0.3),
    ):
        assert fill(weight) is weight
        assert weight.is_leaf and weight.detach().numpy().std() == pytest.approx(spread, rel=0.05)
    assert values(nn.init.zeros_(nn.Parameter(mg.empty(2)))) == [0, 0]
    assert values(nn.init.ones_(nn.Parameter(mg.empty(2)))) == [1, 1]


def test_init_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="Unsupported nonlinearity swish"):
        nn.init.calculate_gain("swish")
    with pytest.raises(ValueError, match="Mode out not supported"):
        nn.init.kaiming_uniform_(mg.empty(2, 2), mode="out")
    with pytest.raises(ValueError, match=r"fewer than 2 dimensions, got shape \(3,\)"):
        nn.init.xavier_uniform_(mg.empty(3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert nn.init.kaiming_normal_(mg.empty(0, 3)).shape == (0, 3)
