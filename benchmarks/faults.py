"""Faults to put into scripts, by their text alone.

Nothing here asks the doctor what a script does, so that a place which it can't follow counts as
a miss. A fault goes where the script writes the value: beside the flags in an array or a string,
into a variable's assignment or default, before a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import Any

from doctor.knowledge import Knowledge
from doctor.shell import parse
from doctor.shell.tree import Pipeline, Simple, Statement
from doctor.shell.walk import blocks

LAUNCH = re.compile(r"\bvllm\s+serve\b(?![\"'])|\bvllm\.entrypoints\.openai\.api_server\b")
_TALK = re.compile(
    r"^\s*(?:#|echo\b|printf\b|log\w*\b|p(?:kill|grep)\b)|\bp(?:kill|grep)\s+-|=\"?\$\("
)
_FLAG = re.compile(
    r"(?<![\w-])(?P<quote>[\"']?)--(?:max[-_]model[-_]len|tensor[-_]parallel[-_]size|dtype"
    r"|gpu[-_]memory[-_]utilization|served[-_]model[-_]name|max[-_]num[-_]seqs"
    r"|trust[-_]remote[-_]code)(?P=quote)(?=[\s=\\]|$)",
    re.MULTILINE,
)
#: What the shell says where a variable isn't set: ``${MODEL:?e.g. org/model}``.
_COMPLAINT = re.compile(r"\$\{\w+:?\?[^}]*\}")
#: What `cat` shows to whoever runs the script.
_SHOWN = re.compile(
    r"^[ \t]*cat[ \t]+<<-?[ \t]*[\"']?(\w+)[\"']?[ \t]*(?:>&2[ \t]*)?\n(?:.*\n)*?[ \t]*\1[ \t]*$",
    re.MULTILINE,
)
_MODEL = re.compile(r"(?<![\w/.$}-])[A-Za-z][\w.-]+/[A-Za-z][\w.-]*[\w](?![\w/])")
_VERSION = r"\d+\.\d+(?:\.\d+)?(?:\.post\d+)?"


@dataclass(frozen=True)
class Mutant:
    """A script with a fault, the script without it, and the configuration for both."""

    code: str
    how: str
    path: str
    clean: str
    text: str
    config: Mapping[str, Any] = field(default_factory=dict)


#: What the names of drafters hold.
_DRAFTER = re.compile(r"eagle|dspark|dflash|draft|speculator", re.IGNORECASE)


@dataclass(frozen=True)
class Subject:
    """A real script to put faults into."""

    path: str
    text: str
    knowledge: Knowledge
    random: Random

    @cached_property
    def flag_places(self) -> list[re.Match[str]]:
        """Where flags of vLLM are written, in whatever variable, array or string."""
        return [match for match in _FLAG.finditer(self.text) if self.acts(match.start())]

    @cached_property
    def launches(self) -> list[int]:
        """Where the words that start a server end."""
        return [match.end() for match in LAUNCH.finditer(self.text) if self.acts(match.start())]

    @cached_property
    def models(self) -> list[str]:
        """The models that the script names and that are known; drafters are none of them."""
        found = _MODEL.finditer(self.text)
        named = dict.fromkeys(match[0] for match in found if self.acts(match.start()))
        served = (name for name in named if not _DRAFTER.search(name))
        return [name for name in served if self.knowledge.row("families", name)]

    @cached_property
    def statements(self) -> list[Statement]:
        """The simple commands and pipelines that begin a line, in the order of the text."""
        found: list[Statement] = []
        pending = [parse(self.text).body]
        while pending:
            for statement in pending.pop():
                command = statement.command
                parts = command.commands if isinstance(command, Pipeline) else (command,)
                if all(isinstance(part, Simple) and part.arguments for part in parts):
                    if self._begins_line(statement):
                        found.append(statement)
                else:
                    pending += blocks(command)
        return sorted(found, key=lambda statement: statement.command.span)

    def _begins_line(self, statement: Statement) -> bool:
        start = statement.command.span.start
        line = self.text.rfind("\n", 0, start) + 1
        return not self.text[line:start].strip() and self.text[line - 2 : line] != "\\\n"

    @cached_property
    def unread(self) -> list[tuple[int, int]]:
        """Where comments stand, and what is only told to a person."""
        comments = [tuple(comment.span) for comment in parse(self.text).comments]
        told = (match.span() for kind in (_COMPLAINT, _SHOWN) for match in kind.finditer(self.text))
        return [*comments, *told]

    def line(self, offset: int) -> str:
        end = self.text.find("\n", offset)
        return self.text[self.text.rfind("\n", 0, offset) + 1 : end if end >= 0 else None]

    def acts(self, offset: int) -> bool:
        """Whether this does something: it is no comment, message or pattern of `case`."""
        if any(start <= offset < end for start, end in self.unread):
            return False
        line = self.line(offset)
        return not _TALK.search(line) and not re.match(r"\s*-[-\w|=*]*\)", line)

    def replaced(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]

    def values(self, flag: str) -> list[tuple[int, int]]:
        """Where the values of a flag are written, its own or those of the variable it names."""
        found: list[tuple[int, int]] = []
        pattern = rf"--{re.sub('[-_]', '[-_]', flag)}[\"']?(?:=|\s+(?:\\\n\s*)?)[\"']?([^\s\"'\\]+)"
        for match in re.finditer(pattern, self.text):
            variable = re.fullmatch(r"\$\{?(\w+)\}?", match[1])
            if not self.acts(match.start()):
                continue
            if variable:
                found += self._assigned(variable[1])
            elif "$" not in match[1]:
                found.append(match.span(1))
        return found

    def _assigned(self, name: str) -> Iterator[tuple[int, int]]:
        default = rf"^[^#\n]*\b{name}=[\"']?\$\{{\w+:?[-=]([^\"'$}}\s]+)\}}"
        plain = rf"^[^#\n]*\b{name}=[\"']?([^\"'$\s;)]+)"
        for pattern in (default, plain):
            yield from (match.span(1) for match in re.finditer(pattern, self.text, re.MULTILINE))

    def with_flags(self, flags: str) -> str | None:
        """The script with flags added where it writes its flags, or after the launching words."""
        if not self.launches:
            return None
        places = [place for place in self.flag_places if "}" not in flags or self._is_plain(place)]
        if places and self.random.random() < 0.8:
            place = self.random.choice(places)
            return self.replaced(place.start(), place.start(), f"{flags} ")
        start = self.random.choice(self.launches)
        if self.text[start : start + 1] in "'\"":  # -m "vllm.entrypoints…"
            start += 1
        return self.replaced(start, start, f" {flags}")

    def _is_plain(self, place: re.Match[str]) -> bool:
        """Whether no expansion is open here, which a brace would close: ``${X:+--dtype $X}``."""
        line = self.text.rfind("\n", 0, place.start()) + 1
        return not re.search(r"\$\{[^}]*$", self.text[line : place.start()])

    def with_line(self, new: str) -> str | None:
        """The script with a command before one of its own."""
        if not self.statements:
            return None
        start = self.random.choice(self.statements).command.span.start
        line = self.text.rfind("\n", 0, start) + 1
        indent = self.text[line:start]
        indented = "".join(f"{indent}{row}\n" for row in new.splitlines())
        return self.text[:line] + indented + self.text[line:]


Fault = Callable[[Subject], "Iterator[Mutant]"]


def _mutant(
    subject: Subject, code: str, how: str, text: str | None, clean: str | None = None
) -> Iterator[Mutant]:
    if text is not None:
        yield Mutant(code, how, subject.path, subject.text if clean is None else clean, text)


def glob_delete(subject: Subject) -> Iterator[Mutant]:
    """VD101: a delete that reaches other users' files."""
    owned = re.compile(r"(?<=rm -rf )\"?/tmp/[\w./-]*\$\{?(?:USER|SLURM_JOB_ID)\}?[^\s;&|]*")
    place = owned.search(subject.text)
    if place:
        text = subject.replaced(*place.span(), "/tmp/vllm*")
        yield from _mutant(subject, "VD101", "own name dropped", text)
        return
    how, new = subject.random.choice(
        [
            ("plain", "rm -rf /tmp/torchinductor_*"),
            ("behind a variable", 'STALE=/tmp/torchinductor_\nrm -rf "$STALE"*'),
            ("in a loop", 'for old in /tmp/vllm_* /dev/shm/vllm*; do\n  rm -rf "$old"\ndone'),
            ("find -exec", "find /tmp -maxdepth 1 -name 'torchinductor_*' -exec rm -rf {} +"),
            ("find -delete", "find /dev/shm -name 'nccl-*' -delete || true"),
            ("array", 'STALE=(/tmp/vllm* /tmp/triton_*)\nrm -rf "${STALE[@]}" 2>/dev/null'),
        ]
    )
    yield from _mutant(subject, "VD101", how, subject.with_line(new))


_ASKS_GPUS = re.compile(
    r"^#SBATCH\s.*(?:-G\s*[1-9]|--gpus|gpu[:=](?!0\b)|gres=gpu(?!:0\b))", re.MULTILINE
)
_NAMES_NODES = re.compile(r"^#SBATCH\s.*(?:--nodelist|-w )", re.MULTILINE)


def node_dropped(subject: Subject) -> Iterator[Mutant]:
    """VD201: known bad nodes are not, or no longer, excluded."""
    bad = ["gpu-a01", "gpu-a02", "gpu-b07"]
    header = list(re.finditer(r"^#SBATCH\s.*$", subject.text, re.MULTILINE))
    own = re.search(
        r"^(?:#SBATCH\s.*|[^#\n]*\bsbatch\b.*)(?:--exclude[= ]|-x )[\"']?([\w,\[\]-]+)(.*)$",
        subject.text,
        re.MULTILINE,
    )
    if own:
        text = subject.replaced(*own.span(1), "other-node")
        for mutant in _mutant(subject, "VD201", "own list changed", text):
            yield replace(mutant, config={"bad-nodes": [own[1]]})
    if (
        not header
        or own
        or not _ASKS_GPUS.search(subject.text)
        or _NAMES_NODES.search(subject.text)
    ):
        return
    end = header[-1].end()
    lines = {
        "no exclude": "",
        "one left out": "\n#SBATCH --exclude=gpu-a01,gpu-b07",
        "range too short": "\n#SBATCH -x gpu-a[01-02]",
        "overridden": "\n#SBATCH --exclude=gpu-a[01-02],gpu-b07\n#SBATCH --exclude=old-node",
    }
    how, line = subject.random.choice(list(lines.items()))
    clean = subject.replaced(end, end, "\n#SBATCH --exclude=gpu-a[01-02],gpu-b07")
    for mutant in _mutant(subject, "VD201", how, subject.replaced(end, end, line), clean):
        yield replace(mutant, config={"bad-nodes": bad})


_NO_SHARING = re.compile(
    r"enforce[-_]eager|headless|\bray\b|docker|podman|compile_cache|data[-_]parallel|-O ?0"
    r"|qwen3\.\d"
    rf"|vllm[^\s]*[=:]=?v?(?!0\.(?:9|1[0-6])\.){_VERSION}",
    re.IGNORECASE,
)

_OWN_CACHE = re.compile(
    r"\bexport VLLM_CACHE_ROOT=.*\$\{?\w*(?:RANK|PROCID|LOCALID|TASK_ID|PORT|GPU|\bi\b).*",
    re.IGNORECASE,
)


#: Releases from 0.17.0 on, in which sharing a cache is harmless.
_SAFE = re.compile(r"0\.(?:1[7-9]|[2-9]\d)\.")


def _is_safe_from_sharing(subject: Subject) -> bool:
    """Whether every release that knows a model or a flag of the script locks its cache."""
    rows = [subject.knowledge.row("families", model) for model in subject.models]
    firsts = [str(row.get("first-release")) for row in rows if row]
    written = set(re.findall(r"--[a-z][\w-]+", subject.text.replace("_", "-")))
    firsts += [f.added or "" for f in subject.knowledge.releases.flags() if f.name in written]
    return any(_SAFE.match(first) for first in firsts)


def cache_shared(subject: Subject) -> Iterator[Mutant]:
    """VD301: several servers at once, whose caches are no longer apart."""
    if _NO_SHARING.search(subject.text):
        return
    for match in _OWN_CACHE.finditer(subject.text):
        fixed = 'export VLLM_CACHE_ROOT="$HOME/.cache/vllm-shared"'
        yield from _mutant(subject, "VD301", "de-varied", subject.replaced(*match.span(), fixed))
    if _is_safe_from_sharing(subject):
        return
    starts = [s for s in subject.statements if LAUNCH.search(subject.text, *s.command.span)]
    starts = [s for s in starts if not _TALK.search(subject.line(s.command.span.start))]
    if len(starts) != 1:
        return
    start, end = starts[0].command.span
    command = subject.text[start:end]
    stop = re.compile(r"\s*&(?!&)").match(subject.text, end) if starts[0].background else None
    after = stop.end() if stop else end
    isolated = 'export VLLM_CACHE_ROOT="$HOME/.cache/vllm-$worker"'
    faulty = {"dropped": "true", "de-varied": 'export VLLM_CACHE_ROOT="$HOME/.cache/vllm"'}
    how, export = subject.random.choice(list(faulty.items()))
    clean, text = (
        subject.replaced(
            start, after, f"for worker in 0 1 2 3; do\n{line}\n{command} &\ndone\nwait"
        )
        for line in (isolated, export)
    )
    yield from _mutant(subject, "VD301", how, text, clean)


def memory_raised(subject: Subject) -> Iterator[Mutant]:
    """VD601: nearly all memory beside a drafter."""
    shares = subject.values("gpu-memory-utilization")
    speculates = re.search(r"speculative[-_]config", subject.text)
    raised = replace(subject, text=_all_replaced(subject.text, shares, "0.97"))
    if speculates and shares:
        yield from _mutant(subject, "VD601", "raised", raised.text)
        return
    # JSON would need other quotes in each place where flags are written.
    flags = [
        "--speculative-config.method eagle3 --speculative-config.model /models/drafter",
        "--speculative_config.method mtp --speculative_config.num_speculative_tokens 2",
        "--speculative-config.method=mtp --speculative-config.num_speculative_tokens=1",
    ]
    memory = "" if shares else "--gpu-memory-utilization 0.95 "
    text = raised.with_flags(memory + subject.random.choice(flags))
    yield from _mutant(subject, "VD601", "speculation added", text)


def drafter_swapped(subject: Subject) -> Iterator[Mutant]:
    """VD602: a drafter that was trained for another model."""
    drafters = [
        "nvidia/gpt-oss-120b-Eagle3-v3",
        "RedHatAI/Llama-3.3-70B-Instruct-speculator.eagle3",
    ]
    wrong = [
        drafter
        for drafter in drafters
        if all(subject.knowledge.fits(model, drafter) is False for model in subject.models)
    ]
    if not subject.models or not wrong:
        return
    drafter = subject.random.choice(wrong)
    flags = f"--speculative-config.method eagle3 --speculative-config.model {drafter}"
    yield from _mutant(subject, "VD602", "drafter added", subject.with_flags(flags))


def parser_swapped(subject: Subject) -> Iterator[Mutant]:
    """VD701: the tool parser of another family."""
    rows = [subject.knowledge.row("families", name) for name in subject.models]
    right = [row["right-parsers"] for row in rows if row]
    if not right or not all(isinstance(parsers, frozenset) for parsers in right):
        return
    names = ["hermes", "llama3_json", "mistral", "deepseek_v3", "openai"]
    wrong = [name for name in names if not any(name in parsers for parsers in right)]
    parser = subject.random.choice(wrong)
    places = subject.values("tool-call-parser")
    if places:
        text = _all_replaced(subject.text, places, parser)
        yield from _mutant(subject, "VD701", "swapped", text)
        return
    flags = f"--enable-auto-tool-choice --tool-call-parser {parser}"
    yield from _mutant(subject, "VD701", "added", subject.with_flags(flags))


def auto_choice_removed(subject: Subject) -> Iterator[Mutant]:
    """VD703: a tool parser that nothing switches on."""
    switch = re.compile(r"[\"']?--enable[-_]auto[-_]tool[-_]choice[\"']?(?: \\\n\s*)?")
    if switch.search(subject.text) and subject.values("tool-call-parser"):
        removed = switch.sub("", subject.text)
        yield from _mutant(subject, "VD703", "switch removed", removed)
    elif "tool-call-parser" not in subject.text:
        added = subject.with_flags("--tool-call-parser hermes")
        yield from _mutant(subject, "VD703", "parser added", added)


def version_broken(subject: Subject) -> Iterator[Mutant]:
    """VD711: vLLM 0.12.0."""
    pins = re.compile(
        rf"(?:\bvllm(?:\[[\w,-]+\])?==|vllm[\w/-]*:v?|\bVLLM_VERSION=[\"']?(?:\$\{{\w+:-)?v?)"
        rf"({_VERSION})(?![\w.+-])",
        re.IGNORECASE,
    )
    places = [m.span(1) for m in pins.finditer(subject.text) if subject.acts(m.start())]
    if places:
        text = _all_replaced(subject.text, places, "0.12.0")
        yield from _mutant(subject, "VD711", "pin changed", text)
        return
    if not subject.launches:
        return
    how, new = subject.random.choice(
        [
            ("pip", "pip install -q vllm==0.12.0"),
            ("uv, behind a variable", 'WANTED="0.12.0"\nuv pip install "vllm==${WANTED}"'),
            ("python -m pip", 'python3 -m pip install --user "vllm[flashinfer]==0.12.0" || exit 1'),
            ("array", 'PACKAGES=(torch "vllm==0.12.0")\npip install "${PACKAGES[@]}"'),
        ]
    )
    yield from _mutant(subject, "VD711", how, subject.with_line(new))


def _all_replaced(text: str, places: Sequence[tuple[int, int]], new: str) -> str:
    for start, end in sorted(set(places), reverse=True):
        text = text[:start] + new + text[end:]
    return text


#: Faults of a job, whatever it runs; the others need a script that starts a server.
OF_THE_JOB = frozenset({"VD201"})
FAULTS: Mapping[str, Fault] = {
    "VD101": glob_delete,
    "VD201": node_dropped,
    "VD301": cache_shared,
    "VD601": memory_raised,
    "VD602": drafter_swapped,
    "VD701": parser_swapped,
    "VD703": auto_choice_removed,
    "VD711": version_broken,
}
