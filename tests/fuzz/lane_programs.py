"""Random kernels whose work-items go different ways: for vector code across them.

Loops of lengths that differ between items, nested, with breaks and continues; conditions and
returns that some items take; values of every width; ids as int, uint and size_t; arrays that are
private, addressed by anything. No behaviour is undefined: arithmetic is unsigned or floating,
divisors are odd, indices are masked, loops have a limit.

    kernel void k<seed>(global uint *out, global const uint *in, uint u, int n)
"""

from __future__ import annotations

import random

WORDS = 256  # uints of `in`, and behind them again, so that an index may be off by some
RESULTS = 4  # uints that each work-item writes
UNSIGNED = ("uint", "ulong", "ushort", "uchar")


class _Kernel:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.lines: list[str] = []
        self.depth = 1
        self.loops = 0
        self.names = {"uint": ["a", "b"], "ulong": ["w"], "ushort": ["s"], "uchar": ["c"]}
        self.floats = ["f"]
        self.count = 0

    def put(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    # -- expressions: all of them unsigned, of any width, or float

    def leaf(self) -> str:
        typ = self.random.choice(UNSIGNED)
        names = [*self.names[typ], "id", "(uint)lid", "u", "a", "b"]
        choices = [*names, str(self.random.randrange(1 << 16)), "(uint)gid", "(uint)n"]
        return self.random.choice(choices)

    def number(self, depth: int = 2) -> str:
        if depth == 0 or self.chance(20):
            return self.leaf()
        x, y = self.number(depth - 1), self.number(depth - 1)
        match self.random.randrange(12):
            case 0 | 1 | 2:
                return f"({x} {self.pick('+', '-', '*', '^', '&', '|')} {y})"
            case 3:
                return f"({x} {self.pick('/', '%')} ({y} | 1u))"
            case 4:
                return f"((ulong){x} {self.pick('<<', '>>')} ({y} & 15u))"
            case 5:
                return f"({self.condition(depth - 1)} ? {x} : {y})"
            case 6:
                return f"({self.pick(*UNSIGNED)})({x})"
            case 7:
                return f"{self.pick('min', 'max', 'add_sat', 'rotate')}((uint){x}, (uint){y})"
            case 8:
                return f"in[{self.index()}]"
            case 9:
                return f"mine[{x} & 7u]"
            case 10:
                return f"(uint)(int)({self.real(depth - 1)} * 3.0f)"
            case _:
                return f"(uint)convert_{self.pick('char', 'short', 'uchar', 'int')}((uint){x})"

    def index(self) -> str:
        """Of `in`: by what addresses are made of, so that they step by one, by many or by none."""
        uniform = self.pick("u", "(uint)n", "5", "0")
        match self.random.randrange(8):
            case 0:
                return "id"
            case 1:
                return "gid & 255"
            case 2:
                return "lid + 3"
            case 3:
                return f"(uint)lid * {self.pick('1', '2', '3')} + ({uniform} & 31)"
            case 4:
                return "ilid * 2 + 1"
            case 5:
                return f"{uniform} & 255"
            case 6:
                return "127 - ilid"
            case _:
                return f"(uint)({self.number(1)}) & 255u"

    def real(self, depth: int = 2) -> str:
        if depth == 0 or self.chance(25):
            return self.random.choice([*self.floats, "1.5f", "0.25f", "(float)(uchar)id", "f"])
        x, y = self.real(depth - 1), self.real(depth - 1)
        match self.random.randrange(6):
            case 0 | 1:
                return f"({x} {self.pick('+', '-', '*')} {y}) * 0.5f"
            case 2:
                return f"fmin(fabs({x}), 100.0f)"
            case 3:
                return f"(float)((uint)({self.number(depth - 1)}) & 1023u)"
            case 4:
                return f"({self.condition(depth - 1)} ? {x} : {y})"
            case _:
                return f"fmin(sqrt(fabs({x})), 50.0f)"

    def condition(self, depth: int = 1) -> str:
        match self.random.randrange(7):
            case 0:
                return f"((uint)({self.number(depth)}) & {self.pick('1', '3', '4')}u) == 0"
            case 1:
                return f"(uint)({self.number(depth)}) < (uint)({self.number(depth)})"
            case 2:
                return f"{self.real(0)} < {self.real(0)}"
            case 3:
                return f"(lid & {self.pick('1', '2', '5', '8')}) != 0"
            case 4:
                return f"ilid {self.pick('<', '>', '==')} {self.random.randrange(40)}"
            case 5:
                return f"(n & {self.pick('1', '2', '4')}) {self.pick('==', '!=')} 0"
            case _:
                return f"(int)(uint)({self.number(depth)}) > {self.pick('0', 'n', '-5')}"

    # -- statements

    def statement(self, depth: int) -> None:
        match self.random.randrange(16):
            case 0 | 1 | 2:
                typ = self.random.choice(UNSIGNED)
                name = self.random.choice(self.names[typ])
                op = self.pick("=", "+=", "^=", "-=", "*=")
                self.put(f"{name} {op} {self.number()};")
            case 3 | 4:
                self.put(f"f = fmin(fabs({self.real()}), 1000.0f);")
            case 5:
                self.put(f"mine[(uint)({self.number(1)}) & 7u] = {self.number(1)};")
            case 6 if self.chance(50):
                self.put(f"out[place + {self.random.randrange(RESULTS)}] += {self.number(1)};")
            case 7 | 8 | 9 if depth > 0:
                self.branch(depth)
            case 10 | 11 | 12 if depth > 0:
                self.loop(depth)
            case 13 if self.loops and self.chance(60):
                self.put(f"if ({self.condition()}) {self.pick('break', 'continue')};")
            case 14 if self.chance(12):
                self.put(f"if ({self.condition()}) {{ out[place] ^= a; return; }}")
            case 15 if depth > 0 and self.chance(50):
                self.switch(depth)
            case _:
                self.put(f"a += {self.number()};")

    def body(self, depth: int) -> None:
        self.depth += 1
        for _ in range(self.random.randrange(1, 4)):
            self.statement(depth)
        self.depth -= 1

    def branch(self, depth: int) -> None:
        self.put(f"if ({self.condition()}) {{")
        self.body(depth - 1)
        if self.chance(50):
            self.put("} else {")
            self.body(depth - 1)
        self.put("}")

    def switch(self, depth: int) -> None:
        self.put(f"switch ((uint)({self.number(1)}) & 3u) {{")
        loops, self.loops = self.loops, 0  # a break would be the switch's
        for case in range(self.random.randrange(1, 4)):
            self.put(f"case {case}:")
            self.body(depth - 1)
            if self.chance(70):
                self.put("    break;")
        self.put("default:")
        self.body(depth - 1)
        self.loops = loops
        self.put("}")

    def loop(self, depth: int) -> None:
        self.count += 1
        i, most = f"i{self.count}", self.random.randrange(2, 9)
        typ = self.pick("int", "uint", "size_t", "uchar")
        limit = self.pick(
            str(most), f"min((uint)n, {most}u)", f"((uint)({self.number(1)}) % {most}u)",
            f"(lid & {most})", f"min(u, {most}u)",
        )  # fmt: skip
        kind = self.random.randrange(3)
        if kind < 2:
            self.put(f"for ({typ} {i} = 0; {i} < ({typ})({limit}); {i}++) {{")
        else:
            self.put(f"uint {i} = 0;")
            self.put(f"while ({i}++ < {most}u && {self.condition()}) {{")
        self.loops += 1
        self.names["uint"].append(f"(uint){i}") if kind < 0 else None
        if self.chance(60):
            self.put(
                f"    a += in[{self.pick('lid', 'id', 'u & 31', 'ilid', '(uint)lid * 2')} + {i}];"
            )
        self.body(depth - 1)
        self.loops -= 1
        self.put("}")

    def text(self) -> str:
        self.put("size_t gid = get_global_id(0), lid = get_local_id(0);")
        self.put("size_t place = (get_global_id(1) * get_global_size(0) + gid) * 4;")
        self.put(f"{self.pick('uint', 'int', 'size_t', 'ushort')} id = get_local_id(0);")
        self.put("int ilid = lid;")
        self.put("uint a = in[gid & 255], b = u; ulong w = gid * 77; ushort s = lid; uchar c = n;")
        self.put("float f = (float)(lid & 31); uint mine[8];")
        self.put("for (int i = 0; i < 8; i++) mine[i] = i * u;")
        if self.chance(30):
            self.put("if (gid >= (size_t)n) return;")
        if self.chance(20):
            self.put("if (ilid > 50) { out[place] = 7; return; }")
        for _ in range(self.random.randrange(2, 6)):
            self.statement(3)
        self.loop(2)
        self.put("out[place] += a + c; out[place + 1] += b ^ (uint)w; out[place + 2] += s;")
        self.put("out[place + 3] += as_uint(f) + mine[u & 7u];")
        head = (
            f"kernel void k{self.seed}(global uint *out, global const uint *in, uint u, int n) {{"
        )
        return "\n".join([head, *self.lines, "}"])


def kernel(seed: int) -> str:
    return _Kernel(seed).text()
