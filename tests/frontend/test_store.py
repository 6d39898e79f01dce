"""The store behind every cache: whole entries, checked, within bounds."""

from __future__ import annotations

import os

from kcc.frontend.store import Store


def test_what_is_put_can_be_got(tmp_path):
    cache = Store(str(tmp_path / "new"))
    assert cache.get("k") is None
    cache.put("k", b"object")
    assert cache.get("k") == b"object"
    assert Store(str(tmp_path / "new")).get("k") == b"object"
    assert cache.get("other") is None


def test_damage_is_noticed_and_repaired(tmp_path):
    cache = Store(str(tmp_path))
    cache.put("k", b"object" * 100)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for bad in (b"", whole[:-1], whole + b"x", whole[:99] + b"!" + whole[100:], b"kcc"):
        path.write_bytes(bad)
        assert cache.get("k") is None
        cache.put("k", b"object" * 100)
        assert path.read_bytes() == whole


def test_another_entry_under_this_name_is_refused(tmp_path):
    cache = Store(str(tmp_path))
    cache.put("a", b"A")
    (path,) = tmp_path.iterdir()
    cache.put("b", b"B")
    (other,) = set(tmp_path.iterdir()) - {path}
    os.replace(path, other)
    assert cache.get("b") is None


def test_the_folder_stays_within_its_bound(tmp_path):
    cache = Store(str(tmp_path), limit_bytes=10_000)
    for i in range(100):
        cache.put(str(i), bytes(500))
        for path in tmp_path.iterdir():  # make every entry older by a second
            os.utime(path, (path.stat().st_atime - 1, path.stat().st_mtime - 1))
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 11_500
    assert cache.get("99") is not None
    assert cache.get("0") is None


def test_no_folder_keeps_nothing():
    store = Store(None)
    store.put("k", b"object")
    assert store.get("k") is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    cache = Store(str(file))
    cache.put("k", b"object")
    assert cache.get("k") is None
