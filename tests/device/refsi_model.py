"""A small model of M1 and G1 as the driver's caller sees them: allocations, bytes, commands.

Written from the documentation and as plainly as can be: bytes in a dictionary, transfers byte
by byte, free memory as a set of intervals.
"""

from __future__ import annotations

DRAM, DRAM_END = 0x4000_0000, 0xC000_0000
TCDM, TCDM_END = 0x1000_0000, 0x1040_0000
DMA, DMA_END = 0x2000_2000, 0x2000_2100
COUNTERS, GLOBAL_COUNTERS, COUNTERS_END = 0x2010_0000, 0x2010_0100, 0x2010_0200
ENTRY, COUNTED = 0x4700_0000, 0x4200_0010
ROM = 0x1000, 0x1_0000
HOST, CMP = 0x0100_0000, 0x0200_0000


class Failure(Exception):
    """What an access or a command ends with when it cannot be made."""


class Model:
    def __init__(self, family: str) -> None:
        """family: M, or G: without commands and DMA, but with a ROM, and windows of its own."""
        self.is_m = family == "M"
        self.used: dict[int, int] = {}  # address -> bytes taken, with what rounding left over
        self.reserved: set[int] = set()  # by the driver
        self.bytes: dict[int, int] = {}
        self.registers = [0] * 40
        self.dma: dict[int, list[int]] = {}  # by unit; register 1 and 2 are the transfers so far
        self.counters = [0] * 32  # the global ones
        self.window: tuple[int, int, int] | None = None  # base, size, target
        if not self.is_m:
            programs, stacks = self.alloc(0x7FF_0000, 4096), self.alloc(0x2000_0000, 4096)
            self.reserved = {programs, stacks}
            self.window = 0x1_0000, 0x7FF_0000, programs

    # -- allocations

    def alloc(self, size: int, align: int) -> int:
        if align < 1 or align & (align - 1):
            return 0
        start = DRAM
        for addr, taken in [*sorted(self.used.items()), (DRAM_END, 0)]:
            place = (addr - max(size, 1)) // align * align
            if addr > start and place >= start:
                self.used[place] = addr - place
                return place
            start = addr + taken
        return 0

    def free(self, addr: int) -> bool:
        if addr in self.reserved:
            return False
        return addr == 0 or self.used.pop(addr, None) is not None

    # -- accesses

    def _memory(self, addr: int, size: int) -> int:
        """Where the bytes are; the window shows other ones."""
        if self.window is not None:
            base, length, target = self.window
            if base <= addr < base + length:
                if addr + size > base + length:
                    raise Failure
                return self._memory_behind(addr - base + target, size)
        return self._memory_behind(addr, size)

    def _memory_behind(self, addr: int, size: int) -> int:
        ram = ((DRAM, DRAM_END), (TCDM, TCDM_END), (0, 0) if self.is_m else ROM)
        for start, end in ram:
            if start <= addr < end and addr + size <= end:
                return addr
        raise Failure

    def read(self, addr: int, size: int, unit: int = HOST) -> bytes:
        if self.is_m and DMA <= addr < DMA_END:
            if addr % 8 or size not in (4, 8):
                raise Failure
            value = self.dma.get(unit, [0] * 32)[(addr - DMA) // 8]
            return (value & ~1 if addr == DMA else value).to_bytes(8, "little")[:size]
        if COUNTERS <= addr < COUNTERS_END:
            whole = size % 8 == 0 and size > 0
            if addr % 8 or not (whole or size == 4) or addr + size > COUNTERS_END:
                raise Failure
            if addr < GLOBAL_COUNTERS:
                raise Failure  # harts only
            first = (addr - GLOBAL_COUNTERS) // 8
            values = self.counters[first : first + max(size // 8, 1)]
            return b"".join(v.to_bytes(8, "little") for v in values)[:size]
        at = self._memory(addr, size)
        return bytes(self.bytes.get(at + i, 0) for i in range(size))

    def write(self, addr: int, data: bytes, unit: int = HOST) -> None:
        value = int.from_bytes(data, "little")
        if not self.is_m and ROM[0] <= addr < ROM[1] and unit != HOST:
            raise Failure
        if self.is_m and DMA <= addr < DMA_END:
            if addr % 8 or len(data) != 8:
                raise Failure
            self._write_dma((addr - DMA) // 8, value, unit)
        elif COUNTERS <= addr < COUNTERS_END:
            if addr % 8 or len(data) not in (4, 8) or addr < GLOBAL_COUNTERS:
                raise Failure
            self.counters[(addr - GLOBAL_COUNTERS) // 8] = value
        else:
            at = self._memory(addr, len(data))
            self.bytes.update((at + i, byte) for i, byte in enumerate(data))

    def _write_dma(self, index: int, value: int, unit: int) -> None:
        regs = self.dma.setdefault(unit, [0] * 32)
        if index in (1, 2):
            return  # read only; and all transfers are over
        regs[index] = value
        if index or not value & 1:
            return
        dimension, row, rows = value >> 4 & 3, regs[5], regs[6]
        if dimension == 0 or dimension == 3:  # 3: of which this model knows nothing
            raise Failure
        steps = [row, row]
        for side, flag in enumerate((0x80, 0x40)):  # source, destination
            if value & flag:
                if dimension == 1:
                    raise Failure
                steps[side] = regs[8 + 2 * side]
                if steps[side] < row and (side or steps[side]):
                    raise Failure
        rows = rows if dimension == 2 else 1
        if not row or not rows:
            return
        ends = [(rows - 1) * step + row for step in steps]
        src, dst = (self._memory(a, n) for a, n in zip(regs[3:5], ends, strict=True))
        for r in range(rows):
            for i in range(row):
                byte = self.bytes.get(src + r * steps[0] + i, 0)
                self.bytes[dst + r * steps[1] + i] = byte
        regs[1] = regs[2] = regs[1] + 1

    # -- commands

    def execute(self, commands: list[tuple[object, ...]]) -> bool:
        """Run commands; False if one of them fails, and then those behind it do not run."""
        try:
            for name, *operands in commands:
                if name == "finish":
                    break
                getattr(self, f"_{name}")(*operands)
        except Failure:
            return False
        return True

    def _nop(self, *_: int) -> None:
        pass

    def _sync_cache(self, _: int) -> None:
        pass

    def _write_reg64(self, reg: int, value: int) -> None:
        # Window 0 alone is used, as a whole: base, target, no scale; mode maps it.
        if reg == 24:
            self._write_mode(value)
        elif reg in (8, 16) and value != self.registers[reg]:
            self.window = None
        self.registers[reg] = value

    def _write_mode(self, value: int) -> None:
        if self.window is not None:
            if value != self.registers[24]:
                self.window = None
        elif value & 1:
            base, target, size = self.registers[8], self.registers[16], (value >> 32) + 1
            for start, end in (
                (DRAM, DRAM_END), (TCDM, TCDM_END), (DMA, DMA_END), (COUNTERS, COUNTERS_END),
            ):  # fmt: skip
                if base < end and start < base + size:
                    raise Failure
            self._memory_behind(target, 1)
            self.window = base, size, target

    def _load_reg64(self, reg: int, addr: int) -> None:
        self.registers[reg] = int.from_bytes(self.read(addr, 8, CMP), "little")

    def _store_reg64(self, reg: int, addr: int) -> None:
        self.write(addr, self.registers[reg].to_bytes(8, "little"), CMP)

    def _store_imm64(self, addr: int, value: int) -> None:
        self.write(addr, value.to_bytes(8, "little"), CMP)

    def _copy_mem64(self, src: int, dst: int, count: int, unit: int) -> None:
        if src % 8:
            raise Failure
        for addr in (src, dst):  # the whole of both, before anything moves
            if not self._holds(addr, 8 * count):
                raise Failure
        for i in range(0, 8 * count, 8):
            self.write(dst + i, self.read(src + i, 8, unit), CMP)

    def _run_instances(self, entry: int, count: int, harts: int) -> None:
        """The code at ENTRY adds 1 to the word at COUNTED; what is elsewhere is no code."""
        if harts > 4 or (count and entry != ENTRY):
            raise Failure
        total = int.from_bytes(self.read(COUNTED, 8), "little") + count
        self.write(COUNTED, (total & (1 << 64) - 1).to_bytes(8, "little"))

    def _holds(self, addr: int, size: int) -> bool:
        for start, end in ((DMA, DMA_END), (COUNTERS, COUNTERS_END)):
            if start <= addr < end:
                return addr + size <= end
        try:
            self._memory(addr, size)
        except Failure:
            return False
        return True
