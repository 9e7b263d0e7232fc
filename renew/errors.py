"""What stops the command, in one sentence."""

from __future__ import annotations


class RenewError(Exception):
    """Something that the person who runs the command can do something about."""
