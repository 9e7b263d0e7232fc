"""The share of a GPU's memory that a server takes where nobody says: `--gpu-memory-utilization`."""

from __future__ import annotations

BEFORE = 0.9
CHANGED_IN = "0.20.0"
SINCE = 0.92


def default(release: str | None) -> float:
    """The default of a release; the lesser one if it isn't known."""
    if release is None:
        return BEFORE
    from packaging.version import Version

    try:
        return SINCE if Version(release) >= Version(CHANGED_IN) else BEFORE
    except ValueError:  # no release, or one with thousands of digits
        return BEFORE
