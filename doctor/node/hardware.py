"""The GPUs that the PCI bus shows, whatever driver there is for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_PCI = Path("/sys/bus/pci/devices")
NVIDIA, AMD, INTEL = "0x10de", "0x1002", "0x8086"
_NAMES: Mapping[str, str] = {NVIDIA: "NVIDIA", AMD: "AMD", INTEL: "Intel"}
#: Classes of PCI devices: what drives displays, and accelerators such as AMD's Instinct. Of
#: Intel's only those that drive none count: every other machine has one for its console.
_CLASSES: Mapping[str, tuple[str, ...]] = {
    NVIDIA: ("0x03",),
    AMD: ("0x03", "0x12"),
    INTEL: ("0x0380", "0x12"),
}


def shown(vendor: str) -> str:
    """In a few words, the GPUs of a vendor, or nothing."""
    count = sum(
        _text(device / "vendor") == vendor and _text(device / "class").startswith(_CLASSES[vendor])
        for device in (_PCI.iterdir() if _PCI.is_dir() else ())
    )
    return f"{count} {_NAMES[vendor]} GPU{'s' * (count > 1)}" if count else ""


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
