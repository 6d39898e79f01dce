"""Translations kept between processes: where the environment says, or nowhere."""

from __future__ import annotations

import numpy as np
import pytest

import kcc

SOURCE = "kernel void twice(global int *x) { x[get_global_id(0)] *= 2; }"


@pytest.fixture(scope="module")
def program():
    return kcc.compile(SOURCE)


def launch(program) -> kcc.LaunchStats:
    with kcc.Device() as device:
        data = device.buffer(np.arange(64, dtype=np.int32))
        stats = device.load(program)["twice"](data, global_size=64, local_size=16)
        np.testing.assert_array_equal(data.numpy(), 2 * np.arange(64))
    return stats


def test_a_second_device_finds_what_the_first_has_made(program, tmp_path, monkeypatch):
    monkeypatch.setenv("KCC_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("KCC_CACHE", "1")
    first, second = launch(program).translated, launch(program).translated
    assert first.compiled > 0
    assert (second.compiled, second.found) == (0, first.compiled)
    assert "units translated" in str(launch(program))
    assert any((tmp_path / "translations").iterdir())


def test_nothing_is_kept_where_the_cache_is_off(program, tmp_path, monkeypatch):
    monkeypatch.setenv("KCC_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("KCC_CACHE", "0")
    assert launch(program).translated.found == 0
    assert launch(program).translated.found == 0
    assert list(tmp_path.iterdir()) == []
