"""Modules: what they register, how they are called and changed, and what they say to mistakes."""

import gc

import numpy as np
import pytest
from modules import Block

import microgradnp as mg
from microgradnp import nn
from microgradnp.autograd import scope

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
