"""Why no GPU is visible, by what Slurm says of the job."""

from __future__ import annotations

import pytest

from doctor.node.no_gpus import none_visible

NONE_HERE = "the driver shows none here"


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"SLURM_JOB_GPUS": "0"},
        {"SLURM_JOB_ID": "7", "SLURM_JOB_GPUS": "0"},
    ],
)
def test_without_a_job_or_with_a_grant_it_is_the_driver(variables: dict[str, str]) -> None:
    assert none_visible(variables) == f"no GPU can be seen: {NONE_HERE}"


def test_in_a_job_without_a_grant_it_is_the_job() -> None:
    assert NONE_HERE not in none_visible({"SLURM_JOB_ID": "7"})
