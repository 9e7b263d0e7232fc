"""What many nodes told becomes one picture, one list of failures and one advice."""

from __future__ import annotations

import json

from doctor.cluster.merge import Overview, merge
from doctor.report import nodes_json, nodes_text

from .nodes import NodeReport, check, fit, gpu, held, silent


def _text(found: Overview, **options: bool) -> list[str]:
    return list(nodes_text.render(found, "nodes of job 7", 100, False, **options))


def test_a_picture_of_four() -> None:
    lines = _text(merge([silent("gpu04"), fit("gpu01"), held("gpu03"), held("gpu02")]))
    assert lines[:7] == [
        "4 nodes of job 7: 1 fit, 2 not fit, 1 unknown.",
        "",
        "gpu01  · · · · · · · ·  fit",
        "gpu02  · U · · · · · ·  not fit  name-of-VN101",
        "gpu03  · U · · · · · ·  not fit  name-of-VN101",
        "gpu04                   unknown  no answer within 16 s",
        "",
    ]
    assert "· free   U another user's" in lines
    assert "✗ VN101 name-of-VN101 on 2 nodes, gpu[02-03]" in lines
    assert "  - gpu[02-03]: GPU 1: 70 of 80 GiB are held by bob." in lines
    assert "#SBATCH --exclude=gpu[02-03]" in lines
    assert lines[-1] == (
        "To the administrators: nodes are not fit for jobs: gpu[02-03]: GPU 1: "
        "70 of 80 GiB are held by bob."
    )


def test_the_known_bad_nodes_are_excluded_too() -> None:
    assert merge([held("gpu02")], bad=["gpu07"]).exclude == "gpu[02,07]"
    assert merge([fit("gpu02")], bad=["gpu07"]).exclude is None


def test_what_is_one_s_own_fault_excludes_no_node() -> None:
    own = gpu(0, 70.0, "own-leftover", own_pids="11 12   # and 3 more")
    found = merge([NodeReport("gpu02", "not fit", gpus=(own,))], "7")
    assert (found.exclude, found.administrators) == (None, None)
    assert found.endings == (
        "srun --jobid=7 --overlap --nodes=1 --ntasks=1 --nodelist=gpu02 kill 11 12",
    )


def test_the_worst_verdict_counts() -> None:
    assert merge([fit("a"), fit("b")]).verdict == "fit"
    assert merge([fit("a"), silent("b")]).verdict == "unknown"
    assert merge([held("a"), silent("b")]).verdict == "not fit"


def test_one_reason_for_many_unknown_checks_is_told_once() -> None:
    hangs = tuple(check(code, "unknown", "something hangs") for code in ("VN101", "VN102"))
    (kind,) = merge(
        [NodeReport("a1", "unknown", checks=hangs), NodeReport("a2", "unknown", checks=hangs)]
    ).kinds
    assert [code for code, _ in kind.checks] == ["VN101", "VN102"]
    assert kind.nodes == "a[1-2]"


def test_remarks_are_for_who_asks() -> None:
    found = merge([NodeReport("a", "fit", checks=(check("VN504", "info", "It is low."),))])
    assert "It is low." not in "\n".join(_text(found))
    assert "It is low." in "\n".join(_text(found, verbose=True))


def test_a_thousand_nodes() -> None:
    nodes = [
        (fit, held, silent)[number % 10 // 8 + number % 10 // 9](f"n{number:04}")
        for number in range(1000)
    ]
    found = merge(nodes)
    lines = _text(found)
    assert lines[0] == "1000 nodes of job 7: 800 fit, 100 not fit, 100 unknown."
    assert len(lines) < 40
    assert len(json.loads("\n".join(nodes_json.render(found, job="7")))["nodes"]) == 1000


def test_what_a_node_says_steers_no_terminal() -> None:
    evil = NodeReport("a", "unknown", why="\x1b[2J gone")
    assert "\x1b" not in "\n".join(_text(merge([evil])))
