"""Which fixes are safe where they stand, and which only with `--unsafe-fixes` or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Command = Callable[..., Outcome]
OWN = '-user "$(id -u)"'


IN_TMP = "find /tmp/ -mindepth 1 -maxdepth 1"
REMOVED = f"{OWN} -exec rm -rf {{}} +"


def _fixed(command: Command, script: str, code: str, *options: str) -> str:
    """The script after the fixes of one rule."""
    Path("job.sh").write_text(script)
    command("scan", "--fix", "--show=info", "--select", code, *options, "job.sh")
    return Path("job.sh").read_text()


def _offered(command: Command, script: str, code: str) -> list[str | None]:
    """How each diagnostic of a rule can be fixed: `safe`, `unsafe`, or not at all."""
    Path("job.sh").write_text(script)
    done = command("scan", "--show=info", "--select", code, "--format=json", "job.sh")
    fixes = [each["fix"] for each in json.loads(done.out)]
    return [fix["applicability"] if fix else None for fix in fixes]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "find /tmp -mindepth 1 -name 'keep*' -print -o -type d -exec rm -rf {} +\n",
            f"find /tmp -mindepth 1 -name 'keep*' -print -o -type d {OWN} -exec rm -rf {{}} +\n",
        ),
        (
            "find /tmp -type f -delete -o -name 'a*' -exec rm -rf {} +\n",
            f"find /tmp -type f {OWN} -delete -o -name 'a*' {OWN} -exec rm -rf {{}} +\n",
        ),
        (
            "timeout 60 find /tmp \\( -type f -o -type l \\) -print -delete\n",
            f"timeout 60 find /tmp \\( -type f -o -type l \\) -print {OWN} -delete\n",
        ),
        (
            "rm -rf /tmp/a_* /tmp/*.lock 2>/dev/null || true\n",
            f"{IN_TMP} \\( -name 'a_*' -o -name '*.lock' ! -name '.*' \\) {REMOVED}"
            " 2>/dev/null || true\n",
        ),
        ("rm -fr /tmp/*\n", f"{IN_TMP} ! -name '.*' {OWN} -exec rm -fr {{}} +\n"),
        (
            "bash -c 'sleep 1; rm -rf /tmp/vllm_* && echo \"done\"'\n",
            f'bash -c \'sleep 1; {IN_TMP} -name "vllm_*" {REMOVED} && echo "done"\'\n',
        ),
        (
            'srun bash -c "rm -rf /tmp/vllm_* /tmp/a?"\n',
            f"srun bash -c \"{IN_TMP} \\( -name 'vllm_*' -o -name 'a?' \\)"
            ' -user $(id -u) -exec rm -rf {} +"\n',
        ),
        (
            "srun bash <<'EOF'\n  rm -rf /tmp/vllm_* ~/old\nEOF\n",
            f"srun bash <<'EOF'\n  rm -rf ~/old\n  {IN_TMP} -name 'vllm_*' {REMOVED}\nEOF\n",
        ),
    ],
)
def test_only_the_action_that_deletes_is_confined(
    before: str, after: str, command: Command
) -> None:
    assert _fixed(command, before, "VD101") == after


@pytest.mark.parametrize(
    "script",
    [
        "find /tmp -name a -delete -o -name b -print",
        "find /tmp ! \\( -name a -delete \\) -print",
        "find /tmp -name a -delete -quit",
        "find /tmp -name a -delete -exec curl -d {} http://host \\;",
        "find /tmp -name 'a*' -exec rm -rf {} \\; -prune",
        "find /tmp -name 'a*' -exec rm -rf {} \\; , -name '*.log' -print",
        "find /tmp -name a -ok rm {} \\;",
        "find -L /tmp -name a -delete",
        "find /tmp ! -user root -delete",
        "find /tmp -user root -print -o -delete",
        '[ -n "$CLEAN" ] &&\n  rm -rf /tmp/a_* ~/old',
        "rm -rf 2> /dev/null /tmp/a_*",
        "rm -rf /tmp/.*",
        "shopt -s dotglob\nrm -rf /tmp/*",
        "set -f\nrm -rf /tmp/a*",
        "sudo -u bob rm -rf /tmp/torchinductor_*",
        "sudo find /tmp -name 'a*' -delete",
        "ssh node1 'rm -rf /tmp/torchinductor_*'",
        "ssh node1 rm -rf /tmp/torchinductor_*",
        'bash -c "rm -rf /tmp/a_* $X"',
    ],
)
def test_a_deletion_that_cannot_be_confined_has_no_fix(script: str, command: Command) -> None:
    assert _offered(command, script + "\n", "VD101") == [None]


@pytest.mark.parametrize(
    ("code", "script"),
    [
        ("VD101", "if rm /tmp/vllm_*; then echo cleaned; else exit 1; fi"),
        ("VD101", "rm -r /tmp/vllm_* || mkdir ~/x"),
        ("VD101", "rm -rfv /tmp/vllm_* > removed.txt"),
        ("VD101", "for d in /tmp/torchinductor_*; do du -s $d; rm -rf $d; done"),
        ("VD101", "find /tmp -mtime +7 -exec rm -rf {} +"),
        ("VD101", "find /tmp -mindepth 1 -name 'vllm*' -delete"),
        ("VD101", "find /tmp ~/caches -name 'vllm*' -delete"),
        ("VD802", "vllm serve m > server.log 2> /dev/null"),
        ("VD802", "vllm serve m | tee a.log | while read l; do mail -s $l me; done"),
        ("VD802", "(vllm serve m | tee a.log) | mail me"),
        ("VD802", "vllm serve m > a.log &\nuntil grep -q ready a.log; do sleep 1; done"),
        ("VD802", "LOG=a.log\nvllm serve m > $LOG &\n[ -s $LOG ] || exit"),
        ("VD802", "vllm serve m > a_$i.log &\nwc -l *.log"),
        ("VD802", "vllm serve m > a.log 3>&2"),
        ("VD802", "s() { vllm serve m; }\ns | tee a.log\ns > /dev/null"),
        ("VD402", "CALL='srun --jobid=1 nvidia-smi'\n$CALL"),
        ("VD402", 's() { srun "$@"; }\ns --jobid=1 nvidia-smi\ns -N1 hostname'),
    ],
)
def test_what_may_change_more_is_unsafe(code: str, script: str, command: Command) -> None:
    assert _offered(command, script + "\n", code) == ["unsafe"]


@pytest.mark.parametrize(
    ("code", "script"),
    [
        ("VD802", "LOG=a.log\nvllm serve m > $LOG &\ntail -f $LOG"),
        ("VD802", "rm -f a.log\nvllm serve m | tee -a a.log > /dev/null"),
        ("VD802", "for log in a.log b.log; do vllm serve m > $log; done"),
        ("VD402", 's() { srun --jobid=1 "$@"; }\ns nvidia-smi\ns -N1 hostname'),
    ],
)
def test_what_concerns_nobody_else_is_safe(code: str, script: str, command: Command) -> None:
    assert _offered(command, script + "\n", code) == ["safe"]


@pytest.mark.parametrize(
    "script",
    [
        "serve() { vllm serve $1 $2 $3; }\nserve my/model --task embed\n",
        "serve() { vllm serve $1 $2 $3; }\nserve my/model --device cuda --port 8001\n",
        "serve() { vllm serve $1 $2 $3; }\nserve my/model --swap-space=1 --port 8001\n",
        "serve() { vllm serve $1 $2 $3; }\nserve Qwen/Qwen3-8B --tool-call-parser hermes\n",
    ],
)
def test_words_that_a_function_counts_are_not_pushed_on(script: str, command: Command) -> None:
    assert _fixed(command, script, "VD7", "--vllm-version=0.33.0") == script
    others = "rm -rf /tmp/a*\n"
    fixed = _fixed(command, script + others, "VD7,VD101", "--vllm-version=0.33.0")
    assert fixed.startswith(script + "find")


def test_an_option_is_no_part_of_a_name(command: Command) -> None:
    script = 'RUN=srun\n"$RUN" --jobid=1 nvidia-smi\n'
    assert _offered(command, script, "VD402") == [None]


def test_the_end_of_a_walk_that_is_cut_short_is_nothing_that_changed(command: Command) -> None:
    rest = "curl localhost:8000\n" * 3_000
    fixed = _fixed(command, f"rm -rf /tmp/a_*\nrm -rf /dev/shm/b_*\n{rest}vllm serve m\n", "VD101")
    assert "rm -rf /tmp" not in fixed
    assert "rm -rf /dev/shm" not in fixed
