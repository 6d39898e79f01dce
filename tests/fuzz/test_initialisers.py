"""Random types with random initialisers: their bytes must be those that clang writes.

Nested structs and unions, packed, aligned, arrays of arrays, vectors, enums; initialisers with
braces left out, designators, ranges, strings and compound literals.
"""

from __future__ import annotations

import io
import random
import re
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from kcc.build import compile_inputs
from kcc.options import parse_options

SCALARS = ("char", "uchar", "short", "ushort", "int", "uint", "long", "ulong", "float", "double")
SEED = 20
PROGRAMS, OBJECTS = 12, 40


class Types:
    """Random types as text, with what is needed to write initialisers for them."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.lines: list[str] = []
        self.count = 0

    def type(self, depth: int) -> tuple[str, object]:
        """(how it is spelled, its shape): "s", ("v", n), ("a", n, shape), ("r", kind, fields)."""
        rng = self.rng
        kind = rng.choice(["s", "s", "s", "v", "r", "r", "e"] if depth else ["s", "s", "v"])
        if kind == "s":
            return rng.choice(SCALARS), "s"
        if kind == "v":
            lanes = rng.choice((2, 4, 8))  # a 3-vector has room whose bytes are free
            return f"{rng.choice(SCALARS)}{lanes}", ("v", lanes)
        if kind == "e":
            self.count += 1
            packed = rng.choice(("", " __attribute__((packed))"))
            low = rng.choice((0, -1))
            high = rng.choice((5, 300))
            name = f"E{self.count}"
            body = f"A{self.count} = {low}, B{self.count} = {high}"
            self.lines.append(f"enum {name} {{ {body} }}{packed};")
            return f"enum {name}", ("e", self.count)
        return self.record(depth)

    def record(self, depth: int) -> tuple[str, object]:
        rng = self.rng
        word = rng.choice(("struct", "struct", "union"))
        fields, text = [], []
        for number in range(rng.randint(1, 4)):
            spelled, shape = self.type(depth - 1)
            dims = "".join(f"[{n}]" for n in self.dims())
            for n in reversed([int(d) for d in dims.strip("[]").split("][") if d]):
                shape = ("a", n, shape)
            if shape == "s" and spelled == "char" and rng.random() < 0.5:
                dims, shape = "[6]", ("t", 6)
            align = rng.choice(("", "", "", " __attribute__((aligned(8)))",
                                " __attribute__((packed))"))  # fmt: skip
            fields.append((f"m{number}", shape))
            text.append(f"{spelled} m{number}{dims}{align};")
        self.count += 1
        name = f"{word} R{self.count}"
        after = rng.choice(("", "", " __attribute__((packed))", " __attribute__((aligned(16)))"))
        self.lines.append(f"{name} {{ {' '.join(text)} }}{after};")
        return name, ("r", name, fields)

    def dims(self) -> list[int]:
        return [self.rng.randint(1, 3) for _ in range(self.rng.choice((0, 0, 0, 1, 1, 2)))]

    # -- initialisers -----------------------------------------------------------------------------

    def number(self) -> str:
        return str(self.rng.randint(0, 100))

    def value(self, shape: object) -> str:
        """An initialiser with braces of its own where it has parts."""
        rng = self.rng
        match shape:
            case "s":
                return rng.choice((self.number(), f"{{{self.number()}}}"))
            case ("e", number):
                return f"{rng.choice('AB')}{number}"
            case ("v", lanes):
                return "{" + ", ".join(self.number() for _ in range(lanes)) + "}"
            case ("t", _count):
                return rng.choice(('"abc"', '{"abcdef"}', "{'x', 2}"))
            case ("a", count, inner):
                return "{" + ", ".join(self.elements(count, inner)) + "}"
            case ("r", name, fields):
                listed = "{" + ", ".join(self.members(name, fields)) + "}"
                return f"({name}){listed}" if rng.random() < 0.1 else listed
        raise AssertionError(shape)

    def elements(self, count: int, inner: object) -> list[str]:
        rng = self.rng
        found = []
        for at in range(rng.randint(1, count)):
            text = self.bare(inner) if rng.random() < 0.3 else self.value(inner)
            if rng.random() < 0.25:
                low = rng.randrange(count)
                text = f"[{low} ... {rng.randint(low, count - 1)}] = {self.value(inner)}"
                if at + 1 < count:
                    found.append(text)
                break
            found.append(text)
        return found or [f"[{rng.randrange(count)}] = {self.value(inner)}"]

    def members(self, name: str, fields: list[tuple[str, object]]) -> list[str]:
        rng = self.rng
        if rng.random() < 0.5:  # in order
            used = fields[: 1 if name.startswith("union") else rng.randint(1, len(fields))]
            return [self.value(s) if rng.random() < 0.8 else self.bare(s) for _n, s in used]
        chosen = rng.sample(fields, 1 if name.startswith("union") else rng.randint(1, len(fields)))
        return [self.designated(field, shape) for field, shape in chosen]

    def designated(self, field: str, shape: object) -> str:
        """Down to some part: `.m1[2].m0 = ...`"""
        text = f".{field}"
        while self.rng.random() < 0.5:
            match shape:
                case ("a", count, inner):
                    text, shape = f"{text}[{self.rng.randrange(count)}]", inner
                case ("r", _name, fields):
                    inner_field, shape = self.rng.choice(fields)
                    text = f"{text}.{inner_field}"
                case _:
                    break
        return f"{text} = {self.value(shape)}"

    def bare(self, shape: object) -> str:
        """All of a part without braces around it."""
        match shape:
            case "s" | ("e", _):
                return self.number() if shape == "s" else self.value(shape)
            case ("a", count, inner):
                return ", ".join(self.bare(inner) for _ in range(count))
            case ("r", name, fields):
                used = fields[:1] if name.startswith("union") else fields
                return ", ".join(self.bare(s) for _n, s in used)
            case _:
                return self.value(shape)


def program(rng: random.Random) -> str:
    types = Types(rng)
    objects = []
    for number in range(OBJECTS):
        spelled, shape = types.record(3)
        if rng.random() < 0.3:
            count = rng.randint(1, 3)
            shape, dims = ("a", count, shape), f"[{rng.choice((count, ''))}]"
        else:
            dims = ""
        objects.append(f"constant {spelled} x{number}{dims} = {types.value(shape)};")
    return "\n".join(types.lines + objects) + "\n"


def contents(data: bytes) -> dict[str, bytes]:
    """What each object of an object file holds, by name."""
    elf = ELFFile(io.BytesIO(data))
    found = {}
    for symbol in elf.get_section_by_name(".symtab").iter_symbols():
        if symbol.name.startswith("x"):
            section = elf.get_section(symbol["st_shndx"])
            start, size = symbol["st_value"], symbol["st_size"]
            held = section.data() if section["sh_type"] != "SHT_NOBITS" else bytes(start + size)
            found[symbol.name] = held[start : start + size]
    return found


@pytest.mark.slow
@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize("seed", range(SEED, SEED + PROGRAMS))
def test_bytes_are_those_of_clang(seed: int, tmp_path: Path) -> None:
    lines = program(random.Random(seed)).splitlines()
    source, made = tmp_path / "t.cl", tmp_path / "t.o"
    clang = ["clang-19", "-x", "cl", "--target=riscv64", "-march=rv64gc", "-c", "-o", made]
    clang += ["-Xclang", "-cl-ext=+cl_khr_fp64", "-Xclang", "-finclude-default-header", source]
    # What clang rejects, and lists longer than their objects, whose end it drops whatever it says.
    for _ in range(2):
        text = "\n".join(lines) + "\n"
        source.write_text(text)
        done = subprocess.run(
            [*clang, "-ferror-limit=0"], capture_output=True, text=True, check=False, timeout=60
        )
        bad = re.findall(r"t\.cl:(\d+):\d+: (?:error|warning: excess)", done.stderr)
        for number in bad:
            lines[int(number) - 1] = ""
    assert done.returncode == 0, done.stderr
    options = parse_options(["-c", "-w", "-o", "t.o", "t.cl"])
    outputs = compile_inputs(options, [("t.cl", text.encode())])
    theirs, ours = contents(made.read_bytes()), contents(outputs.files[0][1])
    assert len(theirs) > OBJECTS // 2
    assert ours.keys() == theirs.keys()
    for name in theirs:
        (line,) = [line for line in lines if re.search(rf" {name}\b", line)]
        assert ours[name] == theirs[name], line
