"""kcc: OpenCL C to RISC-V accelerators, and the accelerator to run it on.

The public face. Names are imported on first use, so that `import kcc` costs a caller nothing
that it does not need.
"""

from __future__ import annotations

import os as _os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kcc.frontend.diag import CompileError as CompileError

    from .buffer import Buffer as Buffer
    from .devices import Device as Device
    from .errors import DeviceError as DeviceError
    from .errors import GuestFault as GuestFault
    from .kernel import Kernel as Kernel
    from .kernel import LaunchStats as LaunchStats
    from .options import UsageError as UsageError
    from .program import Program as Program
    from .program import compile as compile
    from .program import load as load
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
    "Buffer": ("kcc.buffer", "Buffer"),
    "CompileError": ("kcc.frontend.diag", "CompileError"),
    "Device": ("kcc.devices", "Device"),
    "DeviceError": ("kcc.errors", "DeviceError"),
    "GuestFault": ("kcc.errors", "GuestFault"),
    "Kernel": ("kcc.kernel", "Kernel"),
    "LaunchStats": ("kcc.kernel", "LaunchStats"),
    "Program": ("kcc.program", "Program"),
    "UsageError": ("kcc.options", "UsageError"),
    "compile": ("kcc.program", "compile"),
    "load": ("kcc.program", "load"),
    "local": ("kcc.values", "Local"),
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
