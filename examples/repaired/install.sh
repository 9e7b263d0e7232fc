#!/usr/bin/env bash
# Makes the environment that our jobs use. Run it once on a login node.
set -euo pipefail

VENV="${1:-$HOME/venvs/vllm}"
VLLM_VERSION=0.11.2

python3 -m venv "$VENV"
source "$VENV/bin/activate"
pip install --upgrade pip
pip install "vllm==${VLLM_VERSION}" openai pandas
python -c 'import vllm; print(vllm.__version__)'
