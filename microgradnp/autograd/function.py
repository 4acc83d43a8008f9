"""``Function``: an operation whose forward and backward pass the user writes.

The node of a call is a gate. It keeps the context ``ctx``, whose attributes can so be read from the results'
``grad_fn``; they are apart, so that a user may call an attribute ``time`` or ``hooks``. What the context saves is kept
as arrays and edges, never as tensors of the graph, so that no node refers to itself.

Source: https://docs.pytorch.org/docs/stable/notes/extending.html
"""

from __future__ import annotations

import inspect
import warnings
import weakref
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

import numpy as np

from .. import tensor as tensor_module
from ..tensor import Tensor, Unrecorded, edge_of, make, written_edge
from . import inference, memory
from .gate import Gate, Gradients, through
from .modes import fact, is_grad_enabled, no_grad, recording
from .node import Leaf, Node

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class FunctionCtx:
    """What ``forward``, ``setup_context`` and ``backward`` of a ``Function`` share. It takes any attribute.

    ``needs_input_grad`` says, for each argument of ``forward``, whether it is a tensor that requires gradients.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#context-method-mixins
    """

    needs_input_grad: tuple[bool, ...]

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._to_save: tuple[Tensor | None, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._non_differentiable: tuple[Tensor, ...] = ()
        self._materialize = True
        self._node: Callable[[], FunctionNode | None] = _no_node

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What ``save_for_backward`` was given, each tensor at its place in the graph.

        Raises RuntimeError when it has been freed, or when one of the tensors was changed in place since.
        """
        node = self._node()
        return () if node is None else node.restored()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (or None) for the backward pass, where ``saved_tensors`` gives them; changed ones raise there.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.FunctionCtx.save_for_backward.html
        """
        for i, tensor in enumerate(tensors):
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {i} is of type {type(tensor).__name__}: "
                    "keep anything that is not a Tensor as an attribute of ctx"
                )
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor) -> None:
        """Not supported: there is no forward-mode differentiation of a Function."""
        raise NotImplementedError("save_for_forward(): forward-mode differentiation of a Function is not supported")

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs ``forward`` has changed in place; each must be returned.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.FunctionCtx.mark_dirty.html
        """
        self._dirty = _tensors("mark_dirty", args)

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which results are not differentiable; integer and bool ones never are.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.FunctionCtx.mark_non_differentiable.html
        """
        self._non_differentiable = _tensors("mark_non_differentiable", args)

    def set_materialize_grads(self, value: bool) -> None:
        """Whether ``backward`` is given zeros (the default) or None for a result that no gradient has reached.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.FunctionCtx.set_materialize_grads.html
        """
        self._materialize = bool(value)


def _tensors(function: str, values: tuple[Any, ...]) -> tuple[Tensor, ...]:
    for i, value in enumerate(values):
        if not isinstance(value, Tensor):
            raise RuntimeError(f"{function} can only accept Tensors, but argument {i} is {type(value).__name__}")
    return values


def _no_node() -> None:
    """The node of a call that is not, or not yet, recorded."""


class FunctionNode(Gate):
    """The node of one call of a Function. Each Function has a subclass of it, named after it."""

    __slots__ = ("ctx", "inputs", "kept", "unpack")

    function: ClassVar[type[Function]]
    ctx: FunctionCtx
    inputs: tuple[bool, ...]  # which arguments were tensors
    kept: tuple[Any, ...] | None  # what was saved; None once it is released
    unpack: Callable[[Any], Any] | None  # where a hook on saved tensors has packed the arrays

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in FunctionNode.__slots__:
            raise AttributeError(name)
        return getattr(self.ctx, name)

    # Saved tensors

    def keep(self, to_save: tuple[Tensor | None, ...], outputs: tuple[Any, ...]) -> None:
        """Turn what is to be saved into arrays and edges, which refer to none of the results."""
        positions = {id(out): i for i, out in enumerate(outputs) if isinstance(out, Tensor) and out._edge is not None}
        saving = fact("saving")
        pack, self.unpack = saving if isinstance(saving, tuple) else (None, None)
        self.kept = tuple(None if tensor is None else _kept(tensor, positions, pack) for tensor in to_save)

    def restored(self) -> tuple[Tensor | None, ...]:
        """The saved tensors; RuntimeError if they have been freed or changed."""
        if self.kept is None:
            raise RuntimeError(
                f"{self.name()}: Trying to backward through the graph a second time (or directly access saved tensors "
                "after they have already been freed). Saved intermediate values of the graph are freed when you call "
                ".backward() or autograd.grad(). Specify retain_graph=True the first time if you need them again."
            )
        return tuple(None if kept is None else self._restored(i, *kept) for i, kept in enumerate(self.kept))

    def _restored(self, position: int, array: Any, edge: Node | int | None) -> Tensor:
        if self.unpack is not None:
            array = self.unpack(array)
        elif self.time < memory.last_write and (writes := memory.writes_since(array, self.time)):
            raise RuntimeError(self._stale_message(f"saved_tensors[{position}]", array, writes))
        if isinstance(edge, Leaf) and (tensor := edge.tensor()) is not None and tensor._array is array:
            return tensor
        tensor = make(array)
        tensor._edge = self.passage(edge) if isinstance(edge, int) else edge
        return tensor

    def release(self) -> None:
        self.kept = None

    # The backward pass

    def gradients(self, arrived: Gradients) -> Gradients:
        if self.ctx._materialize:
            arrived = tuple(
                make(np.zeros(*result)) if g is None and result is not None else g
                for g, result in zip(arrived, self.results, strict=True)
            )
        returned = self.function.derivative()(self.ctx, *arrived)
        returned = returned if isinstance(returned, tuple) else (returned,)
        expected = len(self.inputs)
        if len(returned) < expected or any(g is not None for g in returned[expected:]):
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {expected}, got "
                f"{len(returned)}): one for each argument of forward, None for what is no tensor"
            )
        for i, (g, is_tensor) in enumerate(zip(returned, self.inputs, strict=False)):
            if g is not None and not is_tensor:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different than None at position {i + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
        return tuple(g for g, is_tensor in zip(returned, self.inputs, strict=False) if is_tensor)


def _kept(tensor: Tensor, positions: dict[int, int], pack: Callable[[Any], Any] | None) -> tuple[Any, Any]:
    """A tensor's array (or what a hook makes of it), and its edge or which of the results it is."""
    if inference.used.ever:
        inference.refuse_saving(tensor)
    array = memory.keep(tensor._array) if memory.lent else tensor._array
    array = array if pack is None else pack(array)
    return array, positions[id(tensor)] if id(tensor) in positions else edge_of(tensor)


class Function:
    """The base class of custom operations: give ``forward`` and ``backward`` as static methods, and call ``apply``.

    ``forward(ctx, *args)`` computes the result, or a tuple of them, and saves for ``backward(ctx, *grad_outputs)``,
    which returns one gradient (or None) for each argument. Or leave ``ctx`` out of ``forward`` and save in
    ``setup_context(ctx, inputs, output)``. Where ``backward`` is written in operations on tensors (those that it saved,
    and the gradients), it can be differentiated in turn.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.Function.html

    >>> import microgradnp
    >>> class Cube(microgradnp.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         (x,) = ctx.saved_tensors
    ...         return grad_output * 3 * x**2
    >>> x = microgradnp.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    generate_vmap_rule = False
    node: ClassVar[type[FunctionNode]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        facts = {"function": cls, "label": cls.__name__, "__module__": getattr(cls, "__module__", __name__)}
        cls.node = type(f"{cls.__name__}Backward", (FunctionNode,), {"__slots__": (), **facts})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated: the methods of a Function are static, so call "
            f"{type(self).__name__}.apply(...)",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function: make forward and backward static methods, and call "
            f"{type(self).__name__}.apply(...)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the results: ``forward(ctx, *args)``, or ``forward(*args)`` beside ``setup_context``."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Save for the backward pass, after ``forward`` has run: the second way of writing a Function."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(*args: Any, **kwargs: Any) -> Any:
        """``backward(ctx, *grad_outputs)``: the gradient of each argument, None for what has none."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Forward-mode differentiation, which is not supported: it is never called."""
        raise NotImplementedError("autograd.Function: forward-mode differentiation (jvp) is not supported")

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """A rule for batching, which is not supported: it is never called."""
        raise NotImplementedError("autograd.Function: vmap is not supported")

    @classmethod
    def derivative(cls) -> Callable[..., Any]:
        """The user's ``backward``, or ``vjp``, which is another name for it."""
        if cls.vjp is Function.vjp:
            return cls.backward
        if cls.backward is not Function.backward:
            raise RuntimeError(
                f"{cls.__name__}: Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You "
                "should only implement one of them."
            )
        return cls.vjp

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Compute the results of ``forward``, and record the call.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.Function.html
        """
        separate = cls.setup_context is not Function.setup_context
        if separate or kwargs:
            args = _bound(cls, () if separate else (None,), args, kwargs)
        inputs = tuple(isinstance(arg, Tensor) for arg in args)
        tensors = tuple(arg for arg in args if isinstance(arg, Tensor))
        edges = tuple(edge_of(tensor) for tensor in tensors)
        ctx = FunctionCtx(tuple(isinstance(arg, Tensor) and arg.requires_grad for arg in args))
        with no_grad():
            output = cls.forward(*args) if separate else cls.forward(ctx, *args)
            if separate:
                cls.setup_context(ctx, args, output)
        outputs = output if isinstance(output, tuple) else (output,)
        record = bool(recording.get()) and any(ctx.needs_input_grad)
        _check_dirty(cls.__name__, ctx, tensors, outputs, record)
        for tensor in ctx._dirty:
            memory.wrote(tensor._array, cls.__name__)
        given = {id(tensor) for tensor in tensors}
        if record:
            node = cls.node()
            node.ctx, node.inputs, node.kept, node.unpack = ctx, inputs, (), None
            node.open(edges, outputs)
            outputs = tuple(_placed(node, i, out, given) for i, out in enumerate(outputs))
            node.keep(ctx._to_save, outputs)
            ctx._node = weakref.ref(node)
        else:
            outputs = tuple(_unplaced(ctx, out, given) for out in outputs)
        ctx._to_save = ctx._dirty = ctx._non_differentiable = ()
        return outputs if isinstance(output, tuple) else outputs[0]


def _bound(cls: type[Function], first: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The arguments in order, with defaults."""
    bound = inspect.signature(cls.forward).bind(*first, *args, **kwargs)
    bound.apply_defaults()
    if bound.kwargs:
        raise TypeError(f"{cls.__name__}.apply(): forward may not have keyword-only parameters or **kwargs")
    return bound.args[len(first) :]


def _check_dirty(
    name: str, ctx: FunctionCtx, inputs: tuple[Tensor, ...], outputs: tuple[Any, ...], record: bool
) -> None:
    """Raise RuntimeError for what ``mark_dirty`` may not be given."""
    if not all(any(tensor is out for out in outputs) for tensor in ctx._dirty):
        raise RuntimeError(
            f"{name}: Some elements marked as dirty during the forward method were not returned as output. The inputs "
            "that are modified inplace must all be outputs of the Function."
        )
    if not all(any(tensor is given for given in inputs) for tensor in ctx._dirty):
        warnings.warn(
            f"{name}: ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been "
            "mutated should be passed to ctx.mark_dirty().",
            stacklevel=3,
        )
    for tensor in ctx._dirty if record else ():
        place: Tensor | None = tensor
        while place is not None:
            if isinstance(edge_of(place), Leaf):
                view = "" if place is tensor else "a view of "
                raise RuntimeError(
                    f"{name}: {view}a leaf Variable that requires grad has been used in an in-place operation. Change "
                    "a .clone() of it."
                )
            place = place._base
        if tensor._base is not None and len(outputs) > 1:
            raise RuntimeError(
                f"{name}: If your Function modifies inplace an input that is a view of another Tensor, your Function "
                "cannot return more than one Tensor. Make the input no view, with .clone(), or return one Tensor."
            )


def _placed(node: FunctionNode, index: int, out: Any, inputs: set[int]) -> Any:
    """A result at its place in the graph. An input that is returned as it came gives a view of itself."""
    if not isinstance(out, Tensor):
        return out
    dirty = any(out is tensor for tensor in node.ctx._dirty)
    if out._array.dtype.kind != "f" or any(out is tensor for tensor in node.ctx._non_differentiable):
        if id(out) in inputs and not dirty:
            return through(out, None)
        out._edge = None
    elif dirty and id(out) in inputs:
        written = make(out._array)
        written._edge = node.passage(index)
        tensor_module._take_place(out, written)  # pyright: ignore[reportFunctionMemberAccess]
    else:
        if id(out) in inputs or isinstance(out._edge, Leaf):
            out = through(out, None)
        out._edge = node.passage(index)
        if out._base is not None:  # to follow a write it would have to forget the Function's own derivative
            out._seen = Unrecorded(written_edge(out._base), f"Output {index} of {node.label} is a view")
    return out


def _unplaced(ctx: FunctionCtx, out: Any, inputs: set[int]) -> Any:
    """A result of a call that is not recorded."""
    returned_as_it_came = id(out) in inputs and not any(out is tensor for tensor in ctx._dirty)
    return through(out, None) if returned_as_it_came else out


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a ``backward`` that is not to be differentiated: with ``create_graph=True`` its results raise when
    somebody tries.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.once_differentiable.html
    """

    @wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        with no_grad():
            returned = fn(ctx, *args)
        if not is_grad_enabled():
            return returned
        edges = ctx._node().operand_edges
        refused = tuple(_refused(g, edges) for g in (returned if isinstance(returned, tuple) else (returned,)))
        return refused if isinstance(returned, tuple) else refused[0]

    return wrapper


def _refused(gradient: Any, edges: tuple[Node | None, ...]) -> Any:
    if not isinstance(gradient, Tensor):
        return gradient
    out = make(gradient._array)
    out._edge = _NotTwice(gradient, edges)
    return out


class _NotTwice(Node):
    """Raises when a gradient reaches it."""

    __slots__ = ("operand_edges",)
    label = "once_differentiable"

    def __init__(self, gradient: Tensor, edges: tuple[Node | None, ...]) -> None:
        self.operand_edges = edges  # those of the Function: whoever asks for them shall hear of it
        self.shape, self.dtype = gradient._array.shape, gradient._array.dtype
        self.time, self.scope, self.hooks = memory.tick(), None, None

    def edges(self) -> tuple[Node | None, ...]:
        return self.operand_edges

    def run(self, g: Any, grads: Any, waiting: Any, wanted: Any, retain: bool) -> None:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")

    run_graph = run


_NotTwice.__name__ = _NotTwice.__qualname__ = "Error"  # as PyTorch names it
