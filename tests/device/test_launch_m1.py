"""Launches on the M1, word for word: ROM, windows, command buffers, execution state."""

from __future__ import annotations

from hand_kernels import RET, found_state, increment, line, read, zeros
from kcc.device.args import buffer_arg
from kcc.device.hal import Hal
from kcc.device.launch import NDRange
from kcc.device.launch_m1 import SLICES_PER_BUFFER, rom_words
from kcc.device.soc.commands import Op, Reg, command
from kcc.device.soc.m1_device import M1Device
from kcc.ir.abi import HAS_DMA


def test_rom():
    words, stubs = rom_words()
    text = """00000513 00000893 00000073
      00a6a023 00060513 00068593 0986a303 00030067
      00a6a023 0206a303 0265f3b3 0076a423 00060513 00068593 0986a303 00030067
      00a6a023 0206a303 0265f3b3 0076a423 0265d3b3 0076a823 00060513 00068593 0986a303 00030067"""
    assert words == [int(w, 16) for w in text.split()]
    assert stubs == [12, 32, 64]


class Spy:
    """Notes every command buffer: (address, words)."""

    def __init__(self, hal: Hal, monkeypatch) -> None:
        self.buffers: list[tuple[int, list[int]]] = []
        run = hal.device.run

        def note(addr: int, size: int, limit: int | None = None):
            words = list(hal.device.view(addr, size).cast("Q"))
            self.buffers.append((addr, words))
            return run(addr, size, limit)

        monkeypatch.setattr(hal.device, "run", note)


def test_vector_add_launch(hal, load, e, monkeypatch):
    spy = Spy(hal, monkeypatch)
    program, kernel = load(hal, [RET])
    buffers = [hal.mem_alloc(256, 4096) for _ in range(3)]
    assert buffers == [0xB800F000, 0xB800E000, 0xB800D000]
    args = [buffer_arg(b) for b in buffers]
    assert hal.kernel_exec(program, kernel, line(64, 16), args, 1)

    def imm(addr: int, value: int) -> list[int]:
        return command(Op.STORE_IMM64, value, inline=addr)

    ((addr, words),) = spy.buffers
    assert addr == 0xB800CE00
    assert len(words) == 32
    assert words == [
        *imm(0x20002018, 0xB800CF18), *imm(0x20002020, 0x10200000),
        *imm(0x20002028, 0xC0), *imm(0x20002030, 4),
        *imm(0x20002040, 0), *imm(0x20002050, 0x80000),
        *imm(0x20002000, 0xE1),
        *command(Op.LOAD_REG64, 0x20002008, inline=Reg.SCRATCH),
        *command(Op.STORE_REG64, 0x20002010, inline=Reg.SCRATCH),
        *command(Op.SYNC_CACHE, inline=3),
        *command(Op.WRITE_REG64, 0xB800FFA4, inline=Reg.ENTRY_PT_FN),
        *command(Op.WRITE_REG64, 0x14080000, inline=Reg.STACK_TOP),
        *command(Op.WRITE_REG64, 0xB800FF98, inline=Reg.RETURN_ADDR),
        0x00000304C0080800, 4, 0, 0xB800CF00, 0x14000000,
        *command(Op.SYNC_CACHE, inline=3),
        *command(Op.FINISH),
    ]  # fmt: skip


def test_windows_are_made_with_one_buffer(monkeypatch):
    seen = []

    def note(device, addr, size, limit=None):
        seen.append((addr, list(device.view(addr, size).cast("Q"))))
        return original(device, addr, size, limit)

    original = M1Device.run
    monkeypatch.setattr(M1Device, "run", note)
    Hal.open().close()
    ((addr, words),) = seen
    assert (addr, 8 * len(words)) == (0xB800FF78, 136)
    values = {
        Reg.WINDOW_BASE0: 0x10000, Reg.WINDOW_TARGET0: 0xB8010000,
        Reg.WINDOW_SCALE0: 0, Reg.WINDOW_MODE0: 0x07FEFFFF00000001,
        Reg.WINDOW_BASE0 + 1: 0x14000000, Reg.WINDOW_TARGET0 + 1: 0x10200000,
        Reg.WINDOW_SCALE0 + 1: 0x0007FFFF00000001, Reg.WINDOW_MODE0 + 1: 0x0007FFFF00000003,
    }  # fmt: skip
    written = [w for reg, value in values.items() for w in command(2, value, inline=reg)]
    assert words == [*written, *command(Op.FINISH)]


def test_execution_state(hal, load, e):
    fields, kernel = found_state(hal, load, e, NDRange((6, 1, 1), (6, 1, 1), (5, 0, 0)), 1)
    wanted = {
        "group_id": (0, 0, 0), "num_groups": (1, 1, 1), "global_offset": (5, 0, 0),
        "local_size": (6, 1, 1), "num_dim": (1,), "last_size": (0, 0, 0),
        "hal_extra": (0x1400_0000,), "kernel_entry": (kernel,), "magic": (0x6953_6552,),
        "state_size": (192,), "flags": (HAS_DMA,), "thread_id": (0,), "packed_args": (0,),
    }  # fmt: skip
    assert {name: fields[name] for name in wanted} == wanted


def test_many_slices_take_several_buffers(hal, load, e, monkeypatch):
    monkeypatch.setattr("kcc.device.launch_m1.SLICES_PER_BUFFER", 10)
    spy = Spy(hal, monkeypatch)
    program, kernel = load(hal, increment(e))
    out = zeros(hal, 4 * 50)
    hal.counter_set_enabled(True)
    assert hal.kernel_exec(program, kernel, NDRange((2, 25, 1)), [buffer_arg(out)], 2)
    assert read(hal, out, 50) == [1] * 50
    assert len(spy.buffers) == 3
    assert [hal.counter_read(2, h) for h in range(4)] == list(hal.retired)
    assert SLICES_PER_BUFFER >= 4096
