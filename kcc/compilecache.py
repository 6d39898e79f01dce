"""Compile, or hand out what an earlier compilation of the same input made.

Works like ccache's direct mode. A key covers kcc itself, every option and the inputs' bytes;
the entry under it lists the files that were included, and the paths that were looked for and
absent. When all are as they were, the entry's outputs are the outputs. Kept light: on a hit
neither llvmlite nor lark nor numpy is imported.
"""

from __future__ import annotations

import errno
import os
import sys
from hashlib import sha256

from kcc.frontend.store import Store

from . import __version__, config
from .options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .compilation import Outputs

# What each source of kcc contributes to the key, cheap to find out: name, size, time.
_SOURCE_FOLDERS = ("frontend", "ir", "ir/passes", "ir/wide", "backend", "linker",
                   "linker/scripts", "linker/start", "linker/start/formosa", "linker/start/dpu",
                   "kcc", "kernels/rt", "kernels/rt/builtins", "kernels/rt/dpu",
                   "kernels/rt/dpu/include", "kernels/rt/dpu/refsi")  # fmt: skip
MAX_INPUT = 1 << 28  # bytes of one input
_ET_EXEC = b"\x02"  # the byte of an ELF header that tells a program from an object


def compile_cached(options: Options) -> int:
    """Run the compilation `options` asks for and write its files; returns the exit status.

    raises: CompileError when the program is wrong; OSError for files; UsageError.
    """
    outputs = obtain(options, [(name, read_input(name)) for name in options.inputs])
    sys.stderr.write(outputs.messages)
    write_files(outputs.files)
    return 0


def obtain(options: Options, sources: list[tuple[str, bytes]]) -> Outputs | CachedOutputs:
    """What compiling `sources` under `options` gives, from the cache if it is there."""
    folder = config.cache_dir("compile")
    if folder is None or not _cacheable(options):
        from .build import compile_inputs

        return compile_inputs(options, sources)
    store = Store(folder, config.number("KCC_CACHE_MB") << 20)
    key = _key(options, sources)
    entry = store.get(key)
    cached = _read_entry(entry) if entry is not None else None
    if cached is not None:
        return cached
    from .build import compile_inputs

    made = compile_inputs(options, sources)
    if made.cacheable:
        store.put(key, _write_entry(made))
    return made


class CachedOutputs:
    """What an entry holds: text for standard error, and the files."""

    def __init__(self, messages: str, files: list[tuple[str, bytes]]) -> None:
        self.messages = messages
        self.files = files


def read_input(name: str) -> bytes:
    """A file's bytes, or standard input's. raises: OSError, also for what has no end."""
    if name == "-":
        data = sys.stdin.buffer.read(MAX_INPUT + 1)
    else:
        with open(name, "rb") as file:
            data = file.read(MAX_INPUT + 1)
    if len(data) > MAX_INPUT:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), name)
    return data


def write_files(files: list[tuple[str, bytes]]) -> None:
    """Write every file whole, or leave what was there: temporary files renamed at the end.

    raises: OSError naming the file. Devices and pipes (`-o /dev/null`) are written in place.
    """
    renames: list[tuple[str, str]] = []
    try:
        for path, data in files:
            if path == "-" or (os.path.exists(path) and not os.path.isfile(path)):
                _write_in_place(path, data)
                continue
            # Through a link to what it names, so that a linked output stays a link.
            real = os.path.realpath(path)
            temporary = f"{real}.{os.getpid()}.tmp"
            renames.append((temporary, real))
            try:
                mode = 0o777 if data[:4] == b"\x7fELF" and data[16:17] == _ET_EXEC else 0o666
                handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
                with open(handle, "wb") as file:
                    file.write(data)
            except OSError as e:
                e.filename = path
                raise
        while renames:
            temporary, real = renames[0]
            os.replace(temporary, real)
            del renames[0]
    finally:
        for temporary, _real in renames:
            try:
                os.unlink(temporary)
            except OSError:
                pass


def _write_in_place(path: str, data: bytes) -> None:
    """To standard output ("-"), a device or a pipe."""
    try:
        if path == "-":
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            with open(path, "wb") as file:
                file.write(data)
    except OSError as e:
        e.filename = "<stdout>" if path == "-" else path
        raise


def _cacheable(options: Options) -> bool:
    """Only plain compilations: what prints on the way has to be run to print."""
    plain = not (options.time or options.print_after or options.verbose or options.dry_run)
    return (
        plain
        and options.mode in ("elf", "obj", "asm")
        and config.variable("KCC_DEBUG") == "0"
        and not config.variable("KCC_KEEP")
    )


def _key(options: Options, sources: list[tuple[str, bytes]]) -> str:
    digest = sha256()
    digest.update(fingerprint().encode())
    digest.update(repr(sorted(vars(options).items())).encode("utf-8", "surrogateescape"))
    digest.update(f"{os.getcwd()}|{sys.stderr.isatty()}|{config.variable('NO_COLOR')}".encode())
    for _name, data in sources:
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()


def fingerprint() -> str:
    """Names this kcc: its version, and the size and time of each of its source files."""
    import kcc

    parts = [__version__, sys.version]
    for base in kcc.__path__:
        for folder in _SOURCE_FOLDERS:
            path = os.path.join(base, folder[4:] if folder.startswith("kcc/") else folder)
            if not os.path.isdir(path):
                continue
            with os.scandir(path) as entries:
                for entry in sorted(entries, key=lambda e: e.name):
                    if entry.is_file():
                        stat = entry.stat()
                        parts.append(f"{folder}/{entry.name}:{stat.st_size}:{stat.st_mtime_ns}")
    parts.append(_llvmlite_version())
    return "\n".join(parts)


def _llvmlite_version() -> str:
    """Which llvmlite is installed, found without importing it."""
    for folder in sys.path:
        path = os.path.join(folder, "llvmlite", "_version.py")
        if os.path.isfile(path):
            stat = os.stat(path)
            return f"{path}:{stat.st_size}:{stat.st_mtime_ns}"
    return "unknown"


# An entry: header lines, an empty line, then the blobs one after another.
#   read SHA256 PATH | absent PATH | messages LENGTH | file LENGTH PATH


def _write_entry(outputs: Outputs) -> bytes:
    messages = outputs.messages.encode("utf-8", "surrogateescape")
    head = [f"read {digest} {path}" for path, digest in outputs.read]
    head += [f"absent {path}" for path in outputs.absent]
    head.append(f"messages {len(messages)}")
    head += [f"file {len(data)} {path}" for path, data in outputs.files]
    text = "\n".join(head).encode("utf-8", "surrogateescape")
    return text + b"\n\n" + messages + b"".join(data for _path, data in outputs.files)


def _read_entry(entry: bytes) -> CachedOutputs | None:
    """What an entry holds, if all it depends on is unchanged, else None."""
    head, _, rest = entry.partition(b"\n\n")
    messages = ""
    files: list[tuple[str, bytes]] = []
    for line in head.decode("utf-8", "surrogateescape").split("\n"):
        what, _, value = line.partition(" ")
        if what == "read":
            digest, _, path = value.partition(" ")
            try:
                with open(path, "rb") as file:
                    if sha256(file.read()).hexdigest() != digest:
                        return None
            except OSError:
                return None
        elif what == "absent":
            if os.path.exists(value):
                return None
        elif what == "messages":
            length = int(value)
            messages = rest[:length].decode("utf-8", "surrogateescape")
            rest = rest[length:]
        else:
            size, _, path = value.partition(" ")
            files.append((path, rest[: int(size)]))
            rest = rest[int(size) :]
    return CachedOutputs(messages, files)
