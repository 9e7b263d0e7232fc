"""Programs that start another one in a process like their own: with a limit, a priority, a log."""

from __future__ import annotations

import re
from dataclasses import replace

from doctor.base.regex import regex
from doctor.trace.programs.invocation import Context, Start
from doctor.trace.programs.options import Unwrapped, Wrapper, names
from doctor.trace.programs.program import Place, Program, Trait
from doctor.values.value import PROCESS, Unknown, Value, Vary, derived

#: Where GNU parallel puts an argument in: ``{}``, ``{1}``, ``{%}``, ``{/.}``.
_PUT_IN = regex(r"\{[0-9#%]*/{0,2}\.?\}")
#: What stands for arguments that come from a program's input.
_FURTHER = "…"
_BECOMES = frozenset({Trait.BECOMES})


def _env(unwrapped: Unwrapped, start: Start) -> Start:
    environment = {} if unwrapped.given("-i", "--ignore-environment") else dict(start.environment)
    for value in unwrapped.values("-u", "--unset"):
        environment.pop(value.display, None)
    arguments = list(start.arguments)
    while arguments:
        name, equals, _ = arguments[0].display.partition("=")
        if not equals or not name.isidentifier():
            break
        environment[name] = (arguments.pop(0).slice(len(name) + 1),)
    folders = unwrapped.values("-C", "--chdir")
    directory = folders[-1] if folders else start.directory
    return replace(start, arguments=tuple(arguments), environment=environment, directory=directory)


def _command(unwrapped: Unwrapped, start: Start) -> Start:
    """With ``-v`` it only tells where a program is."""
    return replace(start, arguments=()) if unwrapped.given("-v", "-V") else start


def _parallel(unwrapped: Unwrapped, start: Start) -> Start:
    """The words up to ``:::`` are a line; what stands after it, or in its input, is put in."""
    words = start.arguments
    ends = [at for at, word in enumerate(words) if (word.text or "").startswith(":::")]
    line = words[: ends[0]] if ends else words
    given = words[ends[0] + 1 :] if len(ends) == 1 else ()
    if [count.text for count in unwrapped.values("-j", "--jobs")][-1:] != ["1"]:
        start = _at_once(start)
    if len(given) == 1 and given[0].many:  # a pattern stands for each name that matches it
        filled = tuple(given[0] if word.text == "{}" else _filled(word) for word in line)
        return replace(start, arguments=filled if filled != line else (*line, given[0]))
    filled = tuple(_filled(word) for word in line)
    return replace(start, arguments=filled if filled != line else (*line, _further(start)))


def _filled(word: Value) -> Value:
    """A word with what ``parallel`` puts in as an unknown that each of its jobs has of its own."""
    return _put_in(word, _PUT_IN, frozenset({PROCESS}))


def _put_in(word: Value, marks: re.Pattern[str], varies: frozenset[Vary], name: str = "") -> Value:
    """A word with an unknown of this name, or the mark's, in place of each mark."""
    filled, at = Value(assumes=word.assumes), 0
    for place in marks.finditer(word.shadow):
        given = Unknown(name or place[0], varies, origin=word.origin)
        filled = filled + word.slice(at, place.start()) + Value((given,))
        at = place.end()
    return filled + word.slice(at)


def _xargs(unwrapped: Unwrapped, start: Start) -> Start:
    """Further arguments, which come from its input; with ``-I`` each word has them put in."""
    if [n.text for n in unwrapped.values("-P", "--max-procs")][-1:] not in ([], ["1"]):
        start = _at_once(start)
    marks = [mark.text or "{}" for mark in unwrapped.values("-I", "--replace")]
    marks += ["{}"] if unwrapped.given("-i", "--replace") else []
    if not marks:
        return replace(start, arguments=(*start.arguments, _further(start)))
    mark = re.compile(re.escape(marks[0]))
    words = (_put_in(word, mark, _varies(start), _FURTHER) for word in start.arguments)
    return replace(start, arguments=tuple(words))


def _at_once(start: Start) -> Start:
    """Several of them run at the same time."""
    return replace(start, context=replace(start.context, copies=start.context.copies | {PROCESS}))


def _further(start: Start) -> Value:
    """Arguments that nobody knows, other ones for each process that runs at the same time."""
    more = derived(_FURTHER, *start.arguments, many=True)
    return Value((replace(more, varies=more.varies | _varies(start)),))


def _varies(start: Start) -> frozenset[Vary]:
    return frozenset({PROCESS}) if PROCESS in start.context.copies else frozenset()


def _timeout_place(unwrapped: Unwrapped, context: Context) -> Place:
    limit = " ".join(value.display for value in unwrapped.operands)
    return Place("limit", f"for {limit} at most (timeout)")


def _mpi_place(unwrapped: Unwrapped, context: Context) -> Place:
    count = [value.display for value in unwrapped.values("-n", "-np", "--np")]
    words = f"by {unwrapped.words[0]}" + (f", {count[-1]} processes" if count else "")
    return Place("processes", words)


PROGRAMS = (
    Program(
        ("timeout",),
        wraps=Wrapper("ks", names("kill-after signal"), operands=1),
        places=_timeout_place,
    ),
    Program(("nohup",), wraps=Wrapper(), is_a=_BECOMES),
    Program(("time",), wraps=Wrapper("fo", names("format output"))),
    Program(
        ("env",),
        wraps=Wrapper("uCS", names("unset chdir split-string")),
        enters=_env,
        is_a=_BECOMES,
        passes="`env NAME=…`",
    ),
    Program(("setsid",), wraps=Wrapper()),
    Program(("nice",), wraps=Wrapper("n", names("adjustment")), is_a=_BECOMES),
    Program(("ionice",), wraps=Wrapper("cnpPu", names("class classdata")), is_a=_BECOMES),
    Program(("chrt",), wraps=Wrapper("TPD", operands=1)),
    Program(("taskset",), wraps=Wrapper("p", operands=1)),
    Program(
        ("numactl",),
        wraps=Wrapper(
            "iCNmpP",
            names("interleave cpunodebind physcpubind membind preferred preferred-many"),
        ),
        is_a=_BECOMES,
    ),
    Program(("exec",), is_a=_BECOMES),
    Program(("stdbuf",), wraps=Wrapper("ioe", names("input output error"))),
    Program(("unbuffer", "catchsegv"), wraps=Wrapper()),
    Program(("command",), wraps=Wrapper(), enters=_command),
    Program(("sudo",), wraps=Wrapper("ugCDhpRTUrt", names("user group chdir host prompt chroot"))),
    Program(
        ("flock",),
        wraps=Wrapper(
            "wEc",
            names("timeout conflict-exit-code"),
            operands=1,
            line=frozenset({"-c", "--command"}),
        ),
    ),
    Program(("watch",), wraps=Wrapper("nq", names("interval equexit"), text=True)),
    Program(
        ("script",),
        wraps=Wrapper(
            "cEIOBTmot",
            names("command echo log-in log-out log-io log-timing logging-format output-limit"),
            operands=1,
            line=frozenset({"-c", "--command"}),
        ),
    ),
    Program(("strace",), wraps=Wrapper("eopsuEaIOPSXb")),
    Program(
        ("nsys",),
        ("profile",),
        wraps=Wrapper(
            "otcswyde",
            names(
                "output trace capture-range sample wait delay duration export force-overwrite "
                "stats cuda-graph-trace cuda-memory-usage trace-fork-before-exec capture-range-end"
            ),
        ),
    ),
    Program(
        ("mpirun",),
        wraps=Wrapper("nHx", names("np host hostfile map-by bind-to mca ppn npernode")),
        places=_mpi_place,
    ),
    Program(
        ("mpiexec",),
        wraps=Wrapper("nHx", names("np host hostfile map-by bind-to mca ppn")),
        places=_mpi_place,
    ),
    Program(
        ("xargs",),
        wraps=Wrapper("InPLdEsa", names("max-args max-procs delimiter arg-file")),
        enters=_xargs,
    ),
    Program(
        ("parallel",),
        wraps=Wrapper(
            "jaINndS",
            names(
                "jobs arg-file delay joblog results timeout retries colsep delimiter load memfree "
                "sshlogin sshloginfile max-args tmpdir workdir basefile env nice halt max-procs"
            ),
            text=True,
        ),
        enters=_parallel,
    ),
)
