"""The samples that ``check_op`` derives from one: of other dtypes, orders and shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..autograd import enable_grad, grad
from ..tensor import Tensor, make
from .subject import leaves, with_leaves

Inputs: TypeAlias = tuple[Any, ...]
Call: TypeAlias = Callable[..., Any]


class Sample(NamedTuple):
    """What is checked under a name: at which arguments, and of which order."""

    name: str
    inputs: Inputs
    order: int


def samples(call: Call, inputs: Inputs, dtypes: list[np.dtype[Any]], notes: list[str]) -> Iterator[Sample]:
    """All that can be derived from ``call(*inputs)``; what cannot be checked, and why, is added to ``notes``."""
    for dtype in dtypes:
        yield Sample(str(dtype), converted(inputs, dtype), 1)
    inputs = converted(inputs, dtypes[0])
    refusal = _refusal_of_second_order(call, inputs)
    if refusal is None:
        yield Sample("second order", inputs, 2)
    else:
        notes.append(f"second order: not checked, {refusal}")
    yield from _other_shapes(call, inputs)


# Arguments


def converted(inputs: Inputs, dtype: Any = None) -> Inputs:
    """Copies of the inputs as leaves, floating ones in a dtype."""
    return _each(inputs, lambda x: leaf(x._array, x.requires_grad, dtype))


def leaf(array: Any, requires_grad: bool, dtype: Any = None) -> Tensor:
    """A tensor of a copy; integers stay as they are, and require no gradient."""
    floating = array.dtype.kind == "f"
    return make(np.array(array, dtype if floating else None)).requires_grad_(requires_grad and floating)


def wanted(inputs: Any) -> list[Tensor]:
    """Those tensors that require gradients."""
    return [x for _, x in leaves(inputs) if x.requires_grad]


def _each(inputs: Inputs, change: Callable[[Tensor], Tensor]) -> Inputs:
    return with_leaves(inputs, (change(x) for _, x in leaves(inputs)))


# Shapes


def _other_shapes(call: Call, inputs: Inputs) -> Iterator[Sample]:
    """Without dimensions, for what has one shape throughout; without elements, for what has one first dimension."""
    tensors = [x for _, x in leaves((inputs, call(*converted(inputs))))]
    shapes = {tuple(x.shape) for x in tensors}
    first = {shape[:1] for shape in shapes}
    parts = []
    if len(shapes) == 1 and shapes != {()} and tensors[0].numel():
        parts.append(("no dimensions", (0,) * tensors[0].ndim))
    if len(first) == 1 and not first <= {(), (0,)}:
        parts.append(("no elements", slice(0)))
    for name, index in parts:
        sample = _each(inputs, lambda x, index=index: leaf(x._array[index], x.requires_grad))
        if _accepts(call, sample):
            yield Sample(name, sample, 1)


def _accepts(call: Call, sample: Inputs) -> bool:
    try:
        call(*converted(sample))
    except Exception:
        return False
    return True


# Derivatives


def outputs_and_cotangents(call: Call, inputs: Inputs) -> tuple[list[Tensor], list[Tensor]]:
    """The results that require gradients, and a random cotangent for each, which requires them too."""
    rng = np.random.default_rng(0)
    with enable_grad():
        outputs = wanted(call(*inputs))
    return outputs, [leaf(rng.uniform(0.5, 1.5, out._array.shape), True, out._array.dtype) for out in outputs]


def _refusal_of_second_order(call: Call, inputs: Inputs) -> str | None:
    """What the gradient says to being differentiated, if it says that it cannot be."""
    inputs = converted(inputs)
    try:
        outputs, cotangents = outputs_and_cotangents(call, inputs)
        gradients = grad(outputs, wanted(inputs), cotangents, create_graph=True, allow_unused=True)
        recorded = wanted(gradients)
        if recorded:
            seeds = [make(np.ones_like(g._array)) for g in recorded]
            grad(recorded, [*wanted(inputs), *cotangents], seeds, allow_unused=True)
    except RuntimeError as error:
        if "once_differentiable" in str(error):
            return "backward is marked once_differentiable"
        if "requires grad" in str(error):  # .numpy() and its kin
            return f"backward leaves the graph, and says so: {str(error).split('. ')[0]}"
    return None
