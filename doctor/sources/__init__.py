"""Which files are to be examined, and their text."""

from doctor.sources.discover import Missing, Omitted, discover
from doctor.sources.read import LIMIT, Unexamined, decode, read_named, read_stream, read_text
from doctor.sources.recognise import has_suffix

__all__ = [
    "LIMIT",
    "Missing",
    "Omitted",
    "Unexamined",
    "decode",
    "discover",
    "has_suffix",
    "read_named",
    "read_stream",
    "read_text",
]
