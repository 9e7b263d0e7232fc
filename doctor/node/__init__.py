"""The node that we stand on: probes look at it, their facts are judged by the rules."""
