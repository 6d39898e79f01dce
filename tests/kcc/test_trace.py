"""Traces of launches, counters and threads, as a user asks for them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kcc

SOURCE = """
__attribute__((noinline)) float square(float x) { return x * x; }
kernel void squares(global float *a) { size_t i = get_global_id(0); a[i] = square(a[i]); }
kernel void wild(global int *a, ulong where) { *(global int *)where = a[0]; }
"""


@pytest.fixture(scope="module")
def program() -> kcc.Program:
    return kcc.compile(SOURCE)


def squares(program: kcc.Program, **options: Any) -> kcc.LaunchStats:
    data = np.arange(32, dtype=np.float32)
    with kcc.Device(**options) as device:
        stats = device.load(program)["squares"](data, global_size=32, local_size=8)
    np.testing.assert_array_equal(data, np.arange(32, dtype=np.float32) ** 2)
    return stats


def test_text_has_a_line_for_each_instruction(program, tmp_path: Path):
    path = tmp_path / "t.txt"
    stats = squares(program, trace=str(path))
    lines = path.read_text().splitlines()
    assert len(lines) == sum(stats.retired)
    first = next(line for line in lines if "<square>" in line)
    assert re.fullmatch(
        r" 0 +\d+ +[0-9a-f]+ <square> +[0-9a-f]{8}  fmul.s fa0,fa0,fa0 +fa0=0xffffffff00000000",
        first,
    )
    stores = [line for line in lines if "fsw" in line]
    assert len(stores) == 32
    assert stores[-1].endswith(f"={np.float32(31**2).view(np.uint32):#x}")
    assert {line[:2] for line in lines} == {" 0", " 1", " 2", " 3"}


def test_a_variable_asks_for_a_trace(program, tmp_path: Path, monkeypatch, capfd):
    path = tmp_path / "t.txt"
    squares(program, trace=str(path))
    monkeypatch.setenv("SPIKE_SIM_LOG", "1")
    squares(program)
    assert capfd.readouterr().err == path.read_text()
    monkeypatch.setenv("SPIKE_SIM_LOG", str(tmp_path / "other"))
    squares(program)
    assert (tmp_path / "other").read_text() == path.read_text()
    monkeypatch.setenv("SPIKE_SIM_LOG", "0")
    squares(program)
    assert capfd.readouterr().err == ""


def test_only_a_function_on_one_hart(program, tmp_path: Path):
    path = tmp_path / "t.txt"
    squares(program, trace=str(path), trace_filter=["function=square", "hart=1-2"])
    lines = path.read_text().splitlines()
    assert len(lines) == 2 * 8 * 2  # harts, items, fmul and ret
    assert all("<square" in line for line in lines)
    assert {line[:2] for line in lines} == {" 1", " 2"}


def test_json_has_a_slice_for_each_call(program, tmp_path: Path):
    path = tmp_path / "t.json"
    stats = squares(program, trace=str(path))
    events = json.loads(path.read_text())["traceEvents"]
    for hart in range(4):
        slices = [e for e in events if e["tid"] == hart and e["ph"] in "BE"]
        depth, last = 0, 0
        for event in slices:  # properly nested, and in order
            depth += 1 if event["ph"] == "B" else -1
            assert depth >= 0
            assert event["ts"] >= last
            last = event["ts"]
        assert depth == 0
        assert last == stats.retired[hart]
        calls = [e for e in slices if e["name"] == "square" and e["ph"] == "B"]
        assert len(calls) == 8
        assert {"squares"} <= {e["name"] for e in slices}
    names = {e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert names == {f"hart {n}" for n in range(4)}


def test_a_fault_is_the_last_line(program, tmp_path: Path):
    text, calls = tmp_path / "t.txt", tmp_path / "t.json"
    for path in (text, calls):
        with kcc.Device(trace=str(path)) as device, pytest.raises(kcc.GuestFault):
            device.load(program)["wild"](np.ones(1, np.int32), 0x1230, global_size=1)
    last = text.read_text().splitlines()[-1]
    assert last.endswith("trap: store/amo access fault, address 0x1230")
    assert "<wild" in last
    (trap,) = (e for e in json.loads(calls.read_text())["traceEvents"] if e["ph"] == "i")
    assert trap["name"] == "trap: store/amo access fault"
    assert trap["args"]["tval"] == "0x1230"


@pytest.mark.parametrize(
    "wrong", ["", "hart", "hart=x", "hart=1-", "range=5", "range=0x1:zz", "what=3"]
)
def test_wrong_filters(wrong: str, tmp_path: Path):
    with pytest.raises(kcc.UsageError, match="trace-filter"):
        kcc.Device(trace=str(tmp_path / "t"), trace_filter=[wrong])


def test_filters_that_do_not_suit_the_program(program, tmp_path: Path):
    data = np.zeros(32, np.float32)
    for wrong, why in (("function=cube", "no function"), ("range=0:0x10000000", "more than")):
        with kcc.Device(trace=str(tmp_path / "t"), trace_filter=[wrong]) as device:
            kernel = device.load(program)["squares"]
            with pytest.raises(kcc.UsageError, match=why):
                kernel(data, global_size=32)


def test_counters_agree_with_what_retires(program):
    plain, counted = squares(program), squares(program, counters=True)
    assert plain.counters == {}
    assert plain.retired == counted.retired == counted.counters["instructions retired"]
    assert counted.counters["cycles"] == counted.retired
    kinds = ("loads", "stores", "integer instructions", "floating-point instructions")
    for hart in range(4):
        total = sum(counted.counters[name][hart] for name in (*kinds, "branches and jumps"))
        assert total == counted.retired[hart]
    assert counted.counters["stores of 4 bytes"][0] >= 8
    assert counted.counters["loads of 16 bytes"] == (0, 0, 0, 0)


def test_threads_give_the_same_results(program):
    assert squares(program, threads=2).retired == squares(program).retired
    with pytest.raises(kcc.DeviceError, match="threads"):
        kcc.Device(threads=0)


def test_the_command_line(program, tmp_path: Path, capsys):
    from kcc.runcmd import run_main

    elf = tmp_path / "s.elf"
    program.save(elf)
    trace = tmp_path / "t.json"
    words = [str(elf), "-k", "squares", "-g", "32", "-l", "8", "a=range:32"]
    more = ["--counters", "--threads", "2", f"--trace={trace}", "--trace-filter", "hart=0"]
    assert run_main([*words, *more, "--expect", "a == initial.a ** 2"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == [
        "all",
        "harts",
        *(f"{w}" for n in range(4) for w in ("hart", str(n))),
    ]
    assert any(line.startswith("floating-point instructions  ") for line in table)
    assert {e["tid"] for e in json.loads(trace.read_text())["traceEvents"]} == {0}
    with pytest.raises(kcc.UsageError, match="--trace FILE"):
        run_main([*words, "--trace-filter", "hart=0"])
