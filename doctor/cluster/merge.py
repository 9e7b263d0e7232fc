"""The reports of many nodes, merged: kinds of failures, their nodes, and what to do about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from doctor.base.record import Record
from doctor.cluster.node_report import NodeReport, Object
from doctor.node.checks import Check, Status
from doctor.slurm.hostlist import fold

_RANKS = ("error", "warning", "unknown", "info")


class Kind(Record):
    """One kind of failure: what came to the same on several nodes.

    ``checks`` are the codes and names of the checks; several where one reason keeps them all from
    being known. ``evidence`` is what was seen, and on which nodes: `gpu[03-05]: GPU 1: …`.
    """

    checks: tuple[tuple[str, str], ...]
    status: str
    message: str
    nodes: str
    count: int
    evidence: tuple[str, ...]


class Overview(Record):
    """Many nodes side by side. ``exclude`` and ``administrators`` are None if nothing is wrong."""

    nodes: tuple[NodeReport, ...]
    kinds: tuple[Kind, ...]
    verdict: str
    exclude: str | None
    administrators: str | None
    endings: tuple[str, ...]
    between: tuple[Check, ...] = ()


def merge(
    told: Iterable[NodeReport],
    job: str | None = None,
    bad: Iterable[str] = (),
    between: Iterable[Check] = (),
) -> Overview:
    """Merge the nodes' reports; ``bad`` are nodes that are to be excluded anyhow.

    ``between`` are the checks of what lies between the nodes.
    """
    nodes = tuple(sorted(told, key=lambda each: each.node))
    between = tuple(between)
    faulty = [each.node for each in nodes if each.faults]
    return Overview(
        nodes,
        tuple(_kinds(nodes)),
        _verdict(nodes, between),
        fold({*faulty, *bad}) if faulty else None,
        _sentence(nodes),
        tuple(_endings(nodes, job)),
        between,
    )


def _verdict(nodes: Sequence[NodeReport], between: Sequence[Check]) -> str:
    verdicts = {each.verdict for each in nodes}
    verdicts |= {"not fit" for check in between if check.status is Status.ERROR}
    for worst in ("not fit", "unknown"):
        if worst in verdicts:
            return worst
    return "fit" if "fit" in verdicts else "unknown"


def _kinds(nodes: Sequence[NodeReport]) -> Iterator[Kind]:
    """The kinds of failures, the worst first and of these the most frequent."""
    found: dict[tuple[str, str, str], dict[str, list[Object]]] = {}
    for each in nodes:
        for check in each.checks:
            status = check["status"]
            if status in _RANKS:
                code = "" if status == "unknown" else check["code"]
                on_nodes = found.setdefault((status, code, check["message"]), {})
                on_nodes.setdefault(each.node, []).append(check)
    for key in sorted(found, key=lambda key: (_RANKS.index(key[0]), -len(found[key]), key[1:])):
        yield _kind(key[0], key[2], found[key])


def _kind(status: str, message: str, found: Mapping[str, Sequence[Object]]) -> Kind:
    title = "looks_at" if status == "unknown" else "name"
    checks = {c["code"]: c[title] for checks in found.values() for c in checks}
    lines = [
        (line, node) for node, checks in found.items() for c in checks for line in c["evidence"]
    ]
    evidence = tuple(by_node(lines))
    return Kind(tuple(checks.items()), status, message, fold(found), len(found), evidence)


def by_node(lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Each line once, with the nodes that reported it."""
    nodes: dict[str, list[str]] = {}
    for line, node in lines:
        nodes.setdefault(line, []).append(node)
    for line, named in nodes.items():
        yield f"{fold(named)}: {line}"


def _sentence(nodes: Sequence[NodeReport]) -> str | None:
    """One sentence for the administrators, about what only they can mend."""
    faults = [
        (f"{fault['gpu']}: {fault['sentence']}" if fault["gpu"] else fault["sentence"], each.node)
        for each in nodes
        for fault in each.faults
    ]
    if not faults:
        return None
    told = "; ".join(line.rstrip(".") for line in by_node(faults))
    return f"To the administrators: nodes are not fit for jobs: {told}."


def _endings(nodes: Sequence[NodeReport], job: str | None) -> Iterator[str]:
    """The commands that end one's own leftover processes, where they are."""
    step = f"srun --jobid={job} --overlap --nodes=1 --ntasks=1 --nodelist=" if job else "ssh "
    for each in nodes:
        pids = {pid for gpu in each.gpus for pid in _pids(gpu)}
        if pids:
            yield f"{step}{each.node} kill {' '.join(sorted(pids))}"


def _pids(gpu: Mapping[str, object]) -> list[str]:
    own = str(gpu.get("own_pids") or "").partition("#")[0]
    return [pid for pid in own.split() if pid.isdecimal()]
