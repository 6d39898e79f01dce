"""A kernel under gdb-multiarch, and the flag that asks for it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = """\
int twice(int v) { return v * 2; }
kernel void demo(global int *a, global float *f, int n) {
    size_t i = get_global_id(0);
    int sum = 0;
    for (int k = 0; k < n; k++)
        sum += twice(a[i]) + k;
    f[i] = f[i] * 0.5f + sum;
    a[i] = sum;
}
struct Node { int v; struct Node *next; const global float *from; float4 four; };
enum Colour { RED, GREEN = 5 };
union Bits { int i; float f; };
constant int table[2][2] = {{1, 2}, {3, 4}};
static inline int deep(int z) { int y = z + table[1][1]; return y; }
kernel void shapes(global int *a, global float *f, int n) {
    local short tile[4];
    constant int own = 7;
    size_t i = get_global_id(0);
    struct Node node = {(int)i, 0, f, (float4)(1, 2, 3, 4)};
    node.next = &node;
    enum Colour c = GREEN;
    union Bits bits = {0x3f800000};
    tile[get_local_id(0)] = 40 + get_local_id(0);
    int sum = own;
    for (int j = 0, k = 1; j < n; j++) {
        int sum = 77;
        sum += deep(sum);
        a[i] = sum + k;
    }
    a[i] += node.v + c + bits.i + tile[0] + sum;
}
"""
RUN = ("-g", "16", "-l", "4", "a=range:16:10", "f=range:16", "n=2", "--gdb", "0")


class Debugging:
    """`kcc run` of the kernel in SOURCE, which waits for GDB."""

    def __init__(self, folder: Path, *words: str, elf: bool = True) -> None:
        """elf: compile the program before; else have it compiled for the run."""
        self.source, self.elf = folder / "demo.cl", folder / "demo.elf" if elf else None
        self.source.write_text(SOURCE)
        if self.elf is not None:
            compiled = ("-g", "-O0", str(self.source), "-o", str(self.elf))
            subprocess.run([sys.executable, "-m", "kcc", *compiled], check=True, cwd=ROOT)
        program = [str(self.elf)] if self.elf is not None else [str(self.source), "-O0"]
        kernel = () if "-k" in words else ("-k", "demo")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kcc", "run", *program, *kernel, *RUN, *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        assert line.startswith("waiting for gdb on 127.0.0.1:"), line
        self.port = int(line.rpartition(":")[2])

    def gdb(self, *commands: str) -> str:
        """What GDB prints for these commands, after it has connected."""
        script = ["set pagination off", f"target remote :{self.port}", *commands]
        words = [word for command in script for word in ("-ex", command)]
        program = [str(self.elf)] if self.elf is not None else []
        gdb = ["gdb-multiarch", "-nx", "-batch", *words, *program]
        return subprocess.run(
            gdb, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        ).stdout

    def end(self) -> tuple[int, str, str]:
        """Status and output of `kcc run`."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


def found(text: str, *parts: str) -> None:
    """All of these, in this order."""
    at = 0
    for part in parts:
        assert part in text[at:], f"no '{part}' in the rest of:\n{text[at:]}"
        at = text.index(part, at) + len(part)


@pytest.mark.oracle("gdb-multiarch")
def test_a_kernel_is_debugged_by_source_line(tmp_path: Path) -> None:
    debugging = Debugging(
        tmp_path, "--expect", "a[:15] == 4 * initial.a[:15] + 1", "--expect", "a[15] == 29"
    )
    printed = debugging.gdb(
        "info threads",
        "break demo.cl:8",
        "continue",
        "backtrace",
        "print sum",
        "print n",
        "print a[1]@3",
        "next",
        "info registers pc ra sp mhartid vlenb",
        "print $f1",
        "print $fcsr",
        "thread 3",
        "x/i $pc",
        "stepi",
        "delete",
        "break twice if v == 20",
        "continue",
        "finish",
        "delete",
        "print a[15] = 7",
        "watch -l a[15]",
        "continue",
        "delete",
        "continue",
    )
    found(
        printed,
        "Thread 4 (hart 3, in instance 3)",
        "Breakpoint 1 at", "demo.cl, line 8.",
        "Thread 1 hit Breakpoint 1",
        "8\t    a[i] = sum;",
        "#0", "#1",
        "$1 = 41\n",
        "$2 = 2\n",
        "$3 = {11, 12, 13}",
        "9\t}",
        "pc ", "ra ", "sp ", "mhartid        0x0", "vlenb          0x40",
        "[Switching to thread 3",
        "=> 0x",
        "Breakpoint 2 at", "demo.cl, line 1.",
        "twice (v=20)",
        "Value returned is $6 = 40",
        "$7 = 7",
        "Hardware watchpoint 3: -location a[15]",
        "Old value = 7", "New value = 29",
        "exited normally",
    )  # fmt: skip
    status, _, errors = debugging.end()
    assert (status, errors) == (0, ""), printed


@pytest.mark.slow
@pytest.mark.oracle("gdb-multiarch")
def test_variables_of_every_type_are_read(tmp_path: Path) -> None:
    debugging = Debugging(tmp_path, "-k", "shapes")
    printed = debugging.gdb(
        # Not `&&`: for OpenCL, gdb takes 0 && 1 for 1.
        "break demo.cl:15 if (__local_id[0] == 1) & (__wg->group_id[0] == 1)",
        "continue",
        "info args",
        "print __local_id",
        "print __wg->group_id",
        "break deep",
        "continue",
        "info args",
        "backtrace",
        "finish",
        "print table",
        "print sum",
        "print j + k",
        "delete",
        "break demo.cl:30",
        "continue",
        "print sum",
        "print j",
        "print node",
        "print node.next->four",
        "ptype node",
        "print c",
        "print bits",
        "print tile",
        "print own",
        "ptype a",
        "delete",
        "next",
        "step",
        "continue",
    )
    found(
        printed,
        "Breakpoint 1 at", "line 15.",
        "shapes (a=0x", "n = 2",
        "= {1, 0, 0}",
        "= {1, 0, 0}",
        "Breakpoint 2 at", "line 14.",
        "deep (z=77)", "z = 77",
        "#0  deep (z=77) at ", "demo.cl:14",
        "#1 ", "in shapes (a=0x", "demo.cl:27",
        "in shapes.group () at ", "demo.cl:31",
        "shapes.entry () at ", "demo.cl:31",
        "Value returned is $3 = 81",
        "= {{1, 2}, {3, 4}}",
        "= 77", "= 1\n",
        "line 30.",
        "= 7\n",
        'No symbol "j" in current context.',
        "{v = 5, next = 0x", "four = {1, 2, 3, 4}}",
        "= {1, 2, 3, 4}",
        "struct Node {", "int v;", "Node *next;", "const float *from;", "float4 four;",
        "= GREEN",
        "{i = 1065353216, f = 1}",
        "{40, 41, 0, 0}",
        "= 7\n",
        "type = int *",
        "31\t}",
        "exited normally",
    )  # fmt: skip
    assert debugging.end()[0] == 0, printed


@pytest.mark.oracle("gdb-multiarch")
def test_gdb_reads_the_program_and_ends_the_run(tmp_path: Path) -> None:
    debugging = Debugging(tmp_path, elf=False)
    printed = debugging.gdb("break demo.cl:7", "continue", "print sum", "info symbol twice")
    found(printed, "demo.elf from remote target", "hit Breakpoint 1", "$1 = 41", "twice in section")
    assert debugging.end() == (1, "", "kcc: error: gdb has killed the run\n")


def kcc_run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kcc", "run", "kernels/examples/vector_add.cl", "-g", "8"]
    values = ["a=range:8", "b=range:8", "c=zeros:8"]
    return subprocess.run(
        [*command, *values, *words], capture_output=True, text=True, cwd=ROOT, check=False
    )


def test_a_port_that_cannot_be_had_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = kcc_run("--gdb", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "cannot listen for gdb on port" in done.stderr


@pytest.mark.parametrize("port", ["65536", "-1", "gdb"])
def test_a_port_is_a_number_of_16_bits(port: str) -> None:
    done = kcc_run("--gdb", port)
    assert (done.returncode, "--gdb" in done.stderr) == (2, True)
