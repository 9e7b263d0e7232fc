"""SARIF 2.1.0, the format of code scanning: one run, with its rules, results and fixes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

from doctor.diagnostic import Diagnostic, Fix, Location, Severity
from doctor.report.json import tellable
from doctor.report.places import uri, with_fingerprints
from doctor.report.report import Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: Report) -> Iterator[str]:
    """The log's lines, in ASCII; it holds all diagnostics, infos too."""
    rules = list({found.code: found for found in report.diagnostics}.values())
    index = {rule.code: number for number, rule in enumerate(rules)}
    results = [
        {**_result(found, fingerprint), "ruleIndex": index[found.code]}
        for found, fingerprint in with_fingerprints(report)
    ]
    run = {"tool": _tool(rules), "columnKind": "unicodeCodePoints", "results": results}
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    yield from json.dumps(log, indent=2).splitlines()


def _tool(rules: Sequence[Diagnostic]) -> dict[str, Any]:
    driver = {
        "name": "vllm-doctor",
        "version": version("vllm-slurm-doctor"),
        "rules": [_rule(each) for each in rules],
    }
    return {"driver": driver}


def _rule(found: Diagnostic) -> dict[str, Any]:
    """The rule, as a diagnostic of it tells."""
    return {
        "id": found.code,
        "name": found.name,
        "shortDescription": {"text": found.name.replace("-", " ")},
        "help": {"text": f"vllm-doctor explain {found.code}"},
        **({"properties": {"tags": [found.lesson]}} if found.lesson else {}),
    }


def _result(found: Diagnostic, fingerprint: str) -> dict[str, Any]:
    fix = tellable(found.fix)
    related = [
        {**_location(each.location), "message": {"text": each.message}} for each in found.related
    ]
    return {
        "ruleId": found.code,
        "level": _LEVELS[found.severity],
        "message": {"text": found.message},
        "locations": [_location(found.location)],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {"vllmDoctor/v1": fingerprint},
        **({"fixes": [_fix(fix)]} if fix is not None else {}),
    }


def _location(location: Location) -> dict[str, Any]:
    return {"physicalLocation": {**_artifact(location.filename), "region": _region(location)}}


def _artifact(filename: str) -> dict[str, Any]:
    return {"artifactLocation": {"uri": uri(filename)}}


def _region(location: Location) -> dict[str, int]:
    start, end = location.start, location.end
    return {
        "startLine": start.row,
        "startColumn": start.column,
        "endLine": end.row,
        "endColumn": end.column,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        edits.setdefault(edit.location.filename, []).append(
            {"deletedRegion": _region(edit.location), "insertedContent": {"text": edit.content}}
        )
    return {
        "description": {"text": fix.message},
        "artifactChanges": [
            {**_artifact(name), "replacements": replacements}
            for name, replacements in edits.items()
        ],
        "properties": {"applicability": fix.applicability.value},
    }
