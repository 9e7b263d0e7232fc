#!/bin/bash
# written for vLLM 0.8.5
#SBATCH --gpus=2
#SBATCH --exclude=gpu13

export VLLM_USE_V1=1
export HF_HOME=/scratch/$USER/hf
EXTRA_ARGS="--enable-reasoning --reasoning-parser deepseek_r1 --guided-decoding-backend xgrammar"

vllm serve deepseek-ai/DeepSeek-R1-Distill-Qwen-32B -tp 2 $EXTRA_ARGS --device cuda &
server=$!
until curl -sf localhost:8000/health; do sleep 5; done
python evaluate.py
kill "$server"
