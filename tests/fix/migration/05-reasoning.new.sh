#!/bin/bash
# written for vLLM 0.8.5
#SBATCH --gpus=2
#SBATCH --exclude=gpu13

export HF_HOME=/scratch/$USER/hf
EXTRA_ARGS="--reasoning-parser deepseek_r1 --structured-outputs-config.backend xgrammar"

vllm serve deepseek-ai/DeepSeek-R1-Distill-Qwen-32B -tp 2 $EXTRA_ARGS &
server=$!
until curl -sf localhost:8000/health; do sleep 5; done
python evaluate.py
kill "$server"
