"""Imports point left or stay: frontend < ir < backend < linker < device < kcc."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("frontend", "ir", "backend", "linker", "device", "kernels", "kcc")
# Standard library only: for all.
LEAVES = {
    "frontend.nesting",
    "frontend.source",
    "frontend.diag",
    "frontend.warning_table",
    "frontend.store",
    "frontend.record",
    "kcc.config",
}

# Which modules of other packages a package may import; "package.*" means all of them.
ALLOWED = {
    "frontend": set(),
    "ir": {"frontend.tast", "frontend.types"},
    "backend": {"ir.threads"},
    "linker": {"ir.abi", "backend.isa", "backend.encode", "backend.asm"},
    "device": {
        "ir.abi",
        "backend.isa",
        "backend.encode",
        "linker.elf",
        "linker.notes",
        "linker.source_lines",
        "linker.call_frames",
    },
    "device.sim": {
        "ir.passmemory",
        "backend.isa",
        "backend.encode",
        "backend.regs",
        "device.sim",
    },
    "kernels": {"device.dpu"},  # the hosts of examples, as those of others
    "kcc": {f"{package}.*" for package in PACKAGES},
}
# What a package needs of others' libraries; importing these at the top of a module is for the
# modules that cannot work without them.
LATE_ONLY = {
    "kcc": {"llvmlite", "lark", "elftools"},
    "linker": {"elftools"},
    "device": {"lark", "elftools"},
}


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found.append((name.removesuffix(".__init__"), path))
    return found


def imports(name: str, path: Path) -> list[str]:
    """Every module of ours that `name` imports, as "package.module"; relative ones resolved."""
    is_package = path.name == "__init__.py"
    parts = ("kcc." + name if not name.startswith("kcc") else name).split(".")
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                keep = len(parts) - node.level + is_package
                base = ".".join([*parts[:keep], *([node.module] if node.module else [])])
            found.append(base)
            found += [f"{base}.{alias.name}" for alias in node.names]
    ours = [f[4:] for f in found if f.startswith("kcc.")]
    lower = [f for f in ours if f.split(".")[0] in PACKAGES and f.split(".")[0] != "kcc"]
    own = [f"kcc.{f}" for f in ours if (ROOT / "kcc" / f"{f.split('.')[0]}.py").exists()]
    return lower if name.startswith("kcc") else lower + own


def layer(name: str) -> str:
    return "device.sim" if name.startswith("device.sim") else name.split(".", maxsplit=1)[0]


def permitted(own: str, target: str) -> bool:
    if any(target == leaf or target.startswith(leaf + ".") for leaf in LEAVES):
        return True
    if own != "device.sim" and target.split(".", maxsplit=1)[0] == own:
        return True
    allowed = ALLOWED[own]
    return any(
        target.startswith(a[:-1]) if a.endswith("*") else target == a or target.startswith(a + ".")
        for a in allowed
    )


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda v: v if isinstance(v, str) else "")
def test_imports_point_left_or_stay(name: str, path: Path) -> None:
    own = layer(name)
    bare_packages = set(PACKAGES)  # `from kcc.frontend import x` also yields "frontend"
    wrong = [t for t in imports(name, path) if t not in bare_packages and not permitted(own, t)]
    assert not wrong, f"{name} must not import {wrong}"


def test_no_folder_is_imported_bare() -> None:
    suspect = re.compile(rf"^\s*(from|import)\s+({'|'.join(set(PACKAGES) - {'kcc'})})\b", re.M)
    for name, path in modules():
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if suspect.search(text) else ():
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            bare = [n for n in names if n.split(".")[0] in set(PACKAGES) - {"kcc"}]
            assert not bare, f"{name} imports {bare}: write kcc.{bare[0]}"


def test_leaves_use_the_standard_library_only() -> None:
    for leaf in LEAVES:
        path = ROOT / (leaf.replace(".", "/") + ".py")
        used = imports(leaf, path)
        assert all(any(u == o or u.startswith(o + ".") for o in LEAVES) for u in used), used


def test_only_config_reads_the_environment() -> None:
    reads = re.compile(r"\b(environ|environb|getenv)\b")
    readers = [name for name, path in modules() if reads.search(path.read_text())]
    assert readers == ["kcc.config"]


def test_heavy_libraries_are_imported_late() -> None:
    for name, path in modules():
        late = LATE_ONLY.get(name.split(".")[0], set())
        if name.startswith("device.sim"):
            continue
        for node in ast.parse(path.read_text()).body:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            assert not [n for n in names if n.split(".")[0] in late], f"{name} imports {names}"
