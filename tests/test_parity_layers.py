"""Layers that are functions with their arguments kept, beside PyTorch's: activations, losses, pooling, padding, ...

Each is an expression that both libraries evaluate on the same numbers: a module, and what it is called with.
"""

from __future__ import annotations

import ast
import copy
import inspect
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import microgradnp as mg

torch: Any = pytest.importorskip("torch")

LIBRARIES = (torch, mg)

OPERANDS = {  # the shape of a random array, and the interval of its values
    "x": ((3, 4), -3, 3), "y": ((3, 4), -3, 3), "z": ((3, 4), -3, 3), "scores": ((3, 4), -3, 3), "v": ((4,), -3, 3),
    "p": ((3, 4), 0.1, 0.9), "q": ((3, 4), 0.1, 0.9), "positive": ((3, 4), 0.2, 3), "even": ((2, 6), -3, 3),
    "distance": ((5,), 0.1, 2), "row": ((5,), -3, 3), "maps": ((2, 4, 2, 3), -3, 3), "columns": ((2, 12, 20), -3, 3),
    "wave": ((2, 3, 7), -3, 3), "lone": ((3, 7), -3, 3), "image": ((2, 4, 5, 6), -3, 3),
    "above": ((2, 3, 6, 6), 0.2, 3), "volume": ((1, 2, 3, 3, 4), -3, 3),
}  # fmt: skip
CONSTANTS = {
    "classes": np.array([2, 0, 3]), "ignored": np.array([2, 1, 3]), "one": np.array(1),
    "labels": np.array([[[0, 1, 3], [2, 2, 0]]] * 2), "many": np.array([[1, 3, -1, 0], [2, -1, 0, 0], [0, 1, 2, 3]]),
    "bits": np.array([[1.0, 0, 1, 1], [0, 0, 1, 0], [0, 1, 0, 1]]), "signs": np.array([1.0, -1, -1, 1, 1]),
    "three": np.array([1.0, -1, 1]), "grid": np.array([[1.0, -1, 1, 1], [-1, -1, 1, -1], [1, 1, -1, -1]]),
    "counts": np.array([[0.0, 1, 2, 5], [3, 0, 1, 1], [7, 2, 2, 0]]), "class_weights": np.array([0.5, 1.0, 2.0, 0.25]),
}  # fmt: skip

ACTIVATIONS = """
ReLU()(x); ReLU(inplace=True)(x * 1); ReLU6()(x * 3); ReLU6(True)(x * 3); LeakyReLU()(x); LeakyReLU(0.3, True)(x * 1)
PReLU()(x); PReLU(4, init=0.1)(x); PReLU(4)(image); PReLU(1)(v); RReLU()(x); RReLU(0.2, 0.4, True)(x * 1)
RReLU().eval()(x); Threshold(0.5, 20.0)(x); Threshold(0.1, -2, True)(x * 1); Hardtanh()(x)
Hardtanh(-2, 0.5, True)(x * 1); Hardsigmoid()(x * 2); Hardsigmoid(True)(x * 2); Hardswish()(x * 2)
Hardswish(True)(x * 2); Hardshrink()(x); Hardshrink(1)(x); Softshrink()(x); Softshrink(1.5)(x); Sigmoid()(x)
Tanh()(x); Tanhshrink()(x); Softsign()(x); LogSigmoid()(x); Softplus()(x); Softplus(2, 3.0)(x); ELU()(x)
ELU(0.5, inplace=True)(x * 1); SELU()(x); SELU(True)(x * 1); CELU()(x); CELU(alpha=2.0, inplace=True)(x * 1)
GELU()(x); GELU("tanh")(x); SiLU()(x); SiLU(True)(x * 1); Mish()(x); Mish(inplace=True)(x * 1); GLU()(even)
GLU(dim=1)(image); Softmax(1)(x); Softmax(dim=-3)(image); Softmin(0)(x); LogSoftmax(1)(x); Softmax2d()(image)
Softmax2d()(wave)
"""

LOSSES = """
L1Loss()(x, y); L1Loss(reduction="sum")(x, y); L1Loss(reduction="none")(x, y); MSELoss()(x, y)
MSELoss(reduction="none")(x, y); SmoothL1Loss()(x, y); SmoothL1Loss(reduction="sum", beta=0.3)(x, y)
HuberLoss()(x, y); HuberLoss("none", 0.5)(x, y); PoissonNLLLoss()(x, counts)
PoissonNLLLoss(False, True)(positive, counts); PoissonNLLLoss(full=True, reduction="sum")(x, counts)
PoissonNLLLoss(log_input=False, eps=1e-2, reduction="none")(positive, y); GaussianNLLLoss()(x, y, positive)
GaussianNLLLoss(full=True, eps=0.5, reduction="none")(x, y, positive); GaussianNLLLoss(reduction="sum")(x, y, 0.5)
BCELoss()(p, q); BCELoss(class_weights, reduction="sum")(p, q); BCEWithLogitsLoss()(x, q)
BCEWithLogitsLoss(class_weights, pos_weight=class_weights * 2, reduction="none")(x, q)
KLDivLoss(reduction="batchmean")(x, p); KLDivLoss(reduction="sum", log_target=True)(x, y)
KLDivLoss(reduction="none")(x, q); NLLLoss()(scores, classes); NLLLoss(class_weights)(scores, classes)
NLLLoss(ignore_index=1, reduction="sum")(scores, ignored); NLLLoss(reduction="none")(maps, labels)
CrossEntropyLoss()(scores, classes); CrossEntropyLoss(class_weights)(scores, classes)
CrossEntropyLoss(ignore_index=1, label_smoothing=0.2)(scores, ignored)
CrossEntropyLoss(class_weights, label_smoothing=0.1, reduction="none")(maps, labels)
CrossEntropyLoss(reduction="sum")(scores, p); CrossEntropyLoss()(v, one); MultiLabelSoftMarginLoss()(x, bits)
MultiLabelSoftMarginLoss(class_weights, reduction="none")(x, bits); SoftMarginLoss()(x, grid)
SoftMarginLoss(reduction="none")(x, grid); MultiMarginLoss()(scores, classes)
MultiMarginLoss(2, 0.5, class_weights, reduction="none")(scores, classes); MultiMarginLoss()(v, one)
MultiLabelMarginLoss()(scores, many); MultiLabelMarginLoss(reduction="none")(scores, many)
HingeEmbeddingLoss()(distance, signs); HingeEmbeddingLoss(0.5, reduction="sum")(distance, signs)
CosineEmbeddingLoss()(x, y, three); CosineEmbeddingLoss(0.2, reduction="none")(x, y, three)
MarginRankingLoss()(row, distance, signs); MarginRankingLoss(0.5, reduction="sum")(row, distance, signs)
TripletMarginLoss()(x, y, z); TripletMarginLoss(2.0, 3, 1e-3, True, reduction="none")(x, y, z)
TripletMarginWithDistanceLoss()(x, y, z)
TripletMarginWithDistanceLoss(distance_function=lambda a, b: (a - b).abs().sum(-1), margin=2.0, swap=True)(x, y, z)
TripletMarginWithDistanceLoss(distance_function=nn.PairwiseDistance(1.0))(x, y, z); CosineSimilarity()(x, y)
CosineSimilarity(0, 0.5)(x, y); PairwiseDistance()(x, y); PairwiseDistance(1, 1e-3, True)(x, y)
"""

PLACES = """
MaxPool1d(2)(wave); MaxPool1d(3, 1, 1, 2, True, True)(lone); MaxPool2d(2)(image)
MaxPool2d((3, 2), (2, 1), padding=1, ceil_mode=True)(image); MaxPool2d(2, return_indices=True)(image[0])
AvgPool1d(3)(wave); AvgPool1d((2,), 1, 1, True, False)(lone); AvgPool2d(2)(image)
AvgPool2d(3, 2, 1, True, False)(image); AvgPool2d(2, 1, divisor_override=3)(image[0]); AdaptiveMaxPool1d(3)(wave)
AdaptiveMaxPool1d(3, True)(lone); AdaptiveMaxPool2d((None, 4))(image)
AdaptiveMaxPool2d(3, return_indices=True)(image); AdaptiveAvgPool1d(3)(wave); AdaptiveAvgPool2d((4, None))(image)
AdaptiveAvgPool2d(1)(image[0]); LPPool1d(2, 3)(above[0]); LPPool2d(3.0, 2, stride=1, ceil_mode=True)(above)
Unfold(2)(image); Unfold((2, 3), 1, 1, (2, 1))(image[0]); Fold((5, 6), 2)(columns)
Fold(6, (2, 3), stride=(1, 1))(columns); ReflectionPad1d(2)(wave); ReflectionPad1d((1, 0))(lone)
ReflectionPad2d((1, 2, 3, 0))(image); ReflectionPad3d(1)(volume); ReplicationPad1d(3)(wave)
ReplicationPad2d(2)(image); ReplicationPad3d((1, 2, 0, 1, 2, 0))(volume); CircularPad1d(2)(wave)
CircularPad2d((1, 2, 3, 0))(image[0]); CircularPad3d(1)(volume); ZeroPad1d(1)(x); ZeroPad2d((1, -1, 0, 2))(image)
ZeroPad3d(1)(volume); ConstantPad1d(2, 3.5)(wave); ConstantPad2d((0, 1, 2, 0), value=-1)(x)
ConstantPad3d(1, 0.5)(volume); Upsample(scale_factor=2)(image); Upsample((3, 9), mode="bilinear")(image)
Upsample(scale_factor=(1.5, 2), mode="bilinear", align_corners=True)(image); Upsample(9, mode="linear")(wave)
Upsample(scale_factor=1.7, recompute_scale_factor=True, mode="linear")(wave)
Upsample(size=4, mode="nearest-exact")(wave); UpsamplingNearest2d(8)(image)
UpsamplingNearest2d(scale_factor=2)(image); UpsamplingBilinear2d(scale_factor=2)(image)
UpsamplingBilinear2d((3, 8))(image); PixelShuffle(2)(image); PixelUnshuffle(2)(above)
PixelUnshuffle(downscale_factor=3)(above); ChannelShuffle(2)(image)
"""

# Their second derivatives are others in PyTorch, which has an epsilon or none at all there.
FIRST_ORDER = ("Hardsigmoid", "MultiLabelMarginLoss", "MultiMarginLoss", "BCELoss")


INEXACT = ("Hardsigmoid",)  # PyTorch has a sixth in float32


def listed(text: str) -> list[str]:
    return [call.strip() for call in text.replace("\n", ";").split(";") if call.strip()]


CALLS = listed(ACTIVATIONS + LOSSES + PLACES)
CLASSES = sorted({call.partition("(")[0] for call in CALLS})
calls, classes = pytest.mark.parametrize("call", CALLS), pytest.mark.parametrize("name", CLASSES)


def names_in(library: Any, dtype: Any) -> dict[str, Any]:
    """The operands as tensors that require gradients, the constants, and ``nn``."""
    rng = np.random.default_rng(7)
    arrays = {name: rng.uniform(low, high, shape).astype(dtype) for name, (shape, low, high) in OPERANDS.items()}
    found = {name: library.from_numpy(array).requires_grad_() for name, array in arrays.items()}
    for name, array in CONSTANTS.items():
        found[name] = library.from_numpy(array.astype(dtype) if array.dtype.kind == "f" else array.copy())
    return {**found, "nn": library.nn, "library": library}


def module_of(call: str) -> str:
    """The expression of the module that is called."""
    return "nn." + ast.unparse(ast.parse(call, mode="eval").body.func)  # type: ignore[attr-defined]


def results(library: Any, call: str, dtype: Any, order: int) -> list[Any]:
    """The outputs, the gradients of all that goes in, and of these the gradients in turn."""
    names = names_in(library, dtype)
    tree = ast.parse(call, mode="eval").body
    library.manual_seed(5)
    module = eval(module_of(call), names)
    for parameter in module.parameters():
        parameter.data = parameter.data.to(getattr(library, np.dtype(dtype).name))
    arguments = [eval(ast.unparse(argument), names) for argument in tree.args]  # type: ignore[attr-defined]
    before = [a.detach().numpy().copy() if isinstance(a, library.Tensor) else a for a in arguments]
    out = module(*arguments)
    outputs = list(out) if isinstance(out, tuple) else [out]
    if not getattr(module, "inplace", False):
        for argument, array in zip(arguments, before, strict=True):
            if isinstance(argument, library.Tensor):
                np.testing.assert_array_equal(argument.detach().numpy(), array)
    used = sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & set(OPERANDS))
    leaves = [*(names[name] for name in used), *module.parameters()]
    rng = np.random.default_rng(3)
    last = outputs[:1]
    for number in range(order):
        total = sum((leaf * 0).sum() for leaf in leaves)  # so that every leaf has a gradient
        for part in last:
            cotangent = rng.uniform(-2, 2, tuple(part.shape)).astype(dtype)
            total = total + (part * library.from_numpy(np.asarray(cotangent))).sum()
        last = library.autograd.grad(total, leaves, create_graph=number + 1 < order)
        outputs += last
    return outputs


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 3e-6)], ids=["float64", "float32"])
@calls
def test_outputs_and_gradients(call, dtype, tolerance):
    name = call.partition("(")[0]
    tolerance = max(tolerance, 1e-7) if name in INEXACT else tolerance
    order = 1 if dtype == np.float32 or name in FIRST_ORDER else 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, ours = (results(library, call, dtype, order) for library in LIBRARIES)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        one, other = one.detach().numpy(), other.detach().numpy()
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        scale = max(1.0, np.abs(other).max(initial=0))
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale)


@calls
def test_printed_forms_attributes_state_and_copies(call):
    theirs, ours = (eval(module_of(call), names_in(library, np.float32)) for library in LIBRARIES)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    public = [name for name in vars(theirs) if name[0] != "_" and name != "name"]
    for name in public:
        if not callable(getattr(theirs, name)):
            assert getattr(ours, name) == getattr(theirs, name), name
    assert repr(copy.deepcopy(ours)) == repr(ours)
    if "lambda" not in call:
        assert repr(pickle.loads(pickle.dumps(ours))) == repr(ours)


@classes
def test_signatures(name):
    theirs, ours = (inspect.signature(getattr(library.nn, name)).parameters for library in LIBRARIES)
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in theirs.values()):  # it has no constructor
        theirs = {}
    assert list(ours) == list(theirs)
    for argument, parameter in theirs.items():
        assert (ours[argument].default, ours[argument].kind) == (parameter.default, parameter.kind), argument


REFUSED = """
Threshold(1); Hardtanh(2, 1); Hardtanh(1, 1); PReLU(-1); PReLU(3)(x); PReLU(device="cuda"); PReLU(dtype=library.int64)
Softmax2d()(x); GLU()(row); GELU("x")(x); CELU(0)(x); RReLU(0.5, 0.2)(x); Softshrink(-1)(x); ReLU(1, 2)
ReLU(place=True); ELU()(x.long()); Sigmoid(1); ReLU()(x, y); MultiMarginLoss(p=3)
MultiMarginLoss(weight=class_weights.reshape(2, 2)); TripletMarginLoss(margin=-1)
TripletMarginWithDistanceLoss(margin=0); TripletMarginWithDistanceLoss(nn.PairwiseDistance()); GaussianNLLLoss(True)
GaussianNLLLoss()(x, y, -positive); CrossEntropyLoss(3); NLLLoss()(x, many); CrossEntropyLoss()(scores, ignored + 9)
CrossEntropyLoss(label_smoothing=2.0)(scores, classes); CosineEmbeddingLoss()(x, y, classes.reshape(3, 1))
MSELoss()(x); BCELoss()(x, bits); HingeEmbeddingLoss("mean")(distance, signs)
MaxPool2d(); MaxPool2d(2, 1, 3)(image); MaxPool1d(9)(wave); AvgPool1d((1, 2))(wave)
AvgPool2d(2, divisor_override=0)(image); AdaptiveAvgPool2d((1, 2, 3))(image); LPPool1d(2)(wave)
ReflectionPad1d(9)(wave); ReflectionPad1d(1)(image); CircularPad1d(1)(image); CircularPad2d(9)(image)
ConstantPad1d(1); ZeroPad2d(1.5)(image); ReflectionPad1d((1, 2, 3))(wave); Upsample()(wave); Upsample(3, 2)(wave)
Upsample(scale_factor=2, mode="bilinear")(wave); PixelShuffle(3)(image); PixelUnshuffle(2)(wave[:, :, :5])
ChannelShuffle(3)(image); ChannelShuffle(0)(image); Fold(3, 2)(columns); Unfold(9)(image); Unfold(2, 1, -1)(image)
"""


@pytest.mark.parametrize("call", listed(REFUSED))
def test_what_is_refused(call):
    errors = []
    for library in LIBRARIES:
        with warnings.catch_warnings(), pytest.raises(Exception) as caught:
            warnings.simplefilter("ignore")
            eval("nn." + call, names_in(library, np.float64))
        errors.append(caught.value)
    assert isinstance(errors[1], type(errors[0])), errors


WARNING = """
L1Loss(size_average=False)(x, y); NLLLoss(None, True, -100, False)(scores, classes)
HingeEmbeddingLoss(1.0, False)(distance, signs); Softmax()(x); LogSoftmax()(wave); Softmin()(x)
Hardtanh(min_value=-2)(x); Hardtanh(max_value=2)(x); MSELoss()(x, v); L1Loss()(x, v); KLDivLoss()(x, p)
NLLLoss2d()(maps, labels); SmoothL1Loss()(x, v); HuberLoss()(x, v)
"""


@pytest.mark.parametrize("call", listed(WARNING))
def test_what_warns(call):
    outcomes = []
    for library in LIBRARIES:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            out = eval("nn." + call, names_in(library, np.float64))
        outcomes.append((out.detach().numpy(), [warning.category for warning in caught]))
    (theirs, expected), (ours, categories) = outcomes
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert categories == expected


def test_classes_that_are_here() -> None:
    """Every layer of these kinds that PyTorch has, without those that come later."""
    kinds = [
        "activation",
        "loss",
        "pooling",
        "padding",
        "upsampling",
        "fold",
        "distance",
        "pixelshuffle",
        "channelshuffle",
    ]
    modules = [getattr(torch.nn.modules, kind) for kind in kinds]
    wanted = {name for module in modules for name in module.__all__}
    later = {name for name in wanted if "Pool3d" in name or "Unpool" in name} | {
        "FractionalMaxPool2d", "CTCLoss", "LinearCrossEntropyLoss", "MultiheadAttention", "NLLLoss2d"
    }  # fmt: skip
    assert wanted - later - set(CLASSES) == set()
