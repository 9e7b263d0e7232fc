"""Readers: from what a script would start to facts, one module a subject."""
