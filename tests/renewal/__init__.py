"""The command that renews the tables."""
