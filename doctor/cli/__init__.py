"""The command line: arguments in, exit code out."""

from doctor.cli.app import main

__all__ = ["main"]
