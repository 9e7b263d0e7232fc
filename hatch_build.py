"""Makes what ships in the wheel when it is built: compiled data, so that the first scan need not
compile it, and the man page."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileData(BuildHookInterface):
    """Puts the rules, the pages and the tables of bashlex's grammar into the wheel, compiled.

    And the man page. What is compiled is what a scan would keep in the user's cache; each file is
    named by the digest of what it was made from, so that one which doesn't fit is never read.
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
        self._add_manual(build_data)

    def _add_manual(self, build_data: dict[str, Any]) -> None:
        sys.path.insert(0, str(Path(self.root, "packaging")))
        from manual import page

        made = Path(self.folder.name, "vllm-doctor.1")
        made.write_text(page(self.metadata.version), "utf-8")
        build_data["shared_data"][str(made)] = "share/man/man1/vllm-doctor.1"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self.folder.cleanup()
