#!/usr/bin/env bash
# written for vLLM 0.6.6
set -euo pipefail

MODEL=${MODEL:-facebook/opt-6.7b}
DRAFT=${DRAFT:-facebook/opt-125m}
TOKENS=5

ARGS=(
    --gpu-memory-utilization 0.8
    --speculative-model "$DRAFT"
    --num-speculative-tokens "$TOKENS"
    --speculative-draft-tensor-parallel-size=1
    --use-v2-block-manager
)
vllm serve "$MODEL" "${ARGS[@]}" --port "${PORT:-8000}" 2>&1 | tee serve.log
