"""What the README shows is what happens: its example runs here word for word."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kcc import config

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def block(mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, f"README.md has no block marked {mark}"
    return found[1]


def test_the_python_example_runs(tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(block("example"))
    done = subprocess.run(
        [sys.executable, script],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "125 work-groups\n"


def test_the_driver_example_runs(tmp_path: Path) -> None:
    script = tmp_path / "driver.py"
    script.write_text(block("driver"))
    done = subprocess.run(
        [sys.executable, script], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "0x0000  CMP_STORE_IMM64(0xbffff000, 0x2a)",
        "0x0010  CMP_COPY_MEM64(0xbffff000, 0xbffff008, count=1, unit=0x2000000)",
        "0x0030  CMP_FINISH",
        "None 42 42",
    ]


def test_the_example_of_dpus_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block("dpu"), "README.md", "exec"), {})
    assert capsys.readouterr().out == "32768 bytes\n"


def test_the_main_job_runs() -> None:
    job = block("install and run").split("&&")[-1]
    words = shlex.split(job)
    assert words[0] == "kcc"
    done = subprocess.run(
        [sys.executable, "-m", "kcc", *words[1:]], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_shell_example_runs(tmp_path: Path) -> None:
    source = re.search(r'compile\("""\n(.*?)"""', block("example"), re.DOTALL)
    assert source
    (tmp_path / "saxpy.cl").write_text(source[1])
    shown = re.search(r"```sh\n(kcc saxpy.cl.*?)```", README, re.DOTALL)
    assert shown
    for line in shown[1].splitlines():
        words = shlex.split(line)
        done = subprocess.run(
            [sys.executable, "-m", "kcc", *words[1:]],
            cwd=tmp_path,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (line, done.stderr)


def test_every_variable_is_documented() -> None:
    table = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
    assert table == list(config.VARIABLES)
