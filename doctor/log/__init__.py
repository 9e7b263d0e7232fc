"""A vLLM server's log, examined: what went wrong, who said it, and what to do."""
