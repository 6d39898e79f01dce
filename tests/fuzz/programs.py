"""Random programs without undefined behaviour, in the C that OpenCL C and C share.

`generate(seed)` is one kernel with its types, tables and helpers, every name ending in the
seed, so that many fit one file. What a program computes depends on its text, its work-item
and its input alone:
  - a statement changes one object, or changes it at a sequence point; what else stands in it
    does not read that object;
  - indices are masked, divisors are never 0 nor -1, shift counts are masked, conversions of
    floats to integers are of small numbers; sums and products are of operands so converted
    that no signed one overflows;
  - loops count down counters of their own; objects are initialised; jumps go forward.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

ITEMS, GROUP = 4, 2  # work-items a program is launched with, and of them in a group
INPUTS = 16  # ulongs each program may read
RESULTS = 4  # ulongs each work-item writes

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

# The same words for a C compiler. `local` is an array of the group: items run one by one.
C_PRELUDE = """
typedef unsigned char uchar; typedef unsigned short ushort; typedef unsigned int uint;
typedef unsigned long ulong; typedef unsigned long size_t;
#define bool _Bool
#define true 1
#define false 0
#define kernel
#define global
#define constant const
#define local static
static ulong item;
#define get_global_id(d) ((d) == 0 ? item : 0ul)
#define get_local_id(d) ((d) == 0 ? item % GROUP : 0ul)
#define get_group_id(d) ((d) == 0 ? item / GROUP : 0ul)
#define get_global_size(d) ((d) == 0 ? (ulong)ITEMS : 1ul)
#define get_local_size(d) ((d) == 0 ? (ulong)GROUP : 1ul)
#define get_num_groups(d) ((d) == 0 ? (ulong)ITEMS / GROUP : 1ul)
#define get_global_offset(d) 0ul
#define get_work_dim() 1u
"""
# Every float as bits; the sign and payload of a NaN are nobody's promise.
COMMON = """
static ulong bits_float(float x) {
    union { float f; uint u; } v;
    v.f = x;
    return x == x ? v.u : 0x7fc00000u;
}
static ulong bits_double(double x) {
    union { double f; ulong u; } v;
    v.f = x;
    return x == x ? v.u : 0x7ff8000000000000ul;
}
static int to_int(double x) { return x > -2147483649.0 && x < 2147483648.0 ? (int)x : 5; }
static uchar to_uchar(float x) { return x > -1 && x < 256 ? (uchar)x : 6; }
static short to_short(float x) { return x > -32769 && x < 32768 ? (short)x : 7; }
static ulong to_ulong(double x) { return x > -1 && x < 0x1p64 ? (ulong)x : 8; }
"""


def c_program(seeds: list[int], floats: bool = True) -> str:
    """A C program that runs the programs of `seeds` and prints each result as a hex line."""
    calls = "".join(f"    run(k{seed});\n" for seed in seeds)
    return (
        f"#define ITEMS {ITEMS}\n#define GROUP {GROUP}\nint printf(const char *, ...);\n"
        + C_PRELUDE
        + cl_program(seeds, floats)
        + f"""
static void run(void (*k)(ulong *, const ulong *)) {{
    static ulong out[{ITEMS * RESULTS}], in[{INPUTS}];
    for (int i = 0; i < {INPUTS}; i++) in[i] = (ulong)(i + 1) * 0x9e3779b97f4a7c15ul >> (i * 3);
    for (int i = 0; i < {ITEMS * RESULTS}; i++) out[i] = 0;
    for (item = 0; item < ITEMS; item++) k(out, in);
    for (int i = 0; i < {ITEMS * RESULTS}; i++) printf("%lx\\n", out[i]);
}}
int main(void) {{
{calls}    return 0;
}}
"""
    )


def cl_program(seeds: list[int], floats: bool = True) -> str:
    return COMMON + "".join(generate(seed, floats) for seed in seeds)


def generate(seed: int, floats: bool = True) -> str:
    return _Generator(seed, floats).program()


@dataclass
class _Record:
    """A struct: fields by name, each with a scalar type and a power-of-two count (1: plain)."""

    name: str
    fields: list[tuple[str, str, int]]
    inner: tuple[str, _Record] | None = None


@dataclass
class _Scope:
    """Names visible: lvalue text -> type; `fixed` may be read and not written."""

    values: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, tuple[str, int]] = field(default_factory=dict)  # readable and writable
    tables: dict[str, tuple[str, int]] = field(default_factory=dict)  # readable
    records: dict[str, _Record] = field(default_factory=dict)

    def copy(self) -> _Scope:
        return _Scope(
            dict(self.values),
            dict(self.fixed),
            dict(self.arrays),
            dict(self.tables),
            dict(self.records),
        )


class _Generator:
    def __init__(self, seed: int, floats: bool) -> None:
        self.r = random.Random(seed)
        self.seed = seed
        self.types = INTS + FLOATS if floats else INTS
        self.floats = floats
        self.count = 0
        self.records: list[_Record] = []
        self.enums: list[str] = []
        self.macros: list[str] = []
        self.helpers: list[tuple[str, str, list[str]]] = []  # name, result, parameter types
        self.updaters: list[tuple[str, str]] = []  # name, T of a first parameter `T *`
        self.changers: list[tuple[str, _Record]] = []  # S f(S, int)
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

    def value(self, scope: _Scope) -> tuple[str, str]:
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

    def element(self, scope: _Scope, arrays: dict[str, tuple[str, int]]) -> tuple[str, str]:
        array = self.r.choice(list(arrays))
        type_, count = arrays[array]
        index = self.masked(scope, count)
        form = self.r.choice(("(*({0} + {1}))", "({1})[{0}]", "{0}[{1}]", "{0}[{1}]"))
        return form.format(array, index), type_

    def masked(self, scope: _Scope, count: int) -> str:
        if count == 1:
            return "0"
        if self.chance(60):
            return str(self.r.randrange(count))
        return f"({self.integer(scope, 1)} & {count - 1})"

    def member(self, scope: _Scope) -> tuple[str, str]:
        """(lvalue, type) of a scalar somewhere in a struct."""
        name = self.r.choice(list(scope.records))
        record = scope.records[name]
        prefix = name
        if record.inner and self.chance(40):
            prefix, record = f"{name}.{record.inner[0]}", record.inner[1]
        field_, type_, count = self.r.choice(record.fields)
        base = f"(&{prefix})->{field_}" if self.chance(20) else f"{prefix}.{field_}"
        return (base if count == 1 else f"{base}[{self.masked(scope, count)}]"), type_

    def integer(self, scope: _Scope, depth: int) -> str:
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

    def call(self, scope: _Scope, depth: int) -> str | None:
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

    def number(self, scope: _Scope, depth: int) -> str:
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

    def expression(self, scope: _Scope, depth: int, type_: str) -> str:
        """What may be assigned to an object of a type: no float that an integer cannot hold."""
        if type_ in FLOATS and self.chance(75):
            return self.number(scope, depth)
        return self.integer(scope, depth)

    # -- statements ---------------------------------------------------------------------------

    def target(self, scope: _Scope) -> tuple[str, str, str | None]:
        """(lvalue, type, name when it is a variable)."""
        kind = self.r.randrange(10)
        if kind < 2 and scope.arrays:
            name = self.r.choice(list(scope.arrays))
            type_, count = scope.arrays[name]
            return f"{name}[{self.masked(scope, count)}]", type_, None
        if kind < 4 and scope.records:
            return (*self.member(scope), None)
        name = self.r.choice(list(scope.values))
        return name, scope.values[name], name

    def assignment(self, scope: _Scope) -> str:
        target, type_, name = self.target(scope)
        kind = self.r.randrange(9)
        if kind == 0 and type_ in WRAPPING:
            return self.r.choice(("++{}", "--{}", "{}++", "{}--")).format(target)
        if kind in (1, 2) and type_ not in FLOATS:
            if self.chance(30):
                return f"{target} {self.r.choice('&|^')}= {self.integer(scope, 2)}"
            cast = "(ulong)" if type_ in ("long", "ulong") else self.r.choice(("(uint)", "(ulong)"))
            return f"{target} {self.r.choice('+-*')}= {cast}({self.integer(scope, 2)})"
        if kind == 3 and type_ in BITS:
            count = self.integer(scope, 1)
            return f"{target} {self.r.choice(('<<', '>>'))}= {count} & {max(BITS[type_], 32) - 1}"
        if kind == 4 and type_ in BITS:
            op = self.r.choice("/%")
            return f"{target} {op}= ({self.integer(scope, 1)} & 31) + 2"
        if kind == 1 and type_ in FLOATS:
            return f"{target} {self.r.choice('+-*/')}= {self.number(scope, 2)}"
        if kind == 5 and name is not None and not name.startswith("(*"):
            # `x = (y op= e, y)` and `x = y = e`, where e reads neither.
            others = [n for n, t in scope.values.items() if not n.startswith("(*") and n != name]
            plain = [n for n in others if scope.values[n] not in FLOATS]
            if plain and type_ not in FLOATS:
                other = self.r.choice(plain)
                self.avoid, old = other, self.avoid
                e = self.integer(scope, 2)
                self.avoid = old
                if self.chance(50):
                    return f"{name} = {other} = {e}"
                return f"{name} = ({other} ^= {e}, (ulong){other} + {self.literal_int()})"
        if kind == 6 and self.updaters:
            updater, wanted = self.r.choice(self.updaters)
            plain = [n for n in scope.values if n[0] in "vxw" and n != name]  # none is volatile
            fitting = [n for n in plain if scope.values[n] == wanted]
            if fitting and type_ not in FLOATS and name is not None and name[0] != "(":
                chosen = self.r.choice(fitting)
                return f"{target} = {updater}(&{chosen}, {self.integer(scope, 1)})"
        return f"{target} = {self.expression(scope, 3, type_)}"

    def literal_int(self) -> str:
        return str(self.r.randrange(1, 100))

    def condition(self, scope: _Scope) -> str:
        plain = [n for n, t in scope.values.items() if t not in FLOATS and not n.startswith("(*")]
        if plain and self.chance(15):
            name = self.r.choice(plain)
            self.avoid, old = name, self.avoid
            e = self.integer(scope, 1)
            self.avoid = old
            step = "({} ^= 5)"
            if scope.values[name] in WRAPPING:
                step = self.r.choice(("{}++", "--{}", "({} += 3)"))
            return f"{step.format(name)} {self.r.choice(('<', '>', '!=', '&&', '||', '&'))} {e}"
        if self.floats and self.chance(15):
            return self.number(scope, 2)
        return self.integer(scope, 2)

    def block(self, scope: _Scope, depth: int, indent: str, most: int = 3) -> str:
        inner = scope.copy()
        count = self.r.randint(1, most)
        lines = [self.statement(inner, depth, indent + "    ") for _ in range(count)]
        return "{\n" + "".join(lines) + indent + "}"

    def statement(self, scope: _Scope, depth: int, indent: str) -> str:
        kind = self.r.randrange(20)
        if depth <= 0 or kind < 8:
            return f"{indent}{self.assignment(scope)};\n"
        if kind < 10:
            return indent + self.declaration(scope) + "\n"
        if kind < 13:
            text = f"{indent}if ({self.condition(scope)}) {self.block(scope, depth - 1, indent)}"
            if self.chance(50):
                text += f" else {self.block(scope, depth - 1, indent)}"
            return text + "\n"
        if kind < 16:
            return self.loop(scope, depth, indent)
        if kind == 16:
            return self.switch(scope, depth, indent)
        if kind == 17:
            if self.in_loop and self.chance(60):
                leave = self.r.choice(("break", "continue"))
                return f"{indent}if ({self.condition(scope)}) {leave};\n"
            if self.in_switch and not self.in_loop:
                return f"{indent}if ({self.condition(scope)}) break;\n"
        if kind == 18 and self.label is None:
            # No declaration may be jumped over into its scope: the label ends a block of its own.
            label = self.label = self.name("l")
            body = self.block(scope, depth - 1, indent + "    ")
            self.label = None
            jump = f"if ({self.condition(scope)}) goto {label};"
            lines = ("{", f"    {jump}", f"    {body}", f"{label}:;", "}")
            return "".join(f"{indent}{line}\n" for line in lines)
        if kind == 19 and self.changers:
            changer, record = self.r.choice(self.changers)
            fitting = [n for n, rec in scope.records.items() if rec is record]
            if fitting:
                to, source = self.r.choice(fitting), self.r.choice(fitting)
                return f"{indent}{to} = {changer}({source}, {self.integer(scope, 1)});\n"
        if self.label and kind == 18:
            return f"{indent}if ({self.condition(scope)}) goto {self.label};\n"
        return f"{indent}{self.assignment(scope)};\n"

    def loop(self, scope: _Scope, depth: int, indent: str) -> str:
        if self.loops >= 2:
            return f"{indent}{self.assignment(scope)};\n"
        counter, times = self.name("i"), self.r.randint(1, 7)
        inner = scope.copy()
        type_ = inner.fixed[counter] = self.r.choice(("int", "uint", "char", "ulong", "short"))
        outer = self.in_loop, self.in_switch
        self.in_loop, self.in_switch = True, False
        self.loops += 1
        form = self.r.randrange(4)
        head = indent
        if form == 0:
            text = f"for ({type_} {counter} = 0; {counter} < {times}; {counter}++) "
            text += self.block(inner, depth - 1, indent)
        elif form == 1:
            text = f"for ({type_} {counter} = {times}; {counter}--; ) "
            text += self.block(inner, depth - 1, indent)
        elif form == 2:
            head += f"{type_} {counter} = {times};\n{indent}"
            text = f"while ({counter}-- > 0 && ({self.condition(inner)})) "
            if type_ in ("uint", "ulong"):
                text = f"while ({counter} && {counter}--) "
            text += self.block(inner, depth - 1, indent)
        else:
            head += f"{type_} {counter} = {times};\n{indent}"
            text = f"do {self.block(inner, depth - 1, indent)} while (--{counter});"
        self.loops -= 1
        self.in_loop, self.in_switch = outer
        return head + text + "\n"

    def switch(self, scope: _Scope, depth: int, indent: str) -> str:
        values = self.r.sample(range(-3, 30), self.r.randint(1, 5))
        outer = self.in_loop, self.in_switch
        self.in_loop, self.in_switch = False, True
        mask = self.r.choice((7, 15, 31))
        cast = self.r.choice(("", "(char)", "(long)", "(int)"))
        lines = [f"{indent}switch ({cast}({self.integer(scope, 2)} & {mask})) {{\n"]
        heads = [f"case {v}:" for v in sorted(values)]
        if self.chance(50):
            heads.append("case 30 ... 100:")
        if self.chance(70):
            heads.insert(self.r.randrange(len(heads) + 1), "default:")
        for head in heads:
            lines.append(f"{indent}{head}\n")
            if self.chance(80):
                lines.append(f"{indent}    {self.block(scope, depth - 1, indent + '    ', 2)}\n")
            if self.chance(60):
                lines.append(f"{indent}    break;\n")
        lines.append(f"{indent}    ;\n{indent}}}\n")
        self.in_loop, self.in_switch = outer
        return "".join(lines)

    # -- declarations -------------------------------------------------------------------------

    def declaration(self, scope: _Scope) -> str:
        kind = self.r.randrange(10)
        if kind < 5:
            type_ = self.type()
            name = self.name("v")
            word = ""
            if self.chance(25):
                word, name = "volatile ", self.name("y")
            text = f"{word}{type_} {name} = "
            text += f"{self.expression(scope, 2, type_)};"
            scope.values[name] = type_
            return text
        if kind < 7:
            type_, count = self.type(), self.r.choice((2, 4, 8, 16))
            name = self.name("a")
            values = [self.expression(scope, 1, type_) for _ in range(self.r.randint(1, count))]
            given = ", ".join(values)
            scope.arrays[name] = (type_, count)
            return f"{type_} {name}[{count}] = {{ {given} }};"
        if kind == 7 and self.records:
            record = self.r.choice(self.records)
            name = self.name("s")
            same = [n for n, rec in scope.records.items() if rec is record]
            if same and self.chance(40):
                given = self.r.choice(same)
            elif self.chance(50):
                field_, type_, count = self.r.choice(record.fields)
                part = f".{field_}[1]" if count > 1 else f".{field_}"
                given = f"{{ {part} = {self.expression(scope, 1, type_)} }}"
            else:
                given = f"{{ {self.literal_int()} }}"
            scope.records[name] = record
            return f"struct {record.name} {name} = {given};"
        private = [n for n in scope.arrays if not n.startswith("(")]
        if kind == 8 and private:
            array = self.r.choice(private)
            type_, count = scope.arrays[array]
            if count >= 2:
                name = self.name("p")
                half = count // 2
                place = self.r.choice(("{0} + {1}", "&{0}[{1}]")).format(array, half)
                scope.arrays[name] = (type_, half)
                return f"{type_} *{name} = {place};"
        if kind == 9 and scope.values:
            named = [n for n in scope.values if not n.startswith("(*")]
            target = self.r.choice(named)
            name = self.name("q")
            text = f"volatile {scope.values[target]} *{name} = &{target};"
            scope.values[f"(*{name})"] = scope.values[target]
            return text
        # A union seen through its other member.
        name, out = self.name("u"), self.name("w")
        part, count = self.r.choice(UNION_PARTS)
        text = f"union {{ ulong all; {part} part[{count}]; }} {name}; "
        text += f"{name}.all = {self.integer(scope, 2)}; "
        if self.chance(50):
            text += f"{name}.part[{self.masked(scope, count)}] = {self.integer(scope, 1)}; "
        text += f"ulong {out} = {name}.all;"
        scope.values[out] = "ulong"
        scope.arrays[f"{name}.part"] = (part, count)
        return text

    def record(self) -> str:
        fields = [
            (self.name("f"), self.type(), self.r.choice((1, 1, 1, 2, 4)))
            for _ in range(self.r.randint(1, 5))
        ]
        record = _Record(self.name("S"), fields)
        lines = [f"    {t} {n}{'' if c == 1 else f'[{c}]'};\n" for n, t, c in fields]
        if self.records and self.chance(50):
            inner = self.r.choice(self.records)
            record.inner = (self.name("n"), inner)
            line = f"    struct {inner.name} {record.inner[0]};\n"
            lines.insert(self.r.randrange(1, len(lines) + 1), line)
        packed = " __attribute__((packed))" if self.chance(15) else ""
        self.records.append(record)
        return f"struct {record.name} {{\n{''.join(lines)}}}{packed};\n"

    def body(self, scope: _Scope, length: int, depth: int) -> str:
        scope = scope.copy()
        lines = ["    " + self.first(scope) for _ in range(3)]
        lines += [self.statement(scope, depth, "    ") for _ in range(length)]
        lines.append(self.outcome(scope))
        return "".join(lines)

    def first(self, scope: _Scope) -> str:
        type_, name = self.type(), self.name("v")
        text = f"{type_} {name} = {self.expression(scope, 2, type_)};\n"
        scope.values[name] = type_
        return text

    def outcome(self, scope: _Scope) -> str:
        """Fold every visible object into `sum_`."""
        lines = ["    ulong sum_ = 1;\n"]

        def mix(text: str, type_: str) -> str:
            as_int = f"bits_{type_}({text})" if type_ in FLOATS else f"(ulong){text}"
            return f"sum_ = (sum_ ^ {as_int}) * 0x100000001b3ul;"

        for name, type_ in (scope.values | scope.fixed).items():
            lines.append(f"    {mix(name, type_)}\n")

        def mix_all(name: str, type_: str, count: int) -> str:
            return f"    for (int z_ = 0; z_ < {count}; z_++) {mix(name + '[z_]', type_)}\n"

        for name, (type_, count) in scope.arrays.items():
            lines.append(mix_all(name, type_, count))
        for name, record in scope.records.items():
            for field_, type_, count in record.fields:
                part = f"{name}.{field_}"
                plain = f"    {mix(part, type_)}\n"
                lines.append(plain if count == 1 else mix_all(part, type_, count))
        return "".join(lines)

    def helper(self) -> str:
        """`T f(T, T, ...)`."""
        r, name, result = self.r, self.name("h"), self.type()
        scope = _Scope(tables=dict(self.tables))
        params = [self.type() for _ in range(r.randint(1, 9))]
        for type_ in params:
            scope.values[self.name("x")] = type_
        written = ", ".join(f"{t} {n}" for n, t in scope.values.items())
        body = self.body(scope, r.randint(1, 2), 2)
        early = f"    if (sum_ & 1) return {self.expression(scope, 1, result)};\n"
        if not self.chance(30):
            early = ""
        self.helpers.append((name, result, params))
        words = r.choice(("static ", "", "static inline ", "__attribute__((noinline)) "))
        return f"{words}{result} {name}({written}) {{\n{body}{early}    return sum_ >> 7;\n}}\n"

    def updater(self) -> str:
        """`uint f(T *, int)`, changing what its argument points to."""
        name, type_ = self.name("g"), self.type()
        pointer, extra = self.name("p"), self.name("x")
        scope = _Scope(values={f"(*{pointer})": type_, extra: "int"}, tables=dict(self.tables))
        body = self.body(scope, self.r.randint(1, 2), 2)
        self.updaters.append((name, type_))
        head = f"static uint {name}({type_} *{pointer}, int {extra})"
        return f"{head} {{\n{body}    return sum_ >> 9;\n}}\n"

    def changer(self) -> str:
        """`struct S f(struct S, int)`, by value both ways."""
        name, record = self.name("c"), self.r.choice(self.records)
        value, extra = self.name("s"), self.name("x")
        scope = _Scope(values={extra: "int"}, records={value: record}, tables=dict(self.tables))
        body = self.body(scope, self.r.randint(1, 2), 2)
        self.changers.append((name, record))
        words = self.r.choice(("static ", "__attribute__((noinline)) "))
        head = f"{words}struct {record.name} {name}(struct {record.name} {value}, int {extra})"
        return f"{head} {{\n{body}    {extra} = sum_;\n    return {value};\n}}\n"

    def program(self) -> str:
        r, seed = self.r, self.seed
        parts = [f"\n// program {seed}\n"]
        self.tables: dict[str, tuple[str, int]] = {}
        names = [self.name("E") for _ in range(3)]
        self.enums = names
        numbers = [r.randrange(-1000, 0), r.randrange(1000), r.randrange(1 << 31)]
        given = [f"{n} = {v}" for n, v in zip(names, numbers, strict=True)]
        parts.append(f"enum {{ {', '.join(given)} }};\n")
        for text in ("((a) + (ulong)(b) * 3)", "((a) ^ ((b) >> 1))", "((a) > (b) ? (a) : (b))"):
            macro = self.name("M")
            self.macros.append(macro)
            parts.append(f"#define {macro}(a, b) {text}\n")
        for _ in range(r.randint(1, 2)):
            table, type_, count = self.name("t"), self.type(), r.choice((2, 4, 8))
            values = ", ".join(str(r.randrange(100)) for _ in range(count))
            parts.append(f"constant {type_} {table}[{count}] = {{ {values} }};\n")
            self.tables[table] = (type_, count)
        parts += [self.record() for _ in range(r.randint(1, 2))]
        makers = [self.helper] * r.randint(0, 2) + [self.updater] * r.randint(0, 1)
        makers += [self.changer] * r.randint(0, 1)
        r.shuffle(makers)
        parts += [make() for make in makers]
        parts.append(self.kernel())
        return "".join(parts)

    def kernel(self) -> str:
        r = self.r
        scope = _Scope(fixed=dict(ITEM_VALUES), tables=self.tables | {"in": ("ulong", INPUTS)})
        near = self.name("m")
        local = ""
        if self.chance(60):
            type_ = self.type()
            local = (
                f"    local {type_} all_{near}[{8 * GROUP}];\n"
                "    for (int z_ = 0; z_ < 8; z_++)"
                f" all_{near}[8 * get_local_id(0) + z_] = z_ + id_;\n"
            )
            scope.arrays[f"(all_{near} + 8 * get_local_id(0))"] = (type_, 8)
        writes = []
        for number in range(r.randint(1, 3)):
            inner = self.body(scope, r.randint(2, 5), 2)
            writes.append(f"    {{\n{inner}    out[id_ * {RESULTS} + {number}] = sum_;\n    }}\n")
        head = f"kernel void k{self.seed}(global ulong *out, global const ulong *in)"
        return f"{head} {{\n    size_t id_ = get_global_id(0);\n{local}{''.join(writes)}}}\n"
