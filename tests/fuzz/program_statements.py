"""Statements of the programs of programs.py."""

from __future__ import annotations

from program_expressions import BITS, FLOATS, UNION_PARTS, WRAPPING, Expressions, Scope


class Statements(Expressions):
    """Texts of statements and declarations."""

    # -- statements ---------------------------------------------------------------------------

    def target(self, scope: Scope) -> tuple[str, str, str | None]:
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

    def assignment(self, scope: Scope) -> str:
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

    def condition(self, scope: Scope) -> str:
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

    def block(self, scope: Scope, depth: int, indent: str, most: int = 3) -> str:
        inner = scope.copy()
        count = self.r.randint(1, most)
        lines = [self.statement(inner, depth, indent + "    ") for _ in range(count)]
        return "{\n" + "".join(lines) + indent + "}"

    def statement(self, scope: Scope, depth: int, indent: str) -> str:
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

    def loop(self, scope: Scope, depth: int, indent: str) -> str:
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

    def switch(self, scope: Scope, depth: int, indent: str) -> str:
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

    def declaration(self, scope: Scope) -> str:
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
