"""kcc: OpenCL C to RISC-V accelerators, and the accelerator to run it on.

The public face. Everything here is imported on first use, so that `import kcc` costs
nothing a caller does not need.
"""

from pathlib import Path as _Path

__version__ = "0.1.0"

# In a source checkout the sub-packages lie beside this folder; installed, they lie inside it.
_root = _Path(__file__).resolve().parent.parent
if (_root / "pyproject.toml").is_file() and (_root / "frontend" / "__init__.py").is_file():
    __path__.append(str(_root))
