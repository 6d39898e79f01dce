"""The `kcc` command from outside: exit statuses, files left alone, messages that name things."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
VECTOR_ADD = ROOT / "kernels" / "examples" / "vector_add.cl"
ADD_ARGS = ["a=range:1000", "b=random:1000", "c=zeros:1000"]


def kcc(
    *words: str | Path, cwd: Path | None = None, stdin: bytes = b"", **env: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "kcc", *map(str, words)],
        cwd=cwd or ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        input=stdin,
        capture_output=True,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode()
    )


def refuses(done: subprocess.CompletedProcess[str], status: int, *parts: str) -> None:
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("elf") / "vector_add.elf"
    done = kcc(VECTOR_ADD, "-o", path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return path


# -- the main job ---------------------------------------------------------------------------------


def test_an_elf_runs_as_its_source_does(elf: Path) -> None:
    for program in (elf, VECTOR_ADD):
        done = kcc("run", program, "-g", "1000", "-l", "8", *ADD_ARGS, "--expect", "c == a + b")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_parameters_may_be_named_by_position(elf: Path) -> None:
    args = ["0=[1,2]", "1=[3,4]", "2=zeros:2", "--print", "c"]
    assert kcc("run", elf, "-g", "2", *args).stdout == "c = [4., 6.]\n"


def test_a_mismatch_is_shown_and_exits_1(elf: Path) -> None:
    done = kcc("run", elf, "-g", "1000", *ADD_ARGS, "--expect", "c == a - b")
    refuses(done, 1, "mismatch: c == a - b", "] got ", ", expected ", "more")


def test_results_are_saved(elf: Path, tmp_path: Path) -> None:
    out = tmp_path / "c.npy"
    done = kcc("run", elf, "-g", "4", "a=range:4", "b=fill:4:1", "c=zeros:4", "--save", f"c={out}")
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(out), np.array([1, 2, 3, 4], np.float32))


def test_identical_input_gives_identical_bytes(elf: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.elf"
    assert kcc(VECTOR_ADD, "-o", other, KCC_CACHE="0").returncode == 0
    assert other.read_bytes() == elf.read_bytes()


def test_info_shows_kernels_arguments_and_sections(elf: Path) -> None:
    text = kcc("info", elf).stdout
    for part in ("kernel vector_add", "global float *", "offset   16", ".text", "24 bytes"):
        assert part in text, part


def test_disassembly_has_the_kernel_in_it(elf: Path) -> None:
    text = kcc("disasm", elf).stdout
    assert "<vector_add>:" in text
    assert "vfadd.vv" in text


@pytest.mark.parametrize(
    "level",
    [pytest.param(level, marks=() if level == 4 else pytest.mark.slow) for level in range(5)],
)
def test_each_debug_level_adds_to_the_last(level: int) -> None:
    args = ["run", VECTOR_ADD, "-g", "8", "a=range:8", "b=range:8", "c=zeros:8"]
    signs = ["total", "1 work-groups", "; after trampoline", "memory map"]
    done = kcc(*args, KCC_DEBUG=str(level), KCC_CACHE="0")
    assert done.returncode == 0, done.stderr
    assert [sign in done.stderr for sign in signs] == [level > i for i in range(4)], level


def test_artefacts_are_kept(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    assert kcc(VECTOR_ADD, "-o", tmp_path / "k.elf", KCC_KEEP=str(keep)).returncode == 0
    names = {p.name for p in keep.iterdir()}
    assert {"vector_add.tokens", "vector_add.ast", "vector_add.ir", "k.elf"} <= names


# -- compiler modes -------------------------------------------------------------------------------


def test_standard_input_and_output() -> None:
    source = b"kernel void k(global int *a) { a[0] = N; }"
    done = kcc("-", "-DN=7", "-E", stdin=source)
    assert "a[0] = 7;" in done.stdout
    done = kcc("-", "-S", "-DN=7", "-o", "-", stdin=source)
    assert "k:" in done.stdout


@pytest.mark.parametrize(
    ("flags", "name", "holds"),
    [
        (["-c"], "k.o", b"\x7fELF"),
        (["-S"], "k.s", b"k:"),
        (["-S", "-emit-llvm"], "k.ll", b"define"),
        (["-c", "-emit-llvm"], "k.bc", b"BC\xc0\xde"),
        ([], "a.out", b"\x7fELF"),
    ],
)
def test_outputs_are_named_as_clang_names_them(
    tmp_path: Path, flags: list[str], name: str, holds: bytes
) -> None:
    (tmp_path / "k.cl").write_text("kernel void k(global int *a) { a[0] = 1; }")
    done = kcc(*flags, "k.cl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {p.name for p in tmp_path.iterdir()} == {"k.cl", name}
    assert (tmp_path / name).read_bytes().find(holds) >= 0


@pytest.mark.parametrize(
    "stage", ["tokens", "ast", "tast", "ir", "optir", "asm", "obj", "elf", "map"]
)
def test_every_stage_can_be_seen(tmp_path: Path, stage: str) -> None:
    out = tmp_path / "out"
    done = kcc(VECTOR_ADD, f"--emit={stage}", "-o", out)
    assert done.returncode == 0, done.stderr
    assert b"vector_add" in out.read_bytes()


def test_passes_can_be_watched() -> None:
    done = kcc(VECTOR_ADD, "--print-after=all", "-o", os.devnull)
    assert done.returncode == 0, done.stderr
    assert "workitem" in done.stderr
    refuses(
        kcc(VECTOR_ADD, "--print-after=nonsense", "-o", os.devnull), 2, "nonsense", "trampoline"
    )


def test_several_inputs_link_into_one_program(tmp_path: Path) -> None:
    (tmp_path / "a.cl").write_text(
        "int twice(int x);\nkernel void k(global int *a) { a[0] = twice(a[0]); }"
    )
    (tmp_path / "b.cl").write_text("int twice(int x) { return 2 * x; }")
    done = kcc("a.cl", "b.cl", "-o", "k.elf", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = kcc("-c", "a.cl", cwd=tmp_path)
    done = kcc("a.o", "b.cl", "-o", "k2.elf", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    args = ["run", "k2.elf", "-g", "1", "a=[21]", "--expect", "a == 42"]
    assert kcc(*args, cwd=tmp_path).returncode == 0


def test_an_input_without_an_end_is_too_large() -> None:
    for command in (["-x", "cl"], ["info"], ["cmdbuf", "dump"]):
        refuses(kcc(*command, "/dev/zero"), 1, "/dev/zero", "too large")


def test_a_dependency_file_names_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "n.h").write_text("#define N 3\n")
    (tmp_path / "k.cl").write_text('#include "n.h"\nkernel void k(global int *a) { a[0] = N; }')
    assert kcc("-c", "-MD", "k.cl", cwd=tmp_path).returncode == 0
    assert (tmp_path / "k.d").read_text().split() == ["k.o:", "k.cl", "n.h"]


def test_a_dependency_file_has_the_targets_asked_for(tmp_path: Path) -> None:
    (tmp_path / "n.h").write_text("#define N 3\n")
    (tmp_path / "k.cl").write_text('#include "n.h"\nkernel void k(global int *a) { a[0] = N; }')
    flags = ["-MMD", "-MF", "deps", "-MT", "a b$c", "-MQ", "a b$c", "-MP"]
    assert kcc("-c", *flags, "k.cl", cwd=tmp_path).returncode == 0
    assert (tmp_path / "deps").read_text() == "a b$c a\\ b$$c: k.cl n.h\n\nn.h:\n"


def test_a_dependency_file_names_every_input(tmp_path: Path) -> None:
    (tmp_path / "n.h").write_text("#define N 3\n")
    (tmp_path / "a.cl").write_text("int f(int x) { return x; }")
    (tmp_path / "b.cl").write_text('#include "n.h"\nkernel void k(global int *a) { a[0] = N; }')
    assert kcc("-MD", "a.cl", "b.cl", "-o", "k.elf", cwd=tmp_path).returncode == 0
    assert (tmp_path / "k.d").read_text().split() == ["k.elf:", "a.cl", "b.cl", "n.h"]


def test_a_listing_keeps_its_lines(tmp_path: Path) -> None:
    name = 'a "b\\ü.cl'
    (tmp_path / name).write_text("kernel void k(global int *a) {\n    *a = 1 / *(int *)8;\n}")
    assert kcc("-g", "-S", name, "-o", "k.s", cwd=tmp_path).returncode == 0
    assert '.file\t"a \\"b' in (tmp_path / "k.s").read_text()
    assert kcc("k.s", "-o", "k.elf", cwd=tmp_path).returncode == 0
    refuses(kcc("run", "k.elf", "-g", "1", "a=[0]", cwd=tmp_path), 1, f"{name}:2")


def test_a_dependency_file_must_be_asked_for(tmp_path: Path) -> None:
    refuses(kcc("-c", "-MF", "deps", VECTOR_ADD, cwd=tmp_path), 2, "add -MD")


def test_help_and_version() -> None:
    assert "usage: kcc" in kcc("--help").stdout
    assert kcc("--version").stdout.startswith("kcc ")
    assert "NAME=VALUE" in kcc("run", "--help").stdout


# -- the cache ------------------------------------------------------------------------------------


HEAVY = {"dataclasses", "inspect", "numpy", "llvmlite", "lark", "elftools", "kcc.build"}


def imported_heavily(*words: object, but: set[str] | None = None, **env: str) -> str:
    """Which heavy modules one command imports; it has to succeed."""
    script = (
        "import sys; before = set(sys.modules)\n"
        "from kcc.cli import run_command as run\n"
        f"status = run({[str(word) for word in words]!r})\n"
        f"heavy = {HEAVY - (but or set())!r} & set(sys.modules) - before\n"
        "sys.exit(f'{status} {sorted(heavy)}')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip()


def test_a_cache_hit_imports_nothing_heavy(tmp_path: Path) -> None:
    out, cache = tmp_path / "k.elf", {"KCC_CACHE_DIR": str(tmp_path / "cache")}
    assert kcc(VECTOR_ADD, "-o", out, **cache).returncode == 0
    first = out.read_bytes()
    out.unlink()
    assert imported_heavily(VECTOR_ADD, "-o", out, **cache) == "0 []"
    assert out.read_bytes() == first


def test_help_and_preprocessing_import_nothing_heavy(tmp_path: Path) -> None:
    assert imported_heavily("--help") == "0 []"
    assert imported_heavily("--version") == "0 []"
    out = tmp_path / "k.i"
    light = {"kcc.build"}
    assert imported_heavily("-E", VECTOR_ADD, "-o", out, but=light) == "0 []"
    assert "kernel void" in out.read_text()


def test_a_changed_header_is_noticed(tmp_path: Path) -> None:
    cache = {"KCC_CACHE_DIR": str(tmp_path / "cache")}
    (tmp_path / "n.h").write_text("#define N 3\n")
    (tmp_path / "k.cl").write_text('#include "n.h"\nkernel void k(global int *a) { a[0] = N; }')
    run = ["run", "k.cl", "-g", "1", "a=[0]", "--print", "a"]
    assert kcc(*run, cwd=tmp_path, **cache).stdout == "a = [3]\n"
    assert kcc(*run, cwd=tmp_path, **cache).stdout == "a = [3]\n"
    (tmp_path / "n.h").write_text("#define N 4\n")
    assert kcc(*run, cwd=tmp_path, **cache).stdout == "a = [4]\n"


def test_a_header_that_appears_earlier_in_the_search_is_noticed(tmp_path: Path) -> None:
    cache = {"KCC_CACHE_DIR": str(tmp_path / "cache")}
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    (tmp_path / "second" / "n.h").write_text("#define N 3\n")
    (tmp_path / "k.cl").write_text("#include <n.h>\nkernel void k(global int *a) { a[0] = N; }")
    run = ["run", "k.cl", "-Ifirst", "-Isecond", "-g", "1", "a=[0]", "--print", "a"]
    assert kcc(*run, cwd=tmp_path, **cache).stdout == "a = [3]\n"
    (tmp_path / "first" / "n.h").write_text("#define N 5\n")
    assert kcc(*run, cwd=tmp_path, **cache).stdout == "a = [5]\n"


def test_a_damaged_entry_is_made_again(tmp_path: Path) -> None:
    cache = {"KCC_CACHE_DIR": str(tmp_path / "cache")}
    out = tmp_path / "k.elf"
    assert kcc(VECTOR_ADD, "-o", out, **cache).returncode == 0
    want = out.read_bytes()
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-3] + b"xyz")
    assert kcc(VECTOR_ADD, "-o", out, **cache).returncode == 0
    assert out.read_bytes() == want


def test_warnings_are_repeated_from_the_cache(tmp_path: Path) -> None:
    cache = {"KCC_CACHE_DIR": str(tmp_path / "cache")}
    (tmp_path / "k.cl").write_text("#warning mind\nkernel void k(global int *a) { a[0] = 1; }")
    words = ["k.cl", "-o", "k.elf"]
    first, second = (kcc(*words, cwd=tmp_path, **cache) for _ in range(2))
    assert "mind" in first.stderr
    assert second.stderr == first.stderr
    assert kcc(*words, "-Werror", cwd=tmp_path, **cache).returncode == 1


# -- bad input ------------------------------------------------------------------------------------


def test_usage_errors_exit_2() -> None:
    refuses(kcc(), 2, "no input files")
    refuses(kcc("--emmit=ir", VECTOR_ADD), 2, "--emit=")
    refuses(kcc("run", "-g", "1"), 2, "no program")
    refuses(kcc("run", VECTOR_ADD), 2, "-g")
    refuses(kcc("run", VECTOR_ADD, "-g", "0"), 2, "between 1")
    refuses(kcc("run", VECTOR_ADD, "-g", "8", "--threads", "0"), 2, "--threads 0", "1 or more")
    refuses(kcc("run", VECTOR_ADD, "-g", "1,1,1,1"), 2, "three dimensions")
    refuses(kcc("info"), 2, "one ELF file")
    refuses(kcc(VECTOR_ADD, "-o", ""), 2, "empty")


def test_missing_and_empty_files(tmp_path: Path) -> None:
    empty = tmp_path / "empty.cl"
    empty.write_text("")
    out = tmp_path / "out.elf"
    out.write_text("precious")
    refuses(kcc("missing.cl", "-o", out), 1, "missing.cl", "No such file")
    refuses(kcc(tmp_path, "-o", out), 1, "directory")
    refuses(kcc(empty, "-o", out), 1, "empty.cl")
    refuses(kcc(VECTOR_ADD, "-T", "missing.ld", "-o", out), 1, "missing.ld")
    assert out.read_text() == "precious"
    refuses(kcc(VECTOR_ADD, "-o", tmp_path / "no" / "such" / "dir.elf"), 1, "No such file")
    refuses(kcc("run", "missing.elf", "-g", "1"), 1, "missing.elf")


def test_an_error_leaves_earlier_output_alone(tmp_path: Path) -> None:
    out = tmp_path / "k.elf"
    out.write_text("precious")
    source = tmp_path / "k.cl"
    source.write_text("kernel void k(global int *a) { a[0] = b; }")
    done = kcc(source, "-o", out)
    refuses(done, 1, "k.cl:1:39: error[undeclared]", "^", "'b'")
    assert out.read_text() == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["k.cl", "k.elf"]


def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    done = kcc(VECTOR_ADD, "-o", "/dev/full")
    refuses(done, 1, "No space left")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["-k", "nothing"], ["no kernel is called 'nothing'", "vector_add"]),
        (["a=range:8"], ["also needs 'b'", "'c'"]),
        (["d=1"], ["no parameter 'd'", "a (global const float *)"]),
        (["a=3", "b=range:8", "c=zeros:8"], ["argument 'a'", "is no buffer"]),
        (["a=range:8", "a=range:8"], ["given twice"]),
        (["-l", "3", "a=range:8", "b=range:8", "c=zeros:8"], ["8", "3", "divid"]),
        (["--device", "z9", "a=range:8", "b=range:8", "c=zeros:8"], ["z9", "m1"]),
        (["a=@missing.npy", "b=range:8", "c=zeros:8"], ["missing.npy"]),
        (["a=range:8", "b=range:8", "c=zeros:8", "--expect", "q == 1"], ["'q'"]),
    ],
)
def test_a_wrong_launch_is_refused(elf: Path, words: list[str], parts: list[str]) -> None:
    refuses(kcc("run", elf, "-g", "8", *words), 1, *parts)


def test_a_buffer_too_short_is_a_fault_that_names_the_place(elf: Path) -> None:
    done = kcc("run", elf, "-g", "1000", "a=range:1000", "b=range:999", "c=zeros:1000")
    refuses(done, 1, "vector_add+0x", "0x", "the end of the 3996-byte buffer")


def run_source(tmp_path: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "k.cl").write_text(text)
    return kcc("run", "k.cl", *words, cwd=tmp_path)


@pytest.mark.parametrize("index", [1, 100_000, -10_000_000])
def test_a_wild_index_is_a_fault_wherever_it_leads(tmp_path: Path, index: int) -> None:
    text = "kernel void k(global int *a, int n) { a[n] = 7; }"
    refuses(run_source(tmp_path, text, "-g", "1", "a=[1]", f"n={index}"), 1, "the 4-byte buffer")


def test_too_much_private_memory_is_a_fault_that_says_so(tmp_path: Path) -> None:
    text = """kernel void k(global int *a) {
        int x[300000];
        for (int i = 0; i < 300000; i++) x[i] = i * a[0];
        a[0] = x[a[1]];
    }"""
    refuses(run_source(tmp_path, text, "-g", "1", "a=[1,5]"), 1, "below the stack", "k+0x")


def test_an_infinite_loop_ends_at_the_limit(tmp_path: Path) -> None:
    text = "kernel void k(global volatile int *a) { while (1) a[0]++; }"
    done = run_source(tmp_path, text, "-g", "1", "a=[0]", "--max-instructions", "1000000")
    refuses(done, 1, "1000000 instructions", "k+0x")


def test_an_interrupt_returns_promptly(tmp_path: Path) -> None:
    import signal

    text = 'kernel void k(global volatile int *a) { printf("on\\n"); while (1) a[0]++; }'
    (tmp_path / "k.cl").write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-m", "kcc", "run", "k.cl", "-g", "1", "a=[0]"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"on\n"
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"Traceback" not in err


def test_division_by_zero_is_the_hardwares_answer(tmp_path: Path) -> None:
    text = "kernel void k(global int *a) { a[0] = a[0] / a[1]; a[2] = a[2] % a[1]; }"
    done = run_source(tmp_path, text, "-g", "1", "a=[7,0,5]", "--expect", "a == [-1, 0, 5]")
    assert done.returncode == 0, done.stderr


def test_a_null_pointer_is_a_fault(tmp_path: Path) -> None:
    text = "kernel void k(global int *a) { global int *p = 0; if (a[0]) *p = 1; }"
    refuses(run_source(tmp_path, text, "-g", "1", "a=[1]"), 1, "0x0", "k+0x")


def test_damaged_programs_are_refused(elf: Path, tmp_path: Path) -> None:
    data = elf.read_bytes()
    bad = tmp_path / "bad.elf"
    args = ["-g", "8", "a=range:8", "b=range:8", "c=zeros:8"]
    for size in (4, 20, 63, 64, 200, len(data) // 2, len(data) - 1):
        bad.write_bytes(data[:size])
        refuses(kcc("run", bad, *args), 1, "bad.elf")
    other = bytearray(data)
    other[18] = 62  # x86-64
    bad.write_bytes(other)
    refuses(kcc("run", bad, *args), 1, "bad.elf", "machine")
    refuses(kcc("info", bad), 1, "bad.elf")
    refuses(kcc("disasm", VECTOR_ADD), 1, "vector_add.cl")


# -- corners of the command line ------------------------------------------------------------------


def test_results_may_be_named_by_position(elf: Path, tmp_path: Path) -> None:
    out = tmp_path / "c.npy"
    args = ["0=[1,2]", "1=[3,4]", "2=zeros:2", "--print", "2:1", "--save", f"2={out}"]
    assert kcc("run", elf, "-g", "2", *args).stdout == "c = [4.] ... of 2\n"
    np.testing.assert_array_equal(np.load(out), [4, 6])


def test_only_a_linked_program_is_executable(tmp_path: Path) -> None:
    assert kcc(VECTOR_ADD, "-c", "-o", tmp_path / "k.o").returncode == 0
    assert kcc(VECTOR_ADD, "-o", tmp_path / "k.elf").returncode == 0
    assert [os.access(tmp_path / name, os.X_OK) for name in ("k.o", "k.elf")] == [False, True]


@pytest.mark.parametrize(
    "flag", ["-###", "-c", "-E", "-fsyntax-only", "--emit=ir", "-Map=m", "-MD", "--version"]
)
def test_run_refuses_flags_that_ask_for_something_else(tmp_path: Path, flag: str) -> None:
    done = run_source(tmp_path, "kernel void k() {}", flag, "-g", "1")
    refuses(done, 2, flag.partition("=")[0], "of no use")
    assert [p.name for p in tmp_path.iterdir()] == ["k.cl"]


def test_a_flag_of_the_compiler_needs_its_value() -> None:
    refuses(kcc("run", VECTOR_ADD, "-g", "1", "-include"), 2, "'-include' is missing")


def test_a_size_of_other_dimensions_is_named(elf: Path) -> None:
    args = ["run", elf, "-g", "4,4", *ADD_ARGS]
    refuses(kcc(*args, "-l", "4"), 1, "local_size (4,) has 1 dimensions, global_size (4, 4) has 2")
    refuses(kcc(*args, "--offset", "1,2,3"), 1, "global_offset (1, 2, 3) has 3")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_are_as_good_as_null_devices(elf: Path, closed: str) -> None:
    command = f"'{sys.executable}' -m kcc run '{elf}' -g 2 a=[1,2] b=[3,4] c=zeros:2 --print c"
    done = subprocess.run(
        ["sh", "-c", f"{command} {closed}"], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (b"" if ">&-" in closed.split() else b"c = [4., 6.]\n")


def test_a_full_device_is_named() -> None:
    refuses(kcc(VECTOR_ADD, "-o", "/dev/full"), 1, "'/dev/full': No space left")
    done = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m kcc '{VECTOR_ADD}' -E >/dev/full"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        1,
        b"kcc: error: '<stdout>': No space left on device\n",
    )


def test_errors_are_in_colour_when_asked(tmp_path: Path) -> None:
    (tmp_path / "k.cl").write_text("kernel void k() { a; }")
    for words in (["k.cl"], ["run", "k.cl", "-g", "1"]):
        assert "\x1b[" in kcc(*words, "-fcolor-diagnostics", cwd=tmp_path).stderr
        assert "\x1b[" not in kcc(*words, cwd=tmp_path).stderr


@pytest.mark.parametrize(
    "name",
    ["quo'\"te ünï\n.cl", "-dash.cl"],
)
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("kernel void k(global int *a) { a[0] = 1; }")
    done = kcc("-g", "-MD", "-o", "k.elf", "--", name, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    done = kcc("run", "-g", "1", "--print", "a", "--", name, "a=[0]", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("a = [1]\n", "")
