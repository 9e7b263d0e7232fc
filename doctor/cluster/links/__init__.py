"""Between nodes: each reports on itself and meets the others, and the reports are compared."""
