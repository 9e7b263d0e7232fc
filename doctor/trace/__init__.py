"""Trace: what a script would do, as facts."""

from __future__ import annotations

from doctor.trace.trace import Settings, Traced, trace

__all__ = ["Settings", "Traced", "trace"]
