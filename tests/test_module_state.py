"""How modules are saved, loaded and copied."""

import copy
import pickle

import numpy as np
import pytest
from modules import Block, values

import microgradnp as mg
from microgradnp import nn

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
