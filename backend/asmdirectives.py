"""Directives of the assembler: a function each, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..frontend.record import replace
from . import objwriter
from .asmjob import ABSOLUTE, MAX_SPACE, SECTION_FLAGS, SECTION_TYPES, Job, State
from .asmlex import Expr, SyntaxFault, Token
from .asmlines import LARGEST, MARKS
from .encode import encode
from .objwriter import ObjSection, ObjSymbol
from .target import DEFAULT_ARCH, parse_target

_SYMBOL_TYPES = {
    "function": objwriter.STT_FUNC, "object": objwriter.STT_OBJECT, "notype": objwriter.STT_NOTYPE,
}  # fmt: skip
_LOC_NUMBERS = ("is_stmt", "isa", "discriminator")
_VISIBILITY = {".internal": 1, ".hidden": 2, ".protected": 3}
# Describe the stack frame, or are true of all we do.
_IGNORED = frozenset(".ident .attribute .addrsig .addrsig_sym .build_version".split())


def directive(job: Job, head: Token, operands: list[list[Token]]) -> None:
    name = head.text
    if name in _IGNORED or name.startswith(".cfi_"):
        return
    handler = _DIRECTIVES.get(name)
    if handler is None:
        raise SyntaxFault("asm-directive", f"the directive '{name}' is not supported", head.span)
    handler(job, operands, head)


def _section(job: Job, operands: list[list[Token]], head: Token) -> None:
    if not operands:
        raise SyntaxFault("asm-syntax", "a section needs a name", head.span)
    # A name may hold what elsewhere are operators, `.note.GNU-stack`.
    name = "".join(t.text for t in operands[0])
    flags = kind = None
    entsize, unique = 0, -1
    if len(operands) > 3 and [t.text for t in operands[-2]] == ["unique"]:
        unique = job.number(operands[-1], head.span)
        operands = operands[:-2]
    for n, operand in enumerate(operands[1:]):
        if not operand:
            raise SyntaxFault("asm-syntax", "an operand is missing", head.span)
        (token, *more) = operand
        if n == 0 and token.kind == "string" and not more:
            flags = token.text
            unknown = set(flags) - set(SECTION_FLAGS)
            if unknown:
                what = f"section flag '{min(unknown)}' is not supported"
                raise SyntaxFault("asm-directive", what, token.span)
        elif n == 1 and token.text.lstrip("@%") in SECTION_TYPES and not more:
            kind = token.text.lstrip("@%")
        elif n == 2:
            entsize = job.number(operand, head.span)
        else:
            raise SyntaxFault("asm-syntax", f"unexpected '{token.text}'", token.span)
    old = job.sections.get((name, unique))
    section = job.named_section(name, flags, kind, entsize, unique)
    given = sum(SECTION_FLAGS[c] for c in set(flags or ""))
    if old and flags is not None and given != old.flags:
        raise SyntaxFault("asm-directive", f"section '{name}' had other flags before", head.span)
    if head.text == ".pushsection":
        job.stack.append(job.section)
    job.enter(section)


def _pop_section(job: Job, _operands: list[list[Token]], head: Token) -> None:
    if not job.stack:
        raise SyntaxFault("asm-directive", ".popsection without .pushsection", head.span)
    job.enter(job.stack.pop())


def _previous(job: Job, _operands: list[list[Token]], _head: Token) -> None:
    job.enter(job.previous)


def _plain_section(job: Job, _operands: list[list[Token]], head: Token) -> None:
    job.enter(job.named_section(head.text))


def _names(job: Job, operands: list[list[Token]], head: Token) -> list[ObjSymbol]:
    if not operands:
        raise SyntaxFault("asm-syntax", f"{head.text} needs a symbol", head.span)
    return [_one_name(job, operand, head) for operand in operands]


def _one_name(job: Job, operand: list[Token], head: Token) -> ObjSymbol:
    if len(operand) != 1 or operand[0].kind != "name" or operand[0].text[0] in "%@":
        span = operand[0].span if operand else head.span
        raise SyntaxFault("asm-syntax", f"{head.text} needs a symbol", span)
    return job.symbol(operand[0].text)


def _binding(job: Job, binding: int, operands: list[list[Token]], head: Token) -> None:
    for symbol in _names(job, operands, head):
        symbol.binding = binding


def _visibility(job: Job, operands: list[list[Token]], head: Token) -> None:
    for symbol in _names(job, operands, head):
        symbol.visibility = _VISIBILITY[head.text]


def _type(job: Job, operands: list[list[Token]], head: Token) -> None:
    if len(operands) != 2 or len(operands[1]) != 1:
        raise SyntaxFault("asm-syntax", ".type needs a symbol and a type", head.span)
    kind = operands[1][0]
    if kind.text.lstrip("@%") not in _SYMBOL_TYPES:
        raise SyntaxFault("asm-directive", f"unknown symbol type '{kind.text}'", kind.span)
    _one_name(job, operands[0], head).type = _SYMBOL_TYPES[kind.text.lstrip("@%")]


def _size(job: Job, operands: list[list[Token]], head: Token) -> None:
    if len(operands) != 2:
        raise SyntaxFault("asm-syntax", ".size needs a symbol and a size", head.span)
    symbol = _one_name(job, operands[0], head)
    expr = job.expression(operands[1], head.span)

    def resolve() -> None:
        value = job.evaluate(expr)
        if value.symbol or value.number < 0:
            raise SyntaxFault("asm-value", "a size must be a number", expr.span)
        symbol.size = value.number

    job.late.append(resolve)


def assign(job: Job, operands: list[list[Token]], head: Token) -> None:
    if len(operands) != 2:
        raise SyntaxFault("asm-syntax", "this needs a symbol and a value", head.span)
    symbol = _one_name(job, operands[0], head)
    expr = job.expression(operands[1], head.span)
    value = job.evaluate(expr)
    if value.symbol and value.place is None:
        raise SyntaxFault("asm-value", "the value must be known here", expr.span)
    if symbol.section is not None and symbol.special == 0 and head.text == ".equiv":
        raise SyntaxFault("asm-redefined", f"'{symbol.name}' is defined twice", head.span)
    symbol.section, symbol.value = value.place, value.offset & (1 << 64) - 1
    symbol.special = 0 if value.symbol else objwriter.SHN_ABS
    if symbol.special:
        symbol.value = value.number
    job.defined_at[symbol.name] = head.span


def _common(job: Job, operands: list[list[Token]], head: Token) -> None:
    if len(operands) not in (2, 3):
        raise SyntaxFault("asm-syntax", ".comm needs a symbol, a size, an alignment", head.span)
    symbol = _one_name(job, operands[0], head)
    if symbol.section is not None or symbol.special:
        raise SyntaxFault("asm-redefined", f"'{symbol.name}' is defined twice", head.span)
    size = job.number(operands[1], head.span)
    align = job.number(operands[2], head.span) if len(operands) == 3 else 1
    if not 0 <= size < MAX_SPACE or align <= 0 or align & align - 1:
        raise SyntaxFault("asm-value", "bad size or alignment", head.span)
    symbol.special, symbol.size, symbol.value = objwriter.SHN_COMMON, size, align
    symbol.binding, symbol.type = objwriter.STB_GLOBAL, objwriter.STT_OBJECT
    job.defined_at[symbol.name] = head.span


def _align(job: Job, is_log2: bool, operands: list[list[Token]], head: Token) -> None:
    if not 1 <= len(operands) <= 3:
        raise SyntaxFault("asm-syntax", f"{head.text} needs an alignment", head.span)
    align = job.number(operands[0], head.span)
    if is_log2:
        align = 1 << align if 0 <= align <= 16 else 0
    if not 0 < align <= 1 << 16 or align & align - 1:
        raise SyntaxFault("asm-value", "an alignment is a power of two up to 65536", head.span)
    fill = job.number(operands[1], head.span) if len(operands) > 1 and operands[1] else None
    limit = job.number(operands[2], head.span) if len(operands) > 2 else align
    section = job.section
    count = -len(section.data) % align
    if count > limit:
        return
    section.align = max(section.align, align)
    if fill is None and section.flags & objwriter.SHF_EXECINSTR and count % 2 == 0:
        if count % 4:
            job.append(encode("c.nop").to_bytes(2, "little"), head.span)
        nop = encode("addi", rd=0, rs1=0, imm12=0).to_bytes(4, "little")
        job.append(nop * (count // 4), head.span)
    else:
        job.append(bytes([(fill or 0) & 0xFF]) * count, head.span)


def _data(job: Job, size: int, operands: list[list[Token]], head: Token) -> None:
    if not operands:
        raise SyntaxFault("asm-syntax", f"{head.text} needs a value", head.span)
    for operand in operands:
        expr = job.expression(operand, head.span)
        section, offset = job.section, len(job.section.data)
        job.append(bytes(size), expr.span)
        job.late.append(partial(_fill_data, job, section, offset, size, expr))


def _fill_data(job: Job, section: ObjSection, offset: int, size: int, expr: Expr) -> None:
    value = job.evaluate(expr)
    if value.symbol is None:
        if not -(1 << 8 * size - 1) <= value.number < 1 << 8 * size:
            what = f"{value.number} does not fit into {size} bytes"
            raise SyntaxFault("asm-value", what, expr.span)
        data = (value.number & (1 << 8 * size) - 1).to_bytes(size, "little")
        if section.type == objwriter.SHT_NOBITS and value.number:
            raise SyntaxFault("asm-value", f"'{section.name}' holds no bytes", expr.span)
        section.data[offset : offset + size] = data
    elif size in ABSOLUTE:
        job.relocate(section, offset, ABSOLUTE[size], value, expr.span)
    else:
        raise SyntaxFault("asm-value", f"an address does not fit into {size} bytes", expr.span)


def _string(job: Job, end: bytes, operands: list[list[Token]], head: Token) -> None:
    for operand in operands:
        if len(operand) != 1 or operand[0].kind != "string":
            raise SyntaxFault("asm-syntax", f"{head.text} needs strings", head.span)
        job.append(operand[0].text.encode("latin-1") + end, operand[0].span)


def _space(job: Job, operands: list[list[Token]], head: Token) -> None:
    if not 1 <= len(operands) <= 2:
        raise SyntaxFault("asm-syntax", f"{head.text} needs a size", head.span)
    count = job.number(operands[0], head.span)
    fill = job.number(operands[1], head.span) if len(operands) > 1 else 0
    job.append(bytes([fill & 0xFF]) * _checked_space(count, head), head.span)


def _fill(job: Job, operands: list[list[Token]], head: Token) -> None:
    if not 1 <= len(operands) <= 3:
        raise SyntaxFault("asm-syntax", ".fill needs a count, a size, a value", head.span)
    count, size, value = [job.number(o, head.span) for o in operands] + [1, 0][len(operands) - 1 :]
    if not 0 <= size <= 8:
        raise SyntaxFault("asm-value", "the size of .fill is 0 to 8", head.span)
    _checked_space(count * size, head)
    job.append((value & (1 << 8 * size) - 1).to_bytes(size, "little") * count, head.span)


def _checked_space(count: int, head: Token) -> int:
    if not 0 <= count <= MAX_SPACE:
        raise SyntaxFault("asm-value", f"cannot make {count} bytes", head.span)
    return count


def _option(job: Job, operands: list[list[Token]], head: Token) -> None:
    match ["".join(t.text for t in operand) for operand in operands]:
        case ["rvc"]:
            job.extensions.add("c")
            job.compress = True
        case ["norvc"]:
            job.compress = False
        case ["push"]:
            job.options.append(State(job.compress, set(job.extensions)))
        case ["pop"] if job.options:
            state = job.options.pop()
            job.compress, job.extensions = state.compress, state.extensions
        case ["relax" | "norelax" | "nopic"]:
            pass  # nothing is ever relaxed, and no code is position-independent
        case ["arch", *names] if names:
            for name in names:
                _add_extension(job, name, head)
        case other:
            what = f".option {','.join(other)} is not supported"
            raise SyntaxFault("asm-directive", what, head.span)


def _add_extension(job: Job, name: str, head: Token) -> None:
    try:
        added = parse_target(name if name.startswith("rv") else f"{DEFAULT_ARCH}_{name[1:]}")
    except ValueError as e:
        raise SyntaxFault("asm-directive", str(e), head.span) from e
    if not name.startswith(("+", "rv")):
        raise SyntaxFault("asm-directive", f"write .option arch, +{name}", head.span)
    job.extensions |= added.extensions


def _file(job: Job, operands: list[list[Token]], head: Token) -> None:
    """`.file "name"` names the source, `.file number ["folder"] "name"` a line's file."""
    tokens = [token for operand in operands for token in operand]
    if len(tokens) == 1 and tokens[0].kind == "string":
        return
    number, *names = tokens or [head]
    # A checksum may follow: it is DWARF 5's.
    texts = [token.text for token in names[:2] if token.kind == "string"]
    if number.kind != "number" or not texts:
        raise SyntaxFault("asm-syntax", ".file needs a number and a name", head.span)
    job.lines.files[number.value] = (texts[0] if len(texts) == 2 else "", texts[-1])


def _loc(job: Job, operands: list[list[Token]], head: Token) -> None:
    """`.loc file line [column] [option...]`."""
    tokens = [token for operand in operands for token in operand]
    count = next((n for n, token in enumerate(tokens) if token.kind != "number"), len(tokens))
    if not 2 <= count <= 3:
        raise SyntaxFault("asm-syntax", ".loc needs a file, a line, perhaps a column", head.span)
    number, line, column = [*(token.value for token in tokens[:count]), 0][:3]
    if number not in job.lines.files:
        raise SyntaxFault("asm-value", f"no .file has the number {number}", tokens[0].span)
    if not 0 <= max(line, column) <= LARGEST:
        raise SyntaxFault("asm-value", "no such line or column", head.span)
    if job.lines.pending is not None:
        job.lines.place(job.section)
    changes: dict[str, Any] = {"discriminator": 0, "marks": ()}
    rest = iter(tokens[count:])
    for option in rest:
        if option.text in MARKS:
            changes["marks"] += (MARKS[option.text],)
        elif option.text in _LOC_NUMBERS:
            changes[option.text] = _loc_number(next(rest, option))
        else:
            what = f".loc has no option '{option.text}'"
            raise SyntaxFault("asm-directive", what, option.span)
    row = replace(job.lines.last, file=number, line=line, column=column, **changes)
    job.lines.pending = job.lines.last = row


def _loc_number(token: Token) -> int:
    if token.kind != "number" or token.value > LARGEST:
        raise SyntaxFault("asm-syntax", f"unexpected '{token.text}'", token.span)
    return token.value


_Handler = Callable[[Job, list[list[Token]], Token], None]


def _with(method: Callable[..., None], first: object) -> _Handler:
    return lambda job, operands, head: method(job, first, operands, head)


_DIRECTIVES: dict[str, _Handler] = {
    **dict.fromkeys((".text", ".data", ".bss", ".rodata"), _plain_section),
    **dict.fromkeys((".section", ".pushsection"), _section),
    ".popsection": _pop_section,
    ".previous": _previous,
    **dict.fromkeys((".globl", ".global"), _with(_binding, objwriter.STB_GLOBAL)),
    ".local": _with(_binding, objwriter.STB_LOCAL),
    ".weak": _with(_binding, objwriter.STB_WEAK),
    **dict.fromkeys(_VISIBILITY, _visibility),
    ".type": _type,
    ".size": _size,
    **dict.fromkeys((".set", ".equ", ".equiv"), assign),
    ".comm": _common,
    **dict.fromkeys((".align", ".p2align"), _with(_align, True)),
    ".balign": _with(_align, False),
    ".byte": _with(_data, 1),
    **dict.fromkeys((".half", ".hword", ".short", ".2byte"), _with(_data, 2)),
    **dict.fromkeys((".word", ".long", ".int", ".4byte"), _with(_data, 4)),
    **dict.fromkeys((".dword", ".quad", ".8byte"), _with(_data, 8)),
    ".ascii": _with(_string, b""),
    **dict.fromkeys((".asciz", ".string"), _with(_string, b"\0")),
    **dict.fromkeys((".zero", ".space", ".skip"), _space),
    ".fill": _fill,
    ".option": _option,
    ".file": _file,
    ".loc": _loc,
}
