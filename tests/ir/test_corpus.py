"""Whatever the checker accepts can be lowered: its corpus, with debug information too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kcc.backend.codegen import emit_object, target_machine
from kcc.ir.lower import LowerOptions
from kcc.ir.pipeline import PipelineOptions, parse, run_pipeline

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "frontend" / "check_corpus.txt"
KERNEL = (
    "kernel void k(global int *a, global float *b, int n, float x, uint u, local int *l, "
    "constant int *c) {{ {} }}"
)


def accepted() -> list[str]:
    found = re.findall(r"^~?\+ (body: )?(.*)$", CORPUS.read_text(), re.MULTILINE)
    return [KERNEL.format(text) if body else text for body, text in found]


@pytest.mark.parametrize("debug", [False, True])
def test_what_is_accepted_is_lowered(lowered, debug):
    texts = accepted()
    assert len(texts) > 150
    for text in texts:
        module = lowered(text, LowerOptions(debug=debug)).module
        parse(str(module), f"lowering {text}")


@pytest.mark.slow
@pytest.mark.parametrize("opt", [0, 3])
def test_what_is_accepted_becomes_an_object(lowered, opt):
    machine = target_machine(opt_level=opt)
    for text in accepted():
        unit = lowered(text, LowerOptions(opt_level=opt, debug=True))
        module = run_pipeline(unit, machine, PipelineOptions(opt, verify_each=True))
        assert emit_object(module, opt_level=opt)[:4] == b"\x7fELF"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "kernels" / "examples").glob("*.cl")), ids=lambda p: p.stem
)
def test_examples_become_objects(lowered, path):
    module = run_pipeline(lowered(path.read_text()), target_machine())
    assert emit_object(module)[:4] == b"\x7fELF"
