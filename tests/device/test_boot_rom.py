"""The G1's ROM: its image is what assembler and linker make of its source."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from kcc.device.launch_g1 import rom_image
from kcc.ir.abi import EXEC_STATE, EXEC_STATE_MAGIC, EXEC_STATE_SIZE, WG_MODE
from kcc.linker.elf import read_elf

LINKER = resources.files("kcc.linker")
SOURCE = LINKER.joinpath("start/rom/g1.S")
WIDTH = 32  # bytes on a line


def build() -> bytes:
    from kcc.build import compile_inputs
    from kcc.options import parse_options

    with resources.as_file(LINKER.joinpath("scripts/g1_rom.ld")) as script:
        options = parse_options(["-T", str(script), "g1.S", "-o", "g1.elf"])
        ((_, image),) = compile_inputs(options, [("g1.S", SOURCE.read_bytes())]).files
    elf = read_elf(image)
    (segment,) = elf.loads()
    assert (segment.vaddr, elf.header.entry) == (0x1000, 0x1000)
    return bytes(elf.segment_data(segment))


def test_the_image_is_of_the_source(request):
    image = build()
    lines = [image[at : at + WIDTH].hex() for at in range(0, len(image), WIDTH)]
    text = "".join(f"{line}\n" for line in lines)
    stored = Path(str(resources.files("kcc.device").joinpath("g1_rom.hex")))
    if request.config.getoption("--bless"):
        stored.write_text(text)
    assert stored.read_text() == text
    assert rom_image(0x2080_0000, 0x2100_0000) == image


def test_the_source_has_the_layout_of_the_execution_state():
    text = SOURCE.read_text()
    values = {n: int(v, 0) for n, v in re.findall(r"\.equ\s+(\w+),\s*(\w+)", text)}
    for name in ("num_groups", "kernel_entry", "packed_args", "magic", "state_size", "flags",
                 "thread_id", "num_threads"):  # fmt: skip
        assert values[name.upper()] == EXEC_STATE[name].offset
    assert values["IS_MAGIC"] == EXEC_STATE_MAGIC
    assert values["IS_SIZE"] == EXEC_STATE_SIZE
    assert values["WG_MODE"] == WG_MODE
