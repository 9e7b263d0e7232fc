"""Whatever stands where a number is wanted, the script is read to its end."""

from __future__ import annotations

import pytest

from doctor import sources
from doctor.config import Config
from doctor.scan import Examiner

#: Digits to Python, which `int` refuses or takes; more of them than it takes; and no digits.
ODD = ["²", "①", "٣", "-²", "9" * 5000, "0x" + "f" * 5000, "é", "000000000000000000000001"]

WANTED = r"""
vllm serve m 2>&N
set -- a b; shift N; vllm serve ${@:N:N}
A[N]=1; vllm serve ${A[N]}
OPTIND=N; while getopts ab o; do x=$o; done
vllm serve m --port $(seq N)
x=abc; vllm serve ${x:N:N} ${N}
vllm serve m --port $((N)) && (( x = N ))
srun -n N -N N vllm serve m
pip install vllm==N vllm==0.9.N; vllm serve m
pip install vllm==0.9.N; vllm serve openai/gpt-oss-120b --gpu-memory-utilization 0.9
vllm serve m --speculative-config '{"num_speculative_tokens": "N"}'
vllm serve m --speculative-config '{"num_speculative_tokens": N}'
vllm serve m --max-num-seqs N --gpu-memory-utilization N --tensor-parallel-size=N -ON
#SBATCH --gpus=8 --exclude=research-secure-N
docker run --gpus N vllm/vllm-openai:vN --model m
printf '%Nd' 3; for i in {1..N}; do vllm serve m --port $i & done
[ N -eq 3 ] && [[ N -lt N ]] && vllm serve m
sleep N; timeout N srun vllm serve m
exec N>&1; vllm serve m >&N
for ((i = 0; i < N; i++)); do vllm serve m --port $i & done
VLLM_PORT=N CUDA_VISIBLE_DEVICES=N vllm serve m
""".strip().splitlines()

HEADER = (
    "#SBATCH --array=0-N%N --gres=gpu:N --time=N:N -N N --exclude=n[N-N] --mem=NG\nvllm serve m"
)


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner(Config(), here=None)


def examine(examiner: Examiner, script: str) -> None:
    source = sources.decode(f"#!/bin/bash\n{script}\n".encode(), "case.sh")
    assert not isinstance(source, sources.Unexamined)
    assert examiner.examined(source).failures == ()


@pytest.mark.parametrize("line", [*WANTED, HEADER])
def test_no_number_is_too_odd(line: str, examiner: Examiner) -> None:
    for number in ODD:
        examine(examiner, line.replace("N", number))


@pytest.mark.parametrize(
    "script",
    [
        "vllm serve m --speculative-config" + ".a" * 1_600 + " 1",
        "vllm serve m --speculative-config '" + '{"a": ' * 2_000 + "1" + "}" * 2_000 + "'",
        # Two ways that exclude each other leave an expansion with nothing at all.
        'while if case ${x:$((x?))""} in x)(${x/$((x,))""});&c)x=;esac then r\nfi;do l\ndone',
        "vllm serve google/gemma-4-31B-it --speculative-config '"
        '{"method": "mtp", "model": "google/gemma-4-31B-it-assistant", "num_speculative_tokens": 4}'
        "'",
    ],
)
def test_what_once_failed_is_read(script: str, examiner: Examiner) -> None:
    examine(examiner, script)
