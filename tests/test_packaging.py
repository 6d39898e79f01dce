"""The package list and the folders agree: a missing sub-package silently drops files."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS = ("frontend", "ir", "backend", "linker", "device")


def test_every_folder_with_modules_is_a_package() -> None:
    found = {"kcc", "kcc.kernels"}
    for folder in FOLDERS:
        for init in (ROOT / folder).rglob("__init__.py"):
            found.add("kcc." + ".".join(init.parent.relative_to(ROOT).parts))
    assert set(SETTINGS["tool"]["setuptools"]["packages"]) == found


def test_every_module_lies_in_a_package() -> None:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), path


def test_every_data_file_is_packaged() -> None:
    data = SETTINGS["tool"]["setuptools"]["package-data"]
    for folder in (*FOLDERS, "kernels"):
        base = ROOT / folder
        taken = {p for pattern in data.get(f"kcc.{folder}", ()) for p in base.glob(pattern)}
        for path in base.rglob("*"):
            if path.suffix in (".cl", ".c", ".h", ".lark", ".ld", ".S", ".hex", ".toml"):
                assert path in taken, f"{path} would not be in the wheel"


def test_the_version_is_written_once() -> None:
    text = (ROOT / "kcc" / "__init__.py").read_text()
    assert re.search(r'__version__ = "(.*)"', text)[1] == SETTINGS["project"]["version"]


def test_importing_kcc_is_cheap() -> None:
    code = (
        "import sys, kcc; heavy = {'numpy', 'llvmlite', 'lark', 'elftools'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
