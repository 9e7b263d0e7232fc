#!/bin/bash
# written for vLLM 0.7.2
#SBATCH --nodes=1 --gpus-per-node=2

for gpu in 0 1; do
    CUDA_VISIBLE_DEVICES=$gpu vllm serve mistralai/Mistral-7B-Instruct-v0.3 \
        --num-scheduler-steps 8 \
        --multi-step-stream-outputs True \
        --enable-chunked-prefill=False \
        --enable-prefix-caching \
        --port $((8000 + gpu)) > "server-$gpu-$SLURM_JOB_ID.log" 2>&1 &
done
wait
