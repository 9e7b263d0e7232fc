"""JUnit's XML, as CI servers read it: a suite for each file, a failure for each diagnostic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from doctor.diagnostic import Diagnostic
from doctor.report.places import relative
from doctor.report.report import Report
from doctor.report.style import visible


def render(report: Report) -> Iterator[str]:
    """The document's lines; one test that passed where nothing is shown."""
    root = Element("testsuites", {"name": "vllm-doctor", **_counts(len(report.shown))})
    by_file = groupby(report.shown, key=lambda found: found.location.filename)
    for filename, found in by_file:
        _suite(root, filename, list(found))
    if not report.shown:
        suite = SubElement(root, "testsuite", {"name": "vllm-doctor", **_counts(0)})
        SubElement(suite, "testcase", name=f"{report.files} files", classname="vllm-doctor")
    indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield from tostring(root, encoding="unicode").splitlines()


def _counts(failures: int) -> dict[str, str]:
    return {"tests": str(failures or 1), "failures": str(failures), "errors": "0"}


def _suite(root: Element, filename: str, found: Sequence[Diagnostic]) -> None:
    name = visible(relative(filename))
    suite = SubElement(root, "testsuite", {"name": name, **_counts(len(found))})
    for each in found:
        start = each.location.start
        case = SubElement(
            suite,
            "testcase",
            name=f"{each.code} {each.name}",
            classname=name,
            file=name,
            line=str(start.row),
        )
        message = visible(each.message)
        failure = SubElement(case, "failure", type=each.severity.value, message=message)
        failure.text = f"{name}:{start.row}:{start.column}: {message}"
