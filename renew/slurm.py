"""Renews the table of Slurm's options from Slurm's sources: ``python -m renew.slurm SOURCES``.

SOURCES are tar archives or folders, one for each release that the table is to tell of: Debian's
source package (``apt-get source --download-only slurm-wlm``), or of a branch what
``git archive slurm-25.11 META src/common/slurm_opt.c`` makes.
"""

from __future__ import annotations

import argparse
import re
import sys
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import fill

from renew import getopt
from renew.errors import RenewError

_TABLE = Path(__file__).resolve().parent.parent / "doctor" / "slurm" / "declared.py"
_PROGRAMS = ("sbatch", "salloc", "srun")
_VERSION, _CODE = "META", "src/common/slurm_opt.c"
#: The code has 230 kB.
_LARGEST = 2_000_000

#: What each program declares in a release.
Release = dict[str, list[getopt.Declared]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Renew the table; 0: done, 2: not done, and the reason was told."""
    about = "Renew the table of Slurm's options from Slurm's sources."
    parser = argparse.ArgumentParser(prog="python -m renew.slurm", description=about)
    parser.add_argument("sources", nargs="+", type=Path, metavar="SOURCES",
                        help="an archive or a folder with the sources of a release")  # fmt: skip
    parser.add_argument("--table", type=Path, default=_TABLE, help="the file of the table")
    options = parser.parse_args(arguments)
    try:
        made = _table(dict(sorted(map(_read, options.sources))))
        old = options.table.read_text(encoding="utf-8") if options.table.exists() else ""
        options.table.write_text(made, encoding="utf-8")
    except (RenewError, OSError) as problem:
        print(f"renew: {problem}", file=sys.stderr)
        return 2
    for entry in sorted(_entries(made) ^ _entries(old)):
        print("+" if entry in _entries(made) else "-", entry)
    print(f"The table {'has changed' if made != old else 'is as it was'}.")
    return 0


def _entries(table: str) -> set[str]:
    return set(table.partition("\nEVERY")[2].split())


def _read(source: Path) -> tuple[str, Release]:
    """The version of a release, and what each program declares there."""
    try:
        files = dict(_of_folder(source) if source.is_dir() else _of_tar(source))
        version = re.search(r"^ *Version:\s*(\d+\.\d+\.\d+)", files[_VERSION], re.MULTILINE)
        code = files[_CODE]
        release = {program: getopt.read(code, program) for program in _PROGRAMS}
    except (tarfile.TarError, OSError, EOFError) as problem:
        raise RenewError(f"{source} cannot be read ({problem})") from None
    except KeyError as missing:
        raise RenewError(f"{source} does not hold Slurm's {missing.args[0]}") from None
    except RenewError as problem:
        raise RenewError(f"{source}: {problem}") from None
    if version is None:
        raise RenewError(f"{source}: {_VERSION} names no version")
    return version[1], release


def _of_folder(folder: Path) -> Iterator[tuple[str, str]]:
    for name in (_VERSION, _CODE):
        with (folder / name).open(encoding="utf-8", errors="replace") as file:
            yield name, file.read(_LARGEST)


def _of_tar(archive: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            for name in {_VERSION, _CODE} & {member.name, member.name.partition("/")[2]}:
                content = tar.extractfile(member)
                if content:
                    yield name, content.read(_LARGEST).decode("utf-8", errors="replace")


def _table(releases: dict[str, Release]) -> str:
    """The table, as Python, of all releases together."""
    read = list(releases.values())
    words = {program: _words([release[program] for release in read]) for program in _PROGRAMS}
    every = set.intersection(*words.values())
    own = "".join(
        f'    "{program}": """\n{_filled(words[program] - every, 8)}\n    """,\n'
        for program in _PROGRAMS
    )
    return f'''"""The options that Slurm's programs declare; ``table`` says how they are written.

Made by `python -m renew.slurm` from the sources of these releases; edit renew/ instead:
{", ".join(releases)}
"""

EVERY = """
{_filled(every)}
"""
OWN = {{
{own}}}
# NAME=OTHER: both are one option.
ALIASES = """
{_filled(set(_aliases(read)))}
"""
# Those that count for one component of a heterogeneous job only.
PER_COMPONENT = """
{_filled(_per_component(read))}
"""
'''


def _filled(words: Iterable[str], indent: int = 4) -> str:
    left = " " * indent
    return fill(" ".join(sorted(words)), 99, initial_indent=left, subsequent_indent=left,
                break_long_words=False, break_on_hyphens=False)  # fmt: skip


def _words(read: list[list[getopt.Declared]]) -> set[str]:
    """An entry for each option of a program; a value that only some releases take is optional."""
    takes: dict[str, set[str]] = {}
    letters: dict[str, str] = {}
    for each in (each for release in read for each in release):
        takes.setdefault(each.name, set()).add(each.takes)
        if len(each.value) == 1:
            letters[each.name] = f"|{each.value}"
    return {
        name + letters.get(name, "") + (min(ways) if len(ways) == 1 else "::")
        for name, ways in takes.items()
    }


def _aliases(releases: list[Release]) -> Iterator[str]:
    """The options that are the same to Slurm as one before them."""
    for declared in (declared for release in releases for declared in release.values()):
        first: dict[str, str] = {}
        for each in declared:
            other = first.setdefault(each.value, each.name)
            if other != each.name:
                yield f"{each.name}={other}"


def _per_component(releases: list[Release]) -> set[str]:
    """The options that each release resets between components."""
    every = [each for release in releases for read in release.values() for each in read]
    return {each.name for each in every} - {each.name for each in every if not each.resets}


if __name__ == "__main__":
    sys.exit(main())
