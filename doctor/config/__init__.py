"""What the user wants: the files of configuration, their keys, and how rules are named in them."""

from doctor.config.config import Config
from doctor.config.layers import FILENAME, find
from doctor.config.reading import from_mapping, read

__all__ = ["FILENAME", "Config", "find", "from_mapping", "read"]
