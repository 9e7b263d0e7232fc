#!/bin/bash
# written for vLLM 0.7.3
#SBATCH --gres=gpu:1 --time=4:00:00

SPEC="--speculative-config.method ngram --speculative-config.num_speculative_tokens 5"
srun vllm serve Qwen/Qwen2.5-7B-Instruct $SPEC \
    --speculative-config.prompt_lookup_max 4 --speculative-config.prompt_lookup_min 2 \
    > "$HOME/logs/ngram-$SLURM_JOB_ID.log" 2>&1
