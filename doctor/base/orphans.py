"""Processes of ours that must not outlive us."""

from __future__ import annotations

import signal

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Let the kernel end this process when the one that has started it ends, however it does."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
