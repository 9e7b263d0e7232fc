"""Attack the scanner with inputs that nobody would write, and count what it costs.

    python benchmarks/fuzz.py [--inputs N] [--seed N] [--processes N] [--only KIND…] [--keep FOLDER]

Without --inputs it goes on until it is stopped. The kinds: `bytes` (noise), `grammar` (random bash,
nested), `mutations` (of the rules' examples, with each other's lines and with noise), `digits` (odd
numbers where one is wanted), `bombs` (a shape of `shapes.py` as large as a script may be) and
`growth` (one of a random size, or two, one after the other). Each input is parsed, traced, judged,
offered fixes for and reported as text and JSON; of every seventh that is small the fixes are made,
the unsafe ones too. An input that makes anything fail, or needs more processor time or memory than
a script may, is told, and kept in FOLDER. The exit code is 1 if there was one.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import multiprocessing
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random

from shapes import HEAD, SHAPES

from doctor import report
from doctor.config import Config
from doctor.diagnostic import Severity, Source
from doctor.fix.rounds import repaired
from doctor.report.trace import render
from doctor.rulebook import load
from doctor.rulebook.examples import examples
from doctor.scan import Examiner
from doctor.sources import Unexamined, decode

#: What one input may take, in seconds of processor time and MiB of memory.
MOST_SECONDS, MOST_MEBIBYTES = 5.0, 300
#: After so many seconds of processor time an input is given up.
GIVEN_UP = 20
#: Fixes are made of texts up to so many characters, of every so manieth.
FIXED, EVERY = 4_000, 7
#: So many inputs are given to a process before it is replaced by a fresh one.
CHUNK = 250


# --- inputs ---------------------------------------------------------------------------------------

_NOISE = "\0\1\x1b\x7f\r\n\t \"'`$(){}[]<>|&;!#*?~=\\/-+:,.@%^_09azé²①٣\u2028\U0001f600"
_NUMBERS = ("²", "①", "٣", "-²", "9" * 5_000, "0x" + "f" * 5_000, "08", "-0", "1e9", "1_0", "")
_WORDS = (
    "vllm serve m;srun;--port;8000;$x;${x:-a};${x[@]};$(a);`a`;$((x+1));*;{1..4};'a b';\"$@\";"
    '--speculative-config;\'{"method": "mtp"}\';-tp;2>&1;>log;<<<x;/tmp/a;A=1;${x%a};~;sbatch;'
    "eval;bash -c;docker run;timeout 9;ssh n;tmux new -d;export;rm -rf;find /tmp -delete;tee;pkill;"
    "read x;shift;getopts ab x;trap;wait;exit;break;local x=1;printf %s;seq;declare -A x;source"
).split(";")
_FRAMES = [
    frame.replace("_", "{}")
    for frame in (
        "if _; then _; else _; fi|for x in _; do _; done|while _; do _; done|( _ )|{{ _; }}|_ &"
        "|case _ in a) _;; *) _;; esac|f() {{ _; }}|_ && _|$(_)|! _|until _; do _; done|x+=_"
        "|x=(_)|x=_|[[ _ == _ ]]|(( _ ))|_ > _|cat <<E\n_\nE\n|bash -c '_'|eval \"_\"|x[_]=_"
        "|for ((i=_; i<_; i++)); do _; done|${{x/_/_}}|select _"
    ).split("|")
] + ["{} || {}", "{} | {}"]


@cache
def _seeds() -> Sequence[str]:
    """Texts of the rules' examples."""
    found = [each.script for rule in load().rules for each in examples(rule.path)]
    return [text for text in found if isinstance(text, str) and len(text) < FIXED]


def _bytes(random: Random) -> bytes:
    size = random.choice((3, 30, 300, 3_000))
    if random.random() < 0.3:
        return b"vllm\n" + random.randbytes(size)
    return ("vllm\n" + "".join(random.choices(_NOISE, k=size))).encode()


def _grammar(random: Random) -> bytes:
    lines = "\n".join(_statement(random, random.randint(0, 4)) for _ in range(random.randint(1, 8)))
    return f"{HEAD}{lines}\nvllm serve $x\n".encode()


def _statement(random: Random, depth: int) -> str:
    if depth == 0:
        return " ".join(random.choices(_WORDS, k=random.randint(1, 5)))
    frame = random.choice(_FRAMES)
    holes = frame.replace("{{", "").replace("}}", "").count("{}")
    return frame.format(*(_statement(random, depth - 1) for _ in range(holes)))


def _mutation(random: Random) -> bytes:
    text = random.choice(_seeds())
    for _ in range(random.randint(1, 4)):
        at, end = sorted(random.randint(0, len(text)) for _ in range(2))
        other = random.choice(_seeds())
        put = random.choice(
            (
                "",
                random.choice(_NOISE) * random.choice((1, 1, 1, 50)),
                random.choice(_WORDS),
                text[at:end] * 2,
                random.choice(other.splitlines() or [""]),
                other[: random.randint(0, len(other))],
            )
        )
        text = text[:at] + put + text[random.choice((at, at + 1, end)) :]
    return text.encode("utf-8", "surrogatepass")


def _digits(random: Random) -> bytes:
    text, number = random.choice(_seeds()), random.choice(_NUMBERS)
    places = [at for at, sign in enumerate(text) if sign.isdigit()] or [0]
    for at in sorted(random.sample(places, min(len(places), random.randint(1, 3))), reverse=True):
        text = text[:at] + number + text[at + 1 :]
    return text.encode()


def _bomb(random: Random) -> bytes:
    make, size = random.choice(list(SHAPES.values())), 1 << random.randint(6, 18)
    while len(text := make(size)) > (1 << 20) - 1_000:
        size = size * 3 // 4
    return text.encode()


def _growth(random: Random) -> bytes:
    first, second = random.choices(list(SHAPES.values()), k=2)
    size = int(2 ** random.uniform(0, 8))
    text = first(size)
    return (text + second(size) if random.random() < 0.5 else text).encode()


KINDS: Mapping[str, tuple[int, Callable[[Random], bytes]]] = {
    # of so many inputs each kind has this many
    "mutations": (560, _mutation),
    "bytes": (210, _bytes),
    "digits": (120, _digits),
    "grammar": (90, _grammar),
    "growth": (18, _growth),
    "bombs": (2, _bomb),
}


def inputs(seed: int, only: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The inputs of one seed, of which there is no end."""
    random = Random(seed)
    kinds = {name: kind for name, kind in KINDS.items() if not only or name in only}
    while True:
        (name,) = random.choices(list(kinds), [share for share, _ in kinds.values()])
        yield name, kinds[name][1](random)


# --- what is done with them -----------------------------------------------------------------------


@dataclass
class Tally:
    """What came of some inputs; ``faults`` are a kind, what is wrong, and the input."""

    counts: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    largest: int = 0
    faults: list[tuple[str, str, bytes]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count the others too."""
        self.counts += other.counts
        self.slowest = max(self.slowest, other.slowest)
        self.largest = max(self.largest, other.largest)
        self.faults += other.faults


class _GivenUpError(BaseException):
    """An input took far too long."""


def _give_up(*_: object) -> None:
    raise _GivenUpError


def attacked(task: tuple[int, Sequence[str]]) -> Tally:
    """What came of the first inputs of one seed."""
    seed, only = task
    gc.set_threshold(100_000)
    signal.signal(signal.SIGVTALRM, _give_up)
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    examiner, tally = Examiner(Config(), here=None), Tally()
    _ = examiner.rulebook, examiner.settings.tables, _seeds()
    for number, (kind, text) in enumerate(itertools.islice(inputs(seed, only), CHUNK)):
        begun = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, GIVEN_UP)
        try:
            problem = _problem(examiner, text, number % EVERY == 0)
        except _GivenUpError:
            problem = f"given up after {GIVEN_UP} s"
        except Exception as error:
            problem = f"{type(error).__name__}: {error} (outside of what is spared)"
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        took = time.process_time() - begun
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        if problem is None and took > MOST_SECONDS:
            problem = f"{took:.1f} s of processor time"
        if problem is None and memory > MOST_MEBIBYTES >= tally.largest:
            problem = f"{memory} MiB of memory"
        tally.counts[kind] += 1
        tally.slowest, tally.largest = max(tally.slowest, took), max(tally.largest, memory)
        if problem is not None:
            tally.faults.append((kind, problem, text))
    return tally


def _problem(examiner: Examiner, text: bytes, fixes: bool) -> str | None:
    """What goes wrong with an input, if anything does."""
    source = decode(text, "fuzz.sh")
    examiner.texts.clear()
    done = examiner.examination(source)
    texts = {} if isinstance(source, Unexamined) else {source.filename: source}
    shown = report.Report(tuple(done.diagnostics), texts, 1, Severity.INFO, False, 100)
    lines = list(report.render(shown, "text"))
    if any(sign in line for line in lines for sign in "\x1b\0"):
        return "a control character in the report"
    json.loads("\n".join(report.render(shown, "json")))
    if not isinstance(source, Unexamined) and len(text) < FIXED:
        traced = examiner.trace(source)
        for name in ("text", "json"):
            list(render([traced], name, 100, False))
        if fixes and not done.failures:
            _fix(examiner, source)
    for failure in done.failures:
        return f"{failure.where}: {failure.error}\n{failure.traceback}"
    return None


def _fix(examiner: Examiner, source: Source) -> None:
    examined = examiner.examined(source)
    outcome = repaired(
        examined, lambda text: examiner.examined(replace(source, text=text)), unsafe=True
    )
    outcome.text.encode(source.encoding, "surrogateescape")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, help="how many; else until it is stopped")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], choices=KINDS)
    parser.add_argument("--keep", type=Path, help="a folder for the inputs that are told")
    given = parser.parse_args()
    chunks = itertools.count() if given.inputs is None else range(-(-given.inputs // CHUNK))
    tasks = ((given.seed * 1_000_003 + chunk, given.only) for chunk in chunks)
    tally = Tally()
    with multiprocessing.Pool(given.processes, maxtasksperchild=1) as pool:
        try:
            for done in pool.imap_unordered(attacked, tasks):
                tally.add(done)
                _tell(done, given.keep, sum(tally.counts.values()))
        except KeyboardInterrupt:
            pool.terminate()
    print(
        f"{sum(tally.counts.values())} inputs ({dict(tally.counts)}), {len(tally.faults)} told; "
        f"at most {tally.slowest:.2f} s of processor time and {tally.largest} MiB"
    )
    return int(bool(tally.faults))


def _tell(done: Tally, folder: Path | None, count: int) -> None:
    for number, (kind, problem, text) in enumerate(done.faults):
        print(f"{kind}: {problem}\n  {text[:200]!r}{' …' * (len(text) > 200)}", flush=True)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{count}-{number}-{kind}.sh").write_bytes(text)


if __name__ == "__main__":
    sys.exit(main())
