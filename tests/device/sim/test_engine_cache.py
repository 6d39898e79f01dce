"""Compiled units on disk: a second machine translates nothing."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from kcc.backend.encode import encode as e
from kcc.device.sim.interface import Translated
from kcc.device.sim.machine import HartStart, Machine
from snippets import RET

BASE = 0x4000_0000
CODE = [e("addi", rd=20, rs1=10, imm12=7), RET]


def test_a_second_machine_translates_nothing(make_bench, tmp_path):
    first = make_bench(cache_dir=tmp_path)
    assert first.run(CODE, first=5).ok
    assert first.machine.translated.compiled >= 1
    second = make_bench(cache_dir=tmp_path)
    assert second.run(CODE, first=5).ok
    assert second.machine.translated.compiled == 0
    assert second.machine.read_x(0, 20) == 12
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    third = make_bench(cache_dir=tmp_path)
    assert third.run(CODE, first=5).ok
    assert third.machine.translated.compiled > 0
    assert third.machine.read_x(0, 20) == 12


def _work(folder: Path) -> None:
    """Run a few programs that other processes run as well."""
    for n in range(6):
        memory = bytearray(1 << 12)
        code = [e("addi", rd=20, rs1=10, imm12=n), RET]
        memory[: 4 * len(code)] = b"".join(word.to_bytes(4, "little") for word in code)
        machine = Machine(1, cache_dir=folder)
        machine.map_ram(BASE, len(memory), memoryview(memory))
        result = machine.begin_instances(
            [HartStart(BASE)], entry=BASE, return_addr=0, first=5, count=1, limit=None, ecall=None
        ).result()
        assert result.ok
        assert machine.read_x(0, 20) == 5 + n


def test_processes_share_a_folder(tmp_path):
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_work, args=(tmp_path,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    names = [path.name for path in tmp_path.iterdir()]
    assert len(names) == 6 + 1  # and the runtime
    assert all(len(name) == 64 for name in names)  # nothing half done lies about


def test_statistics_say_where_units_came_from(make_bench, tmp_path):
    bench = make_bench(cache_dir=tmp_path)
    assert bench.machine.translated == Translated()
    assert bench.run(CODE).ok
    made = bench.machine.translated
    assert (made.compiled, made.found) == (1, 0)
    assert made.seconds > 0
    assert bench.run().ok
    assert bench.machine.translated == made  # nothing was left to do
    again = make_bench(cache_dir=tmp_path)
    assert again.run(CODE).ok
    assert (again.machine.translated.compiled, again.machine.translated.found) == (0, 1)
