"""Safe fixes are proven by running the scripts: see the package."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from doctor.rulebook import load

from .host import Host, missing_part
from .promises import PROMISES, differences
from .scripts import scripts
from .trial import tried

pytestmark = pytest.mark.skipif(missing_part() is not None, reason=str(missing_part()))

#: For each action that some rule calls safe, scripts in which its fix is made.
SCRIPTS = {
    "delete-own-only": [
        "rm -rf /tmp/vllm_*",
        "set -euo pipefail\nrm -f /dev/shm/none_* 2>/dev/null\ncurl done",
        "rm -rf /tmp/*.log /tmp/vllm_* 2>/dev/null || curl failed",
        "rm -rf /tmp/vllm_* ~/caches\ncurl $?",
        "if rm -rf /tmp/none_*; then curl yes; else curl no; fi",
        "srun bash -c 'rm -rf /tmp/* && curl inside'",
        'bash -c "rm -rf /tmp/vllm_* /tmp/*.log && curl inside"',
        "bash <<'EOF'\nfor i in 1 2; do\n  rm -rf /tmp/vllm_? ~/mine\ndone\nEOF",
        "find /tmp -mindepth 1 -name 'keep*' -print -o -type d -exec rm -rf {} +",
        "find /tmp \\( -type f -o -type l \\) -name 'vllm*' -print -delete",
        "find /var/tmp -mindepth 1 -maxdepth 1 ! -name 'keep*' -exec rm -rf {} \\;\ncurl $?",
        "trap 'find /tmp -name \"vllm*\" -exec rm -rf {} +' EXIT\nexit 3",
    ],
    "add-option": [
        "timeout 9 srun --jobid=12 nvidia-smi",
        's() { srun --jobid=12 "$@"; }\ns nvidia-smi || curl failed\ns -N1 nvidia-smi',
        "bash -c 'srun --jobid=12 bash -c \"nvidia-smi; curl inside\"'",
    ],
    "join-errors": [
        "vllm serve m > server.log &\nwait",
        'vllm serve m 2>&1 > "$HOME/a.log"\ncurl $?',
        "vllm serve m --port 1 | tee -a a.log > /dev/null\nvllm serve m | mail me",
        "for log in a.log b.log; do srun vllm serve m > $log; done\ntail -n 1 a.log",
    ],
    "add-flag": [
        'ARGS=(--tool-call-parser hermes)\nvllm serve Qwen/Qwen3-8B "${ARGS[@]}" | mail me',
        "A='--enable-auto-tool-choice'\nvllm serve Qwen/Qwen3-8B $A",
        "vllm serve Qwen/Qwen3-8B --port 1 \\\n  --enable-auto-tool-choice || curl failed",
    ],
    "replace-value": [
        "P=hermes\nvllm serve openai/gpt-oss-20b --enable-auto-tool-choice --tool-call-parser $P",
        "vllm serve openai/gpt-oss-20b -tp 4 --speculative-config '"
        '{"model": "nvidia/gpt-oss-120b-Eagle3-v3", "num_speculative_tokens": 3, '
        '"draft_tensor_parallel_size": 2}\'',
    ],
    "rewrite-flag": [
        'A=(--swap-space 4)\n[ -n "$LONG" ] && A+=(--port 2)\nvllm serve m "${A[@]}" --task embed',
        'serve() { vllm serve m --use-v2-block-manager "$@"; }\nserve --port 1\nserve --port 2',
    ],
    "rewrite-variable": [
        "export VLLM_USE_V1=1 KEPT=yes\ncurl a\nvllm serve m || curl failed",
        "VLLM_USE_V1=1 KEPT=no vllm serve m\ncurl $?",
    ],
    "exclude-nodes": [
        "#SBATCH --gpus=4\n#SBATCH --exclude=cpu1\nvllm serve m",
        "#SBATCH --nodes=1 --gpus-per-node=4\nvllm serve m",
    ],
    "write-directive": ["#SBATCH --nodes=1\n#SBTACH --time=1:00:00\nvllm serve m"],
    "use-pattern": ["#SBATCH --nodes=1 --output=logs/$SLURM_JOB_ID.out\nvllm serve m"],
    "drop-suppression": [
        "# vllm-doctor: ignore[VD301]\nvllm serve m  # vllm-doctor: ignore[VD101] so\ncurl $?",
        "if vllm serve m; then  # vllm-doctor: ignore-block[VD101, VD301]\n"
        "  # vllm-doctor: ignore\n  curl yes\nfi",
        "#SBATCH --nodes=1  # vllm-doctor: ignore[VD902]\nvllm serve m",
        'A=(--port 1  # vllm-doctor: ignore[VD301]\n  --swap-space 4)\nvllm serve m "${A[@]}"',
    ],
}


@pytest.mark.parametrize(
    ("action", "script"), [(action, text) for action, texts in SCRIPTS.items() for text in texts]
)
@pytest.mark.parametrize("crowded", [True, False], ids=["crowded", "alone"])
def test_a_safe_fix_does_what_it_promised(action: str, script: str, crowded: bool) -> None:
    trial = tried(f"#!/bin/bash\n{script}\n", crowded, user=None)
    assert trial.codes & PROMISES[action], trial
    assert not trial.differences, trial


@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(scripts(), st.booleans(), st.sampled_from((None, "me", "gone")))
def test_no_script_shows_more_than_was_promised(
    script: str, crowded: bool, user: str | None
) -> None:
    trial = tried(script, crowded, user)
    assert not trial.differences, trial


def test_every_safe_action_is_tried() -> None:
    rules = load().rules
    safe = {
        (remedy.action, rule.code)
        for rule in rules
        for remedy in (rule.fix, *(case.fix for case in rule.cases if case.fix))
        if remedy.action and remedy.safe is not False
    }
    assert {action for action, _ in safe} == SCRIPTS.keys() == PROMISES.keys()
    assert {(action, code) for action, codes in PROMISES.items() for code in codes} == safe


@pytest.mark.parametrize(
    ("code", "script", "wrong", "seen"),
    [
        (
            "VD101",
            "find /tmp -mindepth 1 -name 'keep*' -print -o -type d -exec rm -rf {} +",
            "find /tmp -mindepth 1 -name 'keep*' -user $UID -print -o -type d -exec rm -rf {} +",
            "deletes more",
        ),
        ("VD101", "find /tmp -name a -o -delete", "find /tmp -name a -o -false -delete", "own"),
        (
            "VD101",
            'set -eu\nrm -f /tmp/none_*\ncurl "$UID"',
            'set -eu\nfind /tmp -name "none_*" -user "$USER" -delete\ncurl "$UID"',
            "no longer calls",
        ),
        ("VD101", "rm /tmp/none_* || curl", "find /tmp -name none_* -delete || curl", "no longer"),
        (
            "VD802",
            "vllm serve m | tee a.log | mail",
            "vllm serve m 2>&1 | tee a.log | mail",
            "mail",
        ),
        ("VD402", "srun --jobid=1 a\nsrun -N1 a", "srun --jobid=1 a\nsrun --overlap -N1 a", "srun"),
        ("VD721", "vllm serve m --port 1 --device cuda", "vllm serve m", "--port"),
        ("VD802", "vllm serve m > a.log", "vllm serve m > a.log 2>&1 &\nexit 4", "exits with 4"),
        ("VD201", "#SBATCH --exclude=cpu1\nhostname", "#SBATCH --exclude=gpu07\nhostname", "nodes"),
    ],
)
def test_harm_is_seen(code: str, script: str, wrong: str, seen: str) -> None:
    texts = [f"#!/bin/bash\n{text}\n" for text in (script, wrong)]
    runs = []
    for text in texts:
        with tempfile.TemporaryDirectory() as folder:
            runs.append(Host(Path(folder)).run(text))
    found = differences(*texts, *runs, {code})
    assert any(seen in each for each in found), found
