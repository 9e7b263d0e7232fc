"""Trace: what a script would do, as facts."""

from __future__ import annotations

from doctor.trace.readers.scene import Settings
from doctor.trace.trace import Traced, trace

__all__ = ["Settings", "Traced", "trace"]
