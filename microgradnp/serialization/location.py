"""``map_location``: where tensors go that are loaded. They go to the CPU, or nowhere."""

from __future__ import annotations

from typing import Any

from ..devices import DeviceError, check_device, device


class _OnCpu:
    """What a function given as ``map_location`` gets for the memory of a tensor."""

    def cpu(self) -> _OnCpu:
        return self

    def cuda(self, device: Any = None, non_blocking: bool = False) -> _OnCpu:
        raise DeviceError("load: map_location sends a tensor to 'cuda', which is not there; the only device is 'cpu'")


def check_location(map_location: Any) -> None:
    """Refuse a ``map_location`` that is of the wrong type, or names a device that is not there."""
    if map_location is None or callable(map_location):
        return
    if isinstance(map_location, dict):
        for target in map_location.values():
            check_device(target, "load: map_location")
    else:
        check_device(map_location, "load: map_location")


def check_mapped(map_location: Any, location: str) -> None:
    """Refuse to load a tensor that was on another device, unless ``map_location`` takes it to the CPU.

    A function, or a dict that does not have it, may leave it where it is.
    """
    stays = map_location is None
    if callable(map_location):
        token = _OnCpu()
        mapped = map_location(token, location)
        if mapped is not None and mapped is not token:
            raise TypeError(f"load: map_location must return the storage that it is given, or None, got {mapped!r}")
        stays = mapped is None
    elif isinstance(map_location, dict):
        stays = location not in map_location
    if stays and device(location).type != "cpu":
        raise DeviceError(
            f"load: a tensor was on {location!r}, which is not there: load(..., map_location='cpu') puts it on the CPU"
        )
