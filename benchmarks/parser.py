"""Measure the parser on real scripts, with shfmt and bash as judges.

    python benchmarks/parser.py FOLDER [--sample N] [--show N]

Reads every shell script below FOLDER: how many crash it, how many have a statement that it
can't read, and in how many of those that shfmt accepts all simple commands have the same
words at the same places. Then it doubles a script up to 1 MB and counts steps.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from doctor.shell import parse
from doctor.shell.tree import Script, Simple
from doctor.shell.walk import commands

SUFFIXES = {".sh", ".bash", ".sbatch", ".slurm", ".job"}
# Installed beside the interpreter (package shfmt-py), or anywhere.
SHFMT = shutil.which("shfmt", path=Path(sys.executable).parent) or shutil.which("shfmt")
MAX_BYTES = 1 << 20
DECLARATIONS = ("declare", "export", "local", "readonly", "typeset", "nameref")

Spans = tuple[tuple[int, int], ...]


@dataclass
class Row:
    """What came of one script."""

    path: Path
    seconds: float = 0.0
    crash: str = ""
    unparsed: str = ""
    valid: bool = False
    shfmt_seconds: float = 0.0
    accepted: bool = False
    difference: str = ""


def scripts(folder: Path) -> Iterator[Path]:
    """Shell scripts, by suffix or by their first line."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_size <= MAX_BYTES:
            if path.suffix in SUFFIXES:
                yield path
            elif not path.suffix:
                with path.open("rb") as file:
                    first = file.readline(100)
                if first.startswith(b"#!") and b"sh" in first and b"zsh" not in first:
                    yield path


def our_commands(script: Script) -> list[Spans]:
    """The word spans of every simple command with words."""
    found = list[Spans]()
    for command in commands(script.body):
        if isinstance(command, Simple) and command.arguments:
            spans = tuple((word.span.start, word.span.end) for word in command.arguments)
            is_let = script.text[spans[0][0] : spans[0][1]] == "let"
            found.append(spans[:1] if is_let else spans)  # shfmt cuts let into expressions
    return sorted(found)


def shfmt_commands(tree: Any, text: str, offsets: list[int] | None) -> list[Spans]:
    """The same from shfmt's tree; ``offsets`` turns its bytes into characters."""
    found = list[Spans]()
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        elif isinstance(node, dict):
            pending += [value for value in node.values() if isinstance(value, dict | list)]
            words = _words(node)
            if words:
                found.append(tuple(_span(text, word, offsets) for word in words))
    return sorted(found)


def _span(text: str, word: tuple[int, int], offsets: list[int] | None) -> tuple[int, int]:
    start, end = (offsets[word[0]], offsets[word[1]]) if offsets else word
    while text.startswith("\\\n", end - 2):  # shfmt counts a joined line to the word before it
        end -= 2
    return start, end


def _words(node: dict[str, Any]) -> list[tuple[int, int]]:
    kind = node.get("Type")
    if kind == "LetClause":
        start = node["Pos"]["Offset"]
        return [(start, start + len("let"))]
    words = node.get("Args", []) if kind in ("CallExpr", "DeclClause") else []
    words = [node["Variant"], *words] if kind == "DeclClause" else words
    return [(word["Pos"]["Offset"], word["End"]["Offset"]) for word in words]


def examine(path: Path) -> Row:
    """Parse one script, and have shfmt and bash read it too."""
    row = Row(path)
    data = path.read_bytes()
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
        data = text.encode()
    start = time.perf_counter()
    try:
        script = parse(text)
    except Exception as error:  # a crash is a result here
        row.crash = repr(error)
        return row
    row.seconds = time.perf_counter() - start
    if script.unparsed:
        place = script.unparsed[0].span.start
        line = text.count("\n", 0, place) + 1
        row.unparsed = f"line {line}: {script.unparsed[0].reason}"
    row.valid = _run(["bash", "-n"], data).returncode == 0
    start = time.perf_counter()
    # shfmt counts a carriage return at a line's end to the word before it.
    text, data = text.replace("\r\n", "\n"), data.replace(b"\r\n", b"\n")
    shfmt = run_shfmt(data)
    row.shfmt_seconds = time.perf_counter() - start
    row.accepted = shfmt.returncode == 0
    if row.accepted:
        theirs = shfmt_commands(json.loads(shfmt.stdout), text, character_offsets(text, data))
        row.difference = _difference(text, our_commands(parse(text)), theirs)
    return row


def run_shfmt(data: bytes) -> subprocess.CompletedProcess[bytes]:
    """shfmt's tree of a script, as JSON."""
    return _run([SHFMT or "shfmt", "-ln", "bash", "--to-json"], data)


def _run(command: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, input=data, capture_output=True, check=False)


def character_offsets(text: str, data: bytes) -> list[int] | None:
    """The offset of a character for each byte, or None if they are the same."""
    if len(text) == len(data):
        return None
    offsets = list[int]()
    for index, character in enumerate(text):
        offsets += [index] * len(character.encode())
    return [*offsets, len(text)]


def _difference(text: str, ours: list[Spans], theirs: list[Spans]) -> str:
    for our, their in zip_longest(ours, theirs, fillvalue=()):
        for a, b in zip_longest(our, their):
            if a != b:
                line = text.count("\n", 0, (a or b or (0, 0))[0]) + 1
                return f"line {line}: {a and text[slice(*a)]!r}, shfmt {b and text[slice(*b)]!r}"
    return ""


def steps(text: str) -> int:
    """Function calls that parsing a text takes."""
    count = 0

    def called(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(called)
    try:
        parse(text)
    finally:
        sys.setprofile(None)
    return count


def share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / max(whole, 1):.2f} %)"


def report(rows: list[Row], show: int) -> None:
    """Print the figures and the files behind them."""
    valid = [row for row in rows if row.valid]
    accepted = [row for row in rows if row.accepted]
    different = [row for row in accepted if row.difference]
    print(f"scripts                       {len(rows)}")
    print(f"crashes                       {sum(bool(row.crash) for row in rows)}")
    print(f"unparsed, all                 {share(sum(bool(r.unparsed) for r in rows), len(rows))}")
    print(
        f"unparsed, valid by bash -n    {share(sum(bool(r.unparsed) for r in valid), len(valid))}"
    )
    same = len(accepted) - len(different)
    print(f"same commands as shfmt        {share(same, len(accepted))}")
    both = [row for row in accepted if row.valid]
    same = sum(not row.difference for row in both)
    print(f"same, valid by bash -n too    {share(same, len(both))}")
    print(f"seconds                       {sum(row.seconds for row in rows):.1f}")
    print(f"seconds of shfmt              {sum(row.shfmt_seconds for row in rows):.1f}")
    print(f"slowest                       {max((row.seconds for row in rows), default=0):.2f}")
    listed = {
        "crash": [(row.path, row.crash) for row in rows if row.crash],
        "unparsed though valid": [(row.path, row.unparsed) for row in valid if row.unparsed],
        "differs from shfmt": [(row.path, row.difference) for row in different],
    }
    for title, entries in listed.items():
        for path, text in entries[:show]:
            print(f"{title}: {path}: {text}")


def doubling(rows: list[Row]) -> None:
    """Steps for a real script, repeated twice as often each time, up to 1 MB."""
    typical = sorted(rows, key=lambda row: row.path.stat().st_size)[len(rows) // 2]
    text = typical.path.read_text(errors="replace") + "\n"
    before = 0
    while len(text) <= MAX_BYTES:
        now = steps(text)
        factor = f"{now / before:.3f}" if before else ""
        print(f"{len(text):>9} characters {now:>10} steps {factor}")
        before, text = now, text * 2


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--sample", type=int, help="so many scripts, drawn at random")
    arguments.add_argument("--show", type=int, default=20, help="files to list of each kind")
    options = arguments.parse_args()
    paths = list(scripts(options.folder))
    if options.sample and options.sample < len(paths):
        paths = random.Random(0).sample(paths, options.sample)
    parse("a | b")  # bashlex is imported now, not within a measurement
    with ProcessPoolExecutor() as pool:
        rows = list(pool.map(examine, paths, chunksize=16))
    report(rows, options.show)
    doubling([row for row in rows if not row.crash])


if __name__ == "__main__":
    main()
