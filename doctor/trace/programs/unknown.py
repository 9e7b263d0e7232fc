"""Unknown programs: the command that one is given to run, as far as its words show it.

``retry 3 vllm serve …``, ``with-secrets run -- srun …``, ``torchrun -m vllm.entrypoints…``: where
the words of a known command follow those of a program that nobody knows, they are run. Programs
that take them as text have records of their own (``coreutils``), or names that say so.
"""

from __future__ import annotations

from collections.abc import Sequence

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.trace.programs import wrappers
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a, is_known
from doctor.values.value import Value, known
from doctor.vllm.program import recognise

#: How many words of its own an unknown program may have before the command.
_MOST_WORDS = 12
_PYTHON = regex(r"python(?:\d(?:\.\d+)?)?")
#: Names of what only speaks of a command, looks for it or ends it.
_SPEAKS = regex(
    r"(?:^|[^a-z0-9])(?:log|logging|info|warn|warning|err|error|die|fail|say|msg|message|notice|"
    r"note|notify|debug|banner|headline|header|section|title|usage|help|need|needs|require|"
    r"requires|required|check|have|has|exists?|ensure|assert|expect|find|search|locate|stop|kill|"
    r"install|uninstall|show|describe|explain|comment|status|mail|abort|skip|dry)(?:$|[^a-z0-9])"
    r"|echo|print",
)
#: Options that only vLLM's server has, or hardly anything else.
_OF_A_SERVER = frozenset(
    "--model --tensor-parallel-size -tp --served-model-name --gpu-memory-utilization "
    "--max-model-len --tool-call-parser".split()
)
_NO_SERVER = regex(r"bench|eval|client|test|offline|download|convert|quantiz|generate|batch")


class Within(Record):
    """What an unknown program is taken to run, and the words that are assumed of it."""

    arguments: tuple[Value, ...]
    words: str


def command_within(words: Sequence[Value], image: Value | None = None) -> Within | None:
    """The command that an unknown program runs, in a container of this image if it is in one."""
    if len(words) < 2 or recognise(words) is not None:
        return None
    shown = words[0].display
    name = shown.rpartition("/")[2]
    if name in ("", "vllm") or is_known(name) or _SPEAKS.search(name.lower()):
        return None
    front = _front_end(words)
    if front is not None:
        return Within(front, f"{shown} stands for vllm")
    if image is not None and _serves_in(image, words):
        return Within(_server(words), f"{shown} starts the server of its image")
    only_after_dashes = _PYTHON.fullmatch(name) is not None
    for at in range(1, min(len(words), _MOST_WORDS)):
        if only_after_dashes and words[at - 1].text != "--" and words[at].text != "-m":
            continue
        found = _command(words, at)
        if found is not None:
            return Within(found, f"{shown} runs what follows it")
    return None


def _command(words: Sequence[Value], at: int) -> tuple[Value, ...] | None:
    """The known command that begins at a word; one that may be an option's value is none."""
    rest = tuple(words[at:])
    if rest[0].text in ("-m", "--module"):
        module = (known("python", rest[0].origin), known("-m"), *rest[1:])
        return module if recognise(module) is not None else None
    name = (rest[0].text or "").rpartition("/")[2]
    if not name:
        return None
    if recognise(rest) is not None:
        return rest if len(rest) > 2 else None
    before = words[at - 1].display
    if (at > 1 and before.startswith("-") and before != "--") or len(rest) < 2:
        return None
    runs = is_a(name, Trait.SHELL) or _PYTHON.fullmatch(name) or wrappers.is_wrapper(name)
    return rest if runs else None


def _front_end(words: Sequence[Value]) -> tuple[Value, ...] | None:
    """``./serve_vllm.py serve MODEL``, perhaps by ``python`` or ``-m``, as vLLM's own command."""
    name = words[0].display.rpartition("/")[2]
    script = words[1:] if _PYTHON.fullmatch(name) else words
    if script is not words and script[0].text == "-m":
        script = script[1:]
    if len(script) < 3 or script[1].text != "serve" or script[2].prefix == "-":
        return None
    name = script[0].shadow.rpartition("/")[2].lower()
    if "vllm" not in name or _NO_SERVER.search(name):
        return None
    return (known("vllm", script[0].origin), *script[1:])


def _serves_in(image: Value, words: Sequence[Value]) -> bool:
    """Whether a script in an image of vLLM's is given what only its server takes.

    Where `vllm` is one of the words, they say themselves what is run.
    """
    name = words[0].display.rpartition("/")[2].lower()
    if "vllm" not in image.display.rpartition("/")[2].lower() or _PYTHON.fullmatch(name):
        return False
    if "=" in name or any(word.display.rpartition("/")[2] == "vllm" for word in words[1:]):
        return False
    given = {word.prefix.partition("=")[0] for word in words[1:]}
    return not _NO_SERVER.search(name) and bool(given & _OF_A_SERVER)


def _server(words: Sequence[Value]) -> tuple[Value, ...]:
    origin = words[0].origin
    rest = words[2:] if words[1].text == "serve" else words[1:]
    return (known("vllm", origin), known("serve", origin), *rest)
