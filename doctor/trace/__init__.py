"""Trace: what a script would do, as facts."""

from __future__ import annotations

from doctor.trace.trace import Settings, trace

__all__ = ["Settings", "trace"]
