"""What code is generated for: the architecture string, its extensions, the ABI.

Standard library only; codegen.py turns a Target into an LLVM target machine.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..frontend.record import record

DEFAULT_ARCH = "rv64gcv"  # the one place that says so; Zba, Zbb and others are asked for
DPU_ARCH = "rv64gc_zba_zbb_xdpu"
TRIPLE = "riscv64-unknown-unknown-elf"
DATA_LAYOUT = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
CPU = "generic-rv64"
ABI = "lp64d"

# Every extension that -march may name -> the ones it brings along. Whatever of these LLVM makes
# use of, it may put in a kernel: what no device of ours can run is not in the table.
_EXTENSIONS: dict[str, tuple[str, ...]] = {
    "i": (), "m": (), "a": (), "c": (),
    "f": ("zicsr",), "d": ("f",),
    "g": ("i", "m", "a", "f", "d", "zicsr", "zifencei"),
    "v": ("d", "zvl128b"),
    # With the vector form of half precision comes all of the scalar one, though less would do.
    "zfh": ("f",), "zvfh": ("v", "zfh"), "zicond": (),
    "xdpu": (),
    "zicsr": (), "zifencei": (), "zicntr": ("zicsr",), "zihpm": ("zicsr",),
    "zba": (), "zbb": (), "zbc": (), "zbs": (), "b": ("zba", "zbb", "zbs"),
    **{f"zvl{bits}b": (f"zvl{bits // 2}b",) if bits > 32 else () for bits in
       (32, 64, 128, 256, 512, 1024)},
}  # fmt: skip
_OURS = ("xdpu",)  # LLVM does not know them; no code that it makes uses them
_NEEDED = ("i", "m", "a", "f", "d")  # the ABI passes doubles in registers; atomics are lock-free


@record
class Target:
    """One architecture: the string as given, its extensions (closed), LLVM's feature string."""

    arch: str
    extensions: frozenset[str]
    features: str


@lru_cache
def parse_target(arch: str = DEFAULT_ARCH) -> Target:
    """The target that an ISA naming string stands for, e.g. "rv64gc" or "rv64gcv_zba_zvl512b".

    raises:  ValueError, with the reason, for a string that is no RV64 architecture, an extension
             kcc does not know, or one without what the lp64d ABI needs.
    source:  RISC-V unprivileged specification, "ISA Extension Naming Conventions".
    """
    # Single letters, then longer names; the first of those needs no underscore before it.
    match = re.fullmatch(r"rv64([a-y]+)(z[a-z0-9]*)?((?:_[a-z][a-z0-9]*)*)", arch.lower())
    if not match:
        raise ValueError(f"'{arch}' is not an RV64 architecture; write for example {DEFAULT_ARCH}")
    names = [*match[1], *([match[2]] if match[2] else []), *match[3].split("_")[1:]]
    extensions: set[str] = set()
    while names:
        name = names.pop()
        if name not in _EXTENSIONS:
            raise ValueError(f"'{arch}': extension '{name}' is not supported")
        if name not in extensions:
            extensions.add(name)
            names += _EXTENSIONS[name]
    missing = [name for name in _NEEDED if name not in extensions]
    if missing:
        raise ValueError(f"'{arch}' lacks {', '.join(missing)}: the {ABI} ABI needs rv64g")
    if "v" not in extensions and any(name.startswith("zvl") for name in extensions):
        raise ValueError(f"'{arch}' gives vectors a length, but has no v")  # LLVM would abort
    extensions -= {"g", "b"}
    known = extensions - {"i", *_OURS}
    enabled = [f"+{name}" for name in sorted(known)]
    # Without linker relaxation an object holds ten kinds of relocation instead of thirty.
    return Target(arch, frozenset(extensions), ",".join([*enabled, "-relax"]))
