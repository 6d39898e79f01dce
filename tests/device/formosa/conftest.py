"""One driver, and one program for all tests that only launch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import kcc
from kcc.device.formosa.arguments import Argument
from kcc.device.formosa.driver import Driver
from kcc.device.formosa.memory import MemFlags, MemObject
from kcc.device.formosa.programs import Program
from kcc.device.formosa.run import Geometry
from kcc.device.soc.device import DeviceOptions

SOURCE = Path(__file__).parent / "kernels.cl"
FLAGS = ("-mdevice=formosa", "-cl-std=CL2.0", "-O1")


@dataclass
class Bench:
    """A driver with a program: launches by name, buffers of NumPy arrays."""

    driver: Driver
    program: Program
    output: list[bytes] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def buffer(self, source: np.ndarray) -> MemObject:
        return self.driver.alloc_mem_obj(MemFlags.READ_WRITE, source.nbytes, source.tobytes())

    def contents(self, mem: MemObject, dtype: type = np.int32) -> np.ndarray:
        data = bytearray(mem.size)
        self.driver.read(data, mem, 0, mem.size)
        return np.frombuffer(data, dtype)

    def run(
        self,
        name: str,
        *args: Argument,
        groups: tuple[int, ...] = (1,),
        local: tuple[int, ...] = (1,),
        offset: tuple[int, ...] = (),
        dim: int | None = None,
        **options: object,
    ) -> None:
        kernel = self.driver.create_kernel(self.program, name)
        try:
            geometry = Geometry(len(groups) if dim is None else dim, groups, local, offset)
            self.driver.run(kernel, args, geometry, **options)
        finally:
            self.driver.free_kernel(kernel)


@pytest.fixture(scope="session")
def elf() -> bytes:
    return kcc.compile(SOURCE, FLAGS).elf


@pytest.fixture(scope="session")
def translations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where devices of these tests keep what they have translated, for each other."""
    return tmp_path_factory.mktemp("translations")


@pytest.fixture(scope="session")
def shared(elf: bytes, translations: Path) -> Iterator[Bench]:
    output: list[bytes] = []
    warnings: list[str] = []
    options = DeviceOptions(guard=True, output=output.append, cache_dir=translations)
    driver = Driver(options, warn=warnings.append, printf_capacity=1 << 10)
    driver.init()
    program = Program(binary=elf)
    driver.post_build_program(program)
    yield Bench(driver, program, output, warnings)
    driver.uninit()


@pytest.fixture
def bench(shared: Bench) -> Iterator[Bench]:
    """After a test the device is as it was, and usable."""
    heap = shared.driver.device.heap
    shared.driver.load_program(shared.program)
    before = set(heap.used_blocks)
    shared.output.clear()
    shared.warnings.clear()
    yield shared
    driver = shared.driver
    for mem in list(driver._opened().memory.objects.values()):
        driver.free(mem)
    assert set(heap.used_blocks) == before
