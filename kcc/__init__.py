"""kcc: OpenCL C to RISC-V accelerators, and the accelerator to run it on.

The public face. Names are imported on first use, so that `import kcc` costs a caller nothing
that it does not need.
"""

from __future__ import annotations

import os as _os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kcc.frontend.diag import CompileError as CompileError

    from .api import Buffer as Buffer
    from .api import Device as Device
    from .api import Kernel as Kernel
    from .api import LaunchStats as LaunchStats
    from .api import Program as Program
    from .api import compile as compile
    from .api import load as load
    from .errors import DeviceError as DeviceError
    from .errors import GuestFault as GuestFault
    from .options import UsageError as UsageError
    from .values import Local as local

__version__ = "0.1.0"
__all__ = [
    "Buffer",
    "CompileError",
    "Device",
    "DeviceError",
    "GuestFault",
    "Kernel",
    "LaunchStats",
    "Program",
    "UsageError",
    "compile",
    "load",
    "local",
]

# In a source checkout the sub-packages lie beside this folder; installed, they lie inside it.
_root = _os.path.dirname(_os.path.dirname(_os.path.abspath(__file__)))
if _os.path.isfile(_os.path.join(_root, "pyproject.toml")) and _os.path.isfile(
    _os.path.join(_root, "frontend", "__init__.py")
):
    __path__.append(_root)

_HOMES = {
    "CompileError": ("kcc.frontend.diag", "CompileError"),
    "DeviceError": ("kcc.errors", "DeviceError"),
    "GuestFault": ("kcc.errors", "GuestFault"),
    "UsageError": ("kcc.options", "UsageError"),
    "local": ("kcc.values", "Local"),
} | {
    name: ("kcc.api", name)
    for name in ("Buffer", "Device", "Kernel", "LaunchStats", "Program", "compile", "load")
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'kcc' has no attribute '{name}'")
    from importlib import import_module

    module, attribute = _HOMES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value
