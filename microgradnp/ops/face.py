"""Where users find a function: in the package, as methods of Tensor, and behind the NumPy functions it answers for.

A record gives the names once; everything else is derived from them. A name in the package may have a path
(``"nn.functional.elu"``, ``"linalg.inv"``). A name that ends in an underscore, or begins with ``__i``, is the in-place
form: the result is written into the first operand. What answers for NumPy is given as the NumPy function itself, as a
pair (``(np.add, "reduce")``), or, so that SciPy need not be imported, as a text: ``"scipy.special.erf"``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..tensor import Tensor

BY_NUMPY: dict[Any, Callable[..., Any]] = {}  # what answers a NumPy function called on a Tensor
PUBLIC: dict[str, dict[str, Callable[..., Any]]] = {}  # by path within the package: what users find there, by name

OPERATORS = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift",
)  # fmt: skip
REFLECTED = frozenset(f"__r{name}__" for name in OPERATORS)
IN_PLACE = frozenset(f"__i{name}__" for name in OPERATORS)


def public_names(path: str) -> dict[str, Callable[..., Any]]:
    """What the package has at this path, by name; "" is the package itself. Called when all operations exist."""
    return dict(sorted(PUBLIC.get(path, {}).items()))


def publish(function: Callable[..., Any], numpy: Iterable[Any], methods: Iterable[str], names: Iterable[str]) -> None:
    """Make ``function`` known under all its names."""
    for key in numpy:
        BY_NUMPY[key] = function
    for method in methods:
        setattr(Tensor, method, _formed(function, method))
    for name in names:
        path, _, last = name.rpartition(".")
        PUBLIC.setdefault(path, {})[last] = _formed(function, last)


def is_in_place(name: str) -> bool:
    """Whether this is the name of an in-place form: ``mul_``, ``__imul__``."""
    return name in IN_PLACE or (name.endswith("_") and not name.endswith("__"))


def _formed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The function as this name says: in place, with the operands exchanged, or as it is."""
    if is_in_place(name) and not is_in_place(function.__name__):
        return _in_place(function, name)
    if name in ("__eq__", "__ne__"):
        return _equality(function, name)
    return _reflected(function, name) if name in REFLECTED else function


class NotATensorError(TypeError):
    """An operand is nothing that an operation takes."""


def _equality(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def compared(self: Any, other: Any) -> Any:
        try:
            return function(self, other)
        except NotATensorError:  # None, a text: Python finds them unequal
            return NotImplemented

    return _named(compared, function, name, f"``{function.__name__}``, elementwise; nothing but numbers is ever equal.")


def _reflected(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def reflected(self: Any, other: Any) -> Any:
        return function(other, self)

    return _named(reflected, function, name, f"``{function.__name__}`` with the operands exchanged.")


def _in_place(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    change = _reseated if gives_view(function) else _written

    def in_place(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if "out" in kwargs:
            raise TypeError(f"{name}() got an unexpected keyword argument 'out': it writes into its first operand")

        return change(self, name, lambda before: function(before, *args, **kwargs))

    text = f"``{function.__name__}``, in place: the result is written into this tensor, which is returned."
    return _named(in_place, function, name, text)


def _written(target: Tensor, name: str, compute: Callable[[Tensor], Any]) -> Tensor:
    from .inplace import write

    return write(target, name, compute)


def _reseated(target: Tensor, name: str, look: Callable[[Tensor], Any]) -> Tensor:
    from .reseating import reseat

    return reseat(target, name, look)


def gives_view(function: Callable[..., Any]) -> bool:
    """Whether its record says that its result looks into its operand's memory: in place it then writes nothing."""
    return getattr(getattr(function, "operation", function), "view", False)


def _named(form: Callable[..., Any], function: Callable[..., Any], name: str, text: str) -> Callable[..., Any]:
    form.__name__, form.__qualname__, form.__module__, form.__doc__ = name, name, function.__module__, text
    form.form_of = function  # type: ignore[attr-defined]
    return form
