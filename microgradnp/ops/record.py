"""The record of an operation: everything the library knows about it, written once.

    @operation(np.multiply, methods=("mul", "mul_", "__mul__", "__imul__"), elementwise=True, out=True)
    @derivatives(input=lambda g, other: g * other, other=lambda g, input: g * input)
    def mul(input: Array, other: Array) -> Array:
        '''The product ...'''
        return np.multiply(input, other)

The decorated function is the forward pass in plain NumPy. Parameters annotated ``Array`` are operands (``Arrays``: a
list of them; ``Index``: one that only selects); every other parameter is a static argument. A derivative rule takes the
gradient ``g`` of the result and, by the names of its other parameters, what it needs: ``out`` (the result), an operand,
``<operand>_shape``, ``position`` (within a list operand), or a static argument. Only what the wanted rules name is kept
until the backward pass.

What ``operation`` returns is the public function, compiled from one template at its first call (``call.py``). Given
tensors it records; given nothing but arrays it is the forward pass, so that a rule may call it on any kind of array.
``composite`` makes a public function of one that is written in other operations, and ``factory`` of one that makes
tensors from anything else. ``face.py`` puts all three where users find them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import cache, cached_property, wraps
from types import FunctionType
from typing import Any, TypeAlias, TypeVar

import numpy as np

from ..tensor import Tensor
from .face import publish

Array: TypeAlias = Any  # an operand; those of one call are brought to one dtype
Arrays: TypeAlias = Any  # a sequence of them
Index: TypeAlias = Any  # an operand that only selects (an index, a mask): it keeps its dtype

F = TypeVar("F", bound=Callable[..., Any])
Rule: TypeAlias = Callable[..., Any]

OPERATIONS: dict[str, Operation] = {}  # every record, by name
COMPOSITES: dict[str, Callable[..., Any]] = {}  # every composite, by name
FACTORIES: dict[str, Callable[..., Any]] = {}  # every function that makes tensors, by name

REALS = (-3.0, 3.0)


class Operation:
    """One operation: its forward pass, its derivative rules, and what its tests, dispatch and pictures need to know.

    numpy: the NumPy functions that it answers for, when they are called on a Tensor (see ``face.py``).
    methods: the names of the Tensor methods that it becomes. ``mul_`` and ``__imul__`` are its in-place forms.
    public: the names it has in the package, by default its own: ("abs", "absolute"), ("nn.functional.elu",), ().
    out: whether the function takes ``out=``, a tensor to write the result into.
    elementwise: its operands broadcast against one another.
    numbers: beside a tensor its operands may be Python numbers (so with every elementwise one).
    promotes: operands of different dtypes are brought to one; else they are refused, as by PyTorch's products.
    bools: whether operands may be bools.
    floats: integer operands are converted to the default floating point type first (``exp``, ``/``).
    opaque: its forward pass is more than NumPy calls on its operands, so that a capturing array must record it whole.
    compact: its result is put into C order, as PyTorch's is, where NumPy keeps the order of its operand.
    view: its result looks into the memory of its first operand whenever NumPy's does.
    label: its name in pictures and errors; ``grad_fn``'s class is named after it.
    domain: for each operand the interval that its test samples are drawn from, or a function that makes them of
        numbers from 0 to 1.
    kinks: points where the derivative jumps; test samples stay away from them.
    samples: from a maker of arrays, the argument lists to test with; by default broadcasting shapes.
    """

    _public: Callable[..., Any]
    bare: Callable[..., Any]  # the call without its checks, and
    node: Any  # the class of its graph node: from the first call on

    def __init__(self, forward: Callable[..., Any], numpy: Iterable[Any], methods: Iterable[str], **facts: Any) -> None:
        self.forward = dispatched(forward) if facts.pop("opaque", False) else forward
        self.name: str = forward.__name__
        self.rules: dict[str, Rule] = getattr(forward, "rules", {})
        self.numpy = tuple(numpy)
        self.methods = tuple(methods)
        self.names: tuple[str, ...] = _names(self.name, facts.pop("public", None))
        self.out: bool = facts.pop("out", False)
        self.label: str = facts.pop("label", self.name)
        self.elementwise: bool = facts.pop("elementwise", False)
        self.numbers: bool = facts.pop("numbers", self.elementwise)
        self.promotes: bool = facts.pop("promotes", True)
        self.bools: bool = facts.pop("bools", True)
        self.floats: bool = facts.pop("floats", False)
        self.compact: bool = facts.pop("compact", False)
        self.view: bool = facts.pop("view", False)
        self.domain: Any = facts.pop("domain", REALS)
        self.kinks: tuple[float, ...] = facts.pop("kinks", ())
        self.samples: Callable[..., Any] | None = facts.pop("samples", None)
        if facts:
            raise TypeError(f"operation {self.name}: unknown facts {', '.join(facts)}")

    @cached_property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.forward)

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """The names of the parameters that take arrays."""
        return tuple(name for name, kind in self._annotations() if kind.startswith(("Array", "Index")))

    @cached_property
    def promoted(self) -> tuple[str, ...]:
        """Those of them that are brought to one dtype."""
        return tuple(name for name, kind in self._annotations() if kind.startswith("Array"))

    @cached_property
    def list_operands(self) -> frozenset[str]:
        """Those of them that take a sequence of arrays."""
        return frozenset(name for name, kind in self._annotations() if kind.startswith("Arrays"))

    @cached_property
    def statics(self) -> tuple[str, ...]:
        """The names of the parameters that take anything else."""
        return tuple(name for name in self.signature.parameters if name not in self.operands)

    def _annotations(self) -> Iterable[tuple[str, str]]:
        for name, parameter in self.signature.parameters.items():
            yield name, str(parameter.annotation)

    @property
    def public(self) -> Callable[..., Any]:
        """The function that users call."""
        return self._public

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


def derivatives(**rules: Rule) -> Callable[[F], F]:
    """Give a forward function its derivative rules: one for each operand that has a derivative."""

    def attach(forward: F) -> F:
        forward.rules = rules  # type: ignore[attr-defined]
        return forward

    return attach


def operation(*numpy: Any, methods: Iterable[str] = (), **facts: Any) -> Callable[[F], F]:
    """Make a record of a forward function, and the public function that calls it. See the module's text."""

    def register(forward: F) -> F:
        record = Operation(forward, numpy, methods, **facts)
        public = record._public = _uncompiled(record)
        OPERATIONS[record.name] = record
        publish(public, numpy, methods, record.names)
        return public  # type: ignore[return-value]

    return register


def composite(
    *numpy: Any,
    methods: Iterable[str] = (),
    public: Iterable[str] | None = None,
    out: bool = False,
    view: bool = False,
) -> Callable[[F], F]:
    """A public function written in other operations: it needs no derivative rule. Arguments as for ``operation``.

    Its parameters are annotated as those of an operation; the body is given tensors (and Python numbers) for operands.
    """

    def register(function: F) -> F:
        names = _names(function.__name__, public)
        guarded = _guarded(function, next(iter((*names, *methods, function.__name__))).rpartition(".")[2], out)
        guarded.view = view  # type: ignore[attr-defined]
        COMPOSITES[function.__name__] = guarded
        publish(guarded, numpy, methods, names)
        return guarded  # type: ignore[return-value]

    return register


def factory(
    *numpy: Any, methods: Iterable[str] = (), public: Iterable[str] | None = None, options: bool = False,
    out: bool = False,
) -> Callable[[F], F]:  # fmt: skip
    """A public function that makes tensors from something else than operands: sizes, numbers, random bits.

    With ``options`` it is written as a function that returns an array of the ``dtype`` that it is given, or of its own
    when that is None; the arguments that PyTorch's factories share are handled for it (``options.py``); with ``out``
    it takes ``out=`` too.
    """

    def register(function: F) -> F:
        from .options import with_options

        public_function = with_options(function, out) if options else function
        FACTORIES[function.__name__] = public_function
        publish(public_function, numpy, methods, _names(function.__name__, public))
        return public_function  # type: ignore[return-value]

    return register


def _names(own: str, public: Iterable[str] | None) -> tuple[str, ...]:
    """The names of a function in the package: by default its own, unless that is private."""
    if public is None:
        return () if own.startswith("_") else (own,)
    return tuple(public)


def _guarded(function: Callable[..., Any], name: str, out: bool) -> Callable[..., Any]:
    """A composite with what the template gives an operation: operands made tensors, ``out``, NumPy's ``axis``.

    ``name`` is what users call it, for errors.
    """

    def guarded(*args: Any, **kwargs: Any) -> Any:
        rules, (operands, before, rest) = _rules(), _operands_of(function)
        target = kwargs.pop("out", None) if out else None
        if kwargs:
            kwargs = rules.respelled(function, kwargs)
            if rest in kwargs and len(args) <= before:  # t.permute(dims=(1, 0)) is t.permute((1, 0))
                args = (*args, kwargs.pop(rest))
        args, kwargs = rules.as_tensors(name, operands, args, kwargs)
        result = function(*args, **kwargs)
        return result if target is None else rules.into(target, name, result)

    # What functools.wraps would do, and more: there are hundreds of these at import.
    guarded.__name__, guarded.__qualname__, guarded.__doc__ = function.__name__, function.__qualname__, function.__doc__
    guarded.__module__, guarded.__wrapped__ = function.__module__, function  # type: ignore[attr-defined]
    guarded.takes_out = out  # type: ignore[attr-defined]
    return guarded


@cache
def _rules() -> Any:
    from . import operands  # which is made of operations itself

    return operands


@cache
def _operands_of(function: Callable[..., Any]) -> tuple[dict[int, str], int, str | None]:
    """The operands of a composite by position, and the parameter that takes all further arguments, if any."""
    parameters = list(inspect.signature(function).parameters.values())
    rests = ((i, p.name) for i, p in enumerate(parameters) if p.kind is p.VAR_POSITIONAL)
    before, rest = next(rests, (0, None))
    operands = {
        i: f"*{p.name}" if p.name == rest else p.name  # "*": this and all that follow
        for i, p in enumerate(parameters)
        if str(p.annotation) in ("Array", "Arrays", "Index")
    }
    return operands, before, rest


def _uncompiled(record: Operation) -> Callable[..., Any]:
    """The public function before its first call: it compiles itself, in place, so that every reference to it
    profits.
    """
    namespace = {"__name__": record.forward.__module__, "compile_call": _compile, "record": record}
    public = FunctionType(_first_call.__code__, namespace, record.name)
    public.__doc__ = record.forward.__doc__
    public.__module__ = record.forward.__module__
    public.__qualname__ = record.name
    public.__wrapped__ = record.forward  # type: ignore[attr-defined]
    public.operation = record  # type: ignore[attr-defined]
    return public


def _first_call(*args, **kwargs):
    return compile_call(record)(*args, **kwargs)  # type: ignore[name-defined] # noqa: F821


def _compile(record: Operation) -> Callable[..., Any]:
    from .call import compile_call

    return compile_call(record)


def check_tensors(function: str, **tensors: Any) -> None:
    """Refuse Python numbers, and what else is no tensor."""
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{function}(): argument '{name}' must be Tensor, not {type(tensor).__name__}")


def c_order(array: Any) -> Any:
    """A new array in C order, as PyTorch makes it: NumPy keeps the order of its operands."""
    return array if array.flags.c_contiguous else array.copy()


def checking(check: F) -> F:
    """A function that looks at the values of its first argument, and returns it or raises an error.

    A capturing array records the whole call, so that a replay checks too.
    """
    check.checks = True  # type: ignore[attr-defined]
    return dispatched(check)  # type: ignore[return-value]


def dispatched(forward: Callable[..., Any]) -> Callable[..., Any]:
    """A function that offers itself to array types other than NumPy's as a NumPy function would."""

    @wraps(forward)
    def dispatching(*args: Any, **kwargs: Any) -> Any:
        for argument in args:
            if hasattr(argument, "__array_function__") and not isinstance(argument, np.ndarray):
                return argument.__array_function__(forward, (type(argument),), args, kwargs)
        return forward(*args, **kwargs)

    return dispatching
