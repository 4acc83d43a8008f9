"""Containers of modules and parameters, and the mistakes that are made without them."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections import OrderedDict

import pytest

import microgradnp as mg
from microgradnp import nn

everywhere = nn.modules.module


def names(module):
    return [name for name, _ in module.named_parameters()]


def test_a_list_and_a_dict_of_modules_register_what_they_hold():
    layers = nn.ModuleList([nn.Linear(1, 1, bias=False), nn.Tanh()])
    layers += [nn.Linear(1, 1, bias=False)]
    heads = nn.ModuleDict({"a": nn.Linear(1, 1, bias=False), "b": layers})
    assert names(heads) == ["a.weight", "b.0.weight", "b.2.weight"]
    layers.insert(-1, layers.pop(0))
    assert names(heads) == ["a.weight", "b.1.weight", "b.2.weight"]
    assert layers[-2:] is not layers and layers[-2:][0] is layers[1]
    layers.extend(layers)
    assert len(layers) == 6 and names(heads) == ["a.weight", "b.1.weight", "b.2.weight"]


def test_a_list_and_a_dict_of_parameters_make_parameters_of_tensors():
    weights = nn.ParameterList([mg.ones(1), 3]).append(nn.Parameter(mg.zeros(2)))
    scales = nn.ParameterDict({"b": mg.ones(1), "a": weights[2]}) | {"c": 7}
    assert names(weights) == ["0", "2"] and isinstance(weights[0], nn.Parameter)
    assert names(scales) == ["a", "b"] and list(scales.items())[2] == ("c", 7)
    assert list(scales) == ["a", "b", "c"] and scales["a"] is weights[-1]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["copy", "pickle"])
def test_copies_of_containers_keep_ties(copied):
    linear = nn.Linear(2, 2)
    model = nn.ModuleDict({"list": nn.ModuleList([linear, nn.Tanh(), linear])})
    model["weights"] = nn.Sequential()
    model["weights"].tied = nn.ParameterDict({"w": linear.weight})
    other = copied(model)
    assert other["list"][0] is other["list"][2] and other["list"][0] is not linear
    assert other["weights"].tied["w"] is other["list"][0].weight
    other["list"].append(nn.ReLU())
    assert (len(other["list"]), len(model["list"])) == (4, 3)


@pytest.mark.parametrize(
    ("mistake", "error", "text"),
    [
        (lambda: nn.ModuleList([nn.Tanh()])[1], IndexError, "index 1 is out of range: this ModuleList has 1 modules"),
        (lambda: nn.ModuleList([3]), TypeError, "int is not a Module subclass"),
        (lambda: nn.ModuleList()(1), NotImplementedError, r"ModuleList\] is missing the required"),
        (lambda: nn.ModuleDict({"forward": nn.Tanh()}), KeyError, "'forward' already exists: it is a method"),
        (lambda: nn.ModuleDict(7), TypeError, "an iterable of key/value pairs, but got int"),
        (lambda: nn.ParameterList([1])[1], IndexError, "this ParameterList has 1 entries"),
        (lambda: nn.ParameterDict({1: mg.ones(1)}), TypeError, "must be a string, got 1 of type int"),
        (lambda: nn.ParameterDict().popitem(), KeyError, "empty"),
        (lambda: nn.ParameterList()(1), RuntimeError, "should not be called"),
        (lambda: nn.Unflatten(0, (2.0,)), TypeError, "found float at pos 0"),
        (lambda: nn.Embedding(2, 2, sparse=True), NotImplementedError, "sparse=True is not there"),
        (lambda: nn.Dropout(2), ValueError, "Dropout: dropout probability has to be between 0 and 1, but got 2"),
        (lambda: nn.Bilinear(2, 3, 4)(mg.ones(1, 2), mg.ones(1, 2)), RuntimeError, "Bilinear: .*weight expects"),
    ],
)  # fmt: skip
def test_mistakes(mistake, error, text):
    with pytest.raises(error, match=text):
        mistake()


# Sequential


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


# What a module cannot find


class Holder(nn.Module):
    def __init__(self, **attributes):
        super().__init__()
        for name, value in attributes.items():
            setattr(self, name, value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([nn.Tanh()], "'inner.layers' is a plain list, .* Make it an nn.ModuleList"),
        ((nn.Tanh(), nn.Tanh()), "is a plain tuple, .* nn.ModuleList"),
        ({"a": nn.Tanh()}, "is a plain dict, .* nn.ModuleDict"),
        ([[1, (nn.Tanh(),)]], "is a plain list"),
        ([nn.Parameter(mg.ones(1))], "the parameters in it are not registered.* nn.ParameterList"),
        ({1: nn.Parameter(mg.ones(1))}, "nn.ParameterDict"),
    ],
)
def test_layers_in_plain_containers_are_warned_of_once_by_name(value, text):
    model = Holder(inner=Holder(layers=value))
    with pytest.warns(UserWarning, match=text) as caught:
        list(model.parameters())
    assert caught[0].filename == __file__
    list(model.named_parameters())
    mg.optim.SGD([mg.ones(1)], lr=0.1)
    model.inner.layers = [nn.Tanh()]
    list(model.inner.parameters())


def test_a_list_that_is_filled_later_is_warned_of_too():
    model = Holder(layers=[], sizes=[3, 4], names={"a": "b"})
    model.layers += [nn.Linear(1, 1) for _ in range(5)]
    with pytest.warns(UserWarning, match="'layers' is a plain list") as caught:
        model.zero_grad()
    assert caught[0].filename == __file__


def test_lists_of_what_is_registered_as_well_are_fine():
    model = Holder(a=nn.Linear(1, 1), b=nn.Tanh(), words=["x"] * 1000)
    model.order = [model.b, model.a]
    model.trained = (model.a.weight,)
    assert names(model) == ["a.weight", "a.bias"]


@pytest.mark.parametrize("name", ["parameters", "modules", "forward", "state_dict", "named_children"])
def test_an_attribute_cannot_take_the_place_of_a_method_that_all_need(name):
    model = nn.Module()
    for value in (3, [nn.Tanh()], nn.Tanh(), mg.ones(1)):
        with pytest.raises(KeyError, match=f"attribute '{name}' already exists: it is a method of Module"):
            setattr(model, name, value)
    with pytest.raises(KeyError, match=f"attribute '{name}' already exists"):
        type("Hiding", (nn.Module,), {name: [1]})
    setattr(model, name, lambda: 3)  # a function may
    assert getattr(model, name)() == 3


def test_other_methods_may_be_hidden_as_programs_do():
    model = Holder(type="lstm", half=3, summary=nn.Tanh())
    assert (model.type, model.half, list(model._modules)) == ("lstm", 3, ["summary"])


def test_a_module_cannot_be_inside_itself():
    model = nn.Sequential(nn.Sequential(nn.Tanh()))
    before = repr(model)
    for mistake in (
        lambda: setattr(model, "self", model),
        lambda: model[0].append(model),
        lambda: model[0].register_module("outer", model),
        lambda: nn.ModuleList([model]).append(model)[0][0].add_module("x", model),
    ):
        with pytest.raises(ValueError, match="a module cannot be inside itself"):
            mistake()
    assert repr(model) == before


# Hooks of all modules, and of states


def test_hooks_of_all_modules_begin_with_the_next_call_and_end_when_removed():
    model, seen = nn.Sequential(nn.Tanh()), []
    model[0].register_forward_hook(lambda m, args, out: seen.append("own"))
    with everywhere.register_module_forward_hook(lambda m, args, out: seen.append(type(m).__name__)):
        model(mg.ones(1))
        with everywhere.register_module_full_backward_hook(lambda m, gi, go: seen.append("grad")):
            model(mg.ones(1, requires_grad=True)).backward()
    model(mg.ones(1))
    assert seen == ["Tanh", "own", "Sequential", "Tanh", "own", "Sequential", "grad", "grad", "own"]
    assert nn.Module._hooks is None  # calls are as fast as before


def test_a_compiled_function_notices_hooks_of_all_modules():
    model = nn.Sequential(nn.Linear(1, 1))
    run = mg.compile(lambda x: model(x).detach(), executor="numpy")
    x = mg.ones(1, 1)
    wanted = model(x)
    for _ in range(3):
        assert run(x).tolist() == wanted.tolist()
    with everywhere.register_module_forward_hook(lambda m, args, out: out + 1):
        for _ in range(3):
            assert run(x).tolist() == (wanted + 2).tolist()
    for _ in range(3):
        assert run(x).tolist() == wanted.tolist()


def test_a_registration_hook_may_replace_but_only_by_its_kind():
    with everywhere.register_module_parameter_registration_hook(lambda m, name, p: nn.Parameter(p.detach() * 2)):
        assert Holder(w=nn.Parameter(mg.ones(1))).w.item() == 2
    with (
        everywhere.register_module_parameter_registration_hook(lambda m, name, p: 3),
        pytest.raises(TypeError, match="returned int for parameter 'w' of Holder"),
    ):
        Holder(w=nn.Parameter(mg.ones(1)))


def test_loading_that_a_hook_does_not_pardon_is_undone():
    model = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    seen = []
    model.register_load_state_dict_post_hook(lambda m, keys: seen.append(m[0].weight.item()))
    before = {name: value.tolist() for name, value in model.state_dict().items()}
    with pytest.raises(RuntimeError, match=r'Missing key.*"0.bias"'):
        model.load_state_dict({"0.weight": mg.full((1, 1), 7.0), "1.running_mean": mg.ones(1)})
    weight = model[0].weight
    with pytest.raises(RuntimeError, match=r'Missing key.*"0.bias"'):
        model.load_state_dict({"0.weight": mg.full((1, 1), 8.0)}, assign=True)
    assert seen == [7.0, 8.0]
    assert {name: value.tolist() for name, value in model.state_dict().items()} == before
    assert model[0].weight is weight
    model.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
    assert model.load_state_dict({"0.weight": mg.full((1, 1), 7.0)}).missing_keys == []
    assert model[0].weight.item() == 7.0


def test_nothing_warns_of_an_ordinary_model():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(nn.Sequential(nn.ModuleList([nn.Tanh()]), nn.ParameterDict({"a": mg.ones(1)})).parameters())
