"""Is this file a shell script? Its name and its first bytes tell."""

from __future__ import annotations

import os
import re

SUFFIXES = {".sh", ".bash", ".sbatch", ".slurm", ".job", ".ksh"}

_SHELLS = {"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "rbash"}

#: Interpreters whose scripts are none of ours, whatever the file is called.
_FOREIGN = {
    *("csh", "tcsh", "fish", "expect", "awk", "gawk", "sed", "make"),
    *("python", "pypy", "perl", "ruby", "node", "lua", "php", "Rscript", "julia"),
}

_BATCH = re.compile(rb"(?:[ \t]*(?:#.*)?\r?\n)*#SBATCH[ \t]")


def has_suffix(filename: str) -> bool:
    """Whether the name is one that shell and Slurm scripts have."""
    return os.path.splitext(filename)[1].lower() in SUFFIXES


def is_script(filename: str, head: bytes) -> bool:
    """Whether the name, the shebang, or ``#SBATCH`` in the opening comments says so."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    interpreter = _interpreter(head)
    if interpreter in _FOREIGN:
        return False
    return interpreter in _SHELLS or has_suffix(filename) or _BATCH.match(head) is not None


def _interpreter(head: bytes) -> str:
    """The program that a shebang names, without folder and version; empty if there is none."""
    if not head.startswith(b"#!"):
        return ""
    words = head[2:].split(b"\n", 1)[0].decode("latin-1").split()
    if words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return os.path.basename(words[0]).rstrip("0123456789.-") if words else ""
