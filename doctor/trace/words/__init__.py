"""Words: from the words of a command to the values that they may stand for."""
