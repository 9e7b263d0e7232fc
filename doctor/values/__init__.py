"""Values: what a word may stand for, as far as that can be known."""
