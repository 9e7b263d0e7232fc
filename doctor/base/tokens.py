"""Tokens and keys of well-known shapes, which nobody may find in what we print."""

from __future__ import annotations

import re
from collections.abc import Iterator

from doctor.base.regex import regex

#: What the tokens look like: the whole word, so that nothing longer is taken for one.
_SHAPES = tuple(
    (what, regex(rf"(?<![A-Za-z0-9_-]){shape}(?![A-Za-z0-9_])"))
    for what, shape in (
        ("a Hugging Face token", r"(?:hf|api_org)_[A-Za-z0-9]{34}"),
        ("an OpenAI key", r"sk-[A-Za-z0-9]{48}"),
        ("an OpenAI key", r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}"),
        ("an Anthropic key", r"sk-ant-[A-Za-z0-9]{2,8}-[A-Za-z0-9_-]{60,200}"),
        ("an OpenRouter key", r"sk-or-v1-[0-9a-f]{64}"),
        ("an AWS access key", r"(?:AKIA|ASIA)[A-Z2-7]{16}"),
        ("a GitHub token", r"gh[pousr]_[A-Za-z0-9]{36}"),
        ("a GitHub token", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
        ("a GitLab token", r"glpat-[A-Za-z0-9_-]{20}"),
        ("an NVIDIA key", r"nvapi-[A-Za-z0-9_-]{60,80}"),
        ("a Google key", r"AIza[A-Za-z0-9_-]{35}"),
        ("a Slack token", r"xox[abprs]-\d{9,}-[A-Za-z0-9-]{20,80}"),
        ("a Weights & Biases key", r"(?<=WANDB_API_KEY=)[\"']?[0-9a-f]{40}[\"']?"),
        ("a Weights & Biases key", r"(?<=wandb login )[0-9a-f]{40}"),
    )
)
#: How they begin: what holds none of these holds no token.
BEGINNINGS = regex(
    r"\b(?:hf_|api_org_|sk-|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|nvapi-|AIza|xox[abprs]-|"
    r"WANDB_API_KEY=|wandb login )[\"']?[A-Za-z0-9_-]{16}"
)
_PLACEHOLDER = regex(
    r"(.)\1{4}|example|your|token|secret|placeholder|changeme|replace|redacted|dummy|abcdef|123456",
    re.IGNORECASE,
)
#: How many different characters a token that nobody typed in has at least.
_LEAST_VARIETY = 10


def find(text: str) -> Iterator[tuple[str, int, int]]:
    """What each token in a text is, and its place; placeholders are none."""
    if BEGINNINGS.search(text) is None:
        return
    for what, shape in _SHAPES:
        for found in shape.finditer(text):
            if not _is_placeholder(found[0]):
                yield what, *found.span()


def blotted(text: str) -> str:
    """The text with each token blotted out, for whoever reads what we print."""
    for _, start, end in find(text):
        text = text[:start] + "*" * (end - start) + text[end:]
    return text


def _is_placeholder(token: str) -> bool:
    return _PLACEHOLDER.search(token) is not None or len(set(token)) < _LEAST_VARIETY
