#!/bin/bash
# written for vLLM 0.8.4
JOB=$1
tmux new-session -d -s coder
tmux send-keys -t coder "srun --jobid=$JOB --overlap vllm serve Qwen/Qwen2.5-Coder-32B-Instruct --enable-chunked-prefill --max-model-len 32768 2>&1 | tee $HOME/coder.log" Enter
ssh gpu04 'vllm serve Qwen/Qwen2.5-Coder-7B-Instruct --port 8001 --structured-outputs-config.backend outlines'
