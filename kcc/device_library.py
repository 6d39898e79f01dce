"""The device libraries as archives of objects, made by kcc itself and kept in the cache.

Members of the one for all: every OpenCL C file of kernels/rt, every assembly file of
linker/start. Of the one for tasklets: the C files of kernels/rt/dpu, and what is beside them for
the device. The linker takes the members that a program asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING

from kcc.backend.target import DPU_ARCH
from kcc.frontend.store import Store
from kcc.linker.elf import ET_REL, STB_LOCAL, ElfError, read_elf
from kcc.linker.objfile import ARCHIVE_MAGIC, library_member, read_archive, write_archive

from . import config

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from kcc.linker.link import LinkInput

START = "start.S"
FLAGS = ("-O2", "-c", "-Werror", "-cl-std=CL2.0")
# Where the library for tasklets is: in the first folder what all devices share.
TASKLET_DEVICES = {"dpu": ("rt/dpu",), "refsi": ("rt/dpu", "rt/dpu/refsi")}
# What the library for all may define, or a linker script; and what is no name in C.
RESERVED = ("__kcc_", "__sys_", ".")
# Not yet for any architecture, nor vectorised: that comes with the kernel they go into.
MEMBER_FLAGS = ("-O1", "-c", "-emit-llvm", "-march=rv64gc", "-Werror", "-cl-std=CL2.0")


def libraries(inputs: Sequence[LinkInput], device: str, arch: str) -> list[LinkInput]:
    """The archives that define what the inputs leave undefined; none when that is nothing."""
    from kcc.linker.link import LinkInput

    wanted = _undefined(inputs)
    found = []
    if wanted:
        found.append(LinkInput("<device library>", library_archive(arch)))
    if device in TASKLET_DEVICES and wanted:
        wanted -= read_archive("", found[0].data).index.keys()
        if any(not name.startswith(RESERVED) for name in wanted):
            found.append(LinkInput("<tasklet library>", tasklet_archive(device, arch)))
    return found


def _undefined(inputs: Sequence[LinkInput]) -> set[str]:
    """The symbols that inputs want and none of them defines, as if all members came in."""
    defined: set[str] = set()
    wanted: set[str] = set()
    for one in inputs:
        try:
            objects = [one.data]
            if one.data.startswith(ARCHIVE_MAGIC):
                objects = [data for _, data in read_archive(one.name, one.data).members.values()]
            symbols = [s for data in objects for s in read_elf(data, (ET_REL,)).symbols]
        except ElfError:
            return set()  # the linker says what is wrong with it
        for symbol in symbols:
            if symbol.binding != STB_LOCAL:
                (defined if symbol.defined else wanted).add(symbol.name)
    return wanted - defined


def library_archive(arch: str) -> bytes:
    """The archive for one architecture; from the cache when this kcc has made it before."""
    return _kept(f"library {arch}", lambda: _build(arch))


def tasklet_archive(device: str, arch: str) -> bytes:
    """Allocators, transfers, synchronisation and more of a device for tasklets, cached too."""
    return _kept(f"tasklets {device} {arch}", lambda: _build_tasklets(device, arch))


def start_code(device: str, arch: str) -> list[LinkInput]:
    """What is linked before a program's own objects: nothing where harts enter kernels directly.

    Else what begins, and an archive of what kernels may ask of the hardware.
    """
    from kcc.linker.link import LinkInput

    if device == "refsi":
        return []
    if device == "dpu":
        arch = DPU_ARCH  # whatever of it the program is for
    folder, flags = f"start/{device}", ["-c", f"-march={arch}"]

    def assembled(first: bool) -> list[tuple[str, bytes]]:
        return [
            (name, _compiled(name, data, flags))
            for name, data in _sources("linker", folder, ".S")
            if (name == START) == first
        ]

    start = _kept(f"start {device} {arch}", lambda: assembled(True)[0][1])
    others = _kept(f"hardware {device} {arch}", lambda: write_archive(assembled(False)))
    return [LinkInput(START, start), LinkInput("<start code>", others)]


def _kept(name: str, make: Callable[[], bytes]) -> bytes:
    folder = config.cache_dir("compile")
    if folder is None:
        return make()
    from .compilecache import fingerprint

    store = Store(folder, config.number("KCC_CACHE_MB") << 20)
    key = sha256(f"{name}\n{fingerprint()}".encode()).hexdigest()
    data = store.get(key)
    if data is None:
        data = make()
        store.put(key, data)
    return data


def _build(arch: str) -> bytes:
    from kcc.backend.target import parse_target

    flags = [*FLAGS, f"-march={arch}", "-I", str(_folder("kernels", "rt"))]
    if "v" in parse_target(arch).extensions:
        flags.append("-DVECTORS")
    members = [
        (name, _compiled(name, data, flags))
        for package, folder, suffix in (("kernels", "rt", ".cl"), ("linker", "start", ".S"))
        for name, data in _sources(package, folder, suffix)
    ]
    return write_archive(members)


def _build_tasklets(device: str, arch: str) -> bytes:
    flags = [*FLAGS, f"-mdevice={device}", f"-march={arch}"]
    if device == "dpu":  # whose faults tell by whose calls they came about
        flags.append("-g")

    def member(path: str, data: bytes) -> bytes:
        return library_member(_compiled(path, data, flags))

    return write_archive([
        # By the whole path, for headers beside the source.
        (name[:15], member(str(_folder("kernels", folder).joinpath(name)), data))
        for folder in TASKLET_DEVICES[device]
        for suffix in (".c", ".cl", ".S")
        for name, data in _sources("kernels", folder, suffix)
    ])  # fmt: skip


def _sources(package: str, folder: str, suffix: str) -> list[tuple[str, bytes]]:
    files = _folder(package, folder)
    found = [file for file in files.iterdir() if file.name.endswith(suffix)]
    return [(file.name, file.read_bytes()) for file in sorted(found, key=lambda f: f.name)]


def _folder(package: str, folder: str) -> Traversable:
    return resources.files(f"kcc.{package}").joinpath(folder)


def _compiled(name: str, data: bytes, flags: Sequence[str]) -> bytes:
    from .build import compile_inputs
    from .options import parse_options

    options = parse_options([*flags, name])
    options.runtime, options.inlined = True, options.emit_llvm
    return compile_inputs(options, [(name, data)]).files[0][1]


# -- builtin functions, as bitcode ----------------------------------------------------------------


class Members:
    """The bitcode of kernels/rt/builtins: a member is a file, found by what it defines.

    Packed as lines "SIZE FUNCTION FUNCTION ...", an empty line, and the members.
    """

    def __init__(self, packed: bytes) -> None:
        head, _, rest = packed.partition(b"\n\n")
        self._defines: dict[str, bytes] = {}
        for line in head.decode().split("\n"):
            size, *functions = line.split()
            self._defines |= dict.fromkeys(functions, rest[: int(size)])
            rest = rest[int(size) :]

    def __call__(self, function: str) -> bytes:
        """The member that defines `function`; there is one, since the compiler asks."""
        return self._defines[function]


@cache
def builtin_members() -> Members:
    """From the cache when this kcc has made them before, for whatever architecture."""
    return Members(_kept("builtins", _build_members))


def _build_members() -> bytes:
    import llvmlite.binding as llvm

    heads, members = [], []
    for name, data in _sources("kernels", "rt/builtins", ".cl"):
        bitcode = _compiled(name, data, MEMBER_FLAGS)
        functions = [
            f.name
            for f in llvm.parse_bitcode(bitcode).functions
            if not f.is_declaration and f.linkage == llvm.Linkage.external
        ]
        heads.append(" ".join([str(len(bitcode)), *functions]))
        members.append(bitcode)
    return "\n".join(heads).encode() + b"\n\n" + b"".join(members)
