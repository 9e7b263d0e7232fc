"""One probe alone, and what the rules say of what it tells."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from doctor.config import Config
from doctor.node.checks import Check
from doctor.node.examination import examine
from doctor.node.probe import Probe, Situation

#: More than any probe takes on a busy machine.
_PATIENCE = 60.0


def look(probe: Probe, environment: Mapping[str, str]) -> dict[str, Check]:
    """The checks that rest on the probe, by their codes, in an environment of these variables."""
    situation = Situation(environment, os.getuid(), 0.9)
    found = examine((probe,), Config(), situation, time.monotonic() + _PATIENCE)
    return {check.code: check for check in found.checks}
