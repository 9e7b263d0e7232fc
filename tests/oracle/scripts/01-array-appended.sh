#!/bin/bash
# written for vLLM 0.8.5
#SBATCH --gpus=4
ARGS=(--swap-space 8 --use-v2-block-manager --device cuda)
if [ -n "$LONG" ]; then
    ARGS+=(--max-model-len 131072 --max-seq-len-to-capture 16384)
fi
ARGS+=(--tensor-parallel-size 4 --disable-log-requests)
vllm serve Qwen/Qwen3-32B "${ARGS[@]}"
