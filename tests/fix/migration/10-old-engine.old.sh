#!/bin/bash
# written for vLLM 0.6.3
#SBATCH --gpus=1

serve() {
    local model=$1 port=$2
    shift 2
    vllm serve "$model" --port "$port" \
        --tokenizer-pool-size 4 --tokenizer-pool-type ray \
        --preemption-mode recompute \
        --scheduler-delay-factor 0.3 \
        --max-seq-len-to-capture 8192 \
        --disable-async-output-proc \
        --disable-frontend-multiprocessing \
        "$@"
}
serve google/gemma-2-9b-it 8000 --dtype bfloat16
