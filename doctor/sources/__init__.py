"""Which files are to be examined, and their text."""

from doctor.sources.discover import Missing, discover
from doctor.sources.read import Unexamined, decode, read_text

__all__ = ["Missing", "Unexamined", "decode", "discover", "read_text"]
