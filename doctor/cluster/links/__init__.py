"""Between nodes: each tells of itself and meets the others, and what they told is compared."""
