"""Regular expressions that are compiled when they are first used.

A scan imports about two hundred of them and searches with fewer than half; compiling them all
took a tenth of its time.
"""

from __future__ import annotations

import re
from typing import Any, cast


def regex(text: str, flags: int = 0) -> re.Pattern[str]:
    """What ``re.compile`` makes, made later: an error in the text shows at the first use."""
    return cast("re.Pattern[str]", _Pattern(text, flags))


class _Pattern:
    """Has the attributes of ``re.Pattern``, each kept once it was asked for."""

    def __init__(self, text: str, flags: int) -> None:
        self.pattern, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, attribute)
        return attribute
