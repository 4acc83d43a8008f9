"""``nn.utils``: gradients clipped in place, eager and compiled; parameters as a vector; weight normalization."""

import pickle
import warnings

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn


def with_gradients(*gradients):
    """Parameters with these gradients."""
    parameters = []
    for gradient in gradients:
        gradient = mg.tensor(gradient)
        parameters.append(nn.Parameter(mg.zeros_like(gradient)))
        parameters[-1].grad = gradient
    return parameters


@pytest.mark.parametrize(("norm_type", "norm"), [(2, 13.0), (1, 19.0), ("inf", 12.0), (-1, 1.5)])
def test_the_norm_is_that_of_all_gradients_as_one_vector(norm_type, norm):
    parameters = with_gradients([3.0, -4.0], [[12.0]])
    arrays = [p.grad._array for p in parameters]
    assert nn.utils.clip_grad_norm_(parameters, norm / 2, norm_type).item() == pytest.approx(norm)
    assert parameters[0].grad.tolist() == pytest.approx([1.5, -2.0], rel=1e-6)
    assert parameters[1].grad.item() == pytest.approx(6.0, rel=1e-6)
    assert all(p.grad._array is array for p, array in zip(parameters, arrays, strict=True))


def test_gradients_that_are_small_enough_keep_their_bits():
    parameters = with_gradients([3.0, -4.1], [[12.3]])
    before = [p.grad.tolist() for p in parameters]
    nn.utils.clip_grad_norm_(parameters, 14)
    nn.utils.clip_grad_value_(parameters, 12.5)
    assert [p.grad.tolist() for p in parameters] == before


def test_an_error_leaves_the_gradients():
    parameters = with_gradients([3.0, float("inf")])
    with pytest.raises(RuntimeError, match=r"total norm of order 2\.0 .* is inf"):
        nn.utils.clip_grad_norm_(parameters, 1, error_if_nonfinite=True)
    assert parameters[0].grad.tolist() == [3.0, float("inf")]
    nn.utils.clip_grad_norm_(parameters, 1)  # and no warning of NumPy's
    assert np.isnan(parameters[0].grad.tolist()[1])


def test_clipping_is_a_write_that_a_graph_notices():
    (p,) = with_gradients([3.0, 4.0])
    out = p.grad.requires_grad_().square().sum()
    nn.utils.clip_grad_norm_([p], 1)
    with pytest.raises(RuntimeError, match="clip_grad"):
        out.backward()


CLIPS = {
    "norm": lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.3),
    "largest": lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.2, "inf"),
    "value": lambda model: nn.utils.clip_grad_value_(model.parameters(), 0.1),
}


@pytest.mark.parametrize("clip", CLIPS.values(), ids=CLIPS)
def test_a_compiled_step_clips_bit_for_bit_as_an_eager_one(clip):
    def parameters_after_steps(way):
        mg.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
        optimizer = mg.optim.SGD(model.parameters(), lr=0.5)
        x, y = mg.randn(8, 3), mg.randn(8, 2)

        @way
        def step(x, y):
            optimizer.zero_grad()
            ((model(x) - y) ** 2).mean().backward()
            norm = clip(model)
            optimizer.step()
            return norm

        norms = [step(x, y) for _ in range(4)]
        return [p.tolist() for p in (*model.parameters(), *(n for n in norms if n is not None))]

    assert parameters_after_steps(mg.compile) == parameters_after_steps(lambda function: function)


def test_a_vector_of_parameters_is_in_the_graph_and_comes_back():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    vector = nn.utils.parameters_to_vector(model.parameters())
    (vector * mg.arange(13.0)).sum().backward()
    gradients = nn.utils.parameters_to_vector([p.grad for p in model.parameters()])
    assert gradients.tolist() == list(map(float, range(13)))
    doubled = vector.detach() * 2
    nn.utils.vector_to_parameters(doubled, model.parameters())
    assert nn.utils.parameters_to_vector(model.parameters()).tolist() == doubled.tolist()
    assert model[0].weight.shape == (3, 2)


def test_a_vector_that_is_too_short_changes_nothing():
    model = nn.Linear(2, 2)
    before = model.weight.tolist()
    with pytest.raises(RuntimeError, match="vec has 5 elements, the parameters have 6"):
        nn.utils.vector_to_parameters(mg.zeros(5), model.parameters())
    assert model.weight.tolist() == before


def normalized(layer, **options):
    with pytest.warns(FutureWarning, match="parametrizations"):
        return nn.utils.weight_norm(layer, **options)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_a_normalized_weight_has_the_lengths_that_are_its_parameters(dim):
    layer = nn.Linear(4, 3)
    weight = layer.weight.detach().clone()
    normalized(layer, dim=dim)
    np.testing.assert_allclose(layer.weight.tolist(), weight.tolist(), rtol=1e-6)
    with mg.no_grad():
        layer.weight_v.mul_(5)
        layer.weight_g.fill_(2)
    layer(mg.ones(1, 4)).sum().backward()
    lengths = mg.norm_except_dim(layer.weight.detach(), 2, -1 if dim is None else dim)
    np.testing.assert_allclose(lengths.tolist(), np.full(lengths.shape, 2.0), rtol=1e-6)
    assert layer.weight_v.grad is not None and layer.weight_g.grad.shape == lengths.shape


def test_a_normalized_module_pickles_and_becomes_plain_again():
    layer = normalized(nn.Linear(4, 3))
    x = mg.randn(2, 4)
    copy = pickle.loads(pickle.dumps(layer))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert copy(x).tolist() == layer(x).tolist()
        nn.utils.remove_weight_norm(layer)
    assert list(layer.state_dict()) == ["bias", "weight"]
    assert layer(x).tolist() == copy(x).tolist()
    assert not hasattr(layer, "weight_g")


def test_a_dimension_that_is_not_there_leaves_the_module():
    layer = nn.Linear(4, 3)
    with pytest.warns(FutureWarning), pytest.raises(IndexError):
        nn.utils.weight_norm(layer, dim=2)
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_a_functional_call_leaves_the_module_as_it_was():
    shared = nn.Linear(2, 2)
    model = nn.Sequential(shared, nn.Tanh(), shared)
    before = dict(model.named_parameters(remove_duplicate=False))
    weight = mg.eye(2)
    out = mg.func.functional_call(model, {"0.weight": weight, "0.bias": mg.zeros(2)}, mg.ones(2))
    assert out.tolist() == pytest.approx(np.tanh([1.0, 1.0]).tolist())
    with pytest.raises(RuntimeError, match=r"Unexpected key\(s\): '0.wait'"):
        mg.func.functional_call(model, {"0.wait": weight}, mg.ones(2))
    with pytest.raises(RuntimeError, match="input has 2 features"):
        mg.func.functional_call(model, {"0.weight": mg.ones(3, 3)}, mg.ones(2))
    after = dict(model.named_parameters(remove_duplicate=False))
    assert list(after) == list(before) and all(after[name] is before[name] for name in before)


def test_a_compiled_functional_call():
    def losses(way):
        mg.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        given = {name: p.detach().clone().requires_grad_() for name, p in model.named_parameters()}
        optimizer = mg.optim.SGD(given.values(), lr=0.1)

        @way
        def step(x):
            optimizer.zero_grad()
            loss = mg.func.functional_call(model, given, x).square().mean()
            loss.backward()
            optimizer.step()
            return loss

        return [step(mg.ones(4, 2)).item() for _ in range(4)]

    assert losses(mg.compile) == losses(lambda function: function)
