"""Host functions for guest code: translated once, kept on disk, loaded when needed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

from ...frontend.store import Store
from . import host, runtime, stackswitch
from .flow import Unit
from .interface import Translated
from .mode import Mode
from .translate import Translation, translate


@dataclass(frozen=True)
class Function:
    """A loaded unit: its host address, what it was made from."""

    unit: Unit
    mode: Mode
    address: int
    inside: frozenset[int] = field(repr=False)  # addresses of its instructions


@cache
def version() -> bytes:
    """A hash of what compiled objects depend on: the host, this package, the decoder."""
    digest = hashlib.sha256(host.description().encode())
    package = resources.files(__package__)
    backend = resources.files((__package__ or "").rsplit(".", 2)[0] + ".backend")
    sources = [f for f in package.iterdir() if f.name.endswith(".py")]
    sources += [f for f in backend.iterdir() if f.name in ("isa.py", "encode.py")]
    for source in sorted(sources, key=lambda f: f.name):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.digest()


def _store(folder: Path | None) -> Store:
    return Store(str(folder) if folder is not None else None)


def _key(facts: bytes) -> str:
    return hashlib.sha256(version() + facts).hexdigest()


@dataclass(frozen=True)
class _Runtime:
    """The runtime, loaded: its functions' host addresses."""

    loader: host.Loader  # owns the code
    functions: dict[str, int]


@cache
def _runtime(cache_dir: Path | None) -> _Runtime:
    """One for all machines of the process: it has no state of its own."""
    objects = _store(cache_dir)
    key = _key(b"runtime")
    code = objects.get(key)
    if code is None:
        code = host.compile_ir(runtime.module_text(), host.Effort.MODULE)
        objects.put(key, code)
    loader = host.Loader()
    loader.load(code)
    return _Runtime(loader, {name: loader.address(name) for name in runtime.FUNCTIONS})


class Engine:
    """Compiles and loads units. Loaded code stays until the engine goes."""

    def __init__(self, cache_dir: Path | None) -> None:
        if not stackswitch.supported():
            raise RuntimeError("the simulator runs on x86-64 and AArch64 Linux hosts")
        self._cache = _store(cache_dir)
        self._loader = host.Loader()
        self._functions: dict[str, Function] = {}
        self._recent: dict[tuple[int, Mode, frozenset[str]], Function] = {}  # by id of the unit
        self.translated = Translated()
        self.runtime = _runtime(cache_dir).functions

    def function(self, unit: Unit, mode: Mode, extensions: frozenset[str]) -> Function:
        """The host function of a unit: loaded before, from the disk, or compiled now."""
        key = id(unit), mode, extensions
        recent = self._recent.get(key)
        if recent is not None and recent.unit is unit:
            return recent
        facts = repr((unit.entries, unit.code, mode, sorted(extensions)))
        name = f"u{unit.entries[0].pc:x}_{hashlib.sha256(facts.encode()).hexdigest()[:24]}"
        found = self._functions.get(name)
        if found is None:
            self._load(facts, lambda: translate(unit, mode, extensions, name))
            inside = frozenset(word.pc for block in unit.blocks.values() for word in block)
            found = Function(unit, mode, self._loader.address(name), inside)
            self._functions[name] = found
        if found.unit is unit:  # it lives as long as the entry
            self._recent[key] = found
        return found

    def _load(self, facts: str, translated: Callable[[], Translation]) -> None:
        start = time.perf_counter()
        key = _key(facts.encode())
        code = self._cache.get(key)
        compiled = code is None
        if code is None:
            made = translated()
            code = host.compile_ir(made.text, made.effort)
            self._cache.put(key, code)
        self._loader.load(code)
        t = self.translated
        spent = t.seconds + time.perf_counter() - start
        self.translated = Translated(t.compiled + compiled, t.found + (not compiled), spent)
