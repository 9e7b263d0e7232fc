"""vllm-doctor: a linter and a doctor for vLLM on Slurm clusters."""
