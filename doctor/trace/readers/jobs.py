"""Jobs: what a script's header asks sbatch for, and what sbatch, salloc and srun are asked for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Location
from doctor.shell.header import Header, read_header
from doctor.shell.tree import HereDocument, Script, Span
from doctor.shell.walk import commands, parameters, redirects, words
from doctor.slurm.allocation import AllocationRequest, is_step, read_allocation
from doctor.slurm.options import Given, combine, read_components
from doctor.trace.domain.frame import FileFrame, ScriptFrame, nested
from doctor.trace.domain.state import Content
from doctor.trace.machine.journal import Load
from doctor.trace.programs.batch import from_environment, given_by, told
from doctor.trace.programs.containers import image_of_entrypoint, pyxis
from doctor.trace.programs.invocation import Container, Invocation
from doctor.values.value import UNKNOWN, UnknownType

_SLURM = regex(r"\bSLURM_[A-Z]|\b(srun|sbatch|salloc|scontrol|squeue|sinfo|scancel)\b")
#: What only a script that runs inside a job reads.
_IN_JOB = frozenset(
    f"SLURM_{name}"
    for name in ("JOB_ID", "JOBID", "JOB_NODELIST", "NODELIST", "PROCID", "NNODES", "JOB_NUM_NODES")
)
#: How those call the script of an image that runs in each of its containers.
_ENTRYPOINT = regex(r"(?:.*[-_.])?entry-?point(?:[-_.].*)?")
_PROGRAMS = frozenset({"sbatch", "salloc", "srun"})
_JOB_TEXT = regex(r"#![^\n]*\n(?:[ \t]*(?:#[^\n]*)?\n)*?#SBATCH", re.MULTILINE)


class Job(Record):
    """A text that sbatch would read: the script itself, or a here-document that is one.

    One that an sbatch command in sight reads itself is ``submitted``. ``byte_order_mark``: the
    file begins with one. ``reads_job``: it reads a variable that is set only within a job.
    ``submits``: it speaks of sbatch, and so may run outside of a job, too.
    """

    frame: ScriptFrame
    text: str
    header: Header
    submitted: bool = False
    byte_order_mark: bool = False
    reads_job: bool = False
    submits: bool = False


def own_job(frame: FileFrame, script: Script) -> Job:
    """The script as sbatch would read it."""
    text = script.text
    quoted = list(_quoted_lines(script)) if "#SBATCH" in text else ()
    marked = frame.source.encoding == "utf-8-sig"
    reads_job = "SLURM_" in text and any(p.name in _IN_JOB for p in parameters(script.body))
    header = read_header(text, quoted)
    submits = re.search(r"\bsbatch\b", _code(text)) is not None
    return Job(frame, text, header, byte_order_mark=marked, reads_job=reads_job, submits=submits)


def _quoted_lines(script: Script) -> Iterator[Span]:
    """Stretches of several lines that are not the script's own: here-documents and strings."""
    for command in commands(script.body):
        for redirect in redirects(command):
            if isinstance(redirect.target, HereDocument):
                yield redirect.target.body.span
        for word in words(command):
            if "\n" in script.text[word.span.start : word.span.end]:
                yield word.span


def written_jobs(invocations: Iterable[Invocation]) -> Iterator[Job]:
    """Texts that programs are given to read and that are job scripts."""
    found: dict[Location, Job] = {}
    for invocation in invocations:
        text = invocation.input
        if text is None or not _JOB_TEXT.match(text.display):
            continue
        frame = nested(text, invocation.origin, 0)
        place = frame.origin(Span(0, 1)).location
        submitted = invocation.arguments[0].display.endswith("sbatch")
        if place not in found or submitted:
            found[place] = Job(frame, frame.text, read_header(frame.text), submitted)
    yield from found.values()


def shows_slurm(text: str, header: Header) -> bool:
    """Whether a script shows that it is for Slurm."""
    return bool(header.effective) or _SLURM.search(_code(text)) is not None


def _code(text: str) -> str:
    """The lines of a script that are no comments."""
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))


# --- requests for nodes --------------------------------------------------------------------


class Request(Record):
    """A request for nodes: what it asks for, the options that say so, and where it stands.

    ``batch_job`` tells the jobs apart that the script submits.
    """

    asks: AllocationRequest
    given: Given
    location: Location
    batch_job: int | None = None


def requests(
    jobs: Sequence[Job],
    invocations: Sequence[Invocation],
    load: Load,
) -> list[Request]:
    """Every request for nodes that the script makes; ``load`` finds the scripts it submits."""
    found = [request for job in jobs if not job.submitted for request in _of_header(job)]
    own = jobs[0] if jobs else None
    inside = own is not None and (bool(own.header.effective) or own.reads_job)
    for invocation in invocations:
        found += _of_command(invocation, inside and not _outside(invocation), load)
    return found


def _outside(invocation: Invocation) -> bool:
    """Whether the script gets there only where no job is around it."""
    return any(assumption.default_of in _IN_JOB for assumption in invocation.assumes)


def node_shared(requests: Sequence[Request]) -> bool | UnknownType:
    """Whether other jobs may share this one's nodes; large requests are mostly for whole nodes.

    Without a request in sight it can't be known what the job has.
    """
    asked = [request.asks for request in requests]
    if any(each.exclusive is True for each in asked):
        return False
    large = any(_more(each.nodes, 1) or _more(each.gpus_per_node, 3) for each in asked)
    open_ = any(UNKNOWN in (each.exclusive, each.nodes) for each in asked)
    return UNKNOWN if large or open_ or not asked else True


def _more(count: int | UnknownType | None, than: int) -> bool:
    return isinstance(count, int) and count > than


def _of_header(job: Job) -> Iterator[Request]:
    if not job.header.effective:
        return
    last = job.header.effective[-1]
    place = job.frame.origin(last.span)
    if place is None:
        return
    for component in combine(script=given_by(job.frame, job.header)):
        yield Request(read_allocation(component, "header"), component, place.location)


def container_of(job: Job) -> Container | None:
    """The container that the whole of a script runs in, by its header or its name."""
    for component in given_by(job.frame, job.header)[:1]:
        image = component.last("container-image")
        if image is not None and image.value is not None:
            mounts = component.last("container-mounts")
            binds = [mounts.value] if mounts is not None and mounts.value is not None else []
            own_home = component.last("no-container-mount-home") is not None
            return pyxis(image.value, binds, own_home)
    filename = job.frame.file.filename
    is_entrypoint = _ENTRYPOINT.fullmatch(posixpath.basename(filename)) is not None
    return image_of_entrypoint() if is_entrypoint and not job.header.effective else None


def variables(job: Job) -> dict[str, Content]:
    """The variables that a job's header settles: Slurm's own, and Shifter's image.

    With several components each has its own.
    """
    components = combine(script=given_by(job.frame, job.header)) if job.header.effective else ()
    return told(components[0], not job.submits) if len(components) == 1 else {}


def set_by_slurm(job: Job) -> tuple[str, ...]:
    """The variables that Slurm exports with values of its own, by what a job's header asks for.

    What a script assigns to them reaches its programs without ``export``.
    """
    asks_gpus = any(each.asks.asks_gpus is True for each in _of_header(job))
    return ("CUDA_VISIBLE_DEVICES",) if asks_gpus else ()


def _of_command(invocation: Invocation, inside_job: bool, load: Load) -> Iterator[Request]:
    program = invocation.arguments[0].display.rpartition("/")[2]
    if program not in _PROGRAMS:
        return
    context = invocation.context
    inside = inside_job or context.batch_job is not None
    inside = inside or bool(_PROGRAMS & {wrapper.words[0] for wrapper in context.wrappers})
    components = read_components(invocation.arguments[1:], program)
    around = from_environment(invocation.environment, program)
    if program == "sbatch":
        components = _with_header(components, around, invocation, load)
    elif around:
        components = combine(script=around, line=components)
    for given in components:
        if program == "srun" and (
            is_step(given, inside) or "SLURM_JOB_ID" in invocation.environment
        ):
            continue
        submits = invocation.order if program == "sbatch" else None
        yield Request(read_allocation(given, program), given, invocation.origin.location, submits)


def _with_header(
    components: tuple[Given, ...],
    around: Sequence[Given],
    invocation: Invocation,
    load: Load,
) -> tuple[Given, ...]:
    """The options of an sbatch command over those of the environment ``around`` it, and over
    those of the script that it submits.

    Where that script can't be read it may hold any option that the command lacks.
    """
    last, components = components[-1], combine(script=around, line=components)
    if last.last("wrap") is not None:
        return components
    if last.rest is None and invocation.input is not None:
        frame: ScriptFrame = nested(invocation.input, invocation.origin, 0)
        text = invocation.input.display
    else:
        path = invocation.arguments[1 + last.rest].text if last.rest is not None else None
        source = load(path, invocation.origin.source) if path is not None else None
        if source is None:
            return tuple(replace(component, open=True) for component in components)
        frame, text = FileFrame(source), source.text
    return combine(script=given_by(frame, read_header(text)), line=components)
