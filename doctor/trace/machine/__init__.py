"""The machine: executes the commands of a script over all the values that they may have."""
