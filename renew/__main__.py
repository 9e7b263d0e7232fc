"""The command: ``python -m renew``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from doctor.base.errors import DoctorError
from renew import changes, decisions, facts, index, pages, tables
from renew.errors import RenewError

_ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Renew the tables; 0: done, 2: not done, and the reason was told."""
    options = _options(arguments)
    try:
        read = _read(options.cache, options.offline)
        decided = decisions.load(options.decisions)
        made, told = tables.make(read, decided)
        summary = changes.describe(options.tables, made)
        written = tables.write(made, options.tables)
        told += pages.differences(options.tables.parent, decided)
    except (RenewError, DoctorError, OSError) as problem:
        print(f"renew: {problem}", file=sys.stderr)
        return 2
    doubts = [f"could not be read: {line}" for line in _unread(read)]
    doubts += [f"differs: {line}" for line in told]
    for line in doubts:
        print(line, file=sys.stderr)
    if options.changes:
        text = summary + "".join(f"- [ ] {line}\n" for line in doubts)
        options.changes.write_text(text, encoding="utf-8")
    print(summary, end="")
    print(f"{len(read)} releases read, {len(written)} of {len(made)} tables changed")
    return 0


def _unread(read: Mapping[str, facts.Facts]) -> Iterator[str]:
    """What couldn't be read, each once, with the releases concerned."""
    where: dict[str, list[str]] = {}
    for release, each in read.items():
        for line in each["unread"]:
            where.setdefault(line, []).append(release)
    for line, releases in where.items():
        last = f" to {releases[-1]}, {len(releases)} releases" if len(releases) > 1 else ""
        yield f"{line} ({releases[0]}{last})"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m renew", description=__doc__)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--cache", type=Path, default=home / "vllm-doctor-renew",
                        help="where archives and what was read of them are kept")  # fmt: skip
    parser.add_argument("--tables", type=Path, default=_ROOT / "kb" / "vllm",
                        help="the folder of the tables")  # fmt: skip
    parser.add_argument("--decisions", type=Path, default=decisions.FILE,
                        help="what a person decided")  # fmt: skip
    parser.add_argument("--changes", type=Path, help="a file for the text that says what changed")
    parser.add_argument("--offline", action="store_true",
                        help="take the releases whose archives are in the cache")  # fmt: skip
    return parser.parse_args(arguments)


def _read(cache: Path, offline: bool) -> dict[str, facts.Facts]:
    """What each release has, the oldest first."""
    names = index.kept(cache) if offline else index.releases()
    if not names:
        raise RenewError(f"{cache} holds no archive of vLLM")
    found: dict[str, facts.Facts] = {}
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("releases", total=len(names))
        for name in names:
            progress.update(bar, description=f"vLLM {name}")
            archive = index.archive(name, cache)
            read = facts.kept(name, archive, cache)
            if read is None:
                archive = archive or index.fetch(name, cache)
                read = facts.of_archive(archive)
                facts.keep(name, archive, cache, read)
            found[name] = read
            progress.advance(bar)
    return found


if __name__ == "__main__":
    sys.exit(main())
