#!/bin/bash
# written for vLLM 0.9.2
#SBATCH --nodes=1 --gpus-per-node=8 --exclusive

srun --ntasks=1 vllm serve deepseek-ai/DeepSeek-V3 \
    --data-parallel-size 8 --enable-expert-parallel \
    --enable-eplb --eplb-config.num_redundant_experts 32 \
    --eplb-config.window_size 1000 --eplb-config.step_interval=3000 --eplb-config.log_balancedness true \
    --cudagraph-capture-sizes 64 \
    --attention-backend FLASHMLA \
    --all2all-backend deepep_low_latency
