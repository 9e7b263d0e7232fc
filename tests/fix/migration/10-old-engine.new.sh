#!/bin/bash
# written for vLLM 0.6.3
#SBATCH --gpus=1

serve() {
    local model=$1 port=$2
    shift 2
    vllm serve "$model" --port "$port" \
        "$@"
}
serve google/gemma-2-9b-it 8000 --dtype bfloat16
