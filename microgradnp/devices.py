"""Where tensors live and how they lie in memory: PyTorch's ``device``, ``layout`` and ``memory_format``.

The one device is the CPU and the one layout is ``strided``. Programs may name others, as PyTorch programs do when they
ask what there is; to put a tensor there is refused.

Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html
"""

from __future__ import annotations

from typing import Any

KNOWN = frozenset((
    "cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla", "lazy",
    "vulkan", "mps", "meta", "hpu", "mtia", "privateuseone",
))  # fmt: skip


class DeviceError(NotImplementedError, AssertionError):
    """The device is not there. Which type PyTorch raises depends on the device and on how it was built.

    A NotImplementedError is a RuntimeError too.
    """


class device:
    """The name of a device: ``device("cpu")``, ``device("cuda:1")``, ``device("cuda", 1)``.

    Raises RuntimeError for a name that PyTorch does not know. Only "cpu" can hold tensors here.

    >>> import microgradnp
    >>> microgradnp.zeros(2).device
    device(type='cpu')
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: Any, index: int | None = None) -> None:
        name = type
        if isinstance(name, device):
            name, index = name.type, name.index if index is None else index
        if isinstance(name, int):
            raise DeviceError(f"device({name}): an accelerator is meant, and none is there; the only device is 'cpu'")
        if not isinstance(name, str):
            raise TypeError(f"device(): type must be a name such as 'cpu', got {name.__class__.__name__}")
        kind, colon, number = name.partition(":")
        if kind not in KNOWN and kind.isalpha():
            raise RuntimeError(f"Expected one of {', '.join(sorted(KNOWN))} at start of device string: {name!r}")
        if kind not in KNOWN or (colon and not number.isdigit()):
            raise RuntimeError(f"Invalid device string: {name!r}; it is like 'cpu' or 'cuda:0'")
        if colon and index is not None:
            raise RuntimeError(f"device({name!r}, {index}): the name must not have an index of its own")
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "index", int(number) if colon else index)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"device.{name} cannot be changed: make another device(...)")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device(type={self.type!r}{'' if self.index is None else f', index={self.index}'})"

    def __reduce__(self) -> Any:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        """Inside a ``with`` block new tensors are made on this device: it must be the CPU."""
        check_device(self, "with device(...)")
        return self

    def __exit__(self, *exception: object) -> None: ...


CPU = device("cpu")


def check_device(value: Any, function: str) -> None:
    """Accept a ``device=`` argument that means the CPU, or None; refuse any other."""
    if value is None or value is CPU:
        return
    if not isinstance(value, (str, device, int)) or isinstance(value, bool):
        raise TypeError(f"{function}: argument 'device' must be a device or its name, got {type(value).__name__}")
    if isinstance(value, int) or device(value).type != "cpu":
        shown = str(value) if isinstance(value, device) else value
        raise DeviceError(f"{function}: device {shown!r} is not there; the only device is 'cpu'")


class layout:
    """How the elements of a tensor are found in memory. There is one: ``strided``."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        return self.name  # the module's own object, when unpickled


class memory_format(layout):
    """The order of the elements in memory: ``contiguous_format`` or, as the operand has it, ``preserve_format``."""

    __slots__ = ()


strided = layout("strided")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")


def check_layout(value: Any, function: str) -> None:
    """Accept a ``layout=`` argument that is ``strided``, or None."""
    if value is not None and value is not strided:
        raise TypeError(f"{function}: argument 'layout' must be microgradnp.strided, the only layout, got {value!r}")


def is_contiguous_format(value: Any, function: str) -> bool:
    """Whether a ``memory_format=`` argument asks for C order; None and ``preserve_format`` do not."""
    if value is None or value is preserve_format:
        return False
    if value is not contiguous_format:
        raise TypeError(
            f"{function}: memory_format must be contiguous_format or preserve_format (channels-last layouts do not "
            f"exist here), got {value!r}"
        )
    return True
