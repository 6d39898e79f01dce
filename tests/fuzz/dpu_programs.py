"""Random C programs for a DPU, which are C for any other processor too.

They are those of programs.py, and have besides: variables of the file and of functions that
keep their values, in WRAM and in MRAM, with pointers to them; functions called through tables
and parameters; recursion; structs copied between the memories; string functions; a second
translation unit with some of the functions and variables.

A variable that keeps its value has a part for each item, 8-aligned where it is in MRAM, so
that items may run at once. Functions that expressions call do not change such variables: the
order of the operands is the compiler's.
"""

from __future__ import annotations

import re

import programs
from program_expressions import INTS, Record, Scope

ITEMS = 24  # each tasklet runs every NR_TASKLETS-th
RESULTS = programs.RESULTS
WORDS = ("", "a", "DPU", "tasklet", "aaaaaa", r"\xff\x80", "ab ab,abc", "zyx,w")

# What both units begin with. Elsewhere than on a DPU, one tasklet runs all items.
PRELUDE = f"""
#include <string.h>
#define ITEMS {ITEMS}
#define GROUP {ITEMS}
{programs.C_PRELUDE}
#ifdef __dpu__
#include <defs.h>
#include <mram.h>
#define item (items[me()])
#else
int printf(const char *, ...);
#define NR_TASKLETS 1
#define __mram
#define __mram_ptr
#define __dma_aligned
#define mram_read(from, to, size) memcpy(to, from, size)
#define mram_write(from, to, size) memcpy(to, from, size)
#define me() 0
#define item (items[0])
#endif
#undef global
#define global __mram_ptr
extern ulong items[NR_TASKLETS];
{programs.COMMON}
static int sign(int order) {{ return (order > 0) - (order < 0); }}
"""


def sources(seeds: list[int]) -> dict[str, str]:
    """The files of a program that runs all of `seeds`. What they leave is in `results`: for
    each seed, ITEMS times RESULTS ulongs; elsewhere than on a DPU it prints them."""
    units = [_CProgram(seed).units() for seed in seeds]
    calls = "".join(
        f"        k{seed}(results + {n * ITEMS * RESULTS}, given);\n"
        for n, seed in enumerate(seeds)
    )
    count = len(seeds) * ITEMS * RESULTS
    given = ", ".join(f"0x{i * 0x9E3779B97F4A7C15 % 2**64 >> i * 3:x}" for i in range(1, 17))
    main = f"""
ulong items[NR_TASKLETS];
__mram ulong results[{count}];
__mram ulong given[{programs.INPUTS}] = {{ {given} }};
int main(void) {{
    for (uint i = me(); i < ITEMS; i += NR_TASKLETS) {{
        item = i;
{calls}    }}
#ifndef __dpu__
    for (int i = 0; i < {count}; i++) printf("%lx\\n", results[i]);
#endif
    return 0;
}}
"""
    return {
        "main.c": PRELUDE + "".join(here for here, _ in units) + main,
        "more.c": PRELUDE + "".join(there for _, there in units),
    }


class _CProgram(programs.Generator):
    group = ITEMS

    def __init__(self, seed: int) -> None:
        super().__init__(seed, floats=True)
        self.linked = self.chance(40)  # functions and variables are in the second unit
        self.here: list[str] = []
        self.there: list[str] = []
        self.kept = Scope()  # variables that keep their values: names of MRAM begin with "(m"
        self.pure = False  # the function at hand must not change them
        self.buffers: dict[str, str] = {}  # in WRAM: of which array in MRAM

    # -- units --------------------------------------------------------------------------------

    def units(self) -> tuple[str, str]:
        constants = "".join(self.constants())
        for text in self.variables():
            if text.startswith("constant "):
                declarator, value = text.rstrip(";\n").split(" = ")
                self.define(declarator, value)
            else:
                self.both(text)
        for _ in range(self.r.randint(2, 4)):
            self.variable()
        self.functions()
        self.here.append(self.kernel())
        head = f"\n// program {self.seed}\n{constants}"
        return head + "".join(self.here), head + "".join(self.there)

    def both(self, text: str) -> None:
        self.here.append(text)
        self.there.append(text)

    def define(self, declarator: str, value: str) -> None:
        """A variable, in one of the units."""
        given = f" = {value}" if value else ""
        if self.linked:
            self.there.append(f"{declarator}{given};\n")
            self.here.append(f"extern {declarator};\n")
        else:
            self.here.append(f"static {declarator}{given};\n")

    def function(self, text: str) -> str:
        """A function, in one of the units; its declarator, without storage class."""
        bare = re.sub(r"^(static )?(inline )?", "", text)
        declarator = bare[: bare.index(" {\n")]
        if self.linked:
            self.there.append(bare)
            self.here.append(f"{declarator};\n")
        else:
            self.here.append(text)
        return declarator

    def numbers(self, most: int) -> str:
        return ", ".join(self.literal_int() for _ in range(self.r.randint(1, most)))

    def variable(self) -> None:
        """One that keeps its value. The parentheses keep it from what needs a plain name."""
        type_, kind = self.type(), self.r.randrange(6)
        if kind == 0:
            name = self.name("v")
            self.define(f"{type_} {name}[ITEMS]", self.r.choice(("", f"{{ {self.numbers(9)} }}")))
            self.kept.values[f"(*({name} + item))"] = type_
        elif kind == 1:
            name = self.name("v")
            value = f"{{ {{ {self.numbers(4)} }}, [3] = {{ [2] = {self.literal_int()} }} }}"
            self.define(f"{type_} {name}[ITEMS][4]", self.r.choice(("", value)))
            self.kept.arrays[f"({name}[item])"] = (type_, 4)
        elif kind == 2:
            name = self.name("m")
            value = f"{{ [{self.r.randrange(ITEMS)}] = {{ {self.numbers(8)} }} }}"
            self.define(f"__mram {type_} {name}[ITEMS][8]", self.r.choice(("", value)))
            self.kept.arrays[f"({name}[item])"] = (type_, 8)
        elif kind == 3:
            name = self.name("m")
            word = f"union {{ ulong word; {type_} v; }}"
            self.both(f"typedef {word} W{name};\n")
            self.define(f"__mram W{name} {name}[ITEMS]", "")
            self.kept.values[f"(*(&{name}[item].v))"] = type_
        else:
            record = self.r.choice(self.records)
            word = "__attribute__((aligned(8)))"
            name = self.name("s" if kind == 4 else "m")
            self.both(f"typedef struct {{ struct {record.name} s; }} {word} W{name};\n")
            self.define(f"{'__mram ' if kind == 5 else ''}W{name} {name}[ITEMS]", "")
            self.kept.records[f"{name}[item].s"] = record

    # -- functions ----------------------------------------------------------------------------

    def functions(self) -> list[str]:
        self.pure = True
        for _ in range(self.r.randint(1, 2)):
            self.r.choice((self.pair, self.recursion))()
        self.pure = False
        for make in self.r.sample((self.updater, self.changer), self.r.randint(0, 2)):
            self.function(make())
        return []

    def pair(self) -> None:
        """Two functions of one type, a table of them, a function that calls what it is given."""
        first = self.function(self.helper())
        name, result, params = self.helpers[-1]
        self.function(self.helper((result, params)))
        second = self.helpers[-1][0]
        types = first[first.index("(", first.index(name)) :]
        table, caller = self.name("F"), self.name("f")
        self.define(f"{result} (*{table}[2]){types}", f"{{ {name}, &{second} }}")
        names = re.findall(r"(\w+)[,)]", types)
        text = f"static {result} {caller}({result} (*f){types}, {types[1:]} {{\n"
        self.function(f"{text}    return f({', '.join(names)});\n}}\n")
        macro = self.name("C")
        self.both(f"#define {macro}(...) {caller}({second}, __VA_ARGS__)\n")
        called = f"{table}[item & 1]", f"(*{table}[1])", f"(**{table}[item % 2])", macro
        self.helpers += [(text, result, params) for text in called]

    def recursion(self) -> None:
        name, x, n = self.name("h"), self.name("x"), self.name("x")
        type_, result = self.type(), self.type()
        scope = Scope(values={x: type_, n: "int"}, tables=dict(self.tables))
        last, again = (self.expression(scope, 1, t) for t in (result, type_))
        body = self.body(scope, 2, 2)
        call = self.as_integer(f"{name}({again}, left_)", result)
        self.function(
            f"static {result} {name}({type_} {x}, int {n}) {{\n"
            f"    if (({n} & 3) == 0) return {last};\n    const int left_ = ({n} & 3) - 1;\n"
            f"{body}    return sum_ ^ (ulong){call};\n}}\n"
        )
        self.helpers.append((name, result, [type_, "int"]))

    def body(self, scope: Scope, length: int, depth: int) -> str:
        scope = scope.copy()
        if self.pure:
            scope.fixed |= self.kept.values
            scope.tables |= self.kept.arrays
        else:
            scope.values |= self.kept.values
            scope.arrays |= self.kept.arrays
            scope.records |= self.kept.records
        return super().body(scope, length, depth)

    # -- statements ---------------------------------------------------------------------------

    def statement(self, scope: Scope, depth: int, indent: str) -> str:
        if self.chance(20):
            makers = self.copy, self.fill, self.transfer, self.record_copy, self.literals
            text = self.r.choice((*makers, self.string, self.comparison))(scope)
            if text:
                return f"{indent}{text}\n"
        return super().statement(scope, depth, indent)

    def in_wram(self, scope: Scope) -> list[str]:
        return [name for name in scope.arrays if not name.startswith("(m")]

    def copy(self, scope: Scope) -> str:
        names = self.in_wram(scope)
        if not names:
            return ""
        to = self.r.choice(names)
        type_, count = scope.arrays[to]
        source = self.r.choice([n for n in names if scope.arrays[n][0] == type_])
        count = min(count, scope.arrays[source][1])
        distinct = to != source and to[0] == source[0] == "a"
        name = self.r.choice(("memcpy", "memmove")) if distinct else "memmove"
        return f"{name}({to}, {source}, {self.masked(scope, count)} * sizeof({type_}));"

    def fill(self, scope: Scope) -> str:
        names = self.in_wram(scope)
        if not names:
            return ""
        to = self.r.choice(names)
        type_, count = scope.arrays[to]
        byte = self.integer(scope, 1)
        byte = f"!({byte})" if type_ == "bool" else f"(uint){byte}"
        return f"memset({to}, {byte}, {self.masked(scope, count)} * sizeof({type_}));"

    def comparison(self, scope: Scope) -> str:
        names = [n for n in self.in_wram(scope) if scope.arrays[n][0] in INTS]
        if not names:
            return ""
        a, b = self.r.choice(names), self.r.choice(names)
        size = f"{min(scope.arrays[a][1], scope.arrays[b][1])}"
        return f"{self.target(scope)[0]} = sign(memcmp({a}, {b}, {size}));"

    def transfer(self, scope: Scope) -> str:
        buffers = [name for name in self.buffers if name in scope.arrays]
        if not buffers:
            return ""
        buffer = self.r.choice(buffers)
        array = self.buffers[buffer]
        if self.pure or self.chance(50):
            return f"mram_read({array}, {buffer}, sizeof {buffer});"
        return f"mram_write({buffer}, {array}, sizeof {buffer});"

    def record_copy(self, scope: Scope) -> str:
        if not scope.records:
            return ""
        to = self.r.choice(list(scope.records))
        record = scope.records[to]
        same = [name for name, other in scope.records.items() if other is record]
        a, b = self.r.choice(same), self.r.choice(same)
        kind = self.r.randrange(3)
        if kind == 0:
            return f"{to} = {a};"
        if kind == 1:
            return f"{to} = {self.integer(scope, 1)} ? {a} : {b};"
        return f"{to} = (struct {record.name}) {{ {self.field(scope, record)} }};"

    def field(self, scope: Scope, record: Record) -> str:
        name, type_, count = self.r.choice(record.fields)
        part = f".{name}[1]" if count > 1 else f".{name}"
        return f"{part} = {self.expression(scope, 1, type_)}"

    def literals(self, scope: Scope) -> str:
        type_ = self.r.choice(INTS)
        given = ", ".join(self.integer(scope, 1) for _ in range(self.r.randint(1, 4)))
        place = f"({type_}[4]){{ {given} }}[{self.masked(scope, 4)}]"
        return f"{self.target(scope)[0]} = {place};"

    def string(self, scope: Scope) -> str:
        """A text of fewer than 32 characters, changed a little and asked about."""

        def word() -> str:
            return f'"{self.r.choice(WORDS)}"'

        def some() -> str:
            return f"({self.integer(scope, 1)} & 7)"

        lines = [f"char s_[40] = {word()}, t_[16] = {word()}, *r_ = s_; ulong n_ = 0;"]
        changes = (
            f"strcat(s_, {word()});",
            f"strncat(s_, {word()}, {some()});",
            f"strncpy(s_, t_, {some()});",
            "strcpy(s_ + strlen(s_) / 2, t_);",
            "memmove(s_ + 1, s_, strlen(s_) + 1);",
        )
        questions = (
            "strlen(s_)",
            f"strnlen(s_, {some()})",
            "sign(strcmp(s_, t_))",
            f"sign(strncmp(s_, {word()}, {some()}))",
            "strspn(s_, t_)",
            f"strcspn(s_, {word()})",
            "(strchr(s_, *t_) - s_)",
            f"(strrchr(s_, 'a') ? strrchr(s_, 'a') - s_ : {some()})",
            f"(strstr(s_, {word()}) != 0)",
            f"(strpbrk(s_, {word()}) == 0)",
            f"((char *)memchr(s_, {some()} + 90, sizeof s_) == 0)",
            '(strtok_r(s_, ", ", &r_) != 0)',
            '(strtok_r(s_, ",b", &r_) && (r_ = strtok_r(0, " ,", &r_)) ? r_ - s_ : 9)',
            f"(ulong)*(s_ + {some()})",
        )
        for _ in range(self.r.randint(1, 4)):
            if self.chance(40):
                lines.append(self.r.choice(changes))
            question = self.r.choice(questions)
            if question.startswith("(strchr"):
                question = f"(strchr(s_, *t_) ? {question} : 77)"
            lines.append(f"n_ = n_ * 31 + {question};")
        return f"{{ {' '.join(lines)} {self.target(scope)[0]} = n_; }}"

    # -- declarations -------------------------------------------------------------------------

    def declaration(self, scope: Scope) -> str:
        if self.chance(35):
            makers = self.static_local, self.pointer, self.buffer, self.record_pointer
            text = self.r.choice(makers)(scope)
            if text:
                return text
        return super().declaration(scope)

    def static_local(self, scope: Scope) -> str:
        type_ = self.type()
        if self.pure:
            name = self.name("t")
            scope.tables[name] = (type_, 4)
            return f"static const {type_} {name}[4] = {{ {self.numbers(4)} }};"
        name = self.name("v")
        scope.values[f"(*({name} + item))"] = type_
        return f"static {type_} {name}[ITEMS] = {{ {self.numbers(9)} }};"

    def pointer(self, scope: Scope) -> str:
        found = [n for n in scope.arrays if n.startswith("(") and scope.arrays[n][1] >= 2]
        found = [n for n in found if not n.startswith("(all_")]
        if not found:
            return ""
        array = self.r.choice(found)
        type_, count = scope.arrays[array]
        space = "__mram_ptr " if array.startswith("(m") else ""
        name = self.name("m" if space else "p")
        scope.arrays[f"({name})"] = (type_, count // 2)
        return f"{space}{type_} *{name} = &{array}[{count // 2}];"

    def buffer(self, scope: Scope) -> str:
        found = [n for n in (scope.arrays | scope.tables) if re.match(r"\(m\w+\[", n)]
        if not found:
            return ""
        array, name = self.r.choice(found), self.name("a")
        type_, count = (scope.arrays | scope.tables)[array]
        scope.arrays[name] = (type_, count)
        self.buffers[name] = array
        declared = f"__dma_aligned {type_} {name}[{count}];"
        return f"{declared} mram_read({array}, {name}, sizeof {name});"

    def record_pointer(self, scope: Scope) -> str:
        found = [n for n in scope.records if not n.startswith("(")]
        if not found:
            return ""
        target = self.r.choice(found)
        record, name = scope.records[target], self.name("q")
        scope.records[f"(*{name})"] = record
        space = "__mram_ptr " if target.startswith("m") else ""
        return f"{space}struct {record.name} *{name} = &{target};"
