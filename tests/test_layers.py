"""Layers, losses and initialization by their formulas, and what they say to mistakes."""

import warnings

import numpy as np
import pytest
from modules import values

import microgradnp as mg
from microgradnp import nn

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
