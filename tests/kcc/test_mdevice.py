"""Programs for Formosa devices, from the command line's point of view."""

from __future__ import annotations

from pathlib import Path

import pytest

import kcc
from kcc.cli import run_command as main
from kcc.linker import elf
from kcc.linker.elf import read_elf
from kcc.linker.objfile import write_archive

VECTOR_ADD = str(Path(__file__).resolve().parents[2] / "kernels" / "examples" / "vector_add.cl")
KERNEL = "kernel void k(global int *a) { a[get_global_id(0)] = 1; }"
FORMOSA = ("-mdevice=formosa", "-O1")


def test_info_shows_the_trampoline_and_where_arguments_are(tmp_path, capsys):
    out = tmp_path / "v.elf"
    assert main([VECTOR_ADD, *FORMOSA, "-o", str(out)]) == 0
    assert main(["info", str(out)]) == 0
    text = capsys.readouterr().out
    assert "entry 0x0\n" in text
    assert ", vector_add_trampolined\n" in text
    assert "offset   24" in text
    sizes = ["-g", "8", "a=range:8", "b=range:8", "c=zeros:8"]
    assert main(["run", str(out), *sizes]) == 1
    message = "kernel 'vector_add' is compiled for another device, formosa"
    assert message in capsys.readouterr().err
    file = read_elf(out.read_bytes())
    assert file.header.type == elf.ET_DYN
    assert file.symbol("_start").value == 0
    assert file.symbol("vector_add") is None  # the entry of another device


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["-mdevice=m9"], "invalid value 'm9' in '-mdevice=': refsi, formosa, dpu"),
        (["-pie"], "-pie: a program for refsi stays where it is linked to"),
    ],
)
def test_wrong_flags(capsys, flags, message):
    assert main([VECTOR_ADD, *flags]) == 2
    assert message in capsys.readouterr().err


def test_what_is_called_like_a_trampoline_is_refused():
    source = "global int k_trampolined; kernel void k(global int *a) { a[0] = k_trampolined; }"
    options = (*FORMOSA, "-cl-std=CL2.0")
    with pytest.raises(kcc.CompileError, match="what the entry of kernel 'k' is called"):
        kcc.compile(source, options)
    hidden = kcc.compile(
        source.replace("global int k_trampolined", "static constant int k_trampolined = 1"), options
    )
    assert hidden.image.symbol("k_trampolined").type == elf.STT_FUNC
    both = "kernel void k_trampolined(global int *a) { a[0] = 1; } " + KERNEL
    assert len(kcc.compile(both, options).infos) == 2


def test_objects_for_different_devices_do_not_go_together(tmp_path, capsys):
    source, obj = tmp_path / "k.cl", tmp_path / "k.o"
    source.write_text(KERNEL)
    assert main([str(source), "-O1", "-c", "-o", str(obj)]) == 0
    assert main([VECTOR_ADD, str(obj), *FORMOSA, "-o", str(tmp_path / "x.elf")]) == 1
    err = capsys.readouterr().err
    assert f"error[device-mismatch]: kernel 'k' of {obj} is compiled for refsi" in err
    assert main([str(source), *FORMOSA, "-c", "-o", str(obj)]) == 0
    assert main([VECTOR_ADD, str(obj), *FORMOSA, "-o", str(tmp_path / "x.elf")]) == 0
    archive = tmp_path / "k.a"
    archive.write_bytes(write_archive([("k.o", obj.read_bytes())]))
    assert main([VECTOR_ADD, str(archive), "-O1", "-o", str(tmp_path / "x.elf")]) == 1
    assert "compiled for formosa" in capsys.readouterr().err
    damaged = bytearray(obj.read_bytes())
    damaged[damaged.index(b'"version":1')] = 0
    obj.write_bytes(damaged)
    assert main([VECTOR_ADD, str(obj), *FORMOSA, "-o", str(tmp_path / "x.elf")]) in (0, 1)
