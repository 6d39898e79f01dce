"""What a HAL's operations cost, as RefSi's profiler tells it: totals, and a table in a file.

Level 1 prints totals when the device is closed, or the process ends; 2 also writes a CSV file
with a row for each launch and hart, and one for each transfer between host and device; 3 adds
columns for the kinds of instructions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .soc.counters import COUNTERS, CYCLES, HOST_READ, HOST_WRITE, RETIRED

UNITS = ("B", "KB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Profiling:
    """level: 1 to 3. path: of the CSV file. write: gets a line of the totals."""

    level: int
    path: Path
    write: Callable[[str], None] = print


class Profiler:
    def __init__(self, profiling: Profiling) -> None:
        self._profiling = profiling
        self._totals = dict.fromkeys((RETIRED, CYCLES, HOST_WRITE, HOST_READ), 0)
        self._columns = [c for c in COUNTERS if c.per_value < profiling.level]
        self._rows: list[list[str]] = []

    def launched(self, kernel: str, counters: Mapping[tuple[int, int], int]) -> None:
        """A launch has moved counters by so much, by (counter, hart)."""
        for hart in sorted({hart for _, hart in counters}):
            for counter in (RETIRED, CYCLES):
                self._totals[counter] += counters.get((counter, hart), 0)
            if self._profiling.level == 1:
                continue
            values = [counters.get((c.id, hart)) for c in self._columns]
            cells = ["" if v is None else str(v) for v in values]
            self._rows.append([kernel, str(hart), *cells])

    def moved(self, counter: int, size: int) -> None:
        """`size` bytes went from the host to the device (HOST_WRITE), or back (HOST_READ)."""
        self._totals[counter] += size
        if self._profiling.level == 1:
            return
        cells = [str(size) if c.id == counter else "" for c in self._columns]
        self._rows.append(["", "", *cells])

    def finish(self) -> None:
        """Print the totals, write the file. raises: OSError when it cannot be written."""
        totals, write = self._totals, self._profiling.write
        write(f"[+] total retired instructions: {totals[RETIRED]}")
        write(f"[+] total elapsed cycles: {totals[CYCLES]}")
        write(f"[+] total direct memory write access: {_bytes(totals[HOST_WRITE])}")
        write(f"[+] total direct memory read access: {_bytes(totals[HOST_READ])}")
        if self._profiling.level > 1:
            self._profiling.path.write_text(self._csv())

    def _csv(self) -> str:
        import csv
        import io

        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["kernel_name", "hart", *(c.name for c in self._columns)])
        table.writerows(self._rows)
        return text.getvalue()


def _bytes(count: int) -> str:
    """A number of bytes in the largest unit of which it has one, without fractions."""
    power = min((max(count, 1).bit_length() - 1) // 10, len(UNITS) - 1)
    return f"{count >> 10 * power}{UNITS[power]}"
