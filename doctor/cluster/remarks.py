"""Why a node is not simply fit, in the few words that stand behind its name."""

from __future__ import annotations

from doctor.cluster.node_report import NodeReport


def remark(each: NodeReport) -> str:
    """The checks that failed, why nobody knows, or the reason that Slurm has for its state."""
    said = [each.why]
    if each.verdict == "not fit":
        said = [check["name"] for check in each.checks if check["status"] == "error"]
    elif not each.why and each.verdict == "unknown":
        said = [check["message"] for check in each.checks if check["status"] == "unknown"][:1]
    return "; ".join(filter(None, (", ".join(said), each.reason)))
