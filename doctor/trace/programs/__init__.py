"""Programs: what is known of each program that a script may start."""
