"""Devices: opened by name, with what looks into them."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from kcc.device.profile import ProfileError, load_profile, with_vlen

from . import config
from .buffer import Buffer, checked
from .errors import DeviceError
from .faults import FaultWatcher
from .kernel import Kernel, Loaded
from .program import Program

if TYPE_CHECKING:
    from kcc.device.formosa.hal import FormosaHal
    from kcc.device.formosa.profile import Profile as FormosaProfile
    from kcc.device.gdb.server import Server
    from kcc.device.hal import Hal
    from kcc.device.profile import Profile
    from kcc.device.soc.device import DeviceOptions

    from .trace import Tracing
    from .values import Array

FORMOSA = "formosa"  # the device that is no RefSi


def profile_of(name: str, vlen: int | None = None) -> Profile | FormosaProfile:
    """What a device is, by its name or file.

    vlen:   bits of its vector registers; else the environment's, or the device's own.
    raises: DeviceError, OSError.
    """
    if name == FORMOSA:
        return _formosa_profile(vlen)
    from kcc.device.environment import profile_with_environment

    try:
        profile = load_profile(name, [FORMOSA])
        return profile_with_environment(profile) if vlen is None else with_vlen(profile, vlen)
    except ProfileError as e:
        raise DeviceError(str(e)) from e


def _formosa_profile(vlen: int | None) -> FormosaProfile:
    from kcc.device.formosa.profile import Profile

    try:
        return Profile() if vlen is None else Profile(vlen=vlen)
    except ValueError as e:
        raise DeviceError(str(e)) from e


def compile_flags(profile: Profile | FormosaProfile, *, watched: bool = False) -> tuple[str, ...]:
    """What programs for a device must be compiled with, where the compiler would not by itself.

    watched: by GDB, or for a trace, which know a program's addresses from its file.
    """
    from kcc.backend.target import DEFAULT_ARCH
    from kcc.device.profile import Profile
    from kcc.device.sim.isa_string import extensions_of

    flags = [] if extensions_of(DEFAULT_ARCH) <= profile.extensions else [f"-march={profile.arch}"]
    if not isinstance(profile, Profile):
        return (*flags, "-mdevice=formosa", *(["-no-pie"] if watched else []))
    default = load_profile("m1")  # for which linker/scripts/refsi.ld is
    for region, place, usual in (
        ("mainmem", profile.program, default.program),
        ("localmem", profile.local, default.local),
    ):
        if place != usual:
            flags.append(f"--memory={region}={place.base:#x}:{place.size:#x}")
    return tuple(flags)


def _open_hal(options: DeviceOptions, profile: Profile | FormosaProfile) -> Hal | FormosaHal:
    from kcc.device.profile import Profile

    if isinstance(profile, Profile):
        from kcc.device.hal import Hal

        return Hal(options, profile)
    from kcc.device.formosa.hal import FormosaHal

    return FormosaHal(options, profile)


class Device:
    """A simulated accelerator. Use it as a context manager, or call close()."""

    def __init__(
        self,
        name: str | os.PathLike[str] = "m1",
        *,
        threads: int = 1,
        vlen: int | None = None,
        counters: bool = False,
        gdb_port: int | None = None,
        trace: str | None = None,
        trace_filter: Sequence[str] = (),
    ) -> None:
        """Open a device.

        name:         "m1", "g1", "formosa", or a file that describes a device, NAME.toml.
        threads:      of the host, on which harts run in parallel. With one, they take turns, and
                      launches repeat to the instruction.
        vlen:         bits of a vector register, where they are not to be the device's own.
        counters:     count loads, stores, kinds of instructions: see LaunchStats.
        gdb_port:     the first launch waits for GDB at this port of the local host, which controls
                      all launches then; 0 for any port that is free. Standard error says which.
        trace:        a file that gets what each instruction does; of name.json, calls as a
                      Perfetto trace; "-" for standard output. With this, or GDB, harts take turns.
        trace_filter: what to trace, see trace.py: "hart=0,2-3", "function=NAME", "range=A:B".
        raises:       DeviceError for a name that is no device, a file that is wrong (says where),
                      or a port that cannot be had;
                      UsageError for a wrong filter, or a trace and GDB at once; OSError when the
                      trace cannot be written.
        """
        from kcc.device.environment import with_environment
        from kcc.device.soc.device import DeviceOptions

        if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
            raise DeviceError(f"threads is a count, at least 1, not {threads!r}")
        self.profile = profile_of(os.fspath(name), vlen)
        self.name = os.fspath(name)
        self._threads = threads
        self.fault_watcher: FaultWatcher | None = None  # of the last launch
        if trace is None and gdb_port is None:
            trace = _logged()
        self._tracing = None if trace is None else _tracing(trace, trace_filter, gdb_port)
        self._gdb = None if gdb_port is None else _gdb_server(gdb_port)
        folder = config.cache_dir("translations")
        options = DeviceOptions(
            guard=True,
            cache_dir=Path(folder) if folder else None,
            attach=self._gdb.watch if self._gdb is not None else None,
            counters=counters,
            threads=threads,
        )
        options = with_environment(options)
        self._hal: Hal | FormosaHal | None = _open_hal(options, self.profile)

    def buffer(self, source: Array | int) -> Buffer:
        """A buffer in device memory.

        source: an array, whose bytes are copied in, or a number of bytes, which are zero.
        raises: DeviceError when the memory does not fit.
        """
        import numpy as np

        if isinstance(source, np.ndarray):
            return Buffer(self, np.ascontiguousarray(checked(source)))
        if not isinstance(source, int | np.integer):
            raise DeviceError(f"a buffer is made from an array or a size in bytes, not {source!r}")
        if not 0 < source <= self.profile.buffer_bytes:
            raise DeviceError(f"a buffer of {source} bytes")
        return Buffer(self, np.zeros(int(source), np.uint8))

    def load(self, program: Program) -> dict[str, Kernel]:
        """The kernels of a program, by name, ready to be called on this device.

        raises: DeviceError when the program does not suit the device.
        """
        if not isinstance(program, Program):
            raise DeviceError(f"not a program: {program!r}; see kcc.compile() and kcc.load()")
        hal = self.opened()
        handle = hal.program_load(program.elf)
        if not handle:
            raise DeviceError(f"'{program.name}': {hal.last_error}")
        loaded = Loaded(self, program, handle)
        weakref.finalize(loaded, hal.program_free, handle)
        return {name: Kernel(loaded, info) for name, info in program.infos.items()}

    @property
    def flags(self) -> tuple[str, ...]:
        """For kcc.compile(): what programs for this device must be compiled with."""
        watched = self._gdb is not None or self._tracing is not None
        return compile_flags(self.profile, watched=watched)

    def close(self) -> None:
        """Give everything back; buffers and kernels are dead afterwards. May be called again."""
        self._close(0)

    def _close(self, status: int) -> None:
        """status: what GDB is told, if it is here."""
        if self._hal is not None:
            self._hal.close()
            self._hal = None
            if self._tracing is not None:
                self._tracing.close()
        if self._gdb is not None:
            self._gdb.close(status)

    def show_gdb(self, program: Program) -> None:
        """What is launched next, for a GDB that has not been given a file."""
        if self._gdb is not None:
            from kcc.device.gdb.files import Program as Image

            path = Path(os.path.abspath(program.name)).with_suffix(".elf")
            self._gdb.program = Image(str(path), program.elf)

    def ended_by_gdb(self) -> DeviceError | None:
        """Why the last launch failed, if it is because of GDB."""
        ended = self._gdb.ended if self._gdb is not None else None
        return None if ended is None else DeviceError(ended)

    def watch(self, program: Program, base: int) -> None:
        """Trace what is launched next, a kernel of `program`, if anything is to be traced.

        Else, where the program says how to tell work-items apart, watch for one that faults.

        base:   what has been added to the program's addresses.
        raises: DeviceError where they are no more those that GDB, or the trace, would know.
        """
        if base and (self._gdb is not None or self._tracing is not None):
            raise DeviceError(
                f"'{program.name}' is position-independent: for GDB or a trace compile it with "
                f"-no-pie"
            )
        harts = self.opened().device.harts
        if self._tracing is not None:
            harts.attach(self._tracing.of(program.image))
        elif self._gdb is None and self._threads == 1:
            was_watched, self.fault_watcher = self.fault_watcher is not None, None
            if program.source_lines.keeps_local_ids:
                self.fault_watcher = FaultWatcher(harts.machine, program.source_lines, base)
            if was_watched or self.fault_watcher is not None:
                harts.machine.watch(self.fault_watcher)

    def opened(self) -> Hal | FormosaHal:
        if self._hal is None:
            raise DeviceError("the device has been closed")
        return self._hal

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close(0 if error is None else 1)


def _logged() -> str | None:
    """Where a variable wants a trace to be."""
    log = config.variable("SPIKE_SIM_LOG")
    if log == "0":
        return None
    from .trace import STDERR

    return STDERR if log == "1" else log


def _tracing(path: str, filters: Sequence[str], gdb_port: int | None) -> Tracing:
    from .options import UsageError
    from .trace import Tracing

    if gdb_port is not None:
        raise UsageError("a run is traced or controlled by GDB, not both")
    return Tracing(path, filters)


def _gdb_server(port: int) -> Server:
    from kcc.device.gdb.server import Server

    try:
        return Server(port, lambda line: print(line, file=sys.stderr, flush=True))
    except OSError as e:
        raise DeviceError(f"cannot listen for gdb on port {port}: {e.strerror}") from e
