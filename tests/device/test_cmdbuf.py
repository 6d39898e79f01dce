"""Command buffers made and read: the builder, the disassembler, `kcc cmdbuf dump`."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcc.cli import run_command
from kcc.device.cmdbuf import CommandBuffer, disassemble, parse_words
from kcc.device.soc.commands import CommandError, Op, Reg, command, encode_command
from kcc.device.soc.memory import hart_unit


def every_command() -> CommandBuffer:
    b = CommandBuffer()
    b.nop(1, 2)
    b.write_reg64(Reg.ENTRY_PT_FN, 0x1001C)
    b.load_reg64(Reg.SCRATCH, 0x2000_2008)
    b.store_reg64(7, 0x4200_0000)
    b.store_imm64(0x2000_2000, 0xE1)
    b.copy_mem64(0x2010_0000, 0x4200_0000, 32, hart_unit(1))
    b.run_kernel_slice(8, 3, max_harts=2)
    b.run_instances(4, 0, 0xB800_CF00, max_harts=4)
    b.sync_cache()
    b.finish()
    return b


LISTING = """\
0x0000  CMP_NOP
0x0018  CMP_WRITE_REG64(ENTRY_PT_FN, 0x1001c)
0x0028  CMP_LOAD_REG64(SCRATCH, DMA_START_SEQ)
0x0038  CMP_STORE_REG64(REG7, 0x42000000)
0x0048  CMP_STORE_IMM64(DMA_CTRL, 0xe1)                      ; 2D, target strides, source strides, start
0x0058  CMP_COPY_MEM64(PERF_COUNTERS, 0x42000000, count=32, unit=0x3000001) ; read as hart 1
0x0078  CMP_RUN_KERNEL_SLICE(n=8, slice_id=3, max_harts=2)
0x0090  CMP_RUN_INSTANCES(n=4, max_harts=4, 0x0, 0xb800cf00)
0x00b0  CMP_SYNC_CACHE(0x3)                                  ; data, instructions
0x00b8  CMP_FINISH
"""  # noqa: E501 - lines as they are printed


def listing(words) -> list[str]:
    return list(disassemble(words))


def test_every_command_is_listed():
    assert "\n".join(listing(every_command().words)) + "\n" == LISTING


def test_builder_and_words_agree():
    b = CommandBuffer()
    b.run_instances(4, 1, 2, 3, max_harts=4)
    b.window(1, 0x1400_0000, 0x1020_0000, 0x80000, per_hart=0x80000)
    assert list(b.words) == [
        0x0000_0304_C008_0800, 4, 1, 2, 3,
        *command(Op.WRITE_REG64, 0x1400_0000, inline=9),
        *command(Op.WRITE_REG64, 0x1020_0000, inline=17),
        *command(Op.WRITE_REG64, 0x0007_FFFF_0000_0001, inline=33),
        *command(Op.WRITE_REG64, 0x0007_FFFF_0000_0003, inline=25),
    ]  # fmt: skip
    assert bytes(b) == b"".join(w.to_bytes(8, "little") for w in b.words)
    assert b.size == len(bytes(b))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda b: b.write_reg64(40, 0), "the register is 40"),
        (lambda b: b.load_reg64(-1, 0), "the register is -1"),
        (lambda b: b.write_reg64(0, 1 << 64), "0x10000000000000000 does not fit 64 bits"),
        (lambda b: b.store_reg64(0, -1), "-0x1 does not fit 64 bits"),
        (lambda b: b.store_imm64(1 << 32, 0), "does not fit 32 bits"),
        (lambda b: b.copy_mem64(0, 0, 1 << 32, 0), "does not fit 32 bits"),
        (lambda b: b.run_kernel_slice(1, 0, max_harts=256), "max_harts is 256"),
        (lambda b: b.run_instances(1, *range(8)), "the number of arguments is 8"),
        (lambda b: b.nop(*range(8192)), "at most 8191"),
        (lambda b: b.window(8, 0, 0, 1), "the window is 8"),
        (lambda b: b.window(0, 0, 0, 0), "size, less one, is -1"),
        (lambda b: b.window(0, 0, 0, 1, per_hart=(1 << 32) + 1), "scale is"),
    ],
)
def test_what_does_not_fit_is_refused(act, message):
    buffer = CommandBuffer()
    with pytest.raises(ValueError, match=message):
        act(buffer)


def test_values_of_registers_are_explained():
    b = CommandBuffer()
    for reg, value in (
        (Reg.KUB_DESC, 0x0001_0000_BFF0_CF00),
        (Reg.TSD_INFO, 0xC0_0000_2800_00),
        (Reg.WINDOW_MODE0 + 7, 0x0007_FFFF_0000_0003),
        (Reg.WINDOW_MODE0, 4),
        (Reg.WINDOW_SCALE0, 0x0007_FFFF_0000_0001),
    ):
        b.write_reg64(reg, value)
    b.store_imm64(0x2000_2000, 0x11)
    notes = [line.partition("; ")[2] for line in listing(b.words)]
    assert notes == [
        "at 0xbff0cf00, 0x100 bytes",
        "at 0x28 of the KUB, 0xc0 bytes",
        "active, per hart, 0x80000 bytes",
        "inactive, mode 2, 0x1 bytes",
        "0x80000 bytes per hart",
        "1D, start",
    ]
    assert "no such register" in listing(command(Op.WRITE_REG64, 0, inline=40))[0]
    assert "no such register" in listing(command(Op.LOAD_REG64, 0, inline=99))[0]


def test_what_follows_the_end_is_counted():
    assert listing([encode_command(Op.FINISH, 0), 1, 2])[-1] == "; words behind the end: 2"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([*command(Op.NOP), 5], "offset 0x8: 0x0000000000000005 is not a command"),
        ([encode_command(Op.NOP, 3), 1], "offset 0x0: a payload of 24 bytes leaves the buffer"),
        ([*command(Op.SYNC_CACHE, 1)], "offset 0x0: SYNC_CACHE with 8 bytes of payload, not 0"),
        ([*command(77)], "offset 0x0: 77 is not a command"),
    ],
)
def test_damage_is_named_and_placed(words, message):
    with pytest.raises(CommandError) as e:
        listing(words)
    assert str(e.value) == message


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 12).map(lambda op: op << 8 | 3 << 30)))
def test_any_words_are_listed_or_refused(words):
    lines = []
    with suppress(CommandError):
        lines.extend(disassemble(words))
    assert len(lines) <= len(words) + 1


def test_files_of_text_and_of_words():
    text = b"0x1C0020200 1001c # entry\n41000010:\t0xc0000100, c0000100;\n"
    words = [0x0000_0001_C002_0200, 0x1001C, 0xC000_0100, 0xC000_0100]
    assert list(parse_words(text)) == words
    assert list(parse_words(b"".join(w.to_bytes(8, "little") for w in words) + b"abc")) == words
    assert list(parse_words(bytes(8))) == [0]
    assert not parse_words(b"")
    with pytest.raises(ValueError, match="line 2: 'xyz' is not"):
        parse_words(b"1\nxyz")
    with pytest.raises(ValueError, match="not a 64-bit"):
        parse_words(b"10000000000000000")


def test_the_command_line(tmp_path, capsys):
    file = tmp_path / "buffer.bin"
    file.write_bytes(bytes(every_command()))
    assert run_command(["cmdbuf", "dump", str(file)]) == 0
    assert capsys.readouterr().out == LISTING
    file.write_bytes(bytes(every_command())[:-8] + b"damaged!")
    assert run_command(["cmdbuf", "dump", str(file)]) == 1
    out, err = capsys.readouterr()
    assert out == LISTING[: LISTING.index("0x00b8")]
    assert err == f"kcc: error: '{file}': offset 0xb8: 0x21646567616d6164 is not a command\n"
    assert run_command(["cmdbuf", "dump", str(tmp_path / "none")]) == 1
    assert "No such file" in capsys.readouterr().err
    for words in ("", "dump", "dump a b", "show a", "dump -x", "dump --device"):
        assert run_command(["cmdbuf", *words.split()]) == 2
    for words in ("--help", "dump -h", "dump a --help"):
        assert run_command(["cmdbuf", *words.split()]) == 0


def test_addresses_are_those_of_the_device(tmp_path, capsys):
    file, other = tmp_path / "buffer.hex", tmp_path / "other.toml"
    file.write_text("0x30000000C0020500 0x11")
    other.write_text('extends = "m1"\n[memory]\nkernel_dma_private = { base = 0x3000_0000 }\n')
    for flags, text in (
        ([], "0x0000  CMP_STORE_IMM64(0x30000000, 0x11)\n"),
        (
            ["--device", str(other)],
            f"{'0x0000  CMP_STORE_IMM64(DMA_CTRL, 0x11)':<60} ; 1D, start\n",
        ),
    ):
        assert run_command(["cmdbuf", "dump", *flags, str(file)]) == 0
        assert capsys.readouterr().out == text
    for name, message in (
        ("g1", "'g1' has no command processor"),
        ("formosa", "'formosa' has no command processor"),
        ("x", "no device is called 'x'; there are: m1, g1, formosa;"),
    ):
        assert run_command(["cmdbuf", "dump", f"--device={name}", str(file)]) == 1
        assert message in capsys.readouterr().err
