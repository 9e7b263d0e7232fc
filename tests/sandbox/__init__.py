"""The differential sandbox: what a safe fix changes is shown by running the script.

``host`` is a machine in miniature: a mount namespace in which `/tmp`, `/var/tmp`, `/dev/shm` and
`/home` are folders of the test, with files of the user, of a colleague and of root, and stand-ins
for the programs, which record how they are called, where their output goes and what they are
given to read. The script runs as a user who may delete everything, so nothing is saved by a
permission. ``scripts`` makes scripts with faults of every rule that has a safe fix, in the
surroundings in which a fix may go wrong. ``promises`` tells what a fix may change: after it the
two runs must agree in everything else: the files that are left, the calls, the streams, the exit
code.

The tests run a few scripts; many more are tried by hand (as root, from the repository's root):

    python -m tests.sandbox --count 5000 --seed 1
"""
