"""``Tensor``: an array, its gradient, and its place in the computation graph.

The class holds only what a tensor *is*. Operations add themselves as methods from their records (``microgradnp.ops``),
and the engine adds ``backward`` and the hooks, so that imports run one way.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from operator import index as as_int
from typing import Any, SupportsIndex, TypeVar

import numpy as np

from .autograd import inference, memory
from .autograd.modes import recording
from .autograd.node import Constant, Leaf, Node
from .devices import CPU, check_device, contiguous_format, device, is_contiguous_format
from .dtypes import as_dtype, check_range, converted, get_default_dtype

F = TypeVar("F", bound=Callable[..., Any])


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple of ints with PyTorch's extras. Made from any iterable of integers."""

    __slots__ = ()

    def __new__(cls, sizes: Iterable[Any] = ()) -> Size:
        found = []
        for i, size in enumerate(sizes):
            try:
                found.append(as_int(size))
            except TypeError:
                raise TypeError(f"Size() takes an iterable of 'int' (item {i} is '{type(size).__name__}')") from None
        return _new_tuple(cls, found)

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
        return _new_tuple(Size, part) if isinstance(index, slice) else part

    def __add__(self, other: tuple[Any, ...]) -> Size:  # type: ignore[override]
        return Size(tuple.__add__(self, tuple(other))) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: tuple[Any, ...]) -> Size:
        return Size((*other, *self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, count: SupportsIndex) -> Size:  # type: ignore[override]
        return _new_tuple(Size, tuple.__mul__(self, count))

    __rmul__ = __mul__


_new_tuple: Any = tuple.__new__


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
    # _constant: what stands for it in pictures, made when first needed.  _inference: set where it was made in
    # inference mode.
    __slots__ = (
        "__dict__",
        "__weakref__",
        "_array",
        "_base",
        "_constant",
        "_edge",
        "_grad",
        "_inference",
        "_leaf",
        "_seen",
        "_written",
    )

    _array: Any
    _edge: Node | None
    _grad: Tensor | None
    _base: Tensor | None

    def __new__(cls, *data: Any, device: Any = None) -> Tensor:
        check_device(device, "Tensor()")
        return legacy(cls, data, get_default_dtype())

    # What it holds

    @property
    def shape(self) -> Size:
        """The sizes of its dimensions."""
        return _new_tuple(Size, self._array.shape)

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
        return self.shape if dim is None else self._array.shape[_dim_of(dim, self._array.ndim)]

    def element_size(self) -> int:
        """The bytes of one element."""
        return self._array.itemsize

    def is_contiguous(self, memory_format: Any = contiguous_format) -> bool:
        """Whether its elements lie in memory in C order: the one ``memory_format`` there is."""
        if memory_format is not contiguous_format:
            is_contiguous_format(memory_format, "is_contiguous()")
        return self._array.flags.c_contiguous

    def stride(self, dim: int | None = None) -> Any:
        """The step in elements along each dimension, or along one."""
        array = self._array
        if array.size:
            strides = tuple([step // array.itemsize for step in array.strides])
        else:  # NumPy's are 0 here
            strides = tuple([math.prod([max(n, 1) for n in array.shape[i + 1 :]]) for i in range(array.ndim)])
        return strides if dim is None else strides[_dim_of(dim, array.ndim)]

    # Its place in the graph

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are computed for it."""
        return edge_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise RuntimeError(f"requires_grad must be a bool, got {type(value).__name__}")
        self.requires_grad_(value)

    @requires_grad.deleter
    def requires_grad(self) -> None:
        raise RuntimeError("requires_grad must be a bool: it cannot be deleted; set it to False")

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Start (or stop) collecting gradients in ``.grad``; returns the tensor itself.

        Raises RuntimeError for an integer or bool tensor, for an inference tensor outside inference mode, and when
        asked to stop on the result of an operation.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.requires_grad_.html
        """
        if not isinstance(requires_grad, bool):
            raise TypeError(
                f"requires_grad_(): argument 'requires_grad' must be bool, not {type(requires_grad).__name__}"
            )
        edge = edge_of(self)
        if requires_grad == (edge is not None):
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
            if inference.used.ever and self.is_inference() and not inference.is_inference_mode_enabled():
                raise RuntimeError(
                    "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed: make an "
                    "ordinary tensor of it with .clone()"
                )
            self._edge = getattr(self, "_leaf", None) or Leaf(self)
        return self

    def _is_view(self) -> bool:
        return self._base is not None

    def as_subclass(self, cls: type[Tensor]) -> Any:
        """A view of itself as an instance of ``cls``, at the same place in the graph. Operations give plain Tensors.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.as_subclass.html
        """
        out = make(self._array, cls)
        out._edge = edge_of(self)
        look_into(out, self)
        return out

    def is_inference(self) -> bool:
        """Whether it was made in inference mode: then it can never take part in a recorded operation.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_inference.html
        """
        return inference.is_inference(self)

    @property
    def grad_fn(self) -> Node | None:
        """The graph node that made this tensor; None for a leaf."""
        edge = edge_of(self)
        return None if edge is None or isinstance(edge, Leaf) else edge.as_function()[0]

    @property
    def output_nr(self) -> int:
        """Which of the results of its ``grad_fn`` it is."""
        edge = edge_of(self)
        return 0 if edge is None else edge.as_function()[1]

    @property
    def retains_grad(self) -> bool:
        """Whether it is the result of an operation that keeps its gradient in ``.grad``: see ``retain_grad``."""
        edge = edge_of(self)
        return edge is not None and edge.hooks is not None and edge.hooks.retain is not None

    @property
    def is_leaf(self) -> bool:
        """Whether the graph ends here: made by the user, or not requiring gradients."""
        edge = edge_of(self)
        return edge is None or isinstance(edge, Leaf)

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient: a tensor of the same shape and dtype, or None."""
        if self._grad is None and self._edge is not None and not self.is_leaf and not self.retains_grad:
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
                "won't be populated during autograd.backward(). If you want it, call .retain_grad() on the tensor "
                "before; if you access it by mistake, access the leaf Tensor instead.",
                stacklevel=2,
            )
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
        return _alias(self)

    def detach_(self) -> Tensor:
        """Take this tensor out of its graph, in place: it becomes a leaf that requires no gradient."""
        if self._base is not None:
            raise RuntimeError("can't detach views in-place: use detach() instead")
        self._edge = None
        return self

    @property
    def data(self) -> Tensor:
        """The same memory as a tensor outside the graph; assigning to it replaces the values."""
        return _alias(self)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Tensor.data must be set to a Tensor, got {type(value).__name__}")
        if self._edge is not None and value._array.dtype.kind not in "fc":
            raise RuntimeError(
                "data set to a tensor that requires gradients must be floating point or complex dtype, got "
                f"{value.dtype}"
            )
        self._array = value._array
        if hasattr(self, "_constant"):
            del self._constant
        self._renew_leaf()

    @data.deleter
    def data(self) -> None:
        raise RuntimeError("Deleting tensor data is not allowed. Delete tensor instead!")

    def _renew_leaf(self) -> None:
        """After the array was replaced: a leaf of another shape or type is another leaf, and takes the hooks along.

        A graph that knows the former one refuses to go backward: its gradient would not fit.
        """
        array, frozen = self._array, getattr(self, "_leaf", None)
        if frozen is not None and (frozen.shape != array.shape or frozen.dtype != array.dtype):
            del self._leaf
        old = self._edge
        if isinstance(old, Leaf) and (old.shape != array.shape or old.dtype != array.dtype):
            self._edge = Leaf(self)
            self._edge.hooks, old.hooks = old.hooks, None

    @property
    def _version(self) -> int:
        if inference.used.ever and self.is_inference():
            raise RuntimeError("Inference tensors do not track version counter.")
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
        converts = dtype is not None and np.dtype(dtype) != self._array.dtype
        if converts or copy or not isinstance(self._array, np.ndarray):
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

    def __complex__(self) -> complex:
        return complex(self._number())

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
        return iter([self[i] for i in range(self._array.shape[0])])  # type: ignore[index]

    def __reversed__(self) -> Tensor:
        """The elements of its first dimension in reverse order, as a tensor."""
        return self.flip(0) if self._array.ndim else self  # type: ignore[attr-defined]

    def __contains__(self, element: Any) -> bool:
        """Whether some element equals this number, or, compared with broadcasting, some element of this tensor."""
        if not isinstance(element, (Tensor, bool, int, float, np.generic)):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}"
            )
        other = element._array if isinstance(element, Tensor) else element
        return bool(np.any(self._array == other))

    __array_priority__ = 1000  # beside arrays that ask for it instead of __array_ufunc__
    __hash__ = object.__hash__  # by identity, although == compares elements

    def __repr__(self) -> str:
        from .printing import tensor_repr

        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self._array.ndim == 0 else object.__format__(self, spec)

    def __copy__(self) -> Tensor:
        from .copying import shallow_copy

        return shallow_copy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        from .copying import deep_copy

        return deep_copy(self, memo)

    def __reduce__(self) -> Any:
        from .copying import reduced

        return reduced(self)


_new = object.__new__


def _refresh(view: Tensor) -> None:
    """Give a view its edge anew; ``ops.inplace``, which can make one, puts its function here."""
    raise NotImplementedError


def _take_place(target: Tensor, result: Tensor) -> None:
    """Give a tensor, and its base, the place of ``result`` in the graph; ``ops.inplace`` puts its function here."""
    raise NotImplementedError


def make(array: Any, cls: type[Tensor] = Tensor) -> Tensor:
    """A tensor around ``array`` as it is, outside every graph."""
    out = _new(cls)
    out._array = array
    out._edge = out._grad = out._base = None
    if inference.used.ever:
        inference.mark(out)
    return out


def _alias(tensor: Tensor) -> Tensor:
    """Another tensor on the same memory, outside the graph."""
    out = make(tensor._array)
    if inference.used.ever:
        out._inference = inference.is_inference(tensor)
    return out


def _dim_of(dim: int, ndim: int) -> int:
    if ndim == 0:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    if not -ndim <= dim < ndim:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})")
    return dim


def legacy(cls: type[Tensor], data: tuple[Any, ...], dtype: Any) -> Tensor:
    """PyTorch's old constructors: of sizes, whose elements are whatever the memory held; of a sequence; of a tensor."""
    if len(data) == 1 and not isinstance(data[0], int):
        (value,) = data
        if isinstance(value, Size):
            return make(np.empty(value, dtype), cls)
        if isinstance(value, Tensor):
            return make(value._array, cls)
        if isinstance(value, (str, float)) or not hasattr(value, "__len__"):
            raise TypeError(f"new(): data must be a sequence (got {type(value).__name__}); use microgradnp.tensor(...)")
        return make(array_from(value, dtype), cls)
    if any(size < 0 for size in Size(data)):
        raise RuntimeError(f"Tensor(): sizes must not be negative, got {data}")
    return make(np.empty(Size(data), dtype) if data else np.empty(0, dtype), cls)


def array_from(data: Any, dtype: Any = None) -> np.ndarray:
    """A new array with the values of ``data``; its own type is kept where it has one, and Python floats are float32.

    Raises RuntimeError for a Python number that ``dtype`` cannot hold; the elements of an array wrap.
    """
    dtype = None if dtype is None else np.dtype(dtype)
    if isinstance(data, Tensor):
        return converted(data._array, dtype, copy=True)
    if isinstance(data, (np.ndarray, np.generic)):
        own = as_dtype(data.dtype, "tensor()") if dtype is None else dtype
        return converted(np.asarray(data), own, copy=True)
    try:
        array = np.array(_unwrapped(data))
    except ValueError as error:
        raise ValueError(
            f"tensor(): the nested sequences have unequal lengths, and a tensor is a full grid ({error})"
        ) from None
    first = _first_element(data)
    if array.dtype.kind in "uO" and not isinstance(first, (np.generic, np.ndarray, Tensor)):
        array = _large_integers(array, dtype)
    if array.dtype.kind not in "biuf":
        error = TypeError if isinstance(first, str) else RuntimeError
        raise error(f"tensor(): Could not infer dtype of {type(first).__name__}: the elements must be numbers or bools")
    typed = isinstance(first, (np.generic, np.ndarray, Tensor))
    own = get_default_dtype() if array.size == 0 or (array.dtype.kind == "f" and not typed) else as_dtype(array.dtype)
    if dtype is not None and not typed:
        check_range(array, dtype)
    return converted(array, own if dtype is None else dtype)


def _large_integers(array: np.ndarray, dtype: Any) -> np.ndarray:
    """Python integers beyond int64, of which NumPy makes an unsigned array or one of objects."""
    if not all(isinstance(item, (int, float)) for item in array.reshape(-1).tolist()):
        return array
    if dtype is not None and dtype.kind == "f":
        return array.astype(np.float64)
    raise ValueError("tensor(): Overflow: an integer does not fit into int64; give dtype=float64")


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
    """In the place of the edge that a view has seen: it was made under ``no_grad``, and must follow no recorded write.

    ``origin`` says how it was made, for errors.
    """

    __slots__ = ("edge", "origin")

    def __init__(self, edge: Node | None, origin: str = "A view was created in no_grad mode") -> None:
        self.edge, self.origin = edge, origin


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
