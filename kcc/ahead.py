"""What a second thread does while the first one compiles: loading that needs no decision.

Mapping LLVM's library happens in the system's loader, and optimising happens in LLVM, both
without the interpreter's lock; so the front end and the import of the linker run beside them.
Nothing depends on it: what was not loaded ahead is loaded when it is used.
"""

from __future__ import annotations

import sys
from _thread import start_new_thread

LIBRARY = "libllvmlite.so"


def load_llvm() -> None:
    """Begin to map LLVM's library, which llvmlite asks for when it is imported."""
    start_new_thread(_map_llvm, ())


def load_linker() -> None:
    """Begin to import the linker."""
    start_new_thread(_import_linker, ())


def _map_llvm() -> None:
    import ctypes
    import os
    from importlib.util import find_spec

    spec = find_spec("llvmlite")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = os.path.join(folder, "binding", LIBRARY)
        if os.path.isfile(path) and sys.platform == "linux":
            # As a foreign function, unlike CDLL(path), it runs without the interpreter's lock.
            ctypes.CDLL(None).dlopen(path.encode(), ctypes.DEFAULT_MODE | os.RTLD_NOW)


def _import_linker() -> None:
    import kcc.linker.link  # noqa: F401
