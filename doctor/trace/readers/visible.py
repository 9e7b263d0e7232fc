"""Visible GPUs: those that a list names for a server, in a variable, a flag, or for a container."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.trace.domain.state import Content
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.readers.servers import Started
from doctor.values.value import Value

CUDA = "CUDA_VISIBLE_DEVICES"
VISIBLE = (CUDA, "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
_NUMBER = regex(r"[0-9]+")
_ZEROS = regex(r"\A0+(?=[0-9])")
_UUID = regex(r"(?:GPU|MIG)-[\w-]+")


class Listed(Record):
    """A list of GPUs: what holds it, in words, where it is written, and its entries in order.

    There are no entries where they can't be known, or where one is no GPU.
    """

    words: str
    value: Value
    entries: tuple[Value, ...] = ()

    @property
    def gpus(self) -> tuple[str, ...]:
        """The entries as text, numbers without zeros before them."""
        texts = [(entry.text or "").strip() for entry in self.entries]
        return tuple(_ZEROS.sub("", text) for text in texts)

    @property
    def uuid(self) -> Value | None:
        """The first entry that is no number."""
        return next((each for each in self.entries if _UUID.match(each.display.strip())), None)


def listed(started: Started) -> Iterator[Listed]:
    """The lists that name GPUs for a server: its flag, the variables, and a container's."""
    flag = started.server.arguments.last("--device-ids")
    if flag is not None and flag.value is not None:
        yield _read("`--device-ids`", flag.value)
    yield from in_variables(started.pick)
    for wrapper in started.invocation.context.wrappers:
        if is_a(wrapper.words[0], Trait.DAEMON):
            for value in wrapper.values("--gpus")[-1:]:
                if value.display.strip("\"'").startswith("device="):
                    start, end = value.display.index("=") + 1, len(value.display.rstrip("\"'"))
                    yield _read("the container", value.slice(start, end))


def in_variables(pick: Callable[[str], Content | None]) -> Iterator[Listed]:
    """The lists in the variables by which the vendors' libraries choose GPUs.

    ``pick`` tells what a variable holds, None where the script doesn't set it.
    """
    for name in VISIBLE:
        content = pick(name)
        if isinstance(content, Value):
            yield _read(f"`{name}`", content)


def _read(words: str, value: Value) -> Listed:
    entries = value.split(",")
    known = all(_is_gpu((entry.text or "").strip()) for entry in entries)
    return Listed(words, value, tuple(entries) if known else ())


def _is_gpu(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text) or _UUID.fullmatch(text))
