"""What gdb-multiarch makes of a machine with vectors, of which it knows no program."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from kcc.backend.encode import encode as e

if TYPE_CHECKING:
    from conftest import Debugged

E32_M1 = 0xD0


@pytest.mark.oracle("gdb-multiarch")
def test_vector_registers_are_shown_and_set(make_debugged: Callable[..., Debugged]) -> None:
    debugged = make_debugged(2, arch="rv64gcv_zvl256b")
    words = [
        e("vsetvli", rd=5, rs1=0, zimm11=E32_M1),
        e("vid.v", vd=1, vm=1),
        e("vadd.vv", vd=2, vs1=1, vs2=1, vm=1),
        e("vadd.vv", vd=3, vs1=2, vs2=2, vm=1),
        e("jalr", rd=0, rs1=1, imm12=0),
    ]
    debugged.run(words, harts=2)
    commands = [
        f"target remote :{debugged.server.port}",
        "thread 2",
        "stepi 3",
        "print $v2.w",
        "print $vl",
        "print/x $vtype",
        "print $vlenb",
        "set $v2.w[1] = 9",
        "set $fa0.double = 1.5",
        "stepi",
        "print $v3.w",
        "print $v3.b[4]",
        "print $fa0.double",
        "info registers vxrm mhartid",
        "thread 1",
        "print $v2.q",
        "continue",
    ]
    words = ["gdb-multiarch", "-nx", "-batch", *(w for c in commands for w in ("-ex", c))]
    printed = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    shown = [line.partition(" = ")[2] for line in printed.splitlines() if line.startswith("$")]
    assert shown == [
        "{0, 2, 4, 6, 8, 10, 12, 14}", "8", "0xd0", "32",
        "{0, 18, 8, 12, 16, 20, 24, 28}", "18", "1.5", "{0, 0}",
    ]  # fmt: skip
    assert "mhartid        0x1" in printed
    assert debugged.finish().retired == (5, 5)
