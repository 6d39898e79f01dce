"""Expressions of the programs of programs.py, and what is in scope there."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

INTS = ("char", "uchar", "short", "ushort", "int", "uint", "long", "ulong", "bool")
FLOATS = ("float", "double")
CASTS = ("bits_double", "bits_float", "to_int", "to_uchar", "to_ulong", "to_short", "(bool)")
BITS = {"char": 8, "uchar": 8, "short": 16, "ushort": 16, "int": 32, "uint": 32} | {
    "long": 64,
    "ulong": 64,
}

FLOAT_LITERALS = (
    *("0.0f", "-0.0f", "1.5f", "0x1p-149f", "3.4e38f", ".5f"),
    *("1e-3", "0.1", "16777217.0", "1e308"),
)
# Casts of the two operands of +, - and *.
WITHOUT_OVERFLOW = (
    *(("(uint)", "(uint)"), ("(ulong)", ""), ("", "(ulong)"), ("(short)", "(char)")),
    *(("(uchar)", "(short)"), ("(long)(int)", "(int)"), ("(int)", "(long)(short)")),
)
WRAPPING = ("uchar", "ushort", "uint", "ulong", "char", "short", *FLOATS)  # ++ is fine for them
ORDER = ("<", "<=", ">", ">=", "==", "!=")
ITEM_VALUES = {"id_": "ulong", "(uint)get_local_id(0)": "uint", "get_work_dim()": "uint"} | {
    f"get_{name}": "ulong" for name in ("group_id(0)", "global_size(0)", "num_groups(1)")
}
UNION_PARTS = (("uchar", 8), ("ushort", 4), ("uint", 2), ("short", 4), ("char", 8))


@dataclass
class Record:
    """A struct: fields by name, each with a scalar type and a power-of-two count (1: plain)."""

    name: str
    fields: list[tuple[str, str, int]]
    inner: tuple[str, Record] | None = None


@dataclass
class Scope:
    """Names visible: lvalue text -> type; `fixed` may be read and not written."""

    values: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, tuple[str, int]] = field(default_factory=dict)  # readable and writable
    tables: dict[str, tuple[str, int]] = field(default_factory=dict)  # readable
    records: dict[str, Record] = field(default_factory=dict)

    def copy(self) -> Scope:
        return Scope(
            dict(self.values),
            dict(self.fixed),
            dict(self.arrays),
            dict(self.tables),
            dict(self.records),
        )


class Expressions:
    """Texts of expressions; `self.r` decides."""

    def __init__(self, seed: int, floats: bool) -> None:
        self.r = random.Random(seed)
        self.seed = seed
        self.types = INTS + FLOATS if floats else INTS
        self.floats = floats
        self.count = 0
        self.records: list[Record] = []
        self.enums: list[str] = []
        self.macros: list[str] = []
        self.helpers: list[tuple[str, str, list[str]]] = []  # name, result, parameter types
        self.updaters: list[tuple[str, str]] = []  # name, T of a first parameter `T *`
        self.changers: list[tuple[str, Record]] = []  # S f(S, int)
        self.loops = 0  # nesting
        self.in_loop = self.in_switch = False
        self.label: str | None = None
        self.avoid: str | None = None  # an object that must not be read now

    # -- names and types ----------------------------------------------------------------------

    def name(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}_{self.seed}"

    def type(self) -> str:
        return self.r.choice(self.types)

    def chance(self, percent: int) -> bool:
        return self.r.random() * 100 < percent

    # -- expressions --------------------------------------------------------------------------

    def literal(self) -> str:
        r = self.r
        kind = r.randrange(12 if self.floats else 9)
        if kind < 3:
            return str(r.randrange(10))
        if kind < 5:
            bits = r.choice((7, 8, 15, 16, 31, 32, 63, 64))
            number = r.choice(((1 << bits) - 1, 1 << (bits - 1), r.getrandbits(bits)))
            suffix = "UL" if number >> 63 else r.choice(("", "", "u", "L", "ul"))
            return r.choice(("0x{:x}", "0X{:X}", "{}", "0{:o}")).format(number) + suffix
        if kind == 5:
            return r.choice(("'a'", r"'\n'", r"'\0'", r"'\xff'", r"'\''", r"'\177'", "' '"))
        if kind == 6:
            return r.choice(self.enums) if self.enums else "0"
        if kind == 7:
            return r.choice(("(-2147483647 - 1)", "-1", "2147483647", "-128", "(-32767 - 1)"))
        if kind == 8:
            return r.choice(("true", "false", "sizeof(int)", "sizeof(ulong)", "sizeof(char[7])"))
        return r.choice(FLOAT_LITERALS)

    def value(self, scope: Scope) -> tuple[str, str]:
        """(text, type) of something with a scalar value that is no operator's."""
        r = self.r
        kind = r.randrange(12)
        if kind < 5:
            names = [n for n in scope.values if self.avoid is None or self.apart(n)]
            if names:
                name = r.choice(names)
                return name, scope.values[name]
        if kind < 6 and scope.fixed:
            return r.choice(list(scope.fixed.items()))
        if kind < 8 and scope.arrays and self.avoid is None:
            return self.element(scope, scope.arrays)
        if kind < 9 and scope.tables:
            return self.element(scope, scope.tables)
        if kind < 10 and scope.records and self.avoid is None:
            return self.member(scope)
        text = self.literal()
        return text, "double" if text in FLOAT_LITERALS else "int"

    def apart(self, name: str) -> bool:
        """Whether a variable is surely not the one to avoid."""
        return name != self.avoid and not name.startswith("(*")

    def element(self, scope: Scope, arrays: dict[str, tuple[str, int]]) -> tuple[str, str]:
        array = self.r.choice(list(arrays))
        type_, count = arrays[array]
        index = self.masked(scope, count)
        form = self.r.choice(("(*({0} + {1}))", "({1})[{0}]", "{0}[{1}]", "{0}[{1}]"))
        return form.format(array, index), type_

    def masked(self, scope: Scope, count: int) -> str:
        if count == 1:
            return "0"
        if self.chance(60):
            return str(self.r.randrange(count))
        return f"({self.integer(scope, 1)} & {count - 1})"

    def member(self, scope: Scope) -> tuple[str, str]:
        """(lvalue, type) of a scalar somewhere in a struct."""
        name = self.r.choice(list(scope.records))
        record = scope.records[name]
        prefix = name
        if record.inner and self.chance(40):
            prefix, record = f"{name}.{record.inner[0]}", record.inner[1]
        field_, type_, count = self.r.choice(record.fields)
        base = f"(&{prefix})->{field_}" if self.chance(20) else f"{prefix}.{field_}"
        return (base if count == 1 else f"{base}[{self.masked(scope, count)}]"), type_

    def integer(self, scope: Scope, depth: int) -> str:
        """An expression of integer type."""
        if depth <= 0:
            return self.as_integer(*self.value(scope))
        depth -= self.chance(40)
        kind = self.r.randrange(13)
        a = self.integer(scope, depth - 1)
        if kind == 0:
            return f"({self.r.choice(INTS)}){a}"
        if kind == 1:
            sign = self.r.choice(("~", "!", "+", "-(uint)", "-(ulong)", "-(short)", "-(long)(int)"))
            return f"{sign}({a})"
        if kind == 2 and self.floats:
            x, y = self.number(scope, depth - 1), self.number(scope, 0)
            return f"({x} {self.r.choice(ORDER)} {y})"
        b = self.integer(scope, depth - 1)
        if kind == 3:
            return f"({a} / (({b} & 15) + {self.r.choice((1, 2, 7))}))"
        if kind == 4:
            return f"({a} % (-(int)({b} & 15) - 2))"
        if kind == 5:
            type_ = self.r.choice(list(BITS))
            mask = max(BITS[type_], 32) - 1
            op = self.r.choice(("<<", ">>"))
            return f"(({type_}){a} {op} ({b} & {mask}))"
        if kind == 6:
            return f"({a} {self.r.choice(ORDER)} {b})"
        if kind == 7:
            return f"({a} {self.r.choice(('&&', '||'))} {b})"
        if kind == 8:
            return f"({a} ? {b} : {self.integer(scope, depth - 1)})"
        if kind == 9 and self.chance(40):
            return f"({a}, {b})"
        if kind == 10:
            found = self.call(scope, depth)
            if found is not None:
                return found
        if kind == 11 and self.macros:
            return f"{self.r.choice(self.macros)}({a}, {b})"
        if self.chance(30):
            return f"({a} {self.r.choice('&|^')} {b})"
        left, right = self.r.choice(WITHOUT_OVERFLOW)
        return f"({left}({a}) {self.r.choice('+-*')} {right}({b}))"

    def call(self, scope: Scope, depth: int) -> str | None:
        """A call of a helper, as an integer."""
        if not self.helpers or self.loops:  # no product of loops within loops
            return None
        name, result, params = self.r.choice(self.helpers)
        args = ", ".join(self.expression(scope, min(depth - 1, 1), p) for p in params)
        return self.as_integer(f"{name}({args})", result)

    def as_integer(self, text: str, type_: str) -> str:
        if type_ not in FLOATS:
            return text
        return f"{self.r.choice(CASTS)}({text})"

    def number(self, scope: Scope, depth: int) -> str:
        """An expression of any arithmetic type, with floating operators."""
        kind = self.r.randrange(7)
        if depth <= 0 or kind == 0:
            return self.value(scope)[0]
        if kind == 1:
            return f"({self.r.choice(FLOATS)})({self.number(scope, depth - 1)})"
        if kind == 2:
            return self.integer(scope, depth - 1)
        if kind == 3:
            return f"-({self.r.choice(FLOATS)})({self.number(scope, depth - 1)})"
        a, b = self.number(scope, depth - 1), self.number(scope, depth - 1)
        if kind == 4:
            return f"({self.integer(scope, depth - 1)} ? {a} : {b})"
        cast = self.r.choice(("(float)", "(double)"))
        if self.chance(30):
            return f"({a} {self.r.choice('+-*/')} {cast}{b})"
        return f"({cast}{a} {self.r.choice('+-*/')} {b})"

    def expression(self, scope: Scope, depth: int, type_: str) -> str:
        """What may be assigned to an object of a type: no float that an integer cannot hold."""
        if type_ in FLOATS and self.chance(75):
            return self.number(scope, depth)
        return self.integer(scope, depth)
