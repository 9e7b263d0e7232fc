"""Compiles what ships in the wheel when it is built, so that the first scan need not."""

from __future__ import annotations

import json
import os
import sys
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileData(BuildHookInterface):
    """Puts the rules, the pages and the tables of bashlex's grammar into the wheel, compiled.

    They are what a scan would keep in the user's cache; each file is named by the digest of what
    it was made from, so that one which doesn't fit is never read.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self.folder = TemporaryDirectory()
        os.environ["XDG_CACHE_HOME"] = self.folder.name
        sys.path.insert(0, self.root)
        from doctor.base.kept import cache_folder
        from doctor.knowledge import load as load_knowledge
        from doctor.log.signatures import load as load_signatures
        from doctor.rulebook import load as load_rules
        from doctor.shell.bashlex_parser import bashlex_parser

        bashlex_parser()
        releases = load_knowledge().releases
        for table in (releases.flags, releases.variables, releases.tool_parsers, releases.methods):
            next(table())
        next(releases.recipes())
        for about in ("script", "node", None):
            load_rules(about=about)
        load_signatures()
        for made in sorted(cache_folder().glob("*.json")):
            digest = json.loads(made.read_text("utf-8").partition("\n")[2])["digest"]
            build_data["force_include"][str(made)] = f"doctor/_data/compiled/{digest}.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self.folder.cleanup()
