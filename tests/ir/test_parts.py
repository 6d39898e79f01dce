"""Modules in parts: what each part defines, and that together they are the program."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pytest

import kcc
from kcc.backend.codegen import target_machine
from kcc.ir.lower import LowerOptions
from kcc.ir.parts import split
from kcc.ir.pipeline import PipelineOptions, joined, optimise_parts, prepare_parts
from kcc.ir.threads import side_by_side

SHARED = """
__attribute__((noinline)) inline int merged(int x) { return x + 1 - 1; }
constant int table[4] = {3, 1, 4, 1};
static constant int own[2] = {10, 20};
__attribute__((noinline)) int helper(int x) { return x + table[x & 3]; }
static int inner(int x) { return 2 * merged(helper(x)); }
kernel void first(global int *p) { p[get_global_id(0)] = inner(get_global_id(0)); }
kernel void second(global int *p) { p[get_global_id(0)] = merged(helper(7)) + own[0]; }
kernel void third(global int *p) { p[get_global_id(0)] = inner(1) - own[1]; }
kernel void alone(global int *p) { p[get_global_id(0)] = printf("%d", 5); }
"""
DEFINED = ("table", "helper", "first", "second", "third", "alone")


@pytest.fixture
def smallest_parts(monkeypatch):
    """As many parts as can be."""
    monkeypatch.setattr("kcc.ir.pipeline.split", partial(split, part_size=1))


def definitions(text):
    """Name -> linkage and what follows, of each definition."""
    functions = re.findall(r'^define (.*?)@"([^"]+)"\(', text, re.M)
    variables = re.findall(r'^@"([^"]+)" = (.*)', text, re.M)
    return {name: head for head, name in functions} | dict(variables)


def parts_of(lowered, source, **options):
    return [definitions(text) for text in split(lowered(source, **options).module, part_size=1)]


def test_a_small_module_is_one_part(lowered):
    (text,) = split(lowered(SHARED).module)
    assert definitions(text).keys() >= {*DEFINED[:2], "own", "inner", "__kcc_item.first"}
    assert "available_externally" not in text


def test_each_symbol_is_emitted_by_one_part(lowered):
    parts = parts_of(lowered, SHARED.replace("kernel void", "void"))
    assert len(parts) > 2
    for name in DEFINED:
        owners = [p for p in parts if name in p and "available_externally" not in p[name]]
        assert len(owners) == 1, name


def test_what_others_may_inline_comes_with_them(lowered):
    parts = parts_of(lowered, SHARED.replace("kernel void", "void"))
    (user,) = (p for p in parts if "first" in p)
    assert "internal" in user["inner"]
    assert "helper" in user
    assert "linkonce_odr" in user["merged"]
    assert "table" in user
    assert not any("available_externally" in p["inner"] for p in parts if "inner" in p)


def test_users_of_an_internal_variable_stay_together(lowered):
    parts = parts_of(lowered, SHARED.replace("kernel void", "void"))
    holders = [p for p in parts if "own" in p]
    assert len(holders) == 1
    assert holders[0].keys() >= {"second", "third"}
    assert not any("available_externally" in holders[0][name] for name in ("second", "third"))


def test_names_in_literals_are_not_symbols(lowered):
    source = 'void a(void) { printf("@\\"b"); printf("x@"); } void b(void) { }'
    assert [set(p) & {"a", "b"} for p in parts_of(lowered, source)] == [{"a"}, {"b"}]


def test_debug_information_keeps_a_module_whole(lowered):
    module = lowered(SHARED, LowerOptions(debug=True)).module
    assert len(split(module, part_size=1)) == 1


@pytest.mark.usefixtures("smallest_parts")
def test_parts_join_to_what_they_came_from(lowered):
    options = PipelineOptions(1)
    parts = prepare_parts(lowered(SHARED), target_machine(), options)
    assert len(parts.texts) > 2
    module = joined(optimise_parts(parts, target_machine, options))
    module.verify()
    found = [f.name for f in module.functions if not f.is_declaration]
    assert set(DEFINED) - {"table"} <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.usefixtures("smallest_parts")
def test_a_program_of_parts_links_and_runs(monkeypatch):
    monkeypatch.setenv("KCC_CACHE_DIR", "")
    source = SHARED.replace('printf("%d", 5)', "table[2]")
    made = kcc.compile(source, ["-O1"])
    assert made.elf == kcc.compile(source, ["-O1"]).elf
    with kcc.Device("m1") as device:
        program = device.load(made)
        out = np.zeros(8, np.int32)
        for name, want in (
            ("first", [2 * (x + (3, 1, 4, 1)[x & 3]) for x in range(8)]),
            ("second", [7 + 1 + 10] * 8),
            ("third", [2 * (1 + 1) - 20] * 8),
            ("alone", [4] * 8),
        ):
            program[name](out, global_size=8, local_size=4)
            assert out.tolist() == want, name


def test_side_by_side_keeps_order_and_raises_the_first_failure():
    assert side_by_side(lambda x: x * x, range(40)) == [x * x for x in range(40)]

    def fail(x):
        if x >= 3:
            raise ValueError(str(x))
        return x

    with pytest.raises(ValueError, match=r"^3$"):
        side_by_side(fail, range(4))
