"""The summary of a trace, for people."""
