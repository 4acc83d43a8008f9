"""Copies of tensors: what they share, with the original and among themselves."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import microgradnp as mg


def leaf(*values):
    return mg.tensor(list(values), dtype=mg.float64, requires_grad=True)


def values(tensor):
    return tensor.detach().tolist()


def test_copies_of_a_leaf_collect_their_own_gradients():
    x = leaf(1.0, 2.0)
    for y in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        (y * 2).sum().backward()
        assert values(y.grad) == [2.0, 2.0]
        assert x.grad is None


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_keeps_what_is_shared_writable(protocol):
    x = mg.arange(6.0)
    again, part, turned = pickle.loads(pickle.dumps([x, x[2:4], x.reshape(2, 3).t()], protocol))
    again[2] = 100.0
    assert values(part) == [100.0, 3.0]
    assert turned[2, 0].item() == 100.0
    assert turned.stride() == (1, 3)


def test_copies_share_only_with_one_another():
    x = mg.arange(4.0)
    first, second = copy.deepcopy(x), copy.deepcopy(x[1:3])
    arrays = [t.numpy() for t in (x, first, second)]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_a_write_to_a_copy_makes_what_saved_it_stale():
    weight, alias = copy.deepcopy([w := leaf(1.0, 2.0), w.detach()])
    y = (weight * weight).sum()
    alias.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_a_module_whose_buffer_looks_into_a_parameter_stays_tied():
    model = mg.nn.Linear(2, 2)
    model.register_buffer("row", model.weight.detach()[0])
    for other in (pickle.loads(pickle.dumps(model)),):
        with mg.no_grad():
            other.weight.zero_()
        assert values(other.row) == [0.0, 0.0]
        assert values(model.row) != [0.0, 0.0]


def test_hooks_stay_behind_with_a_warning():
    x = leaf(1.0)
    x.register_hook(lambda g: g * 100)
    with pytest.warns(UserWarning, match="backward hook .* will not be serialized"):
        y = pickle.loads(pickle.dumps(x))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        z = copy.deepcopy(x)
    for other in (y, z):
        other.sum().backward()
        assert values(other.grad) == [1.0]


def test_slots_and_attributes_of_a_subclass_go_along():
    class Named(mg.nn.Parameter):
        pass

    named = Named(mg.ones(2))
    named.title = ["gain"]
    for other in (copy.copy(named), copy.deepcopy(named)):
        assert type(other) is Named and other.title == ["gain"] and other.requires_grad
