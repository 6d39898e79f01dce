"""Programs: ELFs of all kinds, built, loaded, moved and refused."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest

import kcc
from kcc.device.formosa import profile
from kcc.device.formosa.driver import Driver
from kcc.device.formosa.errors import (
    BuildProgramFailure,
    ClError,
    InvalidKernelName,
    InvalidOperation,
    InvalidProgram,
    InvalidProgramExecutable,
    InvalidValue,
    OutOfResources,
)
from kcc.device.formosa.image import Image
from kcc.device.formosa.programs import Program
from kcc.device.formosa.run import Geometry
from kcc.device.soc.device import DeviceOptions
from kcc.ir.abi import FIXED_BASE
from kcc.linker import elf as e
from kcc.linker.elf import RELA, SHDR, Rela, read_elf

SOURCE = """
    global int first = 3; global int *global there = &first;
    kernel void get(global int *out) { out[0] = *there; *there += 1; }
"""
FLAGS = ("-mdevice=formosa", "-cl-std=CL2.0", "-O1")


@pytest.fixture(scope="module")
def small() -> bytes:
    return kcc.compile(SOURCE, FLAGS).elf


@pytest.fixture
def driver(translations):
    made = Driver(DeviceOptions(cache_dir=translations))
    made.init()
    yield made
    made.uninit()


def built(driver, data: bytes) -> Program:
    program = Program(binary=data)
    driver.post_build_program(program)
    return program


def got(driver, program) -> int:
    out = driver.alloc_mem_obj(1, 4)
    kernel = driver.create_kernel(program, "get")
    driver.run(kernel, [out], Geometry(1, (1,), (1,)))
    found = bytearray(4)
    driver.read(found, out, 0, 4)
    driver.free(out)
    driver.free_kernel(kernel)
    return int.from_bytes(found, "little")


def reason(driver, data: bytes) -> str:
    """Why a program is refused; the driver goes on."""
    before = driver.device.heap.used_blocks
    with pytest.raises(InvalidProgramExecutable) as caught:
        built(driver, data)
    assert driver.device.heap.used_blocks == before
    return caught.value.message


def test_start_code_is_at_the_beginning_and_only_relative_relocations_are_left(elf):
    file = read_elf(elf)
    assert file.header.type == e.ET_DYN
    assert (file.entry, file.symbol("_start").value) == (0, 0)
    tables = [s for s in file.sections if s.header.type == e.SHT_RELA]
    kinds = [r.info for s in tables for r in RELA.read_all(file.contents(s))]
    assert kinds
    assert set(kinds) == {3}


def test_an_image_is_loaded_once_and_freed_with_its_program(driver, small):
    heap, empty = driver.device.heap, driver.device.heap.used_blocks
    program = built(driver, small)
    assert heap.used_blocks == empty  # not before it is run
    assert [got(driver, program) for _ in range(3)] == [3, 4, 5]
    assert len(heap.used_blocks) == len(empty) + 1
    second = built(driver, small)  # somewhere else, with variables of its own
    assert (got(driver, second), got(driver, program)) == (3, 6)
    assert second.base != program.base
    driver.free_program(program)
    third = built(driver, small)
    assert got(driver, third) == 3  # where the first was
    driver.free_program(second)
    driver.free_program(third)
    assert heap.used_blocks == empty


def test_a_program_that_does_not_move_is_loaded_where_it_was_linked(driver, small):
    fixed = kcc.compile(SOURCE, (*FLAGS, "-no-pie")).elf
    file = read_elf(fixed)
    assert file.header.type == e.ET_EXEC
    assert file.symbol("_start").value == file.entry == FIXED_BASE
    program = built(driver, fixed)
    assert [got(driver, program) for _ in range(2)] == [3, 4]
    assert program.base == FIXED_BASE
    other = built(driver, fixed)
    with pytest.raises(OutOfResources, match="0xff000000"):
        got(driver, other)
    driver.free_program(program)
    assert got(driver, other) == 3


def test_programs_are_built_from_source_with_the_drivers_options(small, translations):
    asked = []

    def compiler(source, options):
        asked.append((source, tuple(options)))
        if "wrong" in source:
            raise BuildProgramFailure("x.cl:1: error")
        return small

    driver = Driver(DeviceOptions(cache_dir=translations), compiler=compiler)
    driver.init()
    program = Program(source=SOURCE)
    driver.post_build_program(program, ["-O1"])
    assert asked == [(SOURCE, ("-mdevice=formosa", "-O1"))]
    assert program.kernel_names == b"get\0"
    assert got(driver, program) == 3
    with pytest.raises(BuildProgramFailure, match="error"):
        driver.post_build_program(Program(source="wrong"))
    driver.uninit()


def test_kernels_have_numbers_and_hold_their_program(driver, elf):
    program = built(driver, elf)
    names = program.kernel_names.split(b"\0")[:-1]
    kernel = driver.create_kernel(program, "wide")
    assert names[kernel.id] == b"wide"
    assert driver.create_kernel(program, "wide") is kernel
    for name in ("", "none", "wide_trampolined"):
        with pytest.raises(InvalidKernelName):
            driver.create_kernel(program, name)
    driver.free_kernel(kernel)
    with pytest.raises(InvalidOperation):
        driver.post_build_program(program)
    driver.free_kernel(kernel)
    driver.post_build_program(program)
    driver.free_program(program)
    for operation in (driver.free_program, driver.post_build_program):
        with pytest.raises(InvalidProgram):
            operation(program)
    with pytest.raises(InvalidProgramExecutable):
        driver.create_kernel(program, "wide")


def test_what_is_no_program_at_all(driver):
    with pytest.raises(InvalidValue):
        driver.post_build_program(Program())
    with pytest.raises(BuildProgramFailure):
        driver.post_build_program(Program(source="kernel void k() {}"))
    with pytest.raises(InvalidProgramExecutable):
        driver.create_kernel(Program(binary=b""), "k")
    assert reason(driver, b"") == "not an ELF file"
    assert reason(driver, b"#!/bin/sh\n" * 100) == "not an ELF file"


def test_programs_for_others_are_refused(driver, small):
    refsi = kcc.compile("kernel void k() {}", ("-O1",)).elf
    assert reason(driver, refsi) == "kernel 'k' is compiled for another device, refsi"
    x86 = bytearray(small)
    struct.pack_into("<H", x86, 18, 62)
    assert "another machine" in reason(driver, bytes(x86))
    narrow = bytearray(small)
    narrow[4] = 1
    assert "64-bit" in reason(driver, bytes(narrow))


def patched_section(data: bytes, name: str, **fields: int) -> bytes:
    """The file with fields of a section's header changed."""
    file, out = read_elf(data), bytearray(data)
    section = file.section(name)
    at = file.header.shoff + section.index * SHDR.size
    out[at : at + SHDR.size] = SHDR.pack(section.header._replace(**fields))
    return bytes(out)


def patched_load(data: bytes, **fields: int) -> bytes:
    file, out = read_elf(data), bytearray(data)
    index = next(i for i, p in enumerate(file.segments) if p.type == e.PT_LOAD)
    at = file.header.phoff + index * e.PHDR.size
    out[at : at + e.PHDR.size] = e.PHDR.pack(file.segments[index]._replace(**fields))
    return bytes(out)


def patched_bytes(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) >= 1
    assert len(old) == len(new)
    return data.replace(old, new)


def with_relocation(data: bytes, entry: Rela) -> bytes:
    file, out = read_elf(data), bytearray(data)
    at = file.section(".rela.dyn").header.offset
    out[at : at + RELA.size] = RELA.pack(entry)
    return bytes(out)


def test_damaged_programs_are_refused_with_a_reason(driver, small):
    size = Image(small, 512).size
    huge = profile.DDR_SIZE
    for data, why in (
        (patched_bytes(small, b"_start\0", b"_stark\0"), "no '_start'"),
        (patched_bytes(small, b"get_trampolined\0", b"get_trampolines\0"), "no 'get_trampolined'"),
        (patched_bytes(small, b'"formosa"', b'"formoza"'), "malformed kernel metadata"),
        (patched_bytes(small, b'"block_size":16', b'"block_size":12'), "outside of their block"),
        (patched_bytes(small, b'"size":8,"space"', b'"size":0,"space"'), "outside of their block"),
        (patched_load(small, memsz=huge), "bytes, 268435456 at most"),
        (patched_load(small, align=1 << 40), "is aligned to"),
        (patched_load(small, flags=e.PF_R), "is not in the program's code"),
        (patched_load(small, offset=1 << 40), "outside the file"),
        (patched_section(small, ".rela.dyn", type=e.SHT_REL), "relocations without addends"),
        (patched_section(small, ".rela.dyn", size=20), "odd size"),
        (with_relocation(small, Rela(0, 2, 0)), "relocation of type 2"),
        (with_relocation(small, Rela(0, 1 << 32 | 3, 0)), "relocation of type 3"),
        (with_relocation(small, Rela(size - 7, 3, 0)), "relocation outside"),
        (with_relocation(small, Rela(1 << 63, 3, 0)), "relocation outside"),
        (with_relocation(small, Rela(0, 3, -1)), "points outside"),
        (with_relocation(small, Rela(0, 3, size + 1)), "points outside"),
    ):
        assert why in reason(driver, data)
    assert got(driver, built(driver, small)) == 3


def test_truncated_programs_are_refused(driver, small):
    for at in range(0, len(small), 97):
        with pytest.raises(ClError):
            built(driver, small[:at])


@pytest.mark.slow
def test_flipped_programs_never_harm(driver, small):
    rng = random.Random(3)
    for _ in range(60):
        data = bytearray(small)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            program = built(driver, bytes(data))
            kernel = driver.create_kernel(program, "get")
            out = driver.alloc_mem_obj(1, 4)
            driver.run(kernel, [out], Geometry(1, (1,), (1,)), max_instructions=1000)
        except ClError:
            pass
    assert got(driver, built(driver, small)) == 3


@pytest.mark.slow
def test_the_same_source_gives_the_same_on_all_devices():
    source = """kernel void k(global int *out, local int *tile, int n) {
        local int own[8];
        int i = get_local_id(0);
        own[i] = i * n, tile[i] = i + n;
        barrier(CLK_LOCAL_MEM_FENCE);
        out[get_global_id(0)] = own[7 - i] * 100 + tile[i ^ 1];
    }"""
    results = []
    for name in ("m1", "formosa"):
        with kcc.Device(name) as device:
            out = np.zeros(32, np.int32)
            kernel = device.load(kcc.compile(source, device.flags))["k"]
            kernel(out, kcc.local(32), 3, global_size=32, local_size=8)
            results.append(out)
    i = np.arange(32) % 8
    assert (results[0] == (7 - i) * 300 + (i ^ 1) + 3).all()
    assert (results[0] == results[1]).all()
