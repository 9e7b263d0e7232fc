#!/bin/bash
# written for vLLM 0.7.3
#SBATCH --gres=gpu:1 --time=4:00:00

SPEC="--speculative_model [ngram] --num_speculative_tokens 5"
srun vllm serve Qwen/Qwen2.5-7B-Instruct $SPEC \
    --ngram-prompt-lookup-max 4 --ngram-prompt-lookup-min 2 \
    --disable-logprobs-during-spec-decoding \
    > "$HOME/logs/ngram-$SLURM_JOB_ID.log" 2>&1
