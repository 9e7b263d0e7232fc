"""Which files are to be examined, and their text."""

from doctor.sources.discover import Missing, discover
from doctor.sources.read import Unexamined, decode

__all__ = ["Missing", "Unexamined", "decode", "discover"]
