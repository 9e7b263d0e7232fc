"""Endings: servers in the background of a batch script that ends while they run."""

from __future__ import annotations

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.trace.machine.journal import Walk
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.programs.wrappers import unwrap
from doctor.values.value import UNKNOWN, UnknownType

#: Programs that take one of the options that follow for something else than to go on for ever.
_NEVER_FOLLOWS = frozenset("awk cp cut hostname ln ls mv pgrep ps rm wc".split())
_FOLLOWS = frozenset("-f -F --follow -l -lms".split())
_TAIL_FOLLOWS = regex(r"-\w*[fF]|--f")
#: The longest that a script may sleep, once and in all, and still be one that ends at once; before
#: it asks whether the server is there it may sleep as long in one go as in all.
_LONGEST_SLEEP, _LONGEST_REST = 120, 600
#: What a server answers at once, and options with which curl and wget send something.
_SIGN = regex(r"/(?:health|ping|version|metrics|v1/models)/?$")
_GIVES = regex(r"-d|-F|--data|--json|--form|--post|--body|-T|--upload")
_SECONDS = regex(r"(\d+(?:\.\d*)?)([smhd]?)")


class Rest(Record):
    """What of a script may hold it up, for whatever was started before.

    ``last`` is the last moment at which something may that is not known to end at once, ``sleeps``
    are the moments at which it sleeps, and for how many seconds.
    """

    last: float
    sleeps: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, walk: Walk) -> Rest:
        """What a walk shows of it; what a trap starts is at the end of the script."""
        holds: list[float] = [at for at in walk.holds if not _in_readiness(at, walk)]
        sleeps = []
        asked = max((each.order for each in walk.invocations if _is_question(each)), default=0)
        for each in walk.invocations:
            threads = each.context.threads
            at_the_end = bool(threads) and threads[0].number in walk.traps
            if not each.arguments or (threads and not at_the_end):
                continue
            asking = _in_readiness(each.order, walk)
            if asking and each.program == "sleep":
                continue
            at = float("inf") if at_the_end else each.order
            if seconds := _sleeps(each):
                sleeps.append((at, seconds))
            asks = is_a(each.program, Trait.ASKS) and (
                at_the_end or asking or _asks_for_a_sign(each)
            )
            before_asking = each.order < asked and 0 < seconds <= _LONGEST_REST
            if not asks and not before_asking and not _is_quick(each):
                holds.append(at)
        return cls(max(holds, default=0), tuple(sleeps))

    def holds_up(self, server: Invocation) -> bool:
        """Whether anything after the start of a server may hold the script up."""
        seconds = sum(seconds for at, seconds in self.sleeps if at > server.order)
        return self.last > server.order or seconds > _LONGEST_REST


def ends_with_job(
    server: Invocation, walk: Walk, rest: Rest, in_batch_script: bool
) -> bool | UnknownType:
    """Whether the batch script ends while the server runs; UNKNOWN where something may wait."""
    context = server.context
    if not in_batch_script or context.batch_job is not None or not context.threads:
        return False
    outside = context.remote or any(wrapper.detached for wrapper in context.wrappers)
    if context.container is not None and is_a(context.container.engine, Trait.DAEMON):
        outside = True
    if not walk.complete or context.uncalled or outside or rest.holds_up(server):
        return UNKNOWN
    return True


def _in_readiness(at: int, walk: Walk) -> bool:
    return any(at in stretch for stretch in walk.readiness)


def _is_question(invocation: Invocation) -> bool:
    """Whether the script asks a server whether it is there, perhaps in a pipeline."""
    asks = bool(invocation.arguments) and is_a(invocation.program, Trait.ASKS)
    return asks and _asks_for_a_sign(invocation)


def _asks_for_a_sign(invocation: Invocation) -> bool:
    """Whether a program only asks a server whether it is there, and gives it no work."""
    words = [word.display for word in invocation.arguments[1:]]
    return any(_SIGN.search(word) for word in words) and not any(map(_GIVES.match, words))


def _is_quick(invocation: Invocation) -> bool:
    """Whether a program ends at once, or starts another one that is looked at on its own."""
    name, words = invocation.program, invocation.arguments
    if name == "sleep":
        return _sleeps(invocation) <= _LONGEST_SLEEP
    if any(word.text in _FOLLOWS for word in words[1:]):
        return name in _NEVER_FOLLOWS
    if name == "tail":  # `-5f`, `-fn10`, `--follow=name`
        return not any(_TAIL_FOLLOWS.match(word.display) for word in words[1:])
    if is_a(name, Trait.QUICK):
        return True
    if is_a(name, Trait.SHELL):
        return len(words) > 2 and words[1].text in ("-c", "-lc") and words[2].text is not None
    unwrapped = unwrap(words) if name not in ("srun", "ssh", "watch") else None
    return unwrapped is not None and bool(unwrapped.inner)


def _sleeps(invocation: Invocation) -> float:
    """For how many seconds a program sleeps; for ever where that isn't known."""
    total = 0.0
    for word in invocation.arguments[1:] if invocation.program == "sleep" else ():
        match = _SECONDS.fullmatch(word.text or "")
        if match is None:
            return float("inf")
        total += float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
    return total
