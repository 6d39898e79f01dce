"""The device library as an archive of objects, made by kcc itself and kept in the cache.

Members: every OpenCL C file of kernels/rt, every assembly file of linker/start. The linker
takes the members that a program asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING

from kcc.frontend.store import Store
from kcc.linker.elf import ET_REL, STB_LOCAL, ElfError, read_elf
from kcc.linker.objfile import ARCHIVE_MAGIC, write_archive

from . import config

if TYPE_CHECKING:
    from kcc.linker.link import LinkInput

FLAGS = ("-O2", "-c", "-Werror", "-cl-std=CL2.0")


def needs_library(inputs: Sequence[LinkInput]) -> bool:
    """Whether the inputs leave a symbol undefined. Archives and damaged objects: perhaps."""
    defined: set[str] = set()
    wanted: set[str] = set()
    for one in inputs:
        if one.data.startswith(ARCHIVE_MAGIC):
            return True
        try:
            symbols = read_elf(one.data, (ET_REL,)).symbols
        except ElfError:
            return False  # the linker says what is wrong with it
        for symbol in symbols:
            if symbol.binding != STB_LOCAL:
                (defined if symbol.defined else wanted).add(symbol.name)
    return not wanted <= defined


def library_archive(arch: str) -> bytes:
    """The archive for one architecture; from the cache when this kcc has made it before."""
    folder = config.cache_dir("compile")
    if folder is None:
        return _build(arch)
    from .compilecache import fingerprint

    store = Store(folder, config.number("KCC_CACHE_MB") << 20)
    key = sha256(f"library {arch}\n{fingerprint()}".encode()).hexdigest()
    archive = store.get(key)
    if archive is None:
        archive = _build(arch)
        store.put(key, archive)
    return archive


def _build(arch: str) -> bytes:
    from .build import compile_inputs
    from .options import parse_options

    members = []
    for package, folder, suffix in (("kernels", "rt", ".cl"), ("linker", "start", ".S")):
        files = resources.files(f"kcc.{package}") / folder
        for file in sorted(files.iterdir(), key=lambda f: f.name):
            if file.name.endswith(suffix):
                options = parse_options([*FLAGS, f"-march={arch}", file.name])
                options.runtime = True
                made = compile_inputs(options, [(file.name, file.read_bytes())])
                members.append((file.name, made.files[0][1]))
    return write_archive(members)
