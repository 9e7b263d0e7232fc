"""Bounds on the work for one script, each with the script that it was set for.

Whatever a script holds, what is made of it stays within these: then it takes seconds, not hours.
What one of them cuts off is unknown, and the trace and an info (VD005) say so.
"""

from __future__ import annotations

# --- the text ---------------------------------------------------------------------------------

#: How many characters of a script are read: a megabyte of `if [ "$a" = x ]; then …`.
MAX_READ = 200_000

# --- the walk ---------------------------------------------------------------------------------

#: How many commands of one script are walked, loops' turns and calls counted in; what is expanded
#: and parsed on the way counts too. Functions that call each other twice: `f1() { f2; f2; }`, …
MAX_STEPS = 2_000
#: How many steps are walked in all the calls of one function until further ones are summed up: of
#: one that starts nothing of interest, a `log` that is called in every line, and of any other.
MAX_BARREN_STEPS, MAX_FUNCTION_STEPS = 60, 250
#: How many pieces of values, and words, an expansion makes for one step: `x=$a$a…; x=$x$x`, …
PIECES_A_STEP = 100
#: How many characters of a text that is parsed again count as one step: `eval "$x"`, here-documents
#: that are run.
CHARACTERS_A_STEP = 100
#: The same of a file, which doesn't grow as a text may that a script makes up.
FILE_CHARACTERS_A_STEP = 500
#: How many choices that have led to a command make it count as one step more: a thousand `elif`s.
ASSUMPTIONS_A_STEP = 50
#: How deep functions may call others, and a function itself: `f() { f; }`.
MAX_CALLS, MAX_RECURSION = 12, 4
#: How deep commands, and shells within shells, may be nested: `bash -c "bash -c …"`.
MAX_NESTED_COMMANDS, MAX_NESTED_SHELLS = 48, 30
#: How many wrappers may stand before a command: `nohup nohup …`.
MAX_WRAPPERS = 8
#: How many turns of a loop are walked one by one: `for i in {1..100}`.
MAX_TURNS = 16
#: How often a body is walked until all is known that its turns leave to one another.
MAX_WALKS = 4
#: How many texts that a here-document may be are followed, the likeliest.
MAX_INPUTS = 4

# --- values -----------------------------------------------------------------------------------

#: How many characters and pieces one value may have: `x=$x$x`, two hundred times.
MAX_CHARACTERS, MAX_PIECES = 1 << 16, 500
#: How many words a command, and how many elements an array may have: `x=("${x[@]}" "${x[@]}")`.
MAX_ITEMS = 1_000
#: How many things one variable may hold; an unknown stands for all further ones: a row of `if`s
#: that each add to a variable.
MAX_ALTERNATIVES = 16
#: Of how many branches that come together each one's contents are kept apart: a `case` with a
#: thousand arms.
MAX_JOINED = 100
#: On how many choices what a variable holds may rest: a thousand `if`s in a row.
MAX_ASSUMPTIONS = 50
#: How many consistent combinations of alternatives of one command are looked at:
#: `vllm serve ${A:-a} ${B:-b} …`.
MAX_COMBINATIONS = 24
#: The longest text that is split into words; a longer one counts as unknown words.
MAX_SPLIT = 4_000

# --- fixes ------------------------------------------------------------------------------------

#: How many fixes are offered at a time: two thousand lines of `rm -rf /tmp/x*`.
MAX_FIXES = 200
#: How many commands are looked through for all of them, though that allows for some fixes always: a
#: thousand servers, each with a log to be renamed.
MAX_FIX_STEPS, MIN_FIXES = 200_000, 10

#: How often a script is examined anew while fixes are made, and how many characters in all,
#: though some times always: two thousand lines that each want a fix of their own.
MAX_EXAMINED, MIN_EXAMINED, MAX_EXAMINED_CHARACTERS = 100, 10, 5_000_000

# --- facts ------------------------------------------------------------------------------------

#: How many words of servers' command lines are judged, on all ways together, and for how many a
#: server counts besides: a thousand lines of `vllm serve m --port N &`, one line with a thousand
#: `--x=${Y:-N}`.
MAX_SERVER_WORDS, WORDS_A_SERVER = 8_000, 20
#: With how many of the servers that share a folder or a port another one is compared, the latest:
#: `vllm serve m --port 800 &`, four hundred times.
MAX_COMPARED = 20

# --- files ------------------------------------------------------------------------------------

#: How many files that a script may include or run are looked for: `bash aN.sh`, a thousand times.
MAX_ASKED = 2_000
#: How many GPUs a server may need: `-tp 4 -pp 99999999999999`.
MAX_GPUS = 1024
