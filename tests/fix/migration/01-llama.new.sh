#!/bin/bash
# written for vLLM 0.6.4
#SBATCH --job-name=llama
#SBATCH --gpus=4
#SBATCH --output=llama-%j.out

source ~/envs/vllm/bin/activate

python -m vllm.entrypoints.openai.api_server \
    --model meta-llama/Llama-3.1-70B-Instruct \
    --tensor-parallel-size 4 \
    --distributed-executor-backend ray \
    --max-model-len 8192 \
    --port 8000 --disable-log-requests
