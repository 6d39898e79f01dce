"""Values of linker-script expressions.

A value is a plain number, an address, or a place in an output section; `.` inside a section
counts from the section's start. Rules: "Expressions" in the GNU ld manual.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from . import script
from .elf import ADDRESS_LIMIT
from .model import OutputSection, Symbol
from .script import Binary, Call, Conditional, Expr, Name, Num, Unary

PAGE: Final = 0x1000  # bytes; file offsets and addresses of segments agree modulo this
CONSTANTS = {"MAXPAGESIZE": PAGE, "COMMONPAGESIZE": PAGE}


class Value(NamedTuple):
    """`value` counts from the start of `section` when there is one."""

    value: int
    section: OutputSection | None = None
    address: bool = False  # of values without a section: an address rather than a number

    @property
    def number(self) -> bool:
        return self.section is None and not self.address

    @property
    def absolute(self) -> int:
        base = self.section.addr if self.section else 0
        return (self.value + base) % ADDRESS_LIMIT


class ExprError(Exception):
    def __init__(self, message: str, expr: Expr) -> None:
        super().__init__(message)
        self.message = message
        self.expr = expr


class Scope(Protocol):
    """What expressions can ask about the link."""

    def location(self) -> Value: ...
    def symbol(self, name: str) -> Symbol | None: ...
    def symbol_value(self, symbol: Symbol) -> Value: ...
    def is_defined(self, name: str) -> bool: ...
    def section(self, name: str) -> OutputSection | None: ...
    def region(self, name: str) -> tuple[int, int] | None: ...
    def header_bytes(self) -> int: ...


def align_up(value: int, align: int) -> int:
    return -(-value // align) * align if align > 1 else value


def _shift_left(a: int, b: int) -> int:
    return a << b if b < 64 else 0


def _shift_right(a: int, b: int) -> int:
    return a >> b if b < 64 else 0


# On 64-bit unsigned numbers; division by zero is caught before.
ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv,
    "%": operator.mod, "&": operator.and_, "|": operator.or_, "^": operator.xor,
    "<<": _shift_left, ">>": _shift_right,
}  # fmt: skip
COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
    "<=": operator.le, ">=": operator.ge,
    "&&": lambda a, b: bool(a and b), "||": lambda a, b: bool(a or b),
}  # fmt: skip


def evaluate(expr: Expr, scope: Scope) -> Value:
    """The value of an expression; raises ExprError naming the part that has none."""
    match expr:
        case Num(value):
            return Value(value)
        case Name("."):
            return scope.location()
        case Name(name):
            symbol = scope.symbol(name)
            if symbol is None:
                raise ExprError(f"undefined symbol '{name}' in an expression", expr)
            return scope.symbol_value(symbol)
        case Unary(op, operand):
            return _unary(op, evaluate(operand, scope))
        case Binary("&&" | "||" as op, left, right):
            first = evaluate(left, scope).absolute
            if bool(first) == (op == "||"):
                return Value(int(op == "||"))
            return Value(int(bool(evaluate(right, scope).absolute)))
        case Binary(op, left, right):
            return binary(op, evaluate(left, scope), evaluate(right, scope), expr)
        case Conditional(condition, then, otherwise):
            return evaluate(then if evaluate(condition, scope).absolute else otherwise, scope)
        case Call():
            return _call(expr, scope)


def _unary(op: str, value: Value) -> Value:
    if op == "!":
        return Value(int(value.absolute == 0))
    number = {"-": -value.value, "~": ~value.value, "+": value.value}[op]
    return value._replace(value=number % ADDRESS_LIMIT)


def binary(op: str, a: Value, b: Value, expr: Expr) -> Value:
    """a op b. A place plus or minus a number is a place, the distance of two places in one
    section is a number; all else that involves an address is one."""
    if op in COMPARISONS:
        return Value(int(COMPARISONS[op](a.absolute, b.absolute)))
    if op in "/%" and b.absolute == 0:
        raise ExprError("division by zero", expr)
    if op == "-" and a.section is not None and a.section is b.section:
        return Value((a.value - b.value) % ADDRESS_LIMIT)
    number = ARITHMETIC[op](a.absolute, b.absolute) % ADDRESS_LIMIT
    if a.number and b.number:
        return Value(number)
    # Masks are for aligning a place, so that they keep it where it is, too.
    home = a.section or (b.section if op != "-" else None)
    if op in "+-&|^" and home is not None and not (a.section and b.section):
        return Value((number - home.addr) % ADDRESS_LIMIT, home)
    return Value(number, address=True)


def _call(call: Call, scope: Scope) -> Value:
    name = call.name
    match call.function:
        case "DEFINED":
            return Value(int(scope.is_defined(name)))
        case "SIZEOF_HEADERS":
            return Value(scope.header_bytes())
        case "CONSTANT":
            if name not in CONSTANTS:
                raise ExprError(f"unknown constant '{name}'", call)
            return Value(CONSTANTS[name])
        case "ORIGIN" | "LENGTH":
            region = scope.region(name)
            if region is None:
                raise ExprError(f"undefined memory region '{name}'", call)
            return Value(region[call.function == "LENGTH"])
        case "ADDR" | "LOADADDR" | "SIZEOF" | "ALIGNOF":
            return _of_section(call, scope.section(name))
    args = [evaluate(a, scope) for a in call.args]
    first = args[0].absolute
    dot = scope.location().absolute
    match call.function:
        case "ABSOLUTE":
            return Value(first, address=True)
        case "ALIGN" | "BLOCK" if len(args) == 1:
            return Value(align_up(dot, first), address=True)
        case "ALIGN":
            return Value(align_up(first, args[1].absolute), address=True)
        case "NEXT":
            return Value(align_up(dot, first), address=True)
        case "MAX" | "MIN":
            pick = max if call.function == "MAX" else min
            return pick(args, key=lambda v: v.absolute)
        case "LOG2CEIL":
            return Value(max(first - 1, 0).bit_length())
        case "DATA_SEGMENT_ALIGN":
            return Value(align_up(dot, first) + (dot & (first - 1)), address=True)
        case "DATA_SEGMENT_RELRO_END":
            return args[1]  # nothing here is made read-only after relocation
        case "SEGMENT_START" | "DATA_SEGMENT_END":
            return args[0]
    raise AssertionError(call.function)


def _of_section(call: Call, section: OutputSection | None) -> Value:
    if section is None:
        if call.function == "SIZEOF":
            return Value(0)
        raise ExprError(f"undefined section '{call.name}' in an expression", call)
    match call.function:
        case "ADDR":
            return Value(section.addr, address=True)
        case "LOADADDR":
            return Value(section.load_addr, address=True)
        case "SIZEOF":
            return Value(section.size)
        case _:
            return Value(section.align)


def names_in(expr: Expr) -> set[str]:
    """The symbols an expression needs; those only asked about by DEFINED are not needed."""
    match expr:
        case Name(name):
            return set() if name == "." else {name}
        case Unary(_, operand):
            return names_in(operand)
        case Binary(_, left, right):
            return names_in(left) | names_in(right)
        case Conditional(condition, then, otherwise):
            return names_in(condition) | names_in(then) | names_in(otherwise)
        case Call():
            return set().union(*map(names_in, expr.args))
        case Num():
            return set()


def wanted_names(parsed: script.Script) -> set[str]:
    """Every symbol that a script's commands refer to, other than those only provided."""
    names: set[str] = set()
    for assign in parsed.assignments():
        if not assign.provide:
            names |= names_in(assign.expr)
    for command in parsed.commands:
        match command:
            case script.Assert(condition):
                names |= names_in(condition)
            case script.Assign(".", _, value):
                names |= names_in(value)
            case script.SectionCommand():
                names |= _names_in_section(command)
            case script.Assign():
                pass
    return names


def _names_in_section(command: script.SectionCommand) -> set[str]:
    names: set[str] = set()
    for expr in (command.address, command.load_address, command.align, command.subalign):
        if expr is not None:
            names |= names_in(expr)
    for item in command.items:
        match item:
            case script.Assert(condition):
                names |= names_in(condition)
            case script.Assign(".", _, value):
                names |= names_in(value)
            case script.Data(_, value):
                names |= names_in(value)
            case script.Assign() | script.InputPattern() | script.Fill():
                pass
    return names
