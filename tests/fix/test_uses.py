"""A fix changes every use of the path that it changes, however it is written, or is refused."""

from __future__ import annotations

from textwrap import dedent

import pytest

from doctor.config import Config
from doctor.diagnostic import Source
from doctor.fix.offer import Examined
from doctor.fix.rounds import repaired
from doctor.fix.uses import Path
from doctor.scan.examiner import Examiner

CHANGED = [
    pytest.param(
        "VD102",
        """
        export OUTLINES_CACHE_DIR=/tmp/.outlines
        mkdir -p /tmp/$SLURM_JOB_ID
        python eval.py --out=/tmp/"$SLURM_JOB_NAME" --other /tmp/.outlines.old
        """,
        {"/tmp/.outlines\n": "/tmp/.${USER}_outlines\n"},
        id="a hidden name stays hidden, and other names stay",
    ),
    pytest.param(
        "VD102",
        """
        for i in 0 1; do
          vllm serve Qwen/Qwen3-8B --port 800$i > "/tmp/vllm_$i.log" 2>&1 &
        done
        tail -n 3 /tmp/vllm_0.log '/tmp/'vllm.sock
        bash -c "cat /tmp/vllm_1.log"
        [[ -s /tmp/vllm_${j}.log ]] && wait
        """,
        {"/tmp/vllm_": "/tmp/${USER}_vllm_"},
        id="one file by three names",
    ),
    pytest.param(
        "VD102",
        """
        for i in 0 1; do
          export TRITON_CACHE_DIR="/tmp/triton_${i}" TMPDIR="/tmp/inductor_${i}"
          python train.py $i
        done
        """,
        {"/tmp/": "/tmp/${USER}_"},
        id="the name of one folder is no part of another",
    ),
    pytest.param(
        "VD501",
        """
        export VLLM_CACHE_ROOT=/tmp/vllm_$USER  # near
        mkdir -p /tmp/vllm_$USER; rsync -a "$HOME/warm/" /tmp/vllm_${USER}/
        vllm serve Qwen/Qwen3-8B
        """,
        {"/tmp/": "${HOME}/.cache/"},
        id="a cache moves with the folder that is made for it",
    ),
    pytest.param(
        "VD805",
        """
        LOG=$HOME/server.log
        vllm serve Qwen/Qwen3-8B > "$LOG" 2>&1 &
        until grep -q ready "$LOG"; do sleep 1; done
        wait
        """,
        {"server.log": "server-${SLURM_JOB_ID}.log"},
        id="what is read by the same variable follows",
    ),
    pytest.param(
        "VD102,VD803",
        """
        vllm serve Qwen/Qwen3-8B > /tmp/server.log 2>&1
        """,
        {"vllm": 'mkdir -p "$HOME/logs"\nvllm', "/tmp/server": "$HOME/logs/server-${SLURM_JOB_ID}"},
        id="nor does a log",
    ),
    pytest.param(
        "VD102,VD501",
        """
        export VLLM_CACHE_ROOT=/tmp/vllm
        vllm serve Qwen/Qwen3-8B
        """,
        {"/tmp": "${HOME}/.cache"},
        id="what is moved home needs no name",
    ),
    pytest.param(
        "VD102",
        """
        export TRITON_CACHE_DIR=/tmp/cache
        mkdir -p /tmp//cache
        python train.py
        """,
        {"/tmp/cache": "/tmp/${USER}_cache", "/tmp//cache": "/tmp//${USER}_cache"},
        id="two slashes are one",
    ),
]

REFUSED = [
    pytest.param(
        "VD102",
        """
        BASE=/tmp/
        export TRITON_CACHE_DIR=$BASE/cache
        mkdir -p /tmp/cache
        python train.py
        """,
        id="a variable holds it that is put together",
    ),
    pytest.param(
        "VD102",
        """
        cat > cfg.yaml <<'EOF'
        cache: /tmp/eval_cache
        EOF
        export TRITON_CACHE_DIR=/tmp/eval_cache
        python eval.py
        """,
        id="in a here-document that expands nothing",
    ),
    pytest.param(
        "VD102",
        """
        find /tmp/ -maxdepth 1 -name 'triton_*' -user "$(id -u)" -exec rm -rf {} +
        for i in 0 1; do TRITON_CACHE_DIR="/tmp/triton_${i}" python train.py $i; done
        """,
        id="what is found by its name",
    ),
    pytest.param(
        "VD102",
        """
        srun rsync -a $SCRATCH/hf_home /tmp
        export HF_HOME=/tmp/hf_home
        python eval.py
        """,
        id="a program puts it there",
    ),
    pytest.param(
        "VD102",
        """
        export HF_HOME=/tmp/hf_home
        (cd /tmp && mkdir -p hf_home)
        python eval.py
        """,
        id="it is worked in",
    ),
    pytest.param(
        "VD102",
        """
        NAME=hf_home
        export HF_HOME=/tmp/hf_home
        python eval.py --cache /tmp/$NAME
        """,
        id="another word has the same value",
    ),
    pytest.param(
        "VD805",
        """
        start() { local port=$((8000+$1)); vllm serve m --port $port > server_$port.log 2>&1 & }
        for g in 0 1; do start $g; done
        for p in 8000 8001; do until grep -q ready server_$p.log; do sleep 1; done; done
        python eval.py
        """,
        id="a loop reads it by another variable",
    ),
    pytest.param(
        "VD805",
        """
        vllm serve Qwen/Qwen3-8B > server.log 2>&1 &
        python - <<'EOF'
        print(open("server.log").read())
        EOF
        wait
        """,
        id="a program's text names it",
    ),
    pytest.param(
        "VD805",
        """
        vllm serve Qwen/Qwen3-8B > server.log 2>&1 &
        while ! grep -q ready; do sleep 1; done < ./server.log
        wait
        """,
        id="a loop reads from it",
    ),
    pytest.param(
        "VD501",
        """
        export VLLM_CACHE_ROOT=/tmp/vllm_$USER
        trap 'rm -rf /tmp/vllm_$USER' EXIT
        vllm serve Qwen/Qwen3-8B
        """,
        id="a cache that the script deletes",
    ),
]
SILENT = [
    pytest.param(
        "VD501",
        """
        export VLLM_CACHE_ROOT=/tmp/vllm_$USER
        mkdir -p /tmp/vllm_$USER; rsync -a "$HOME/warm/" /tmp/vllm_$USER/
        vllm serve Qwen/Qwen3-8B
        rsync -a /tmp/vllm_$USER/ "$HOME/warm/"
        """,
        id="the cache is copied back",
    ),
    pytest.param(
        "VD501",
        """
        export VLLM_CACHE_ROOT=/tmp/$USER/vllm
        tar -xf cache.tar -C /tmp/$USER
        vllm serve Qwen/Qwen3-8B
        tar -cf cache.tar -C /tmp/$USER vllm
        """,
        id="or packed",
    ),
]


def _script(lines: str) -> str:
    return "#!/bin/bash\n#SBATCH --nodes=1 --gpus=2\n" + dedent(lines).lstrip("\n")


def _repaired(text: str, codes: str) -> tuple[str, list[str]]:
    """The text after all fixes of some rules, and what they said of it before."""
    config = Config(select=tuple(codes.split(",")))

    def examined(text: str) -> Examined:
        return Examiner(config).examined(Source("job.sh", text))

    before = examined(text)
    return repaired(before, examined, True).text, [o.diagnostic.code for o in before.offers]


@pytest.mark.parametrize(("codes", "lines", "changes"), CHANGED)
def test_all_uses_change(codes: str, lines: str, changes: dict[str, str]) -> None:
    text = expected = _script(lines)
    for old, new in changes.items():
        assert old in expected
        expected = expected.replace(old, new)
    assert _repaired(text, codes)[0] == expected


@pytest.mark.parametrize(("code", "lines"), REFUSED)
def test_what_is_used_otherwise_too_stays(code: str, lines: str) -> None:
    text = _script(lines)
    assert _repaired(text, code) == (text, [code] * len(_repaired(text, code)[1]))
    assert _repaired(text, code)[1]


@pytest.mark.parametrize(("code", "lines"), SILENT)
def test_what_is_no_fault_is_not_told(code: str, lines: str) -> None:
    assert _repaired(_script(lines), code)[1] == []


@pytest.mark.parametrize(
    ("path", "word", "same"),
    [
        ("server_$port.log", "server_8000.log", True),
        ("server_$port.log", "server_${p}.log", True),
        ("server_$port.log", "bench_$p.log", False),
        ("vllm_0.log", "/tmp/vllm_$i.log", True),
        ("vllm_0.log", "vllm_*.log", True),
        ("x.log", "$NAME.txt", False),
        ("x.log", "$ANY", False),
        ("$ANY", "x.log", False),
        ("a${b}c${d}e", "a${x}ce", True),
        ("a${b}c", "abd", False),
    ],
)
def test_one_file_has_many_names(path: str, word: str, same: bool) -> None:
    assert Path.of(path, below=True).is_in(f'open("{word}")') is same
    assert Path.of(word.rpartition("/")[2], below=True).is_in(path) is same


@pytest.mark.parametrize(
    ("path", "word", "same"),
    [
        ("/tmp/vllm_$USER", "/tmp/vllm_$USER/sub", True),
        ("/tmp/vllm_$USER", "/tmp/vllm_${USER}:/root", True),
        ("/tmp/vllm_$i", "/tmp/${USER}_vllm_$i", False),
        ("/tmp/vllm_$i", "/tmp/${name}_2", True),
        ("/tmp/vllm", "/tmp", False),
        ("/tmp/vllm", "/tmp/vllm2", False),
        ("/tmp/vllm", "x/tmp/vllm", False),
        ("$TMPDIR/a", "$SCRATCH/a", False),
        ("~/a", "--x=$HOME/a", True),
    ],
)
def test_a_folder_is_named_from_its_root(path: str, word: str, same: bool) -> None:
    assert Path.of(path).is_in(word) is same
