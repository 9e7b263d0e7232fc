"""Which files are to be examined, and their text."""

from doctor.sources.discover import Missing, discover
from doctor.sources.read import Unexamined, decode, read_text
from doctor.sources.recognise import has_suffix

__all__ = ["Missing", "Unexamined", "decode", "discover", "has_suffix", "read_text"]
