"""Many generated scripts in the sandbox: see the package. Every difference is told."""

from __future__ import annotations

import argparse
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .host import missing_part
from .scripts import scripts
from .trial import Trial, tried


def main() -> int:
    """Try scripts until enough of them were changed; 1 if any differs beyond its promise."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=1000, help="scripts that a fix changes")
    arguments.add_argument("--seconds", type=float, default=1e9, help="give up after this time")
    arguments.add_argument("--seed", type=int, default=1, help="other scripts with another number")
    options = arguments.parse_args()
    if reason := missing_part():
        arguments.error(reason)
    end, number = time.monotonic() + options.seconds, options.seed
    drawn, changed, differing = set[str](), dict[str, Trial](), list[Trial]()
    while len(changed) < options.count and time.monotonic() < end:
        for trial in _batch(number, 200, end):
            drawn.add(trial.script)
            if trial.fixed != trial.script:
                changed[trial.script] = trial
            if trial.differences:
                differing.append(trial)
                _show(trial)
        number += 1_000_003
        print(f"{len(drawn)} scripts, {len(changed)} changed, {len(differing)} differ", flush=True)
    codes = Counter(code for trial in changed.values() for code in trial.codes)
    print(", ".join(f"{code} {count}" for code, count in sorted(codes.items())))
    return 1 if differing else 0


def _batch(number: int, size: int, end: float) -> list[Trial]:
    trials: list[Trial] = []
    known = set[str]()

    @seed(number)
    @settings(
        max_examples=size,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(scripts(), st.booleans(), st.sampled_from((None, "me", "gone")))
    def run(script: str, crowded: bool, user: str | None) -> None:
        if time.monotonic() < end and script not in known:
            known.add(script)
            trials.append(tried(script, crowded, user))

    run()
    return trials


def _show(trial: Trial) -> None:
    print(f"--- {', '.join(sorted(trial.codes))}: {'; '.join(trial.differences)}")
    print(f"{trial.script}--- fixed:\n{trial.fixed}---", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
