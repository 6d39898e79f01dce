"""The examples with Python hosts: what each prints, on every device, and how each fails."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import kcc
from kcc.cli import run_command
from kcc.device.profile import NAMES
from kcc.devices import FORMOSA

FOLDER = Path(__file__).resolve().parents[2] / "kernels" / "examples" / "refsi"
VALID = "Results validated successfully.\n"
BANNER = "Running {} example (Global size: {}, local size: {})\n"
BLURRED = """\
 0 0 0 0 0 0 0 0 22 33 33 11 0 0 0
 0 11 22 33 33 33 33 22 22 22 33 22 11 0 0
 0 22 44 66 66 66 66 44 22 11 22 25 14 3 0
 0 33 66 99 99 99 99 66 33 0 11 14 18 7 3
 0 33 66 99 99 99 99 73 40 7 0 3 7 11 11
 0 22 44 66 73 80 88 73 51 22 7 0 3 7 11
 0 11 22 33 47 62 77 73 62 36 14 0 0 3 7
 0 0 0 0 22 44 66 66 66 44 22 0 0 0 0
 0 0 0 0 14 36 58 66 58 36 14 0 0 0 0
 0 0 0 0 7 22 36 44 36 22 7 0 0 0 0
 0 0 0 0 0 7 14 22 14 7 0 0 0 2 4
 0 0 0 0 0 0 0 0 0 0 0 0 0 4 8
"""

WHERE = [("m1", "wg"), ("g1", "wg"), ("g1", "wi"), (FORMOSA, "wg")]  # device and mode


class Row(NamedTuple):
    """What an example prints: out behind the banner, with lines in any order.

    quick: where it is tried in quick tests too, an index of WHERE; slow ones try it everywhere.
    """

    name: str
    arguments: str
    quick: int | None
    sizes: tuple[object, object]
    out: str = ""
    err: str = VALID


def hellos(size: int, local: int) -> str:
    lines = (f"Hello from clik_sync! tid={t}, lid={t % local}, gid={t // local}\n"
             for t in range(size))  # fmt: skip
    return "".join(lines)


PARTS = "".join(f"Kernel part {p} (tid = {t})\n" for p in "AB" for t in range(4))
GENERIC = "Running kernel 'vector_add' (generic version). Total groups: 64\n"
ROWS = [
    Row("hello", "", 0, (8, 1), hellos(8, 1), ""),
    Row("hello", "-S4 -L1", None, (4, 1), hellos(4, 1), ""),
    Row("hello", "-S8 -L4", None, (8, 4), hellos(8, 4), ""),
    Row("copy_buffer", "", 1, (1024, 1)),
    Row("vector_add", "", 1, (1024, 16)),
    Row("vector_add_wfv", "", 0, (1024, 16), GENERIC),
    Row("ternary", "", None, (1024, 16)),
    Row("matrix_multiply", "", None, ("32x32", "16x1")),
    Row("matrix_multiply_tiled", "", None, ("32x32", "4x4")),
    Row("matrix_multiply_tiled", "-S8 -L2", 0, ("8x8", "2x2")),
    Row("blur", "", 0, ("15x12", "1x1"), "", BLURRED + VALID),
    Row("concatenate_dma", "-S8", 0, (8, 1)),
    Row("barrier_sum", "", None, (1024, 16)),
    Row("barrier_print", "", 2, (4, 4), PARTS, ""),
]


@pytest.fixture(scope="module")
def example() -> Iterator[Callable[[str], Callable[[list[str]], int]]]:
    """The main function of an example, by name."""
    sys.path.insert(0, str(FOLDER))
    before = set(sys.modules)
    yield lambda name: importlib.import_module(name).EXAMPLE.main
    sys.path.remove(str(FOLDER))
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == FOLDER:
            del sys.modules[name]


def in_any_order(text: str) -> list[str]:
    return sorted(text.splitlines())


# Work-items of `hello`, 8 of them, by local size: harts take turns at each print, on a RefSi.
TURNS = {
    ("m1", "wg", 1): "01234567", ("g1", "wg", 1): "04152637", ("g1", "wi", 1): "01234567",
    ("m1", "wg", 4): "04152637", ("g1", "wg", 4): "04152637", ("g1", "wi", 4): "01234567",
}  # fmt: skip


def everywhere() -> Iterator[Any]:
    for row in ROWS:
        for index, (device, mode) in enumerate(WHERE):
            marks = () if index == row.quick else pytest.mark.slow
            name = "-".join((row.name, *row.arguments.split(), device, mode))
            yield pytest.param(device, mode, row, marks=marks, id=name)


@pytest.mark.parametrize(("device", "mode", "row"), [*everywhere()])
def test_an_example_prints_what_is_expected(example, capfd, device, mode, row: Row) -> None:
    arguments = ["--device", device, "--mode", mode, *row.arguments.split()]
    assert example(row.name)(arguments) == 0
    out, err = capfd.readouterr()
    using, _, err = err.partition("\n")
    assert using == f"Using device '{kcc.Device(device).profile.name}'"
    banner = BANNER.format(row.name, *row.sizes)
    assert out.startswith(banner)
    assert in_any_order(out[len(banner) :]) == in_any_order(row.out)
    assert re.sub(" +", " ", err) == row.err
    turns = TURNS.get((device, mode, row.sizes[1]))
    if row.name == "hello" and row.sizes[0] == 8 and turns is not None:
        assert "".join(re.findall(r"tid=(\d)", out)) == turns
    parts = re.findall("part ([AB])", out)
    assert parts == sorted(parts)  # all of one before any of the other


def test_every_host_is_listed(example) -> None:
    example("hello")
    listed = set(sys.modules["clik"].EXAMPLES)
    assert listed == {row.name for row in ROWS} == {p.stem for p in FOLDER.glob("*.py")} - {"clik"}


def test_sums_are_of_vectors(example, capfd, tmp_path: Path) -> None:
    elf = tmp_path / "wfv.elf"
    assert run_command([str(FOLDER / "vector_add_wfv.cl"), "-o", str(elf)]) == 0
    assert run_command(["disasm", str(elf)]) == 0
    _, generic, explicit = re.split("<vector_add(?:_explicit)?>:", capfd.readouterr().out)
    for code in (generic, explicit):
        assert re.search(r"\bvadd\.vv\b", code)


@pytest.mark.slow
def test_sums_of_explicit_vectors(example, capfd) -> None:
    assert example("vector_add_wfv")(["--explicit"]) == 0
    out, err = capfd.readouterr()
    assert "Running kernel 'vector_add' (vector version, factor 16). Total groups: 4\n" in out
    assert err.endswith(VALID)


@pytest.mark.parametrize(
    ("name", "arguments", "status", "message"),
    [
        ("vector_add", "-S0", 7, "error: -S 0: a size is positive\n"),
        ("vector_add", "-L-1", 7, "error: -L -1: a size is positive\n"),
        ("vector_add", "-S17", 7, "error: the global size, 17, is not a multiple of the local"),
        ("matrix_multiply_tiled", "-S33", 7, "error: the global size, 33, is not a multiple"),
        ("blur", "-S4", 7, "error: -S: blur has one size\n"),
        ("hello", "--device m9", 1, "error: no device is called 'm9'; there are: "),
        ("hello", "--device nothing.toml", 1, "No such file"),
        ("hello", "--mode wi", 3, "is compiled for a hart of each work-item's own"),
        ("barrier_print", "--device g1 --mode wi -S128 -L128", 3, "a work-group of 128 items; at"),
        ("barrier_print", "-S2048 -L2048", 3, "a work-group of 2048 items; at most 1024"),
        ("copy_buffer", f"-S{1 << 50}", 3, "error: Unable to allocate "),
    ],
)
def test_what_cannot_be_run_is_said(example, capfd, name, arguments, status, message) -> None:
    assert example(name)(arguments.split()) == status
    assert message in capfd.readouterr().err


def test_mismatches_are_shown(example, capfd) -> None:
    example("hello")
    validate = sys.modules["clik"].validate
    numbers = np.arange(20)
    assert not validate(numbers, np.where(numbers % 2, numbers, 7))
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[1] == "Result mismatch at 2: expected 7, but got 2"
    assert not validate(np.array([np.nan]), np.array([1.0]))


def test_hosts_are_programs() -> None:
    words = [sys.executable, FOLDER / "hello.py", "-S4", "--device", FOLDER / "m1_8.toml"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert in_any_order(done.stdout) == in_any_order(BANNER.format("hello", 4, 1) + hellos(4, 1))


def test_all_named_devices_are_tried() -> None:
    assert {device for device, _ in WHERE} == {*NAMES, FORMOSA}
