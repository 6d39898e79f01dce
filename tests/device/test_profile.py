"""Device profiles: what is read, what is refused, and where the refusal points."""

from __future__ import annotations

import contextlib
import random
import re
from importlib import resources
from pathlib import Path

import pytest

from kcc.device.profile import (
    NAMES,
    Profile,
    ProfileError,
    Range,
    load_profile,
    named_profile,
)
from kcc.device.soc.memory import MemoryKind
from kcc.frontend.record import replace

PROFILES = resources.files("kcc.device") / "profiles"


M1 = (PROFILES / "m1.toml").read_text()


@pytest.fixture
def read(tmp_path: Path):
    def from_text(text: str) -> Profile:
        path = tmp_path / "my.toml"
        path.write_text(text)
        return load_profile(str(path))

    return from_text


@pytest.fixture
def wrong(read, tmp_path: Path):
    """What is wrong with a text, without the folder."""

    def messages(text: str) -> list[str]:
        with pytest.raises(ProfileError) as caught:
            read(text)
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return messages


def test_m1_is_what_is_documented() -> None:
    m1 = named_profile("m1")
    assert m1.memory == {
        MemoryKind.TCDM: Range(0x1000_0000, 0x40_0000),
        MemoryKind.DRAM: Range(0x4000_0000, 0x8000_0000),
        MemoryKind.KERNEL_DMA_PRIVATE: Range(0x2000_2000, 0x100),
        MemoryKind.PERF_COUNTERS: Range(0x2010_0000, 0x200),
    }
    assert next(iter(m1.memory)) == MemoryKind.TCDM  # in the driver's order
    assert (m1.harts, m1.isa, m1.vlen) == (4, "RV64GCVZbc", 512)
    assert m1.program == Range(0x1_0000, 0x7FF_0000)
    assert m1.stack == Range(0x1400_0000, 0x8_0000)
    assert m1.stack_area == Range(0x1020_0000, 0x20_0000)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_like_a_named_one_is_that_device(name: str, read) -> None:
    text = (PROFILES / f"{name}.toml").read_text()
    assert replace(read(text), source=f"<{name}>") == named_profile(name)


def test_a_file_may_say_what_differs_only(read) -> None:
    got = read('extends = "m1"\nname = "Eight"\n[harts]\ncount = 8\nvlen = 256\n')
    assert (got.name, got.harts, got.executes) == ("Eight", 8, "rv64gcv_zba_zbb_zbc_zvl256b")
    assert got.stack.size == 0x4_0000  # half of what four harts have
    assert got.memory == named_profile("m1").memory


def test_a_file_extends_others_from_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "wide.toml").write_text('extends = "m1"\nharts.vlen = 1024\n')
    (tmp_path / "my.toml").write_text('extends = "base/wide.toml"\nharts.count = 2\n')
    got = load_profile(str(tmp_path / "my.toml"))
    assert (got.harts, got.vlen) == (2, 1024)


def test_harts_may_lack_vectors(read) -> None:
    got = read('extends = "m1"\n[harts]\nisa = "RV64GC"\nexecutes = "rv64gc"\nvlen = 0\n')
    assert got.executes == "rv64gc"
    assert "V" not in got.extensions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("harts.count = 0", "my.toml:2: harts.count: a whole number from 1 to 64, not 0"),
        ("harts.count = 65", "my.toml:2: harts.count: a whole number from 1 to 64, not 65"),
        ("harts.count = true", "my.toml:2: harts.count: a whole number from 1 to 64, not true"),
        ("harts.count = 1e3", "my.toml:2: harts.count: a whole number from 1 to 64, not 1000.0"),
        (f"harts.count = {1 << 70}", "not a number of more than 64 bits"),
        ("harts = 4", "my.toml:2: harts: a table, not 4"),
        ("harts.vlen = 384", "my.toml:2: harts.vlen: a power of two from 128 to 1024, not 384"),
        ("harts.vlen = 64", "my.toml:2: harts.vlen: a power of two from 128 to 1024, not 64"),
        ("harts.vlen = 2048", "my.toml:2: harts.vlen: a whole number from 0 to 1024, not 2048"),
        ("harts.cuont = 4", "my.toml:2: harts.cuont: is not known here; did you mean 'count'?"),
        ("harts.isa = ''", "my.toml:2: harts.isa: text, not ''"),
        ("harts.isa = 'RV32GC'", "harts.isa: 'RV32GC' is not an ISA string the simulator knows"),
        ("harts.isa = 'RV64GCQ'", "harts.isa: extension 'q' of 'RV64GCQ' is not supported"),
        ("harts.isa = 'RV64GCV_Zfh'", "harts.executes: lacks Zfh of 'RV64GCV_Zfh'"),
        ("harts.executes = 'rv64imc'", "harts.executes: lacks A, D, F, V, Zbc of 'RV64GCVZbc'"),
        ("harts.executes = 'rv64gcv_zbc_zvl256b'", "gives vectors a length; that is vlen's"),
        ("family = 'X'", 'my.toml:2: family: "M" or "G", not \'X\''),
        ("name = 7", "my.toml:2: name: text, not 7"),
        ("memory.tcim = { base = 0x2000, size = 0x1000 }", "memory.tcim: is not known here"),
        ("memory.dram.base = 0x4000_0800", "memory.dram.base: a multiple of 0x1000"),
        ("memory.dram.base = 0", "memory.dram.base: a whole number from 4096 to 0xfffff000"),
        ("memory.dram.base = 0xC000_0000", "my.toml:2: memory.dram: ends at 0x140000000, beyond"),
        (
            "memory.tcdm.size = 0x1000_0000",
            "my.toml:2: memory.tcdm: 0x10000000 to 0x1fffffff overl",
        ),
        ("memory.kernel_dma_private.size = 0x200", "0x100, which is what the registers take"),
        ("program.base = 0x8000_0000", "program.base: a whole number from 4096 to 0x7ffff000"),
        ("program.base = 0x7fff_f000", "my.toml:2: program: ends at 0x87fef000, beyond 0x80000000"),
        ("stack.base = 0xffff_f000", "my.toml:2: stack.base: ends at 0x10007f000, beyond"),
        ("program.size = 0x2000_0000", "program: 0x10000 to 0x2000ffff overlaps memory.tcdm"),
        ("local.base = 0x1010_0000", "stack.area: overlaps local, 0x10100000 to 0x102fffff"),
        ("local.base = 0x0f00_0000", "local: 0xf000000 to 0xf1fffff is not inside of memory.tcdm"),
        ("stack.area.size = 0x3000", "stack.area: 0x3000 bytes are less than a page for each of 4"),
        ("stack.area.base = 0x1030_0000", "stack.area: 0x10300000 to 0x104fffff is not inside of"),
        ("stack.base = 0x1000_0000", "stack: 0x10000000 to 0x1007ffff overlaps memory.tcdm"),
        ("stack.size = 4096", "my.toml:2: stack.size: is not known here"),
        ("memory.dram.size = 0x800_0000", "memory.dram: 0x8000000 bytes have no room"),
        ("reported.group_items = 1025", "reported.group_items: a whole number from 1 to 1024"),
        ("queue.depth = 0", "queue.depth: a whole number from 1 to"),
        ("extra = 1", "my.toml:2: extra: is not known here"),
        ("harts.count = ", "my.toml: Invalid value (at line 2"),
        ("name = 'a'\nname = 'b'", "Cannot overwrite a value (at line 3"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, expected: str, wrong) -> None:
    messages = wrong(f"extends = 'm1'\n{text}\n")
    assert any(expected in m for m in messages), messages


def test_all_that_is_wrong_is_said_at_once(wrong) -> None:
    messages = wrong("extends = 'm1'\nharts.count = 0\n[queue]\ndepth = -1\n[zoo]\n")
    assert [m.split(": ")[0] for m in messages] == ["my.toml:2", "my.toml:4", "my.toml:5"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("harts = { count = 0 }", "my.toml:2: harts.count: a whole number"),
        ("[[harts]]\ncount = 4", "my.toml:2: harts: a table, not an array"),
        ("'harts' = { count = 0 }", "my.toml: harts.count: a whole number"),
        (f"{'a.' * 500}a = 1", "my.toml:2: a: is not known here"),
    ],
)
def test_places_are_in_the_file_that_says_so(text: str, expected: str, wrong) -> None:
    """Not in one that it extends, where the same key stands on a line of its own."""
    assert wrong(f"extends = 'm1'\n{text}\n")[0].startswith(expected)


def test_what_follows_from_a_missing_value_is_not_said(wrong) -> None:
    messages = wrong("family = 'M'")
    assert messages
    assert all("is missing: " in m for m in messages), messages


def test_only_what_is_missing_is_said(wrong) -> None:
    keys = [m.split(": ")[1:3] for m in wrong("extends = 'm1'\nfamily = 'G'\n")]
    assert [key for key, what in keys if what == "is missing"] == [
        "harts.group_harts",
        "memory.tcim",
        "stack.size",
    ]
    assert [key for key, what in keys if what.startswith("is not known")] == [
        "memory.kernel_dma_private",
        "stack.area",
        "queue",
    ]
    assert len(keys) == 6


def test_what_is_missing_is_said(wrong) -> None:
    messages = wrong("name = 'x'\nfamily = 'M'\n[harts]\ncount = 4\n")
    assert "my.toml:3: harts.isa: is missing: text" in messages
    assert "my.toml: program: is missing: a table" in messages


def test_extends_is_checked(wrong) -> None:
    assert wrong("extends = 3") == ["my.toml: extends: text, not 3"]
    assert wrong("extends = 'my.toml'") == ["my.toml: extends more than 8 files, or itself"]


def test_files_that_are_no_profiles(tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(ProfileError, match="not UTF-8"):
        load_profile(str(path))
    with pytest.raises(ProfileError, match="more than 65536 bytes"):
        load_profile(str(sized(tmp_path / "big.toml", 2 << 20)))
    path.write_text("a = " + "[" * 5000)
    with pytest.raises(ProfileError, match=r"odd\.toml"):
        load_profile(str(path))
    with pytest.raises(FileNotFoundError):
        load_profile(str(tmp_path / "none.toml"))
    with pytest.raises(ProfileError, match="no device is called 'm2'; there are: m1"):
        load_profile("m2")


def test_spoilt_files_are_refused_or_good(tmp_path: Path) -> None:
    """Pieces of profiles exchanged, dropped, and replaced: never anything but a ProfileError."""
    rng = random.Random(7)
    pieces = re.findall(r"[\w.]+|\s|.", M1 + (PROFILES / "g1.toml").read_text())
    odd = ["-1", "0", "1e9", "true", "[]", "{}", "'x'", "[[", "\0", str(1 << 64), "9" * 5000, "\n"]
    path = tmp_path / "my.toml"
    good = 0
    for _ in range(100):
        words = re.findall(r"[\w.]+|\s|.", M1)
        for _ in range(rng.randint(1, 3)):
            words[rng.randrange(len(words))] = rng.choice(rng.choice((pieces, odd, [""])))
        path.write_text("".join(words))
        with contextlib.suppress(ProfileError):
            load_profile(str(path))
            good += 1
    assert 0 < good < 100


def sized(path: Path, size: int) -> Path:
    with open(path, "wb") as file:
        file.truncate(size)
    return path
