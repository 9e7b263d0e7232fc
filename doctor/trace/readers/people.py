"""People: the logins that a script shows in the folders, addresses and variables that it names."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from doctor.base.regex import regex

#: Folders in which clusters keep people's own, perhaps with their group's between.
_HOMES = regex(
    r"(?<![\w.}])/(?:home|users?|people|scratch|work|projects?|lustre|gpfs|nfs|data)\w*"
    r"/([\w.-]+)(?:/([\w.-]+))?",
    re.IGNORECASE,
)
_NAMED = regex(r"--mail-user[= ]([\w.-]+)@|\bUSER(?:NAME)?=[\"']?([\w.-]+)")
#: ``ada42`` and ``ada.byron``, but no file's name.
_LOGIN = regex(
    r"[a-z][a-z0-9]{2,31}"
    r"|[a-z]+\.(?!(?:csv|def|img|json|log|py|sh|sif|sqsh|tar|toml|txt|ya?ml|zip)$)[a-z]{2,31}",
    re.IGNORECASE,
)
#: What such folders hold that is no login.
_THINGS = frozenset(
    """
    all ansys anaconda anaconda3 app apps archive backup base bench benchmark benchmarks bin build
    builds cache caches checkpoint checkpoints code codes common compile conda config configs
    container containers cuda data dataset datasets default dev downloads env envs eval
    experiment experiments fast file files flashinfer fs gpu gpus group groups hf home hub
    huggingface image images inductor inference input inputs job jobs lib libs llama llm llms local
    log logs lustre mistral ml model models nlp opt out output outputs pip project projects public
    python qwen ray repo repos result results run runs runtime scratch script scripts serve server
    servers serving share shared sif slurm software source src storage store team temp test tests
    tmp tool tools torch train training transformers triton user users venv venvs vllm weights work
    workspace xdg
    """.split()
)


@lru_cache(maxsize=16)
def logins(text: str) -> frozenset[str]:
    """The words that name people, or their groups, by where the script has them."""
    named = [
        name for pattern in (_HOMES, _NAMED) for found in pattern.findall(text) for name in found
    ]
    return frozenset(n for n in named if _LOGIN.fullmatch(n) and n.lower() not in _THINGS)


def names(path: str, people: Collection[str]) -> bool:
    """Whether a path holds one of these names as a word of its own."""
    words = re.split(r"[\W_]+", path) + re.split(r"[^\w.]+|_+", path)
    return any(word in people for word in words)
