"""Which release an install, a module or an image names."""

from __future__ import annotations

import pytest

from doctor.values.value import UNKNOWN
from doctor.vllm.images import read_image
from doctor.vllm.requirements import Requirement, read_requirements

from .conftest import words

U = UNKNOWN
COMMANDS: list[tuple[str, list[tuple[str, object, str]]]] = [
    ("pip install vllm==0.12.0", [("vllm", "0.12.0", "")]),
    ("pip3 install -U vllm", [("vllm", None, "")]),
    ("/opt/venv/bin/pip install vllm==0.8.5.post1", [("vllm", "0.8.5.post1", "")]),
    ("python3 -m pip install 'vllm==0.12.0'", [("vllm", "0.12.0", "")]),
    ("pip install vllm==0.12.*", [("vllm", None, "==0.12.*")]),
    ("pip install 'vllm>=0.11,<0.13'", [("vllm", None, ">=0.11,<0.13")]),
    ("pip install 'vllm >= 0.11, < 0.13'", [("vllm", None, ">=0.11,<0.13")]),
    ("pip install 'vllm[audio,video]==0.12.0+cu129'", [("vllm", "0.12.0", "")]),
    ("pip install \"vllm==0.12.0; python_version>'3.9'\"", [("vllm", "0.12.0", "")]),
    ("pip install vllm==$VERSION", [("vllm", U, "")]),
    ("pip install vllm==0.$MINOR.0", [("vllm", U, "")]),
    ("pip install $PACKAGES", []),
    ("pip install -r requirements.txt", []),
    ("pip install -e .", []),
    ("pip install torch==2.8.0 vllm==0.11.0", [("torch", "2.8.0", ""), ("vllm", "0.11.0", "")]),
    ("pip install --extra-index-url https://x vllm==0.12.0", [("vllm", "0.12.0", "")]),
    ("pip install git+https://github.com/vllm-project/vllm.git@v0.12.0", [("vllm", "0.12.0", "")]),
    ("pip install git+https://github.com/vllm-project/vllm.git", [("vllm", U, "")]),
    ("pip install git+https://github.com/vllm-project/vllm@abc123#egg=vllm", [("vllm", U, "")]),
    ("pip install 'vllm @ git+https://github.com/x/vllm@v0.12.0'", [("vllm", "0.12.0", "")]),
    ("pip install 'vllm @ https://x/vllm-0.12.0-cp38-abi3-linux.whl'", [("vllm", "0.12.0", "")]),
    (
        "pip install https://x/v0.12.0/vllm-0.12.0+cu130-cp38-abi3-manylinux_x86_64.whl",
        [("vllm", "0.12.0", "")],
    ),
    ("pip install https://x/vllm-0.12.0%2Bcu130-cp38-abi3-linux.whl", [("vllm", "0.12.0", "")]),
    ("pip uninstall vllm==0.12.0", []),
    ("uv pip install vllm==0.12.0 --torch-backend auto", [("vllm", "0.12.0", "")]),
    ("uv add vllm~=0.12.0", [("vllm", None, "~=0.12.0")]),
    ("uv run --with vllm==0.12.0 vllm serve x", [("vllm", "0.12.0", "")]),
    (
        "uv run --with 'torch,vllm>=0.11,<0.13' x",
        [("torch", None, ""), ("vllm", None, ">=0.11,<0.13")],
    ),
    ("uv run --with=vllm==0.12.0 python x.py", [("vllm", "0.12.0", "")]),
    ("uv run vllm serve x", []),
    ("uvx vllm@0.12.0 serve x", [("vllm", "0.12.0", "")]),
    ("uvx vllm@latest serve x", [("vllm", None, "")]),
    ("uvx --from vllm==0.12.0 vllm serve x", [("vllm", "0.12.0", ""), ("vllm", None, "")]),
    ("uvx vllm serve x", [("vllm", None, "")]),
    ("conda install -c conda-forge vllm=0.12.0", [("vllm", "0.12.0", "")]),
    ("mamba install vllm=0.12", [("vllm", None, "==0.12.*")]),
    (
        "conda create -n env python=3.12 vllm==0.12.0",
        [("python", None, "==3.12.*"), ("vllm", "0.12.0", "")],
    ),
    ("conda install conda-forge::vllm=0.12.0=py312", [("vllm", "0.12.0", "")]),
    ("conda install 'vllm>=0.11'", [("vllm", None, ">=0.11")]),
    ("module load cuda/12.4 vllm/0.12.0", [("vllm", "0.12.0", "")]),
    ("ml python-vllm/0.19", [("vllm", None, "==0.19.*")]),
    ("module load vLLM/0.9.1-foss-2024a-CUDA-12.6.0", [("vllm", "0.9.1", "")]),
    ("module load vllm", [("vllm", None, "")]),
    ("module load vllm/$V", [("vllm", U, "")]),
    ("module load gcc/12", []),
    ("spack load py-vllm@0.12.0", [("vllm", "0.12.0", "")]),
    ("echo vllm==0.12.0", []),
    ("pip", []),
    ("", []),
]
IMAGES: list[tuple[str, object]] = [
    ("vllm/vllm-openai:v0.12.0", "0.12.0"),
    ("docker://vllm/vllm-openai:v0.10.1.1", "0.10.1.1"),
    ("docker://docker.io/vllm/vllm-openai:v0.12.0-x86_64", "0.12.0"),
    ("registry.site:5000/vllm/vllm-openai:v0.12.0", "0.12.0"),
    ("vllm/vllm-openai:0.9.1", "0.9.1"),
    ("vllm/vllm-openai:v0.12.0@sha256:abcd", "0.12.0"),
    ("vllm/vllm-openai:v0.12.0-cu130", "0.12.0"),
    ("docker://vllm#vllm-openai:v0.12.0", "0.12.0"),
    ("rocm/vllm:rocm7.0.0_vllm_0.11.1_20251103", "0.11.1"),
    ("/images/vllm-openai_v0.12.0.sif", "0.12.0"),
    ("$IMAGES/vllm-openai-v0.12.0.sqsh", "0.12.0"),
    ("./vllm-0.12.0.sif", "0.12.0"),
    ("vllm_rocm7.0.0_vllm_0.11.1_20251103.sif", "0.11.1"),
    ("vllm/vllm-openai:latest", U),
    ("vllm/vllm-openai:nightly", U),
    ("vllm/vllm-openai", U),
    ("vllm/vllm-openai@sha256:0123", U),
    ("vllm/vllm-openai:$TAG", U),
    ("vllm/vllm-openai:v0.$MINOR.0", U),
    ("nvcr.io/nvidia/vllm:25.11-py3", U),
    ("someone/vllm:1.0", U),
    ("someone/vllm:0.12.0", U),
    ("vllm.sif", U),
    ("vllm032_cuda118.sif", U),
    ("vllm_v10.1.1.sif", U),
    ("vllm-4075b35.sif", U),
]


@pytest.mark.parametrize(("line", "expected"), COMMANDS)
def test_commands(line: str, expected: list[tuple[str, object, str]]) -> None:
    found = read_requirements(words(line))
    assert [(r.package, r.version, r.specifier) for r in found] == expected


@pytest.mark.parametrize(("image", "version"), IMAGES)
def test_images(image: str, version: object) -> None:
    requirement = read_image(words(image)[0])
    assert requirement is not None
    assert requirement.version == version


def test_an_image_file_says_so_and_others_are_none() -> None:
    (file,) = words("/x/vllm-openai_v0.12.0.sif")
    found = read_image(file)
    assert found is not None
    assert found.via == "image-file"
    assert read_image(words("pytorch/pytorch:2.8.0")[0]) is None
    assert read_image(words("$IMAGE")[0]) is None


def test_a_two_part_version_leaves_the_third_open() -> None:
    found = read_image(words("vllm/vllm-openai:v0.12")[0])
    assert found is not None
    assert (found.version, found.specifier) == (None, "==0.12.*")


@pytest.mark.parametrize(
    "line",
    [
        "pip install 'vllm[audio]==0.12.0'",
        "pip install git+https://github.com/vllm-project/vllm.git@v0.12.0",
        "pip install https://x/vllm-0.12.0-cp38.whl",
        "uvx vllm@0.12.0 serve x",
        "conda install vllm=0.12.0",
        "module load vllm/0.12.0",
    ],
)
def test_the_place_is_the_version(line: str) -> None:
    (found,) = read_requirements(words(line))
    assert _text(line, found) in ("0.12.0", "v0.12.0")


def _text(line: str, requirement: Requirement) -> str:
    place = requirement.value.location
    assert place is not None
    return line[place.start.offset : place.end.offset]
