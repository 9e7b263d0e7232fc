"""vLLM's command line: which words start a server, what they mean, which releases accept them.

Pure functions over argument values. Nothing here knows of a shell, of rules or of Slurm.
"""
