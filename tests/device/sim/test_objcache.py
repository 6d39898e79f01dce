"""The cache of compiled objects, alone and under a machine."""

from __future__ import annotations

import os

from kcc.backend.encode import encode as e
from kcc.device.sim.objcache import ObjectCache

RET = e("jalr", rd=0, rs1=1, imm12=0)
CODE = [e("addi", rd=20, rs1=10, imm12=7), RET]


def test_what_is_put_can_be_got(tmp_path):
    cache = ObjectCache(tmp_path / "new")
    assert cache.get(b"k") is None
    cache.put(b"k", b"object")
    assert cache.get(b"k") == b"object"
    assert ObjectCache(tmp_path / "new").get(b"k") == b"object"
    assert cache.get(b"other") is None


def test_damage_is_noticed_and_repaired(tmp_path):
    cache = ObjectCache(tmp_path)
    cache.put(b"k", b"object" * 100)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for bad in (b"", whole[:-1], whole + b"x", whole[:99] + b"!" + whole[100:], b"kccobj1\n"):
        path.write_bytes(bad)
        assert cache.get(b"k") is None
        cache.put(b"k", b"object" * 100)
        assert path.read_bytes() == whole


def test_another_entry_under_this_name_is_refused(tmp_path):
    cache = ObjectCache(tmp_path)
    cache.put(b"a", b"A")
    (path,) = tmp_path.iterdir()
    cache.put(b"b", b"B")
    (other,) = set(tmp_path.iterdir()) - {path}
    os.replace(path, other)
    assert cache.get(b"b") is None


def test_the_folder_stays_within_its_bound(tmp_path):
    cache = ObjectCache(tmp_path, limit=10_000)
    for i in range(100):
        cache.put(b"%d" % i, bytes(500))
        for path in tmp_path.iterdir():  # make every entry older by a second
            os.utime(path, (path.stat().st_atime - 1, path.stat().st_mtime - 1))
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 11_500
    assert cache.get(b"99") is not None
    assert cache.get(b"0") is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    cache = ObjectCache(file)
    cache.put(b"k", b"object")
    assert cache.get(b"k") is None


def test_a_second_machine_translates_nothing(make_bench, tmp_path):
    first = make_bench(cache_dir=tmp_path)
    assert first.run(CODE, first=5).ok
    assert first.machine.translated >= 1
    second = make_bench(cache_dir=tmp_path)
    assert second.run(CODE, first=5).ok
    assert second.machine.translated == 0
    assert second.machine.read_x(0, 20) == 12
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    third = make_bench(cache_dir=tmp_path)
    assert third.run(CODE, first=5).ok
    assert third.machine.translated > 0
    assert third.machine.read_x(0, 20) == 12
