"""The examples with hosts of their own do what they say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import kcc
from kcc.device import dpu as d

FOLDER = Path(__file__).resolve().parents[3] / "kernels" / "examples" / "dpu"
FLAGS = ("-mdevice=dpu", "-O2")  # those of the example: it is compiled once


def test_the_checksum_host_prints_its_sum(capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("checksum", FOLDER / "checksum.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.main() == 0
    assert capsys.readouterr().out == "0x7f8000\n"


def test_checksums_of_other_sizes() -> None:
    counting = (np.arange(65532) & 255).astype(np.uint8)
    rows = {
        b"": 0,
        b"\xff": 255,
        counting[:300].tobytes(): 33586,
        counting.tobytes(): 8354826,
    }
    dpus = d.dpu_alloc(len(rows))
    d.dpu_load_from_memory(dpus, kcc.compile(FOLDER / "checksum.c", FLAGS).elf)
    for dpu, data in zip(d.DPU_FOREACH(dpus), rows, strict=True):
        image = np.full(65544, 0xEE, np.uint8)
        image[:4] = np.frombuffer(np.uint32(len(data)).tobytes(), np.uint8)
        image[4 : 4 + len(data)] = np.frombuffer(data, np.uint8)
        d.dpu_copy_to(dpu, "buffer", 0, image)
    d.dpu_launch(dpus)
    for dpu, (data, total) in zip(d.DPU_FOREACH(dpus), rows.items(), strict=True):
        back = np.zeros(8, np.uint8)
        d.dpu_copy_from(dpu, "buffer", 0, back)
        assert back[:4].view(np.uint32)[0] == total
        assert back[4:].tobytes() == (data + b"\xee" * 4)[:4]  # a store keeps its neighbours
    d.dpu_free(dpus)
