"""One small all-reduce over all GPUs, by the environment's own torch."""
