"""Source lines in listings and traces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import kcc
from kcc.inspect import disasm_main

SOURCE = """\
static inline int add(global int *p, int i) {
    return p[i + get_global_id(0)] + 1;
}
kernel void k(global int *p) {
    p[get_global_id(0)] = add(p, 2);
}
"""


@pytest.fixture
def program(tmp_path: Path) -> kcc.Program:
    source = tmp_path / "k.cl"
    source.write_text(SOURCE)
    made = kcc.compile(source, ["-g", "-O1", "-march=rv64gc"])
    made.save(tmp_path / "k.elf")
    return made


def test_a_disassembly_shows_the_source(program: kcc.Program, capsys) -> None:
    folder = Path(program.name).parent
    elf = str(folder / "k.elf")
    headings = [
        f"; {folder}/k.cl:2 (add) return p[i + get_global_id(0)] + 1;",
        f"; {folder}/k.cl:5 (k) p[get_global_id(0)] = add(p, 2);",
    ]
    assert disasm_main(["-S", elf]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index(headings[0])
    assert lines[at + 1] == headings[1]  # where it is inlined
    assert "\tlw\t" in lines[at + 2]
    assert disasm_main([elf]) == 0
    plain = capsys.readouterr().out.splitlines()
    assert plain == [line for line in lines if not line.startswith(";")]
    (folder / "k.cl").unlink()
    assert disasm_main(["--source", elf]) == 0
    assert f"; {folder}/k.cl:2 (add)\n" in capsys.readouterr().out


def test_traces_show_the_source(program: kcc.Program, tmp_path: Path) -> None:
    files = tmp_path / "t.txt", tmp_path / "t.json"
    for file in files:
        with kcc.Device(trace=str(file), trace_filter=("hart=0",)) as device:
            k = device.load(program)["k"]
            k(np.zeros(8, np.int32), global_size=4, local_size=2)
            with pytest.raises(kcc.GuestFault):
                k(None, global_size=1)
    text, events = files[0].read_text(), json.loads(files[1].read_text())["traceEvents"]
    inlined = f" 0 ; {tmp_path}/k.cl:2 (add) return p[i + get_global_id(0)] + 1;\n"
    assert f"{inlined} 0 ; {tmp_path}/k.cl:5 (k) p[" in text
    (trap,) = [event for event in events if event["name"].startswith("trap")]
    assert trap["args"]["source"] == f"{tmp_path}/k.cl:2:14"
