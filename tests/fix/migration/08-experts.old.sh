#!/bin/bash
# written for vLLM 0.9.2
#SBATCH --nodes=1 --gpus-per-node=8 --exclusive

export VLLM_ATTENTION_BACKEND=FLASHMLA
VLLM_ALL2ALL_BACKEND=deepep_low_latency srun --ntasks=1 vllm serve deepseek-ai/DeepSeek-V3 \
    --data-parallel-size 8 --enable-expert-parallel \
    --enable-eplb --num-redundant-experts 32 \
    --eplb-window-size 1000 --eplb-step-interval=3000 --eplb-log-balancedness \
    --cuda-graph-sizes 64
