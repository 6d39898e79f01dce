"""Random small kernels over every arithmetic type, without undefined behaviour.

`generate(seed)` is one kernel with what it calls, every name ending in the seed. An expression
is made for an exact type, and every operand is cast to the type its operator asks for, so:
  - sums, differences, products and negations are unsigned or floating; divisors are 2 to 9;
  - a float becomes an integer by a saturating conversion alone, and is never seen as bits but
    where NaNs are made one;
  - indices are constants or masked, loops count, an object is not read in the expression that
    changes it.
Shift counts need no care: OpenCL C takes them modulo the width.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

ITEMS, GROUP = 4, 2  # work-items a kernel is launched with, and of them in a group
INPUTS = 16  # ulongs each kernel may read
RESULTS = 1  # ulongs each work-item writes

WIDTH = {"char": 1, "short": 2, "int": 4, "long": 8}
UNSIGNED = {e: f"u{e}" for e in WIDTH} | {f"u{e}": f"u{e}" for e in WIDTH}
SIGNED = {u: s for s, u in UNSIGNED.items() if s != u} | {e: e for e in WIDTH}
SIZE = WIDTH | {f"u{e}": width for e, width in WIDTH.items()} | {"float": 4, "double": 8}
INTS = tuple(UNSIGNED)
FLOATS = ("float", "double")
ELEMENTS = (*INTS, *FLOATS)
COUNTS = (1, 1, 1, 2, 3, 4, 8, 16)
ROUNDINGS = ("", "_rte", "_rtz", "_rtp", "_rtn")
HEX = "0123456789abcdef"
# Built-in functions of which arguments and result have one type: number of arguments.
INTEGER_FUNCTIONS = {
    "min": 2, "max": 2, "add_sat": 2, "sub_sat": 2, "hadd": 2, "rhadd": 2, "rotate": 2,
    "popcount": 1, "clz": 1, "bitselect": 3,
}  # fmt: skip
FLOAT_FUNCTIONS = {"fabs": 1, "floor": 1, "ceil": 1, "trunc": 1, "rint": 1, "sqrt": 1, "fma": 3}
ORDER = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(frozen=True)
class Type:
    """An element type and how many of them; 1: a scalar."""

    element: str
    count: int

    def __str__(self) -> str:
        return self.element if self.count == 1 else f"{self.element}{self.count}"

    @property
    def is_float(self) -> bool:
        return self.element in FLOATS

    @property
    def is_signed(self) -> bool:
        return self.element in WIDTH

    def of(self, element: str) -> Type:
        return Type(element, self.count)

    @property
    def mask(self) -> Type:
        """What comparing two of it gives."""
        if self.count == 1:
            return Type("int", 1)
        return self.of({1: "char", 2: "short", 4: "int", 8: "long"}[SIZE[self.element]])


@dataclass
class Scope:
    """Places that can be read, and those of them that can be written, with their types."""

    readable: dict[str, Type] = field(default_factory=dict)
    writable: dict[str, Type] = field(default_factory=dict)

    def add(self, place: str, type_: Type) -> None:
        self.readable[place] = self.writable[place] = type_

    def copy(self) -> Scope:
        return Scope(dict(self.readable), dict(self.writable))


def generate(seed: int) -> str:
    return Generator(seed).kernel()


def cl_program(seeds: list[int]) -> str:
    return FOLD + "".join(generate(seed) for seed in seeds)


class Expressions:
    """Texts of expressions; `self.r` decides."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.seed = seed
        self.names = 0
        self.helpers: list[tuple[str, Type, list[Type]]] = []  # name, result, parameters

    def name(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}_{self.seed}"

    def chance(self, percent: int) -> bool:
        return self.r.random() * 100 < percent

    def type(self) -> Type:
        return Type(self.r.choice(ELEMENTS), self.r.choice(COUNTS))

    def expression(self, scope: Scope, type_: Type, depth: int) -> str:
        """Of exactly this type, and fit to be an operand of anything."""
        if depth <= 0 or self.chance(12):
            return self.leaf(scope, type_)
        makers = [self.arithmetic, self.arithmetic, self.conversion, self.conditional, self.leaf_of]
        makers += [self.builtin]
        if not type_.is_float:
            makers += [self.bitwise, self.bitwise, self.shift, self.division, self.bits]
            if type_.count == 1 or type_.is_signed:
                makers += [self.comparison, self.logical]
        if type_.count > 1:
            makers += [self.literal, self.swizzle]
        if any(result == type_ for _, result, _ in self.helpers):
            makers += [self.call]
        return self.r.choice(makers)(scope, type_, depth - 1)

    # -- operands -----------------------------------------------------------------------------

    def leaf_of(self, scope: Scope, type_: Type, _depth: int) -> str:
        return self.leaf(scope, type_)

    def leaf(self, scope: Scope, type_: Type) -> str:
        """A place of the type, a part of one, or a constant."""
        found = [place for place, t in scope.readable.items() if t == type_]
        if found and self.chance(75):
            return self.r.choice(found)
        wider = [
            (place, t)
            for place, t in scope.readable.items()
            if t.element == type_.element and t.count > 1
        ]
        if wider and self.chance(70):
            place, t = self.r.choice(wider)
            if type_.count == 1:
                return self.component(place, t)
            return f"{place}.{self.lanes(t.count, type_.count)}"
        same = [(place, t) for place, t in scope.readable.items() if t.count == type_.count]
        if same and self.chance(60):
            return self.converted(*self.r.choice(same), type_)
        return f"({type_})({self.constant(type_.element)})"

    def component(self, place: str, t: Type) -> str:
        at = self.r.randrange(t.count)
        forms = ["{0}.s{2}", "{0}[{1}]"]
        if t.count <= 4:
            forms.append("{0}." + "xyzw"[at])
        return self.r.choice(forms).format(place, at, HEX[at])

    def lanes(self, count: int, wanted: int, distinct: bool = False) -> str:
        """The name of some components of a vector of `count`."""
        if not distinct or wanted > count:
            picked = [self.r.randrange(count) for _ in range(wanted)]
        else:
            picked = self.r.sample(range(count), wanted)
        if wanted * 2 == count and self.chance(30):
            return self.r.choice(("lo", "hi", "even", "odd"))
        if count <= 4 and wanted <= 4 and self.chance(50):
            return "".join("xyzw"[at] for at in picked)
        return "s" + "".join(HEX[at] for at in picked)

    def constant(self, element: str) -> str:
        if element in FLOATS:
            text = self.r.choice(("0.0", "-0.0", "1.5", "-3.25", "1e10", "0x1p-20", "0.1", "7.0"))
            return text + "f" * (element == "float")
        bits = 8 * SIZE[element]
        number = self.r.choice((0, 1, 2, 3, 5, 100, (1 << bits - 1) - 1, self.r.getrandbits(bits)))
        if element in WIDTH and number >> bits - 1:
            number -= 1 << bits
            if number == -1 << bits - 1:
                number += 1
        return f"{number}{'ul' if element == 'ulong' else 'l' if element == 'long' else ''}"

    # -- operators ----------------------------------------------------------------------------

    def arithmetic(self, scope: Scope, type_: Type, depth: int) -> str:
        if type_.is_float or not type_.is_signed:
            at = type_
        else:
            at = type_.of(UNSIGNED[type_.element])
        a, b = self.expression(scope, at, depth), self.expression(scope, at, depth)
        if type_.count == 1 and not type_.is_float and SIZE[type_.element] < 4:
            a, b = f"(uint){a}", f"(uint){b}"  # the product of two ushorts overflows an int
        elif type_.count > 1 and self.chance(25):
            b = self.expression(scope, Type(at.element, 1), depth)
        if self.chance(15):
            text = f"(-{a})"
        else:
            op = self.r.choice("+-*/" if type_.is_float else "+-*")
            text = f"({a} {op} {b})"
        return text if at == type_ and type_.count > 1 else self.cast(text, type_, at)

    def cast(self, text: str, type_: Type, from_: Type) -> str:
        if type_.count == 1:
            return f"({type_}){text}"
        return text if type_ == from_ else f"as_{type_}({text})"

    def bitwise(self, scope: Scope, type_: Type, depth: int) -> str:
        a, b = self.expression(scope, type_, depth), self.expression(scope, type_, depth)
        text = f"(~{a})" if self.chance(20) else f"({a} {self.r.choice('&|^')} {b})"
        return self.cast(text, type_, type_)

    def shift(self, scope: Scope, type_: Type, depth: int) -> str:
        a = self.expression(scope, type_, depth)
        counts = Type(self.r.choice(INTS), 1) if type_.count == 1 else type_
        b = self.expression(scope, counts, depth)
        return self.cast(f"({a} {self.r.choice(('<<', '>>'))} {b})", type_, type_)

    def division(self, scope: Scope, type_: Type, depth: int) -> str:
        a, b = self.expression(scope, type_, depth), self.expression(scope, type_, depth)
        e = type_.element
        divisor = f"(({b} & ({e})7) + ({e})2)"
        return self.cast(f"({a} {self.r.choice('/%')} {divisor})", type_, type_)

    def comparison(self, scope: Scope, type_: Type, depth: int) -> str:
        if type_.count == 1:
            of = Type(self.r.choice(ELEMENTS), 1)
        else:
            same = [e for e in ELEMENTS if SIZE[e] == SIZE[type_.element]]
            of = type_.of(self.r.choice(same))
        a, b = self.expression(scope, of, depth), self.expression(scope, of, depth)
        return self.cast(f"({a} {self.r.choice(ORDER)} {b})", type_, type_)

    def logical(self, scope: Scope, type_: Type, depth: int) -> str:
        of = type_ if type_.count > 1 else Type(self.r.choice(ELEMENTS), 1)
        a, b = self.expression(scope, of, depth), self.expression(scope, of, depth)
        if type_.count > 1:
            # No constant: clang 19 folds `(int4)1 && (int4)1` to 1 in place of -1.
            places = [(place, t) for place, t in scope.readable.items() if t.count == of.count]
            if not places:
                return self.comparison(scope, type_, depth)
            a = self.converted(*self.r.choice(places), of)
        text = f"(!{a})" if self.chance(25) else f"({a} {self.r.choice(('&&', '||'))} {b})"
        return self.cast(text, type_, type_)

    def conditional(self, scope: Scope, type_: Type, depth: int) -> str:
        a, b = self.expression(scope, type_, depth), self.expression(scope, type_, depth)
        if type_.count == 1:
            test = self.expression(scope, Type(self.r.choice(INTS), 1), depth)
            return f"({type_})({test} ? {a} : {b})"
        test = self.expression(scope, type_.mask, depth)
        return f"({test} ? {a} : {b})"

    def conversion(self, scope: Scope, type_: Type, depth: int) -> str:
        from_ = type_.of(self.r.choice(ELEMENTS))
        return self.converted(self.expression(scope, from_, depth), from_, type_)

    def converted(self, text: str, from_: Type, type_: Type) -> str:
        if from_.is_float and not type_.is_float:
            return f"convert_{type_}_sat{self.r.choice(ROUNDINGS)}({text})"
        if not type_.is_float and self.chance(30):
            return f"convert_{type_}_sat({text})"
        if type_.count == 1 and self.chance(50):
            return f"({type_}){text}"
        return f"convert_{type_}({text})"

    def bits(self, scope: Scope, type_: Type, depth: int) -> str:
        """The bits of integers as those of other integers."""
        size = SIZE[type_.element] * type_.count
        others = [
            Type(e, c)
            for e in INTS
            for c in (1, 2, 4, 8, 16)
            if SIZE[e] * c == size and type_.count != 3
        ] or [type_.of(e) for e in INTS if SIZE[e] == SIZE[type_.element]]
        return f"as_{type_}({self.expression(scope, self.r.choice(others), depth)})"

    def builtin(self, scope: Scope, type_: Type, depth: int) -> str:
        """A call of a built-in function."""
        e = type_.element
        kind = self.r.randrange(8)
        if kind == 0 and type_.count > 1:
            name, params = "select", [type_, type_, type_.mask]
        elif kind < 3 and not type_.is_float and not type_.is_signed:
            of = type_.of(self.r.choice((e, SIGNED[e])))
            name, params = self.r.choice((("abs", [of]), ("abs_diff", [of, of])))
        else:
            functions = FLOAT_FUNCTIONS if type_.is_float else INTEGER_FUNCTIONS
            name = self.r.choice(list(functions))
            params = [type_] * functions[name]
        return f"{name}({', '.join(self.expression(scope, p, depth) for p in params)})"

    # -- vectors ------------------------------------------------------------------------------

    def literal(self, scope: Scope, type_: Type, depth: int) -> str:
        e = type_.element
        if self.chance(25):
            return f"({type_})({self.expression(scope, Type(e, 1), depth)})"
        parts, left = [], type_.count
        while left:
            count = self.r.choice([c for c in (1, 2, 3, 4, 8) if c <= left and c < type_.count])
            parts.append(self.expression(scope, Type(e, count), depth - 1))
            left -= count
        return f"({type_})({', '.join(parts)})"

    def swizzle(self, scope: Scope, type_: Type, depth: int) -> str:
        of = Type(type_.element, self.r.choice((2, 3, 4, 8, 16)))
        return f"({self.expression(scope, of, depth)}).{self.lanes(of.count, type_.count)}"

    def call(self, scope: Scope, type_: Type, depth: int) -> str:
        fitting = [helper for helper in self.helpers if helper[1] == type_]
        name, _, params = self.r.choice(fitting)
        return f"{name}({', '.join(self.expression(scope, p, depth - 1) for p in params)})"


class Generator(Expressions):
    """Statements, helpers and the kernel."""

    def assignment(self, scope: Scope) -> str:
        place, t = self.r.choice(list(scope.writable.items()))
        left, type_ = place, t
        if t.count > 1 and self.chance(40):
            if self.chance(50):
                left, type_ = self.component(place, t), Type(t.element, 1)
            else:
                type_ = Type(t.element, self.r.choice([c for c in (2, 3, 4, 8) if c <= t.count]))
                left = f"{place}.{self.lanes(t.count, type_.count, distinct=True)}"
                if left.rpartition(".")[2] in ("lo", "hi", "even", "odd"):
                    type_ = Type(t.element, t.count // 2)
        inner = Scope({p: u for p, u in scope.readable.items() if p != place})
        wraps = not type_.is_signed and (type_.count > 1 or SIZE[type_.element] >= 4)
        if self.chance(30) and wraps:
            op = self.r.choice("+-*")
            return f"{left} {op}= {self.expression(inner, type_, 2)};"
        if self.chance(20) and not type_.is_float:
            op = self.r.choice(("&", "|", "^", "<<", ">>"))
            return f"{left} {op}= {self.expression(inner, type_, 2)};"
        if self.chance(10) and wraps and (type_.count == 1 or not type_.is_float):
            return self.r.choice(("{}++;", "--{};")).format(left)
        return f"{left} = {self.expression(scope, type_, 3)};"

    def declaration(self, scope: Scope) -> str:
        kind, type_ = self.r.randrange(10), self.type()
        if kind < 6:
            name = self.name("v")
            word = "volatile " if self.chance(8) else ""
            text = f"{word}{type_} {name} = {self.expression(scope, type_, 2)};"
            scope.add(name, type_)
        elif kind < 8:
            name, count = self.name("a"), self.r.choice((2, 4))
            values = [self.expression(scope, type_, 1) for _ in range(self.r.randint(1, count))]
            text = f"{type_} {name}[{count}] = {{ {', '.join(values)} }};"
            at = self.expression(scope, Type(self.r.choice(INTS), 1), 1)
            scope.readable[f"{name}[{at} & {count - 1}]"] = type_
            for index in range(count):
                scope.add(f"{name}[{index}]", type_)
        elif kind < 9:
            name, other = self.name("s"), self.type()
            fields = f"{type_} p; {other} q[2]; char c;"
            first = self.expression(scope, type_, 1)
            form = self.r.choice(("{{ {0} }}", "{{ .q[1] = {1}, .p = {0} }}", "{{ .p = {0} }}"))
            value = form.format(first, self.expression(scope, other, 1))
            packed = " __attribute__((packed))" * self.chance(20)
            text = f"struct {{ {fields} }}{packed} {name} = {value};"
            scope.add(f"{name}.p", type_)
            scope.add(f"{name}.q[0]", other)
            scope.add(f"{name}.q[1]", other)
        else:
            fitting = [(p, t) for p, t in scope.writable.items() if p[0] == "v" and "." not in p]
            if not fitting:
                return self.assignment(scope)
            place, type_ = self.r.choice(fitting)
            name = self.name("p")
            text = f"volatile {type_} *{name} = &{place};"  # volatile or not, it may point there
            scope.add(f"(*{name})", type_)
        return text

    def block(self, scope: Scope, depth: int, indent: str) -> str:
        inner = scope.copy()
        count = self.r.randint(1, 2)
        lines = [self.statement(inner, depth, indent + "    ") for _ in range(count)]
        return f"{{\n{''.join(lines)}{indent}}}"

    def statement(self, scope: Scope, depth: int, indent: str = "    ") -> str:
        kind = self.r.randrange(10) if depth > 0 else 0
        if kind < 4:
            return f"{indent}{self.assignment(scope)}\n"
        if kind < 6:
            return f"{indent}{self.declaration(scope)}\n"
        test = self.expression(scope, Type(self.r.choice(INTS), 1), 2)
        body = self.block(scope, depth - 1, indent)
        if kind < 8:
            other = f" else {self.block(scope, depth - 1, indent)}" * self.chance(40)
            return f"{indent}if ({test}) {body}{other}\n"
        if kind == 8:
            name, times = self.name("i"), self.r.randint(1, 5)
            leave = f"{indent}    if ({test}) {self.r.choice(('break', 'continue'))};\n"
            leave *= self.chance(40)
            head = f"for (int {name} = 0; {name} < {times}; {name}++)"
            return f"{indent}{head} {{\n{leave}{indent}    {body}\n{indent}}}\n"
        case = f"{indent}case {self.r.randrange(4)}: {body}{' break;' * self.chance(70)}\n"
        rest = f"{indent}default: {self.block(scope, depth - 1, indent)}\n"
        cases = case + rest if self.chance(70) else rest + case
        return f"{indent}switch ({test} & 3) {{\n{cases}{indent}}}\n"

    def helper(self) -> str:
        name, result = self.name("h"), self.type()
        params = [self.type() for _ in range(self.r.randint(1, 4))]
        scope = Scope()
        for param in params:
            scope.add(self.name("v"), param)
        written = ", ".join(f"{t} {n}" for n, t in scope.readable.items())
        lines = [self.statement(scope, 1) for _ in range(self.r.randint(0, 2))]
        words = self.r.choice(("static ", "static inline ", "__attribute__((noinline)) "))
        value = self.expression(scope, result, 2)
        self.helpers.append((name, result, params))
        body = f"{''.join(lines)}    return {value};\n"
        return f"{words}{result} {name}({written}) {{\n{body}}}\n"

    def kernel(self) -> str:
        parts = [f"\n// kernel {self.seed}\n"]
        parts += [self.helper() for _ in range(self.r.choice((0, 0, 1, 2)))]
        scope = Scope()
        lines = ["    size_t id_ = get_global_id(0);\n"]
        for _ in range(self.r.randint(2, 4)):
            lines.append(f"    {self.given(scope)}\n")
        lines += [self.statement(scope, 2) for _ in range(self.r.randint(2, 6))]
        lines.append("    ulong sum_ = 1;\n")
        lines += [f"    {fold(place, t)}\n" for place, t in scope.writable.items()]
        lines.append("    out[id_] = sum_;\n")
        head = f"kernel void k{self.seed}(global ulong *out, global const ulong *in)"
        return f"{''.join(parts)}{head} {{\n{''.join(lines)}}}\n"

    def given(self, scope: Scope) -> str:
        """A variable that holds input."""
        type_, name = self.type(), self.name("v")
        element = "long" if type_.is_float else type_.element
        values = [
            f"({type_.element})({element})(in[(id_ + {self.r.randrange(INPUTS)}) & {INPUTS - 1}]"
            f" >> {self.r.randrange(56)})"
            for _ in range(type_.count)
        ]
        scope.add(name, type_)
        return f"{type_} {name} = ({type_})({', '.join(values)});"


def fold(place: str, t: Type) -> str:
    """Mix what a place holds into the result."""

    def one(text: str) -> str:
        bits = f"bits_{t.element}({text})" if t.is_float else f"(ulong){text}"
        return f"sum_ = (sum_ ^ {bits}) * 0x100000001b3ul;"

    if t.count == 1:
        return one(place)
    return f"for (int z_ = 0; z_ < {t.count}; z_++) {{ {t} w_ = {place}; {one('w_[z_]')} }}"


# Every float as bits; the sign and payload of a NaN are nobody's promise.
FOLD = """
static ulong bits_float(float x) { return x == x ? as_uint(x) : 0x7fc00000u; }
static ulong bits_double(double x) { return x == x ? as_ulong(x) : 0x7ff8000000000000ul; }
"""
