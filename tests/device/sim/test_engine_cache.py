"""Compiled units on disk: a second machine translates nothing."""

from __future__ import annotations

from kcc.backend.encode import encode as e

RET = e("jalr", rd=0, rs1=1, imm12=0)
CODE = [e("addi", rd=20, rs1=10, imm12=7), RET]


def test_a_second_machine_translates_nothing(make_bench, tmp_path):
    first = make_bench(cache_dir=tmp_path)
    assert first.run(CODE, first=5).ok
    assert first.machine.translated >= 1
    second = make_bench(cache_dir=tmp_path)
    assert second.run(CODE, first=5).ok
    assert second.machine.translated == 0
    assert second.machine.read_x(0, 20) == 12
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    third = make_bench(cache_dir=tmp_path)
    assert third.run(CODE, first=5).ok
    assert third.machine.translated > 0
    assert third.machine.read_x(0, 20) == 12
