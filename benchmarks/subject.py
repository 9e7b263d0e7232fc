"""A real script, and where a fault can be put into it, by its text alone.

Nothing here asks the doctor what a script does, so that a place which it can't follow counts as
a miss. A fault goes where the script writes the value: beside the flags in an array or a string,
into a variable's assignment or default, before a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any

from doctor.knowledge import Knowledge
from doctor.shell import parse
from doctor.shell.tree import Pipeline, Simple, Statement
from doctor.shell.walk import blocks, commands

LAUNCH = re.compile(r"\bvllm\s+serve\b(?![\"'])|\bvllm\.entrypoints\.openai\.api_server\b")
TALK = re.compile(
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
VERSION = r"\d+\.\d+(?:\.\d+)?(?:\.post\d+)?"


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
#: Lines that name a model for its tokenizer, or for its configuration, alone.
_NOT_SERVED = re.compile(r"tokenizer|hf[-_]config", re.IGNORECASE)
#: Commands that only declare, and those whose image may start the server.
_DECLARES = frozenset("declare export local readonly set typeset".split())
_ENGINES = frozenset("apptainer docker exec podman singularity srun sudo".split())
#: Calls that start no server though they name one.
_STARTS_NONE = re.compile(r"\s(?:--help|--version|-h)\b|\bvllm\s+bench\b")
#: A command that is the server and nothing else.
_PLAIN_START = re.compile(
    r"(?:\w+=\S*\s+)*(?:nohup\s+)?(?:\S*/)?"
    r"(?:vllm\s+serve\b|python3?\s+(?:-u\s+)?-m\s+vllm\.entrypoints\.openai\.api_server\b)"
)


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
        found = (match for match in _FLAG.finditer(self.text) if self.acts(match.start()))
        return [match for match in found if self._may_serve(match.start())]

    @cached_property
    def launches(self) -> list[int]:
        """Where the words that start a server end."""
        found = (match for match in LAUNCH.finditer(self.text) if self.acts(match.start()))
        return [match.end() for match in found if self._may_serve(match.start())]

    @cached_property
    def starts(self) -> list[Statement]:
        """The commands that are a server and nothing else."""
        return [
            each
            for each in self.statements
            if isinstance(each.command, Simple)
            and _PLAIN_START.match(self.text, each.command.span.start)
            and not _STARTS_NONE.search(self.text, *each.command.span)
        ]

    def _may_serve(self, offset: int) -> bool:
        """Whether the command that a place is in may start a server, as one of its own may not."""
        around = [each for each in self._simple if each.span.start <= offset < each.span.end]
        if not around or not around[-1].words:
            return True
        command = around[-1]
        text, first = self.text[slice(*command.span)], command.words[0].literal
        if _STARTS_NONE.search(text) or (first or "").startswith("-"):
            return False
        known = first is not None and first not in _DECLARES
        return (
            not known or LAUNCH.search(text) is not None or (first in _ENGINES and "vllm" in text)
        )

    @cached_property
    def _simple(self) -> list[Simple]:
        """The simple commands, those within others after them."""
        found = [each for each in commands(parse(self.text).body) if isinstance(each, Simple)]
        return sorted(found, key=lambda each: (each.span.start, -each.span.end))

    @cached_property
    def models(self) -> list[str]:
        """The models that the script names and that are known; drafters are none of them."""
        found = _MODEL.finditer(self.text)
        acting = (match for match in found if self.acts(match.start()))
        named = dict.fromkeys(
            match[0] for match in acting if not _NOT_SERVED.search(self.line(match.start()))
        )
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
        return not TALK.search(line) and not re.match(r"\s*-[-\w|=*]*\)", line)

    def replaced(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]

    def values(self, flag: str) -> list[tuple[int, int]]:
        """Where the values of a flag are written, its own or those of the variable it names."""
        found: list[tuple[int, int]] = []
        pattern = rf"--{re.sub('[-_]', '[-_]', flag)}[\"']?(?:=|\s+(?:\\\n\s*)?)[\"']?([^\s\"'\\]+)"
        for match in re.finditer(pattern, self.text):
            variable = re.fullmatch(r"\$\{?(\w+)\}?", match[1])
            default = re.fullmatch(r"\$\{\w+:?[-=]([^$}]+)\}", match[1])
            if not self.acts(match.start()):
                continue
            if default:
                found.append((match.start(1) + default.start(1), match.start(1) + default.end(1)))
            elif variable:
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
            start = place.start()
            if place["quote"] and self.text[start - 1] == "=":  # the quotes of all that is assigned
                start += 1
            return self.replaced(start, start, f"{flags} ")
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


def mutant(
    subject: Subject, code: str, how: str, text: str | None, clean: str | None = None
) -> Iterator[Mutant]:
    """The mutant with this text, none without one."""
    if text is not None:
        yield Mutant(code, how, subject.path, subject.text if clean is None else clean, text)
