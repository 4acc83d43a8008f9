"""Tensors, alone and in groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import SearchStrategy

from ...dtypes import SUPPORTED, as_dtype, float16, float32, float64
from ...tensor import Tensor
from .layouts import ORDINARY, laid_out, named
from .numbers import Elements, away_from, default_for

Shape: TypeAlias = tuple[int, ...]


def float_dtypes() -> SearchStrategy[np.dtype[Any]]:
    """float64, float32 or float16. ``st.shared(float_dtypes())`` gives all tensors of a test the same one."""
    return st.sampled_from([float64, float32, float16])


def dtypes() -> SearchStrategy[np.dtype[Any]]:
    """Every dtype that a tensor may have: floats, integers, bool."""
    return st.sampled_from(sorted(SUPPORTED, key=lambda d: (-"biuf".index(d.kind), -d.itemsize)))


def shapes(*, min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 3) -> SearchStrategy[Shape]:
    """Shapes of tensors, those without dimensions (``()``) and without elements (``(0, 3)``) among them."""
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def tensors(
    *,
    shape: Shape | SearchStrategy[Shape] | None = None,
    dtype: Any = float64,
    elements: Elements | None = None,
    layouts: Sequence[str] = ORDINARY,
    requires_grad: bool = True,
) -> SearchStrategy[Tensor]:
    """Tensors, which Hypothesis prints as calls of ``laid_out``.

    Args:
        shape: a shape, or a strategy of shapes; by default ``shapes()``.
        dtype: a dtype, or a strategy such as ``float_dtypes()`` or ``dtypes()``.
        elements: a strategy of numbers, or ``spaced()``; by default numbers between -4 and 4 that the dtype can hold.
        layouts: names from ``LAYOUTS``; by default those that hold any values and can be written to.
        requires_grad: whether tensors of floating dtypes require gradients.

    >>> from hypothesis import find
    >>> find(tensors(shape=(2,), dtype=float_dtypes()), lambda t: t.requires_grad)
    tensor([0., 0.], dtype=float64, requires_grad=True)
    """
    drawn = shapes() if shape is None else shape if isinstance(shape, SearchStrategy) else st.just(tuple(shape))
    return _groups(st.tuples(drawn), dtype, elements, named(layouts), requires_grad).map(_only)


def broadcastable(
    count: int,
    *,
    min_dims: int = 0,
    max_dims: int = 3,
    min_side: int = 0,
    max_side: int = 3,
    dtype: Any = float64,
    elements: Elements | None = None,
    layouts: Sequence[str] = ORDINARY,
    requires_grad: bool = True,
) -> SearchStrategy[tuple[Tensor, ...]]:
    """Groups of ``count`` tensors whose shapes broadcast against one another; arguments as for ``tensors``.

    A strategy of dtypes is drawn from for each of them: ``st.shared(float_dtypes())`` gives all the same.
    """
    drawn = hnp.mutually_broadcastable_shapes(
        num_shapes=count, min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side
    ).map(lambda found: found.input_shapes)
    return _groups(drawn, dtype, elements, named(layouts), requires_grad)


def cotangents(output: Tensor | Sequence[Tensor], *, layouts: Sequence[str] = ORDINARY) -> SearchStrategy[Any]:
    """Gradients for ``output``: of its shape and dtype, without zeros. For a sequence of outputs, a tuple of them.

    >>> from hypothesis import find
    >>> find(cotangents(laid_out([4.0, 9.0])), lambda g: True)
    tensor([1., 1.], dtype=float64)
    """
    if not isinstance(output, Tensor):
        return st.tuples(*(cotangents(part, layouts=layouts) for part in output))
    return tensors(
        shape=output.shape, dtype=output.dtype, elements=away_from(0), layouts=layouts, requires_grad=False
    )  # fmt: skip


def _only(group: tuple[Tensor, ...]) -> Tensor:
    return group[0]


@st.composite
def _groups(
    draw: Any,
    shapes: SearchStrategy[Any],
    dtype: Any,
    elements: Elements | None,
    layouts: SearchStrategy[str],
    requires_grad: bool,
) -> tuple[Tensor, ...]:
    """A tensor for each of the shapes that are drawn."""
    group = draw(shapes)
    types = [draw(dtype) if isinstance(dtype, SearchStrategy) else as_dtype(dtype) for _ in group]
    sizes = [math.prod(shape) for shape in group]
    if elements is None or isinstance(elements, SearchStrategy):
        singly = [default_for(d) if elements is None else elements for d in types]
        values = [draw(_lists(one, size)) for one, size in zip(singly, sizes, strict=True)]
    else:
        together = iter(draw(elements(sum(sizes))))
        values = [list(islice(together, size)) for size in sizes]
    arrangements = [draw(layouts) for _ in group]
    return tuple(
        laid_out(numbers, dtype=d, layout=layout, requires_grad=requires_grad, shape=shape)
        for numbers, d, layout, shape in zip(values, types, arrangements, group, strict=True)
    )


@lru_cache(maxsize=1000)
def _lists(elements: SearchStrategy[Any], size: int) -> SearchStrategy[list[Any]]:
    return st.lists(elements, min_size=size, max_size=size)
