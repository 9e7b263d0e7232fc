"""One probe alone, and what the rules say of what it tells."""

from __future__ import annotations

import os
from collections.abc import Mapping

from doctor.config import Config
from doctor.node.checks import Check
from doctor.node.examination import examine
from doctor.node.probe import Probe, Situation


def look(probe: Probe, environment: Mapping[str, str]) -> dict[str, Check]:
    """The checks that rest on the probe, by their codes, in an environment of these variables."""
    found = examine((probe,), Config(), Situation(environment, os.getuid(), 0.9), 30.0)
    return {check.code: check for check in found.checks}
