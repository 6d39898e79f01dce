"""Every example on every device, by the script that is shipped with them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "kernels" / "examples" / "run_all.sh"
NAMES = {path.stem for path in SCRIPT.parent.glob("*.cl")}


@pytest.mark.slow
@pytest.mark.parametrize("device", ["m1", "formosa"])
def test_every_example_computes_what_it_should(device):
    done = subprocess.run(
        ["sh", SCRIPT, device],
        env={**os.environ, "PYTHONPATH": str(ROOT), "KCC": f"{sys.executable} -m kcc"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {line.removesuffix(": ok") for line in done.stdout.splitlines() if "ok" in line} == NAMES


@pytest.mark.slow
def test_an_example_that_fails_fails_the_script(tmp_path):
    done = subprocess.run(["sh", SCRIPT], env={**os.environ, "KCC": "false"}, check=False)
    assert done.returncode == 1
