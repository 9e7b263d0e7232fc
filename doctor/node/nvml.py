"""NVIDIA's management library: the devices that it shows, and questions that may fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from doctor.base.unknown import UNKNOWN
from doctor.node import hardware
from doctor.node.probe import NotHereError, UnseenError

#: The binding, or what stands in for it: a module with functions that begin with ``nvml``.
Nvml = Any

_MOST_MIGS = 8

_WHY: Mapping[str, str] = {
    "NVMLError_NotSupported": "this GPU doesn't tell it",
    "NVMLError_NoPermission": "an ordinary user may not ask for it",
    "NVMLError_FunctionNotFound": "the driver is too old to tell it",
    "NVMLError_GpuIsLost": "the driver has lost this GPU",
    "NVMLError_Timeout": "the driver gave no answer",
}


@dataclass(frozen=True, eq=False)
class Device:
    """A GPU, or a MIG device with its ``parent``; ``handle`` is null if the driver gives none."""

    index: int
    uuid: str | None
    handle: Any
    lost: bool = False
    parent: Device | None = None
    instances: tuple[int, int] = (-1, -1)

    @property
    def label(self) -> str:
        """How to call it."""
        if self.parent is not None:
            return f"MIG device {self.index} of {self.parent.label}"
        return f"GPU {self.index}"

    @property
    def whole(self) -> Device:
        """The GPU that it is, or is a part of."""
        return self.parent or self


@dataclass
class Questions:
    """Questions to one device; ``reasons`` tells why what it doesn't answer is unknown."""

    nvml: Nvml
    reasons: dict[str, str] = field(default_factory=dict)

    def ask(self, about: str, function: str, *arguments: Any, optional: bool = False) -> Any:
        """What the function answers; UNKNOWN if nothing, None if the GPU has no such thing.

        ``about`` names the attributes that rest on it. ``optional`` is said of what not every GPU
        has: to those that don't, "not supported" means that there is none.
        """
        try:
            return getattr(self.nvml, function)(*arguments)
        except self.nvml.NVMLError as error:
            kind = type(error).__name__
            if optional and kind == "NVMLError_NotSupported":
                return None
            for name in about.split():
                self.reasons[name] = f"{_WHY.get(kind, str(error))} ({function})"
            return UNKNOWN


def library() -> Nvml:
    """The binding, with the library loaded and the driver spoken to."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        there = hardware.shown(hardware.NVIDIA)
        if there:
            raise UnseenError(f"{there} here, but NVIDIA's library says: {error}") from None
        raise NotHereError("no NVIDIA GPU on this node") from None
    return pynvml


def devices(nvml: Nvml) -> list[Device]:
    """The GPUs that may be used from here, as nvidia-smi numbers them."""
    return [device for index in range(nvml.nvmlDeviceGetCount()) for device in _gpu(nvml, index)]


def _gpu(nvml: Nvml, index: int) -> Iterator[Device]:
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
    except nvml.NVMLError_NoPermission:  # Slurm gave it to somebody else
        return
    except nvml.NVMLError as error:
        yield Device(index, None, None, isinstance(error, nvml.NVMLError_GpuIsLost))
        return
    lost = False
    try:
        uuid = nvml.nvmlDeviceGetUUID(handle)
    except nvml.NVMLError as error:
        uuid, lost = None, isinstance(error, nvml.NVMLError_GpuIsLost)
    yield Device(index, uuid, handle, lost)


def migs(nvml: Nvml, gpu: Device) -> list[Device]:
    """The MIG devices that a GPU is cut into."""
    try:
        if gpu.handle is None or not nvml.nvmlDeviceGetMigMode(gpu.handle)[0]:
            return []
    except nvml.NVMLError:
        return []
    found = []
    for index in range(_MOST_MIGS):
        try:
            handle = nvml.nvmlDeviceGetMigDeviceHandleByIndex(gpu.handle, index)
            instances = (
                nvml.nvmlDeviceGetGpuInstanceId(handle),
                nvml.nvmlDeviceGetComputeInstanceId(handle),
            )
            uuid = nvml.nvmlDeviceGetUUID(handle)
        except nvml.NVMLError:
            continue
        found.append(Device(index, uuid, handle, parent=gpu, instances=instances))
    return found
