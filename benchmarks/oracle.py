"""Judge made-up command lines beside the argument parsers of vLLM's releases, run from sources.

    python benchmarks/oracle.py vllm-0.33.0 vllm-0.24.0 [--lines N] [--seed S]

Each folder holds the unpacked source archive of the release that its name ends in. The lines have
flags of all releases in all spellings, with values that fit and values that don't. What a release
refuses must be told as an error for it, or as a flag that nobody knows, and nothing else. Needs
pydantic and regex, and no scripts.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from scanning import findings

from doctor.config import Config
from doctor.knowledge import load
from doctor.knowledge.releases import Feature

PARSER = Path(__file__).parent.parent / "tests" / "oracle" / "release_parser.py"
#: The rules that say that a release refuses a line.
CODES = frozenset({"VD603", "VD604", "VD713", "VD721", "VD723", "VD724"})
EACH = 40
_SHARED = "a beginning that several flags have"
#: Flags that read files or end the program.
_OTHERWISE = ("--config", "--help", "--version")
#: Where we and a release may differ: a pattern for what it says, or we, and why.
KNOWN = (
    (r"VD724: .*(?:must be|is none of|no mapping)|VD604", "looked at after the arguments"),
    (r"validation errors? for|_optional_type|parse_dataclass", "the types of keys in JSON"),
    (r"converted to <function loads|invalid loads value", "a word for JSON may name a file"),
    (r"Invalid (?:JSON format|fields) for --lora-modules", "a word for JSON may name a file"),
    (r"unrecognized arguments: [^-]", "a word too many, which may be a stand-in"),
    (r"invalid int value: '[a-z]+'|converted to <class 'int'>", "a word in a list of numbers"),
    (r"ambiguous option", _SHARED),
    (r"choose from \)", "parsers, which the release's parser lacks here"),
    (r"--(?:no-)?guided-decoding-disable-\S+", "flags that need a value in 0.11"),
    (r"--(?:mm-processor-device|collect-detailed-traces):", "choices that no table has"),
    (r"unrecognized arguments: --no-disable-log-requests", "it came back without its negation"),
    (r"VD721: .*`--device`", "the beginning of --device-ids, which needs numbers"),
)
_VALUES = {
    "int": ("1", "2", "16", "4096", "0", "-1", "1.5", "8k", "many"),
    "float": ("0.5", "1", "0", "-1", "2.5", "1e-3", "half"),
    "str": ("x", "1"),
    "list": ("a", "a b", "1"),
    "json": ("{}", '{"made_up": 1}', '{"made_up": 1', "{'made_up': 1}", "text"),
}


class Generator:
    """Makes lines: words after `vllm serve`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        flags = (flag for flag in load().releases.flags() if flag.name not in _OTHERWISE)
        self.flags = sorted(flags, key=lambda flag: flag.name)

    def line(self) -> list[str]:
        """A model with one flag or two."""
        words = ["acme/model"]
        for flag in self.random.sample(self.flags, self.random.choice((1, 1, 1, 2))):
            words += self._given(flag)
        return words

    def _given(self, flag: Feature) -> Iterator[str]:
        name, values = self._spelling(flag), self._values(flag)
        if values and name.startswith("--") and self.random.random() < 0.3:
            name, values = f"{name}={values[0]}", values[1:]
        yield from (name, *values)

    def _spelling(self, flag: Feature) -> str:
        name = self.random.choice((flag.name, flag.name, *(each.name for each in flag.aliases)))
        kind = self.random.random()
        if not name.startswith("--"):
            return name
        if kind < 0.1:
            return "--" + name[2:].replace("-", "_")
        if kind < 0.2 and len(name) > 10:
            return name[: -self.random.randint(1, 4)]
        if kind < 0.25 and len(name) > 5:
            at = self.random.randrange(2, len(name))
            return name[:at] + "z" + name[at:]
        if kind < 0.35 and flag.kind == "bool":
            return f"--no-{name[2:]}"
        return name

    def _values(self, flag: Feature) -> list[str]:
        if flag.kind == "bool":
            return self.random.choice(([], [], [], [], ["true"]))
        if self.random.random() < 0.03:
            return []
        choices, keys = list(flag.details.get("choices", ())), list(flag.details.get("keys", ()))
        if choices and self.random.random() < 0.8:
            return [self.random.choice(choices)]
        if keys and self.random.random() < 0.6:
            return [json.dumps({self.random.choice(keys): self.random.choice((1, "x", True))})]
        value = self.random.choice(_VALUES.get(flag.kind or "str", _VALUES["str"]))
        return value.split() if flag.kind == "list" else [value]


def refusals(folder: Path, lines: Sequence[Sequence[str]]) -> list[str | None]:
    """Why the release refuses each line, None where it takes it."""
    done = subprocess.run(
        [sys.executable, PARSER, folder],
        input="".join(f"{json.dumps(line)}\n" for line in lines),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def told(release: str, lines: Sequence[Sequence[str]], folder: Path) -> list[str | None]:
    """What we say of each line that its release refuses, None where that is nothing."""
    files = []
    for start in range(0, len(lines), EACH):
        file = folder / f"{start:06}.sh"
        commands = (shlex.join(["vllm", "serve", *line]) for line in lines[start : start + EACH])
        file.write_text("".join(f"{command}\n" for command in commands))
        files.append(str(file))
    said: list[str | None] = [None] * len(lines)
    for found in findings(files, Config(vllm_version=release)):
        if found.diagnostic.code in CODES and found.alarms:
            at = int(Path(found.path).stem) + found.row - 1
            said[at] = said[at] or f"{found.diagnostic.code}: {found.diagnostic.message}"
    return said


def compare(folder: Path, lines: Sequence[Sequence[str]]) -> int:
    """Print where we and the release differ; gives how many lines that are, without the known."""
    release = folder.name.rpartition("-")[2]
    with tempfile.TemporaryDirectory() as scratch:
        ours = told(release, lines, Path(scratch))
    theirs = refusals(folder, lines)
    differ = [
        (line, refusal, said)
        for line, refusal, said in zip(lines, theirs, ours, strict=True)
        if (refusal is None) != (said is None)
    ]
    refused = sum(refusal is not None for refusal in theirs)
    kinds = Counter(_known(*each) for each in differ)
    unknown = kinds.pop("", 0)
    print(f"vLLM {release}: {len(lines)} lines, {refused} refused, {unknown} judged otherwise")
    for kind, count in kinds.most_common():
        print(f"{count:6} more: {kind}")
    for line, refusal, said in differ:
        if not _known(line, refusal, said):
            print(f"  {shlex.join(line)}: {refusal or 'taken'} | {said or 'nothing'}")
    return unknown


def _known(line: Sequence[str], refusal: str | None, said: str | None) -> str:
    """Why a line is judged otherwise, where that is known."""
    words = refusal or said or ""
    if refusal and any(_is_shared(word) for word in line):
        return _SHARED
    return next((why for pattern, why in KNOWN if re.search(pattern, words)), "")


def _is_shared(word: str) -> bool:
    """Whether a word is the beginning of several flags, and none itself."""
    option = word.partition("=")[0].replace("_", "-")
    begun = [name for name in _names() if option[:2] == "--" and name.startswith(option)]
    return len(begun) > 1 and option not in begun


@cache
def _names() -> tuple[str, ...]:
    return tuple(flag.name for flag in load().releases.flags())


def main() -> int:
    """Compare each release; 1 where any line is judged otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="unpacked source archives")
    parser.add_argument("--lines", type=int, default=2000, help="for each release (default 2000)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    generator = Generator(options.seed)
    lines = [generator.line() for _ in range(options.lines)]
    differ = [compare(folder, lines) for folder in options.folders]
    return int(any(differ))


if __name__ == "__main__":
    sys.exit(main())
