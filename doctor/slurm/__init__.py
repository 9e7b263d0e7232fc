"""Slurm's own rules: its options, node lists and what a request for nodes asks for."""
