"""``Tensor``: an array, its gradient, and its place in the computation graph.

The class holds only what a tensor *is*. Operations add themselves as methods from their records (``microgradnp.ops``),
and the engine adds ``backward`` and the hooks, so that imports run one way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

from .autograd import memory
from .autograd.modes import recording
from .autograd.node import Constant, Leaf, Node
from .devices import CPU, device
from .dtypes import as_dtype, get_default_dtype

F = TypeVar("F", bound=Callable[..., Any])


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple with PyTorch's extras."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements: the product of the sizes."""
        count = 1
        for size in self:
            count *= size
        return count

    def __repr__(self) -> str:
        return f"Size({list(self)})"

    def __getitem__(self, index: Any) -> Any:
        part = tuple.__getitem__(self, index)
        return Size(part) if isinstance(index, slice) else part


class Tensor:
    """A multi-dimensional array that can record the operations on it, for reverse-mode differentiation.

    Make one with ``microgradnp.tensor``, ``zeros``, ``randn`` and so on. ``Tensor(data)`` is PyTorch's old constructor:
    it always makes the default floating point type.

    Source: https://docs.pytorch.org/docs/stable/tensors.html

    >>> import microgradnp
    >>> x = microgradnp.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    # _array: the values.  _edge: the node that made it, a Leaf when it collects gradients, None when it needs none.
    # _leaf: its Leaf while it does not require gradients, to come back to.
    # _base: for a view, the tensor whose memory it looks into.  _written: the edge that the last recorded in-place
    # write gave a tensor.  _seen: for a view, its base's _written when the view was given its edge.
    # _constant: what stands for it in pictures, made when first needed.
    __slots__ = (
        "__dict__",
        "__weakref__",
        "_array",
        "_base",
        "_constant",
        "_edge",
        "_grad",
        "_leaf",
        "_seen",
        "_written",
    )

    _array: Any
    _edge: Node | None
    _grad: Tensor | None
    _base: Tensor | None

    def __new__(cls, data: Any = (), *, requires_grad: bool = False) -> Tensor:
        return make(array_from(data, get_default_dtype()), cls).requires_grad_(requires_grad)

    # What it holds

    @property
    def shape(self) -> Size:
        """The sizes of its dimensions."""
        return Size(self._array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its elements, a NumPy dtype."""
        return self._array.dtype

    @property
    def ndim(self) -> int:
        """The number of its dimensions."""
        return self._array.ndim

    @property
    def device(self) -> device:
        """Where it is: always ``device("cpu")``."""
        return CPU

    def dim(self) -> int:
        """The number of its dimensions."""
        return self._array.ndim

    def size(self, dim: int | None = None) -> Any:
        """Its shape, or the size of one dimension."""
        return self.shape if dim is None else self._array.shape[dim]

    def numel(self) -> int:
        """The number of its elements."""
        return self._array.size

    def element_size(self) -> int:
        """The bytes of one element."""
        return self._array.itemsize

    def is_floating_point(self) -> bool:
        """Whether its elements are floating point numbers."""
        return self._array.dtype.kind == "f"

    def is_contiguous(self) -> bool:
        """Whether its elements lie in memory in C order."""
        return self._array.flags.c_contiguous

    def stride(self, dim: int | None = None) -> Any:
        """The step in elements along each dimension, or along one."""
        strides = tuple(step // self._array.itemsize for step in self._array.strides)
        return strides if dim is None else strides[dim]

    # Its place in the graph

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are computed for it."""
        return edge_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Start (or stop) collecting gradients in ``.grad``; returns the tensor itself.

        Raises RuntimeError for an integer or bool tensor, and when asked to stop on the result of an operation.
        """
        edge = edge_of(self)
        if bool(requires_grad) == (edge is not None):
            return self
        if not requires_grad:
            if not isinstance(edge, Leaf):
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables: this tensor is the result of "
                    f"{edge.label if edge else 'an operation'}. Use .detach() for one that does not require grad."
                )
            self._leaf, self._edge = edge, None  # it comes back with its hooks, and for the graphs that know it
        elif self._array.dtype.kind not in "fc":
            raise RuntimeError(
                f"only Tensors of floating point dtype can require gradients, got {self._array.dtype}: "
                f"make it one first, for example with .float() or dtype=float32"
            )
        else:
            self._edge = getattr(self, "_leaf", None) or Leaf(self)
        return self

    @property
    def grad_fn(self) -> Node | None:
        """The graph node that made this tensor; None for a leaf."""
        edge = edge_of(self)
        return None if isinstance(edge, Leaf) else edge

    @property
    def is_leaf(self) -> bool:
        """Whether the graph ends here: made by the user, or not requiring gradients."""
        edge = edge_of(self)
        return edge is None or isinstance(edge, Leaf)

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient: a tensor of the same shape and dtype, or None."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got {type(value).__name__}")
            if value._array.shape != self._array.shape or value._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"assigned grad has {value._array.dtype} data of shape {tuple(value._array.shape)}; the tensor "
                    f"has {self._array.dtype} of shape {tuple(self._array.shape)}. Both must be equal."
                )
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def detach(self) -> Tensor:
        """The same memory as a tensor outside the graph. Writing to it counts as writing to this one."""
        return make(self._array)

    def detach_(self) -> Tensor:
        """Take this tensor out of its graph, in place: it becomes a leaf that requires no gradient."""
        if self._base is not None:
            raise RuntimeError("can't detach views in-place: use detach() instead")
        self._edge = None
        return self

    @property
    def data(self) -> Tensor:
        """The same memory as a tensor outside the graph; assigning to it replaces the values."""
        return make(self._array)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Tensor.data must be set to a Tensor, got {type(value).__name__}")
        if self._edge is not None and value._array.dtype.kind not in "fc":
            raise RuntimeError(
                f"data set to a tensor that requires gradients must be floating point or complex dtype, got {value.dtype}"
            )
        self._array = value._array
        if hasattr(self, "_constant"):
            del self._constant
        if isinstance(self._edge, Leaf):
            self._renew_leaf()

    def _renew_leaf(self) -> None:
        """After the array was replaced: a leaf of another shape or type is another leaf, and takes the hooks along.

        The gradient of a graph that knows the former one is lost: it would not fit.
        """
        old, array = self._edge, self._array
        if isinstance(old, Leaf) and (old.shape != array.shape or old.dtype != array.dtype):
            self._edge = Leaf(self)
            self._edge.hooks, old.hooks = old.hooks, None

    @property
    def _version(self) -> int:
        return memory.version(self._array)

    # Out of the framework

    def item(self) -> Any:
        """The value of a tensor of one element as a Python number."""
        try:
            return self._array.item()
        except ValueError:
            raise RuntimeError(
                f"a Tensor with {self._array.size} elements cannot be converted to Scalar: item() needs exactly one"
            ) from None

    def tolist(self) -> Any:
        """Its values as nested Python lists (a number for a 0-d tensor)."""
        return self._array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """Its values as a NumPy array that shares its memory.

        Raises RuntimeError when it requires gradients, since what NumPy then does would not be recorded; ``force=True``
        is ``detach().numpy()``.
        """
        if not force:
            self._refuse_numpy("numpy()")
        return memory.lend(self._array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        self._refuse_numpy("numpy()")
        if copy or (dtype is not None and dtype != self._array.dtype):
            return np.array(self._array, dtype=dtype, copy=copy)
        return memory.lend(self._array)

    def _refuse_numpy(self, function: str) -> None:
        if edge_of(self) is not None:
            raise RuntimeError(
                f"can't call {function} on Tensor that requires grad. Use tensor.detach().{function} instead. "
                f"(np.asarray and plain NumPy functions without a gradient also end here.)"
            )

    def __float__(self) -> float:
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def _number(self) -> Any:
        try:
            return self._array.item()
        except ValueError:
            raise ValueError(
                f"only one element tensors can be converted to Python scalars, this one has shape {tuple(self.shape)}"
            ) from None

    def __bool__(self) -> bool:
        try:
            return bool(self._array.item())
        except ValueError:
            raise RuntimeError(
                f"Boolean value of Tensor with {self._array.size} values is ambiguous: use .any() or .all()"
            ) from None

    def __index__(self) -> int:
        if self._array.dtype.kind not in "iub" or self._array.size != 1:
            raise TypeError(
                f"only integer tensors of a single element can be converted to an index, got {self._array.dtype} "
                f"of shape {tuple(self._array.shape)}"
            )
        return int(self._array.item())

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(self._array.shape[0]))  # type: ignore[index]

    __hash__ = object.__hash__  # by identity, although == compares elements

    def __repr__(self) -> str:
        from .printing import tensor_repr

        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self._array.ndim == 0 else format(repr(self), spec)

    def __copy__(self) -> Tensor:
        """Another tensor on the same memory; a leaf's copy collects gradients of its own."""
        out = make(self._array, type(self))
        if self.is_leaf:
            out.requires_grad_(self.requires_grad)
        else:
            out._edge = edge_of(self)
        out.__dict__.update(self.__dict__)
        return out

    def __reduce__(self) -> Any:
        # What is pickled is the value: graphs belong to the process that recorded them.
        return _rebuild, (type(self), self._array, self.requires_grad, self._grad, self.__dict__)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise RuntimeError(
                "only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol: "
                "use .detach().clone(), or .clone() to stay in the graph"
            )
        from copy import deepcopy

        out = memo[id(self)] = make(self._array.copy(), type(self)).requires_grad_(self.requires_grad)
        out._grad = deepcopy(self._grad, memo)
        out.__dict__.update(deepcopy(self.__dict__, memo))
        return out


_new = object.__new__


def _rebuild(cls: type[Tensor], array: Any, requires_grad: bool, grad: Tensor | None, attributes: Any) -> Tensor:
    out = make(array, cls).requires_grad_(requires_grad)
    out._grad = grad
    out.__dict__.update(attributes)
    return out


def _refresh(view: Tensor) -> None:
    """Give a view its edge anew; ``ops.inplace``, which can make one, puts its function here."""
    raise NotImplementedError


def make(array: Any, cls: type[Tensor] = Tensor) -> Tensor:
    """A tensor around ``array`` as it is, outside every graph."""
    out = _new(cls)
    out._array = array
    out._edge = out._grad = out._base = None
    return out


def array_from(data: Any, dtype: Any = None) -> np.ndarray:
    """A new array with the values of ``data``; its own type is kept where it has one, and Python floats are float32."""
    if isinstance(data, Tensor):
        return np.array(data._array, dtype=dtype)
    if isinstance(data, (np.ndarray, np.generic)):
        return np.array(data, dtype=as_dtype(data.dtype, "tensor()") if dtype is None else dtype)
    try:
        array = np.array(_unwrapped(data))
    except ValueError as error:
        raise ValueError(
            f"tensor(): the nested sequences have unequal lengths, and a tensor is a full grid ({error})"
        ) from None
    first = _first_element(data)
    if array.dtype.kind not in "biuf":
        error = TypeError if isinstance(first, str) else RuntimeError
        raise error(f"tensor(): Could not infer dtype of {type(first).__name__}: the elements must be numbers or bools")
    typed = isinstance(first, (np.generic, np.ndarray, Tensor))
    own = get_default_dtype() if array.size == 0 or (array.dtype.kind == "f" and not typed) else as_dtype(array.dtype)
    return array.astype(own if dtype is None else dtype, copy=False)


def _first_element(data: Any) -> Any:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def _unwrapped(data: Any) -> Any:
    """Nested lists with the tensors in them replaced by their arrays."""
    if isinstance(data, (list, tuple)):
        return [_unwrapped(item) for item in data]
    return data._array if isinstance(data, Tensor) else data


def edge_of(tensor: Tensor) -> Node | None:
    """The tensor's edge into the graph; a view's is made anew when its base has been written to since."""
    base = tensor._base
    if base is not None:
        if base._base is not None:
            edge_of(base)  # which may have been written to through its own
        if written_edge(base) is not tensor._seen:
            _refresh(tensor)
    return tensor._edge


class Unrecorded:
    """In the place of the edge that a view has seen: it was made under ``no_grad``, and must follow no recorded write."""

    __slots__ = ("edge",)

    def __init__(self, edge: Node | None) -> None:
        self.edge = edge


def look_into(view: Tensor, tensor: Tensor) -> None:
    """Note that ``view`` looks into the memory of ``tensor``, or what that looks into itself."""
    inherited = tensor._base is not None and tensor._seen.__class__ is Unrecorded
    view._base = tensor if tensor._base is None or tensor._edge.__class__ is Leaf else tensor._base
    edge = written_edge(view._base)
    view._seen = edge if recording.get() and not inherited else Unrecorded(edge)


def written_edge(tensor: Tensor) -> Node | None:
    """The edge that the last recorded in-place write gave a tensor, None before the first."""
    return getattr(tensor, "_written", None)


def constant_of(operand: Any) -> Any:
    """What stands for an operand without gradient in pictures: a ``Constant``, or the Python value itself."""
    if not isinstance(operand, Tensor):
        return operand
    try:
        return operand._constant
    except AttributeError:
        operand._constant = Constant(operand)
        return operand._constant


def tensor_method(function: F) -> F:
    """Add ``function`` to Tensor as a method of the same name."""
    setattr(Tensor, function.__name__, function)
    return function
