#!/bin/bash
# written for vLLM 0.8.5
ROPE='{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":32768}'
srun --ntasks=1 vllm serve Qwen/Qwen3-32B -tp 4 --rope-scaling "$ROPE" --max-model-len 131072 \
    --enable-reasoning --reasoning-parser deepseek_r1 \
    --scheduler-delay-factor 0.5 --num-lookahead-slots 0 --disable-async-output-proc
