"""What every other package stands on: it knows nothing of scripts, of rules or of nodes."""
