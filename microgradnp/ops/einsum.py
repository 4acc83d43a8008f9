"""Einstein sums, and the products that are one of them.

An equation is brought to sums over one operand, diagonals and transpositions, and to products of two operands. These
are one record, ``contract``, whose derivatives are contractions again; so they exist to any order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..tensor import Tensor, make
from .arithmetic import add, mul
from .product import matmul
from .record import Array, c_order, check_tensors, composite, derivatives, operation
from .reduction import sum
from .shape import dim_from, permute, reshape
from .strided import diagonal

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # what the labels 0, 1, ... stand for
_matmul = matmul.operation.forward  # type: ignore[attr-defined]


# The product of two


class _Plan:
    """How a contraction of two operands is one product of matrices: which labels stand where.

    shared: in both operands and in the result. summed: in both, and not in the result. own: in one operand only.
    """

    def __init__(self, equation: str) -> None:
        inputs, _, self.out = equation.partition("->")
        self.left, _, self.right = inputs.partition(",")
        both = [c for c in self.left if c in self.right]
        shared, summed = ([c for c in both if (c in self.out) == wanted] for wanted in (True, False))
        own_left, own_right = ([c for c in part if c not in both] for part in (self.left, self.right))
        self.summed = bool(summed)
        self.groups = len(shared), len(own_left), len(own_right), len(summed)
        self.left_order = tuple(self.left.index(c) for c in (*shared, *own_left, *summed))
        self.right_order = tuple(self.right.index(c) for c in (*shared, *summed, *own_right))
        found = [*shared, *own_left, *own_right]
        self.out_order = tuple(found.index(c) for c in self.out)
        # Without a sum: every operand in the order of the result, with an index that makes its other dimensions.
        self.places = tuple(
            (
                tuple(part.index(c) for c in self.out if c in part),
                tuple(slice(None) if c in part else None for c in self.out),
            )
            for part in (self.left, self.right)
        )  # fmt: skip


_plan = lru_cache(maxsize=512)(_Plan)


def _by_left(equation: str) -> str:
    inputs, _, out = equation.partition("->")
    left, _, right = inputs.partition(",")
    return out + "," + right + "->" + left


def _by_right(equation: str) -> str:
    inputs, _, out = equation.partition("->")
    left, _, right = inputs.partition(",")
    return left + "," + out + "->" + right


def _contracted(g, other, equation) -> Any:
    return contract(g, other, _by_left(equation))


def _contracted_right(g, input, equation) -> Any:
    return contract(input, g, _by_right(equation))


def _contractions(make: Any) -> list[tuple[Any, ...]]:
    return [
        (make(2, 3), make(3, 2), "ij,jk->ki"),
        (make(2, 3, 2), make(2, 2), "bij,bj->ib"),
        (make(2, 3), make(2, 3), "bi,bi->b"),
        (make(2), make(3), "i,j->ji"),
        (make(2, 3), make(3, 2), "ij,ji->ij"),
        (make(2, 1, 2), make(2, 2, 1), "abc,cdb->da"),
        (make(0, 2), make(2), "ij,j->i"),
        (make(2, 0), make(0), "ij,j->i"),
    ]


@operation(public=(), promotes=False, samples=_contractions)
@derivatives(input=_contracted, other=_contracted_right)
def contract(input: Array, other: Array, equation: str) -> Array:
    """The Einstein sum of two operands. Labels occur once in an operand, and not in one operand alone."""
    plan = _plan(equation)
    if not plan.summed:
        (first, spread), (second, spread_other) = plan.places
        return c_order(np.multiply(np.transpose(input, first)[spread], np.transpose(other, second)[spread_other]))
    shared, own, own_other, summed = plan.groups
    left, right = np.transpose(input, plan.left_order), np.transpose(other, plan.right_order)
    if not own and not own_other and input.dtype.kind == "f" and input.dtype.itemsize > 2:
        # Many dot products: einsum's loop is faster than a product of matrices for each.
        inner = left.shape[shared:]
        flat = [part.reshape((*left.shape[:shared], math.prod(inner))) for part in (left, right)]
        return c_order(np.transpose(np.einsum("...i,...i->...", *flat), plan.out_order))
    batch, rest = left.shape[:shared], left.shape[shared : shared + own]
    inner, rest_other = left.shape[shared + own :], right.shape[shared + summed :]
    k = math.prod(inner)
    product = _matmul(left.reshape((*batch, math.prod(rest), k)), right.reshape((*batch, k, math.prod(rest_other))))
    return c_order(np.transpose(product.reshape((*batch, *rest, *rest_other)), plan.out_order))


# Equations


class _Equation:
    """An equation read: the labels of every operand and of the result, an ellipsis spelled out."""

    def __init__(self, text: str, ndims: tuple[int, ...]) -> None:
        text = text.replace(" ", "")
        inputs, arrow, output = text.partition("->")
        terms = inputs.split(",")
        if len(terms) != len(ndims):
            more = "more" if len(terms) < len(ndims) else "fewer"
            raise RuntimeError(
                f"einsum(): {more} operands were provided than specified in the equation: {len(ndims)} for "
                f"{len(terms)} terms in '{text}'"
            )
        named = [_without_ellipsis(term, f"operand {i}") for i, term in enumerate(terms)]
        hidden = 0  # the most dimensions that an ellipsis stands for
        for i, (term, letters, ndim) in enumerate(zip(terms, named, ndims, strict=True)):
            extra = ndim - len(letters)
            if extra < 0 or (extra and "." not in term):
                raise RuntimeError(
                    f"einsum(): the number of subscripts in '{term}' ({len(letters)}) does not match the number of "
                    f"dimensions ({ndim}) for operand {i}" + ("" if "." in term else " and no ellipsis was given")
                )
            hidden = max(hidden, extra)
        ellipsis = "".join(chr(0x100 + i) for i in range(hidden))
        self.terms = tuple(
            term.replace("...", ellipsis[hidden - (ndim - len(letters)) :])
            for term, letters, ndim in zip(terms, named, ndims, strict=True)
        )
        if arrow:
            letters = _without_ellipsis(output, "the output")
            for c in letters:
                if letters.count(c) > 1:
                    raise RuntimeError(f"einsum(): output subscript {c} appears more than once in the output")
                if not any(c in term for term in named):
                    raise RuntimeError(
                        f"einsum(): output subscript {c} does not appear in the equation for any input operand"
                    )
            self.out = output.replace("...", ellipsis)
        else:
            everything = "".join(named)
            self.out = ellipsis + "".join(sorted(c for c in set(everything) if everything.count(c) == 1))


def _without_ellipsis(term: str, whose: str) -> str:
    head, _, tail = term.partition("...")
    letters = head + tail
    for c in letters:
        if c == ".":
            raise RuntimeError(f"einsum(): found '.' for {whose} that is not part of any ellipsis, in '{term}'")
        if c not in LETTERS:
            raise RuntimeError(f"einsum(): invalid subscript '{c}' in '{term}': subscripts must be in [a-zA-Z]")
    return letters


_equation = lru_cache(maxsize=512)(_Equation)


def _from_lists(args: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """``(x, [0, 1], y, [1, 2], [0, 2])`` as an equation and its operands."""
    operands, lists = list(args[0 : len(args) // 2 * 2 : 2]), list(args[1::2])
    equation = ",".join(map(_letters, lists))
    return (f"{equation}->{_letters(args[-1])}" if len(args) % 2 else equation), operands


def _letters(labels: Any) -> str:
    if not isinstance(labels, (list, tuple)):
        raise TypeError(f"einsum(): expected a list of ints as subscripts, got {type(labels).__name__}")
    for label in labels:
        if label is not Ellipsis and not (isinstance(label, int) and 0 <= label < len(LETTERS)):
            raise ValueError(f"einsum(): subscripts in a list must be ints from 0 to 51 or Ellipsis, got {label!r}")
    return "".join("..." if label is Ellipsis else LETTERS[label] for label in labels)


@composite(methods=())
def einsum(equation: Any, *operands: Array) -> Array:
    """Products of elements, summed over the labels that the result does not have: ``einsum("ij,jk->ik", a, b)``.

    A label repeated within one operand takes its diagonal. ``...`` stands for any further dimensions, which broadcast;
    so do sizes of 1. Without ``->`` the result has the labels that occur once, in the order of their codes. Operands
    may come as one list, and with lists of ints for letters: ``einsum(a, [0, 1], b, [1, 2], [0, 2])``. Three and more
    operands are multiplied in the order that np.einsum_path finds for their sizes.

    Raises RuntimeError for an equation that does not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
    """
    if isinstance(equation, str):
        tensors = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else list(operands)
    else:
        first = make(equation.copy()) if isinstance(equation, np.ndarray) else equation
        equation, tensors = _from_lists((first, *operands))
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"einsum(): expected Tensor as operand {i}, but got {type(tensor).__name__}")
    if not tensors:
        raise RuntimeError("einsum(): must provide at least one operand")
    read = _equation(equation, tuple(tensor.ndim for tensor in tensors))
    return _summed(read.terms, tensors, read.out)


@composite(np.einsum, public=())
def _numpy_einsum(*operands: Array, optimize: Any = False) -> Array:
    """``np.einsum`` of tensors; the order of its products is always a good one, whatever ``optimize`` says.

    Source: https://numpy.org/doc/stable/reference/generated/numpy.einsum.html
    """
    return einsum(*operands)


def _summed(terms: tuple[str, ...], tensors: list[Any], out: str) -> Any:
    """The Einstein sum, once every operand has a text with one label for each dimension."""
    steps = _steps(terms, out, tuple([tuple(tensor.shape) for tensor in tensors]))
    tensors = [
        _prepared(tensor, *change) if change else tensor for tensor, change in zip(tensors, steps.changes, strict=True)
    ]
    if steps.sums and tensors[0].dtype.kind == "b":
        raise NotImplementedError("einsum(): sums of products are not implemented for bool; convert to integers")
    for i, j, equation in steps.products:
        tensors.append(contract(tensors[i], tensors[j], equation))
    return tensors[-1] if steps.order is None else permute(tensors[-1], steps.order)


def _prepared(tensor: Any, diagonals: Any, shape: Any, alone: Any) -> Any:
    for first, second in diagonals:
        tensor = diagonal(tensor, 0, first, second)
    if shape is not None:
        tensor = reshape(tensor, shape)
    return sum(tensor, alone) if alone else tensor


class _Steps:
    """What to do for an Einstein sum of operands with these labels and shapes.

    changes: for each operand its diagonals to take, its shape without dimensions of size 1 that broadcast, and the
    dimensions of labels that it alone has, to be summed; or None.
    products: which two to multiply, and how; each result becomes another operand.
    order: of the dimensions of the last one, if not that of the result.
    sums: whether a product is summed.
    """

    def __init__(self, terms: tuple[str, ...], out: str, shapes: tuple[tuple[int, ...], ...]) -> None:
        found = [_diagonals(i, term, shape) for i, (term, shape) in enumerate(zip(terms, shapes, strict=True))]
        sizes: dict[str, int] = {}
        for i, (_, term, shape) in enumerate(found):
            for c, size in zip(term, shape, strict=True):
                if sizes.setdefault(c, size) == 1:
                    sizes[c] = size
                elif size not in (1, sizes[c]):
                    raise RuntimeError(
                        f"{module_path()}einsum(): subscript {c if c in LETTERS else '...'} has size {size} for "
                        f"operand {i} which does not broadcast with previously seen size {sizes[c]}"
                    )
        kept = ["".join(c for c, n in zip(term, shape, strict=True) if n == sizes[c]) for _, term, shape in found]
        left: list[str] = []
        self.changes: list[Any] = []
        for i, (diagonals, term, _) in enumerate(found):
            elsewhere = out + "".join(kept[:i] + kept[i + 1 :])
            alone = tuple(axis for axis, c in enumerate(kept[i]) if c not in elsewhere)
            shape = None if kept[i] == term else tuple(sizes[c] for c in kept[i])
            self.changes.append((diagonals, shape, alone) if diagonals or shape is not None or alone else None)
            left.append("".join(c for c in kept[i] if c in elsewhere))
        self.sums = len(terms) > 1 and bool(set("".join(left)) - set(out))
        self.products = list(_products(left, out, sizes))
        last = self.products[-1][2].partition("->")[2] if self.products else left[0]
        self.order = None if last == out else tuple(last.index(c) for c in out)


_steps = lru_cache(maxsize=512)(_Steps)


def _diagonals(i: int, term: str, shape: tuple[int, ...]) -> tuple[list[tuple[int, int]], str, tuple[int, ...]]:
    """The pairs of dimensions of an operand that share a label, with the labels and the shape that are left."""
    pairs = []
    for c in dict.fromkeys(term):
        while term.count(c) > 1:
            first, second = term.index(c), term.rindex(c)
            if shape[first] != shape[second]:
                raise RuntimeError(
                    f"{module_path()}einsum(): subscript {c} is repeated for operand {i} but the sizes don't match, "
                    f"{shape[second]} != {shape[first]}"
                )
            pairs.append((first, second))
            rest = [axis for axis in range(len(term)) if axis not in (first, second)]
            term, shape = "".join(term[a] for a in rest) + c, (*(shape[a] for a in rest), shape[first])
    return pairs, term, shape


def _products(terms: list[str], out: str, sizes: dict[str, int]) -> Iterator[tuple[int, int, str]]:
    """The operands to multiply two by two, by their positions in a list to which every result is added."""
    waiting, count = list(enumerate(terms)), len(terms)
    for taken in _path(terms, out, sizes):
        chosen = [waiting[place] for place in taken]
        waiting = [one for place, one in enumerate(waiting) if place not in taken]
        (i, term), *others = chosen
        for place, (j, other) in enumerate(others, 1):
            needed = out + "".join(t for _, t in (*waiting, *others[place:]))
            both = term + "".join(c for c in other if c not in term)
            last = not waiting and place == len(others)
            result = out if last else "".join(c for c in both if c in needed)
            yield i, j, f"{term},{other}->{result}"
            i, term, count = count, result, count + 1
        waiting.append((i, term))


def _path(terms: list[str], out: str, sizes: dict[str, int]) -> list[tuple[int, ...]]:
    """Which operands to multiply, step by step: the result of a step becomes the last operand."""
    if len(terms) < 3:
        return [(0, 1)] if len(terms) == 2 else []
    labels = {c: i for i, c in enumerate(sizes)}
    arguments: list[Any] = []
    for term in terms:
        arguments += [np.broadcast_to(np.float64(0), tuple(sizes[c] for c in term)), [labels[c] for c in term]]
    how = "optimal" if len(terms) < 6 else "greedy"
    return np.einsum_path(*arguments, [labels[c] for c in out], optimize=how)[0][1:]


# Products that are Einstein sums


@composite(np.tensordot, np.linalg.tensordot, out=True)
def tensordot(a: Array, b: Array, dims: Any = 2) -> Array:
    """The products of ``a`` and ``b``, summed over pairs of dimensions.

    ``dims`` is how many last ones of ``a`` meet as many first ones of ``b``, or a pair of lists: those of ``a``, those
    of ``b``. Raises RuntimeError when the sizes of a pair differ (and neither is 1), or the dtypes.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tensordot.html
    """
    check_tensors("tensordot", a=a, b=b)
    of_a, of_b = _pairs(a, b, dims)
    new = count()
    labels_a = [chr(0x100 + next(new)) for _ in range(a.ndim)]
    labels_b = [chr(0x100 + next(new)) for _ in range(b.ndim)]
    for i, j in zip(of_a, of_b, strict=True):
        if a.shape[i] != b.shape[j] and 1 not in (a.shape[i], b.shape[j]):
            raise RuntimeError(
                f"{module_path()}tensordot: contracted dimensions need to match, but first has size {a.shape[i]} in "
                f"dim {i} and second has size {b.shape[j]} in dim {j}"
            )
        labels_b[j] = labels_a[i]
    out = [c for i, c in enumerate(labels_a) if i not in of_a] + [c for j, c in enumerate(labels_b) if j not in of_b]
    return _summed(("".join(labels_a), "".join(labels_b)), [a, b], "".join(out))


def _pairs(a: Any, b: Any, dims: Any) -> tuple[list[int], list[int]]:
    if isinstance(dims, (Tensor, np.ndarray)):
        dims = dims.tolist()
    if isinstance(dims, int):
        if not 0 <= dims <= min(a.ndim, b.ndim):
            raise RuntimeError(
                f"tensordot expects 0 <= dims <= {min(a.ndim, b.ndim)} for {a.ndim}D and {b.ndim}D tensors, got "
                f"dims={dims}"
            )
        return list(range(a.ndim - dims, a.ndim)), list(range(dims))
    if not isinstance(dims, (list, tuple)) or len(dims) != 2:
        raise RuntimeError(f"tensordot expects dims to be int or a pair of lists of ints, got {dims!r}")
    pair = [[part] if isinstance(part, int) else list(part) for part in dims]
    of_a, of_b = ([dim_from(d, t.ndim, "tensordot") for d in p] for p, t in zip(pair, (a, b), strict=True))
    if len(of_a) != len(of_b) or len(set(of_a)) < len(of_a) or len(set(of_b)) < len(of_b):
        raise RuntimeError(f"tensordot: dims={dims} must be two lists of equal length, each without repetition")
    return of_a, of_b


@composite(np.inner, methods=("inner",), out=True)
def inner(input: Array, other: Array) -> Array:
    """The products of ``input`` and ``other``, summed over the last dimension of each; with a number, the product.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.inner.html
    """
    check_tensors("inner", input=input, other=other)
    if input.ndim == 0 or other.ndim == 0:
        return mul(input, other)
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            f"{module_path()}inner() the last dimension must match on both input tensors but got shapes "
            f"{tuple(input.shape)} and {tuple(other.shape)}"
        )
    return tensordot(input, other, ([-1], [-1]))


@composite(np.kron, methods=("kron",), out=True)
def kron(input: Array, other: Array) -> Array:
    """The Kronecker product: every element of ``input`` times the whole of ``other``, block beside block.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.kron.html
    """
    check_tensors("kron", input=input, other=other)
    ndim = max(input.ndim, other.ndim)
    ones = tuple((1,) * (ndim - t.ndim) + tuple(t.shape) for t in (input, other))
    outer_shape = tuple(size for n in ones[0] for size in (n, 1))
    inner_shape = tuple(size for n in ones[1] for size in (1, n))
    product = mul(reshape(input, outer_shape), reshape(other, inner_shape))
    return reshape(product, tuple(a * b for a, b in zip(*ones, strict=True)))


@composite(public=("nn.functional.bilinear",))
def bilinear(input1: Array, input2: Array, weight: Array, bias: Array = None) -> Array:
    """``input1 @ weight[k] @ input2 + bias[k]`` for every k: (..., a), (..., b), (k, a, b), (k,) give (..., k).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
    """
    check_tensors("bilinear", input1=input1, input2=input2, weight=weight)
    shapes = tuple(tuple(t.shape) for t in (input1, input2, weight))
    if shapes[0][:-1] != shapes[1][:-1] or weight.ndim != 3 or input1.ndim == 0 or input2.ndim == 0:
        raise RuntimeError(
            f"{module_path() or 'bilinear: '}the inputs must agree in all dimensions but the last, and the weight have "
            f"3: got the shapes {', '.join(map(str, shapes))}"
        )
    if (shapes[0][-1], shapes[1][-1]) != shapes[2][1:]:
        raise RuntimeError(
            f"{module_path() or 'bilinear: '}the inputs have {shapes[0][-1]} and {shapes[1][-1]} features, weight "
            f"expects {shapes[2][1]} and {shapes[2][2]}"
        )
    out = einsum("...a,kab,...b->...k", input1, weight, input2)
    return out if bias is None else add(out, bias)
