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

from program_expressions import FLOATS, ITEM_VALUES, Record, Scope
from program_statements import Statements

ITEMS, GROUP = 4, 2  # work-items a program is launched with, and of them in a group
INPUTS = 16  # ulongs each program may read
RESULTS = 4  # ulongs each work-item writes


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
#define get_global_id(d) ((d) == 0 ? item : 0ul)
#define get_local_id(d) ((d) == 0 ? item % GROUP : 0ul)
#define get_group_id(d) ((d) == 0 ? item / GROUP : 0ul)
#define get_global_size(d) ((d) == 0 ? (ulong)ITEMS : 1ul)
#define get_local_size(d) ((d) == 0 ? (ulong)GROUP : 1ul)
#define get_num_groups(d) ((d) == 0 ? (ulong)ITEMS / GROUP : 1ul)
#define get_global_offset(d) 0ul
#define get_work_dim() 1u
"""  # `item` is the caller's.
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
        + "static ulong item;\n"
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
    return Generator(seed, floats).program()


class Generator(Statements):
    """Types, functions and the kernel."""

    group = GROUP

    def record(self) -> str:
        fields = [
            (self.name("f"), self.type(), self.r.choice((1, 1, 1, 2, 4)))
            for _ in range(self.r.randint(1, 5))
        ]
        record = Record(self.name("S"), fields)
        lines = [f"    {t} {n}{'' if c == 1 else f'[{c}]'};\n" for n, t, c in fields]
        if self.records and self.chance(50):
            inner = self.r.choice(self.records)
            record.inner = (self.name("n"), inner)
            line = f"    struct {inner.name} {record.inner[0]};\n"
            lines.insert(self.r.randrange(1, len(lines) + 1), line)
        packed = " __attribute__((packed))" if self.chance(15) else ""
        self.records.append(record)
        return f"struct {record.name} {{\n{''.join(lines)}}}{packed};\n"

    def body(self, scope: Scope, length: int, depth: int) -> str:
        scope = scope.copy()
        lines = ["    " + self.first(scope) for _ in range(3)]
        lines += [self.statement(scope, depth, "    ") for _ in range(length)]
        lines.append(self.outcome(scope))
        return "".join(lines)

    def first(self, scope: Scope) -> str:
        type_, name = self.type(), self.name("v")
        text = f"{type_} {name} = {self.expression(scope, 2, type_)};\n"
        scope.values[name] = type_
        return text

    def outcome(self, scope: Scope) -> str:
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

    def helper(self, like: tuple[str, list[str]] | None = None) -> str:
        """`T f(T, T, ...)`; `like`: T, and those of the parameters."""
        r, name = self.r, self.name("h")
        result = like[0] if like else self.type()
        scope = Scope(tables=dict(self.tables))
        params = like[1] if like else [self.type() for _ in range(r.randint(1, 9))]
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
        scope = Scope(values={f"(*{pointer})": type_, extra: "int"}, tables=dict(self.tables))
        body = self.body(scope, self.r.randint(1, 2), 2)
        self.updaters.append((name, type_))
        head = f"static uint {name}({type_} *{pointer}, int {extra})"
        return f"{head} {{\n{body}    return sum_ >> 9;\n}}\n"

    def changer(self) -> str:
        """`struct S f(struct S, int)`, by value both ways."""
        name, record = self.name("c"), self.r.choice(self.records)
        value, extra = self.name("s"), self.name("x")
        scope = Scope(values={extra: "int"}, records={value: record}, tables=dict(self.tables))
        body = self.body(scope, self.r.randint(1, 2), 2)
        self.changers.append((name, record))
        words = self.r.choice(("static ", "__attribute__((noinline)) "))
        head = f"{words}struct {record.name} {name}(struct {record.name} {value}, int {extra})"
        return f"{head} {{\n{body}    {extra} = sum_;\n    return {value};\n}}\n"

    def program(self) -> str:
        head = f"\n// program {self.seed}\n"
        parts = [head, *self.constants(), *self.variables(), *self.functions(), self.kernel()]
        return "".join(parts)

    def constants(self) -> list[str]:
        """Enumerators and macros."""
        r = self.r
        names = [self.name("E") for _ in range(3)]
        self.enums = names
        numbers = [r.randrange(-1000, 0), r.randrange(1000), r.randrange(1 << 31)]
        given = [f"{n} = {v}" for n, v in zip(names, numbers, strict=True)]
        parts = [f"enum {{ {', '.join(given)} }};\n"]
        for text in ("((a) + (ulong)(b) * 3)", "((a) ^ ((b) >> 1))", "((a) > (b) ? (a) : (b))"):
            macro = self.name("M")
            self.macros.append(macro)
            parts.append(f"#define {macro}(a, b) {text}\n")
        return parts

    def variables(self) -> list[str]:
        """Tables, and the types that variables in functions have."""
        r, parts = self.r, []
        self.tables: dict[str, tuple[str, int]] = {}
        for _ in range(r.randint(1, 2)):
            table, type_, count = self.name("t"), self.type(), r.choice((2, 4, 8))
            values = ", ".join(str(r.randrange(100)) for _ in range(count))
            parts.append(f"constant {type_} {table}[{count}] = {{ {values} }};\n")
            self.tables[table] = (type_, count)
        return parts + [self.record() for _ in range(r.randint(1, 2))]

    def functions(self) -> list[str]:
        r = self.r
        makers = [self.helper] * r.randint(0, 2) + [self.updater] * r.randint(0, 1)
        makers += [self.changer] * r.randint(0, 1)
        r.shuffle(makers)
        return [make() for make in makers]

    def kernel(self) -> str:
        r = self.r
        scope = Scope(fixed=dict(ITEM_VALUES), tables=self.tables | {"in": ("ulong", INPUTS)})
        near = self.name("m")
        local = ""
        if self.chance(60):
            type_ = self.type()
            local = (
                f"    local {type_} all_{near}[{8 * self.group}];\n"
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
