"""Calls of builtins, right and wrong, against clang: the same verdict and the same type."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import pytest

from kcc.frontend import builtins, pp, tast
from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.dialect import EXTENSIONS, FEATURES, version_of
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile

pytestmark = pytest.mark.oracle("clang-19")
CLANG = """clang-19 -x cl --target=spir64 -Xclang -finclude-default-header -fsyntax-only
    -ferror-limit=0 -w -Werror=incompatible-pointer-types""".split()
LANES = ("char", "uchar", "short", "ushort", "int", "uint", "long", "ulong", "half", "float",
         "double")  # fmt: skip
PRAGMA = "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
TYPES = [f"{lane}{n}" for lane in LANES for n in ("", "2", "3", "4", "8", "16")]
SPACES = ("", "global ", "local ", "constant ")
PLACES = [
    f"{space}{t} *" for space in SPACES for t in ("int", "float", "float4", "double2", "char")
]
PLACES += ["global const float *", "const int *", "volatile local uint *", "void *", "half *"]
OTHERS = ["bool", "event_t"]
LITERALS = ["0", "1", "2u", "3.0f", "4.0", "true", "'c'", "1L", "(char)1"]


def language_of(standard: str) -> builtins.Language:
    return builtins.Language(version_of(standard), double=True)


def calls(standard: str, seed: int, count: int) -> list[tuple[str, str]]:
    """(parameters of a function, the call in it), some as declared, most nearly so."""
    rng = random.Random(seed)
    language = language_of(standard)
    made = []
    for name in sorted(builtins.names()):
        rows = builtins.overloads(name, language)
        for i in range(count if rows else 0):
            types = list(rng.choice(rows).params)
            changed = rng.sample(range(len(types)), min(i % 3, len(types)))
            for at in changed:
                pool = PLACES if "*" in types[at] and rng.random() < 0.8 else TYPES
                types[at] = rng.choice(pool + OTHERS if rng.random() < 0.1 else pool)
            if i % 7 == 6:  # only one type changes: int for float, float for double
                types = [re.sub("^(float|int)", rng.choice(LANES), t) for t in types]
            if rng.random() < 0.02:
                types.append("int")
            params, args = [], []
            for t in types:
                if "*" not in t and t != "event_t" and rng.random() < 0.1:
                    args.append(rng.choice(LITERALS))
                else:
                    args.append(f"a{len(args)}")
                    params.append(f"{t} {args[-1]}")
            made.append((", ".join(params), f"{name}({', '.join(args)})"))
    return made


def ours(made: list[tuple[str, str]], standard: str) -> list[str | None]:
    """The type of each call, as kcc spells it; None where it is an error."""
    text = PRAGMA + "\n".join(
        f"void f{i}({params}) {{ {call}; }}" for i, (params, call) in enumerate(made)
    )
    diags = Diagnostics(settings=("none",), max_errors=0)
    source = SourceFile("t.cl", text)
    tokens = pp.preprocess(source, pp.PPOptions(std=standard), diags)
    unit = parse(tokens, diags)
    try:
        program = check(unit, diags, CheckOptions(std=standard))
    except CompileError:
        raise AssertionError("the checker stops early") from None
    wrong = {source.position(d.span.start)[0] - 2 for d in diags.seen if d.span is not None}
    types: list[str | None] = [None] * len(made)
    for function in program.functions:
        number = int(function.name[1:])
        if number in wrong:
            continue
        assert function.body is not None
        (statement,) = function.body.items
        assert isinstance(statement, tast.ExprStmt)
        call = statement.expr
        while isinstance(call, tast.Convert):
            assert not isinstance(call.operand, tast.OBJECTS)
            call = call.operand
        assert isinstance(call, tast.BuiltinCall)
        types[number] = str(call.type)
    return types


def disagreements(
    made: list[tuple[str, str]], types: list[str | None], standard: str, path: Path
) -> list[str]:
    lines = []
    for i, ((params, call), t) in enumerate(zip(made, types, strict=True)):
        if t is None or t == "void":
            body = f"{call};"
        elif t == "event_t":
            body = f"event_t e = {call};"
        else:
            body = f"__typeof__({call}) *p = 0; {t} *q = p;"
        lines.append(f"void f{i}({params}) {{ {body} }}")
    path.write_text(PRAGMA + "\n".join(lines))
    extensions = ",".join(f"+{name}" for name in ("cl_khr_fp16", *EXTENSIONS, *FEATURES))
    options = [f"-cl-std={standard}", "-Xclang", f"-cl-ext=-all,{extensions}"]
    done = subprocess.run(
        [*CLANG, *options, str(path)], capture_output=True, text=True, check=False
    )
    assert "calls.cl:" in done.stderr, done.stderr
    errors = {
        int(m[1]) - 2: m[2] for m in re.finditer(r"^\S*?:(\d+):\d+: error: (.*)", done.stderr, re.M)
    }
    return [
        f"{call} of ({params}): kcc says {t}, clang {errors.get(i, 'takes it')}"
        for i, ((params, call), t) in enumerate(zip(made, types, strict=True))
        if (t is None) != (i in errors) and not (t is None and _always_there(call, params))
    ]


def _always_there(call: str, params: str) -> bool:
    """What may be of the extensions that clang's header has whatever -cl-ext says.

    They are cl_ext_float_atomics, and the vectors of cl_khr_subgroup_extended_types.
    """
    if call.startswith("atomic_"):
        return re.search(r"\b(half|float|double)\b", params) is not None
    return call.startswith("sub_group_broadcast(") and re.search(r"\w+\d+ a0", params) is not None


@pytest.mark.slow
@pytest.mark.parametrize("standard", ["CL1.2", "CL2.0", "CL3.0"])
@pytest.mark.parametrize("seed", range(2))
def test_same_overloads_as_clang(standard: str, seed: int, tmp_path: Path) -> None:
    made = calls(standard, seed, 21)
    types = ours(made, standard)
    assert sum(t is None for t in types) > 500 < sum(t is not None for t in types)
    wrong = disagreements(made, types, standard, tmp_path / "calls.cl")
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong[:60])
