"""What the user wants: the configuration file, its keys, and how rules are named in it."""

from doctor.config.config import FILENAME, Config, find, from_mapping, read

__all__ = ["FILENAME", "Config", "find", "from_mapping", "read"]
