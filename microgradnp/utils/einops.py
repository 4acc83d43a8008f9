"""einops knows the tensors of this library: ``einops.rearrange``, ``reduce``, ``repeat``, ``einsum``, ``pack``.

einops asks the backends that it knows of, subclasses of its own ``AbstractBackend``, whose a tensor is. Ours can be
made as soon as einops has been imported, before this library or after; this library never imports it.

Source: https://einops.rocks
"""

from __future__ import annotations

import sys
from typing import Any

from ..tensor import Tensor


def make_known() -> None:
    """Make tensors known to einops: now, or when it is imported."""
    if "einops" in sys.modules:
        _register()
    else:
        sys.meta_path.insert(0, _Watch())  # type: ignore[arg-type]


class _Watch:
    """Finds no module, but sees einops being imported, and has ours registered after it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "einops":
            return None
        from importlib.util import find_spec

        sys.meta_path.remove(self)  # type: ignore[arg-type]
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def and_register(module: Any) -> None:
                execute(module)
                _register()

            spec.loader.exec_module = and_register  # type: ignore[method-assign]
        return spec


def _register() -> None:
    """Define the backend: einops looks for the subclasses of its base class."""
    try:
        from einops._backends import AbstractBackend
    except ImportError:  # another version, which keeps its backends elsewhere: it says that it does not know tensors
        return
    from .. import arange, cat, einsum, from_numpy, stack

    class MicrogradnpBackend(AbstractBackend):
        """What einops does with tensors, in operations that are recorded."""

        framework_name = "microgradnp"

        def is_appropriate_type(self, tensor: Any) -> bool:
            return isinstance(tensor, Tensor)

        def from_numpy(self, x: Any) -> Any:
            return from_numpy(x)

        def to_numpy(self, x: Any) -> Any:
            return x.detach().numpy()

        def arange(self, start: int, stop: int) -> Any:
            return arange(start, stop)

        def transpose(self, x: Any, axes: Any) -> Any:
            return x.permute(*axes)

        def reduce(self, x: Any, operation: str, axes: Any) -> Any:
            if operation in ("min", "max"):
                return getattr(x, f"a{operation}")(dim=tuple(axes))
            if operation in ("sum", "mean"):
                return getattr(x, operation)(dim=tuple(axes))
            for axis in sorted(axes, reverse=True):  # prod, any and all take one at a time
                x = getattr(x, operation)(dim=axis)
            return x

        def stack_on_zeroth_dimension(self, tensors: list[Any]) -> Any:
            return stack(tensors)

        def add_axis(self, x: Any, new_position: int) -> Any:
            return x.unsqueeze(new_position)

        def add_axes(self, x: Any, n_axes: int, pos2len: dict[int, int]) -> Any:
            sizes = [-1] * n_axes
            for position, size in pos2len.items():
                x, sizes[position] = self.add_axis(x, position), size
            return x.expand(*sizes)

        def tile(self, x: Any, repeats: Any) -> Any:
            return x.repeat(*repeats)

        def concat(self, tensors: list[Any], axis: int) -> Any:
            return cat(tensors, dim=axis)

        def is_float_type(self, x: Any) -> bool:
            return x.is_floating_point()

        def einsum(self, pattern: str, *x: Any) -> Any:
            return einsum(pattern, *x)
