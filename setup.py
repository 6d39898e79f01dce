"""Adds the parser's tables to a build; everything else stands in pyproject.toml."""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithTables(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return  # a source checkout keeps its tables in the cache folder
        sys.path.insert(0, str(ROOT))
        from kcc.frontend.tables import analyse, encode, grammar_text, table_key

        grammar = grammar_text()
        target = Path(self.build_lib) / "kcc" / "frontend" / "opencl.tables"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encode(analyse(grammar), table_key(grammar)))


setup(cmdclass={"build_py": BuildWithTables})
