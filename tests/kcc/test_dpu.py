"""Programs for DPUs, from the command line's point of view."""

from __future__ import annotations

import re

import pytest

from kcc.backend.target import DPU_ARCH
from kcc.cli import run_command as main
from kcc.device.dpu.device import Dpu
from kcc.device.dpu.image import ARCH
from kcc.linker.elf import read_elf

SOURCE = """
unsigned me(void);
void __dpu_stop(void);
#if HOW > 2
#include <alloc.h>
#include <barrier.h>
BARRIER_INIT(door, 3);
__attribute__((noinline)) int *take(unsigned long size) {
    int *room = mem_alloc(size);
    *room = 3;
    return room;
}
__attribute__((noinline)) static void meet(void) {
    barrier_wait(&door);
    door.count = 3;
}
#endif
int data[4] = {250, 2, 3, 4};
static int zero;
int main(void) {
#if HOW == 0
    zero += data[me()] + 10;
    return zero;
#elif HOW == 1
    return *(int *)(0x10000 - 4 * (me() == 0));
#elif HOW == 2
    if (me()) __dpu_stop();
    return 0;
#elif HOW == 3
    return *take(1 << 20);
#elif HOW == 4
    meet();
    return 0;
#else
    return ((int (*)(void))0x1234)();
#endif
}
"""
LINES = {text: number for number, text in enumerate(SOURCE.split("\n"), 1)}
READ = "    return *(int *)(0x10000 - 4 * (me() == 0));"
OVERWRITES = """
#include <stdio.h>
extern unsigned long __dpu_log_used;
int main(void) {
    printf("a line");
    if (THEN < 2) __dpu_log_used = 13;
    if (THEN == 1) *(volatile int *)0x10000 = 1;
    return 0;
}
"""
MARKED = """
    .section .text,"ax",@progbits
    .globl main
main: tail me
    .section .dpu_host,"aw",@progbits
    .globl arguments
    .size arguments, 16
arguments: .zero 16
    .section .bss.mram,"aw",@nobits
    .globl buffer
    .size buffer, 4096
buffer: .zero 4096
"""


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "p.c"
    path.write_text(SOURCE)
    return str(path)


def test_a_run_ends_as_the_first_tasklet_does(source, tmp_path, capfd):
    out = str(tmp_path / "p.elf")
    flags = [source, "-mdevice=dpu", "-DNR_TASKLETS=3", "-DSTACK_SIZE_TASKLET_1=(2048u)"]
    assert main([*flags, "-DHOW=0", "-o", out]) == 0
    assert main(["run", out, "--device", "dpu", "--stats"]) == 260 & 0xFF
    assert "instructions; results of tasklets: 260, 272, 285" in capfd.readouterr().out
    assert main(["run", out, "-g", "1"]) == 1
    assert "the program has no kernels: it is for --device dpu" in capfd.readouterr().err
    assert main(["info", out]) == 0
    text = capfd.readouterr().out
    assert "program for a DPU: 3 tasklets\n  stacks: 1024, 2048, 1024 bytes\n" in text
    assert re.search(r"WRAM: \d+ of 65536 bytes \(\.null 8, .*\.stack 4096\); heap \d+ from", text)
    assert "MRAM: 0 of 67108864 bytes; left 67108864 from 0x08000000" in text


def test_what_goes_wrong_in_a_run_is_told(source, capfd):
    run = ["run", source, "--device", "dpu", "-DNR_TASKLETS=2"]
    assert main([*run, "-DHOW=1"]) == 1
    error = capfd.readouterr().err
    assert re.search(r"memory fault: load outside of WRAM at 0x10000 in main\+0x\w+ \(pc 0x", error)
    assert f"{source}:{LINES[READ]}:" in error
    assert "tasklet 1" in error
    assert main([*run, "-DHOW=2"]) == 1
    error = capfd.readouterr().err
    assert "deadlock" in error
    assert "tasklet 1 waits to be resumed in __dpu_stop" in error
    assert main([*run, "-DHOW=2", "--max-instructions", "3"]) == 1
    assert "limit" in capfd.readouterr().err


def test_what_stops_in_the_library_is_told_of_its_callers(source, tmp_path, capfd):
    run = ["run", source, "--device", "dpu", "-DNR_TASKLETS=2"]
    assert main([*run, "-DHOW=3"]) == 1
    error = capfd.readouterr().err
    take = LINES["    int *room = mem_alloc(size);"]
    assert re.search(r"fault 1, the heap is full, in take\+0x\w+ \(pc 0x\w+\), ", error)
    assert f"{source}:{take}:" in error
    assert main([*run, "-DHOW=4"]) == 1
    error = capfd.readouterr().err
    place = f"{source}:{LINES['    barrier_wait(&door);']}:"
    for tasklet in range(2):
        told = next(s for s in error.split("\n") if f"tasklet {tasklet}" in s)
        assert "waits to be resumed in barrier_wait, called in meet+0x" in told
        assert place in told
    assert main([*run, "-DHOW=5"]) == 1
    error = capfd.readouterr().err
    assert "no code at 0x1234 (WRAM) at pc 0x1234, called in main" in error
    assert f"{source}:{LINES['    return ((int (*)(void))0x1234)();']}:" in error
    # Without line information the library still knows who has called it.
    flags = ["-mdevice=dpu", "-DHOW=3", "-o", str(tmp_path / "q.elf")]
    assert main([source, *flags]) == 0
    assert main(["run", str(tmp_path / "q.elf"), "--device", "dpu"]) == 1
    assert "fault 1, the heap is full, in take+0x" in capfd.readouterr().err


def test_a_log_that_was_overwritten_hides_no_fault(tmp_path, capfd):
    path = tmp_path / "p.c"
    path.write_text(OVERWRITES)
    run = ["run", str(path), "--device", "dpu"]
    assert main([*run, "-DTHEN=1"]) == 1
    error = capfd.readouterr().err
    assert "memory fault: store outside of WRAM at 0x10000 in main" in error
    assert main([*run, "-DTHEN=0"]) == 1
    error = capfd.readouterr().err
    assert "what the program has printed cannot be read: a log of 13 bytes" in error
    assert "see --dpu-check" in error


def test_a_programs_own_functions_come_before_the_librarys(tmp_path, capfd):
    path = tmp_path / "own.c"
    path.write_text("""
        #include <stdio.h>
        static int count;
        int putchar(int c) { count += c; return c; }
        int main(void) { puts("one"); putchar('2'); return count; }
    """)
    assert main(["run", str(path), "--device", "dpu"]) == ord("2")
    assert capfd.readouterr().out == "one\n"


def test_an_interrupted_run_shows_what_it_has_printed(tmp_path, monkeypatch, capfd):
    path = tmp_path / "p.c"
    path.write_text(OVERWRITES)
    launch = Dpu.launch

    def interrupted(dpu, limit):
        launch(dpu, limit)
        raise KeyboardInterrupt

    monkeypatch.setattr(Dpu, "launch", interrupted)
    assert main(["run", str(path), "--device", "dpu", "-DTHEN=2"]) == 130
    assert capfd.readouterr() == ("a line", "kcc: interrupted\n")


def test_assembly_is_a_program_too_and_info_names_what_hosts_name(tmp_path, capfd):
    path, out = tmp_path / "m.S", str(tmp_path / "m.elf")
    path.write_text(MARKED)
    assert main([str(path), "-mdevice=dpu", "-o", out]) == 0
    assert main(["info", out]) == 0
    text = capfd.readouterr().out
    assert "program for a DPU: 1 tasklet\n  stacks: 1024 bytes\n" in text
    assert re.search(
        r"  arguments +WRAM 0x0000\w+ +16 bytes\n  buffer +MRAM 0x08000000 +4096", text
    )
    assert main(["run", str(path), "--device", "dpu"]) == 0
    assert read_elf((tmp_path / "m.elf").read_bytes()).entry == 0x8000_0000


@pytest.mark.parametrize(
    ("flags", "status", "message"),
    [
        (["p.c", "-mdevice=dpu", "-pie"], 2, "-pie: a program for dpu stays where it is linked"),
        (["p.c", "-mdevice=dpu", "-march=rv64gcv"], 2, "a DPU has no v, zvl128b"),
        (["p.c", "-mdevice=dpu", "-fwork-item-mode=wi"], 2, "a program for dpu has no work-items"),
        (["k.cl", "-mdevice=dpu"], 2, "'k.cl': a DPU runs programs in C, no kernels"),
        (["m.S", "-mdevice=dpu", "-DNR_TASKLETS=x"], 2, "invalid value 'x' in '-DNR_TASKLETS='"),
        (["m.S", "-mdevice=dpu", "-DNR_TASKLETS=25"], 1, "a DPU has 24 tasklets"),
        (["run", "p.c", "--device", "dpu", "-g", "1"], 2, "'-g' is not for programs"),
        (["run", "p.c", "--device", "dpu", "--threads", "2"], 2, "'--threads' is not for"),
        (["run", "p.c", "--device", "dpu", "--expect", "1"], 2, "'--expect' is not for programs"),
        (["run", "p.c", "--device", "dpu", "a=[1]"], 2, "a program for a DPU has no arguments"),
        (["run", "p.c", "--device", "dpu", "-Map=x"], 2, "'-Map=' is of no use here"),
        (["run", "p.c", "--device", "dpu", "--dpu-check=all"], 2, "'all' in '--dpu-check='"),
        (["run", "k.cl", "-g", "1", "--dpu-timing"], 2, "are for '--device dpu'"),
        (["run", "bad.elf", "--device", "dpu"], 1, "'bad.elf' is not an ELF file"),
    ],
)
def test_what_makes_no_sense_is_refused(
    flags, status, message, source, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.cl").write_text("kernel void k(global int *a) { a[0] = 1; }")
    (tmp_path / "m.S").write_text(MARKED)
    (tmp_path / "bad.elf").write_text("no")
    assert main(flags) == status
    assert message in capfd.readouterr().err


def test_code_is_for_what_tasklets_execute():
    assert DPU_ARCH == ARCH
