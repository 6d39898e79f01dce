"""Instructions of the assembler: words, and names that stand for several.

What names a label is resolved when all labels are known.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from ..frontend.diag import Diagnostics
from ..frontend.source import SourceFile
from . import asmlex, objwriter
from .asmjob import Job, Value
from .asmlex import Expr, Modified, Name, Number, SyntaxFault, Token
from .asmoperand import parts_of, read_operand, read_operands, read_value
from .encode import Decoded, EncodeError, compress, encode
from .isa import FIELDS, TABLE, Insn
from .objwriter import ObjReloc, ObjSection, ObjSymbol
from .pseudo import LOADS, PSEUDO, load_constant
from .regs import CSRS, F_NUMBERS, X_NUMBERS

_TARGETS = {"branch13": 16, "jump21": 17, "cb": 44, "cj": 45}
_MODIFIED = {
    ("%hi", "upper20"): 26, ("%lo", "imm12"): 27, ("%lo", "store12"): 28,
    ("%pcrel_hi", "upper20"): 23, ("%pcrel_lo", "imm12"): 24, ("%pcrel_lo", "store12"): 25,
}  # fmt: skip
R_RISCV_CALL_PLT = 19


def instruction(job: Job, head: Token, operands: list[list[Token]]) -> None:
    name = _variant(job, head, operands)
    templates = PSEUDO.get((name, len(operands)))
    if templates is not None:
        for template in templates:
            instruction(job, *_instantiate(template, operands, head))
        return
    special = _SPECIAL.get(name)
    if special is not None:
        special(job, operands, head)
        return
    if _accesses_symbol(name, operands):
        _access_symbol(job, name, operands, head)
        return
    flags = {}
    stem, _, suffix = name.rpartition(".")
    if suffix in ("aq", "rl", "aqrl") and stem in TABLE and TABLE[stem].ext == "A":
        name = stem
        flags = {"aq": int("aq" in suffix), "rl": int("rl" in suffix)}
    row = TABLE.get(name)
    if row is None:
        counts = [str(count) for known, count in PSEUDO if known == name]
        if counts:
            what = f"'{head.text}' takes {' or '.join(counts)} operands, not {len(operands)}"
            raise SyntaxFault("asm-syntax", what, head.span)
        raise SyntaxFault("asm-instruction", f"unknown instruction '{head.text}'", head.span)
    short_form = TABLE.get(_IMMEDIATE_FORMS.get(name, ""))
    if short_form and len(operands) == 3 and _is_constant(job, operands[2]):
        row = short_form  # `add a0,a1,5` is how objdump writes addi
    _require(job, row, head)
    _encode(job, row, read_operands(job, row, operands, head), flags, head)


def _variant(job: Job, head: Token, operands: list[list[Token]]) -> str:
    """The name to look up, with a mark where the operands choose between expansions."""
    name = head.text.lower()
    if name == "zext.w" and "zba" in job.extensions:
        return "zext.w+"  # one instruction does it
    if name in ("vmsltu.vi", "vmsgeu.vi") and len(operands) > 2 and operands[2]:
        immediate = read_value(job, operands[2], head.span)
        return name + "+0" * (immediate == 0)  # no unsigned number is less than 0
    if name in ("vmsge.vx", "vmsgeu.vx") and len(operands) > 3:
        if [t.text for t in operands[3]] != ["v0.t"]:
            raise SyntaxFault("asm-syntax", "a mask is v0.t", head.span)
        if [t.text for t in operands[0]] == ["v0"]:  # it overwrites its own mask
            if len(operands) == 4:
                raise SyntaxFault("asm-value", f"'{name}' into v0 needs a register more", head.span)
            return name + "+v0"
    return name


def _is_constant(job: Job, operand: list[Token]) -> bool:
    if len(operand) != 1 or operand[0].kind != "name":
        return bool(operand)
    symbol = job.symbols.get(operand[0].text)
    return symbol is not None and symbol.special == objwriter.SHN_ABS


def _require(job: Job, row: Insn, head: Token) -> None:
    if row.ext != "M-mode" and row.ext.lower() not in job.extensions:
        raise SyntaxFault(
            "asm-extension", f"'{head.text}' needs the extension {row.ext}", head.span
        )


def _encode(
    job: Job, row: Insn, given: dict[str, int | Expr], flags: dict[str, int], head: Token
) -> None:
    """Append the instruction, with room for what is filled in later."""
    section = job.section
    if not section.flags & objwriter.SHF_EXECINSTR:
        raise SyntaxFault("asm-value", f"'{section.name}' is no section for code", head.span)
    section.align = max(section.align, 2 if job.compress or row.size == 2 else 4)
    operands, waiting = dict(flags), []
    for key, value in given.items():
        shift = 12 if FIELDS[key].scale == 4096 else 0
        if isinstance(value, int) and FIELDS[key].kind != "target":
            operands[key] = _upper(value, head) if shift else value
        else:
            waiting.append((key, Number(value, head.span) if isinstance(value, int) else value))
    if not waiting:
        job.append(_bytes(job, row, operands, head), head.span)
        return
    short = _short_branch(job, row, operands, waiting)
    if short is not None:
        job.branches += 1
        if job.branches not in job.far:
            _encode_short(job, short, waiting[0][1], head)
            return
    offset = len(section.data)
    job.append(bytes(row.size), head.span)

    def resolve() -> None:
        for key, expr in waiting:
            operands[key] = _resolve(job, section, offset, key, expr)
        data = _encoded(row, operands, head).to_bytes(row.size, "little")
        section.data[offset : offset + row.size] = data

    job.late.append(resolve)


def _short_branch(
    job: Job, row: Insn, operands: dict[str, int], waiting: list[tuple[str, Expr]]
) -> Decoded | None:
    """The compressed branch that does the same if its label is near."""
    (key, _), *more = waiting
    if more or FIELDS[key].kind != "target" or not job.compress:
        return None
    return compress(Decoded(row, {**operands, key: 0}))


def _encode_short(job: Job, short: Decoded, target: Expr, head: Token) -> None:
    section, offset, number = job.section, len(job.section.data), job.branches
    key = next(key for key, field in short.insn.fields if field.kind == "target")
    job.append(bytes(2), head.span)

    def resolve() -> None:
        distance = _distance(job, section, offset, target)
        if isinstance(distance, int) and FIELDS[key].fits(distance):
            word = encode(short.insn, **{**short.operands, key: distance})
            section.data[offset : offset + 2] = word.to_bytes(2, "little")
        else:
            job.too_far.add(number)

    job.late.append(resolve)


def _bytes(job: Job, row: Insn, operands: dict[str, int], head: Token) -> bytes:
    word, size = _encoded(row, operands, head), row.size
    if job.compress and size == 4:
        full = {o.key: operands.get(o.key, o.default) for o in row.operands}
        short = compress(Decoded(row, {k: v for k, v in full.items() if v is not None}))
        if short is not None:
            word, size = encode(short.insn, **short.operands), 2
    return word.to_bytes(size, "little")


def _resolve(job: Job, section: ObjSection, offset: int, key: str, expr: Expr) -> int:
    """The operand's value, 0 where a relocation will put it."""
    if isinstance(expr, Modified):
        return _resolve_modified(job, section, offset, key, expr)
    if FIELDS[key].kind == "target":
        distance = _distance(job, section, offset, expr)
        if isinstance(distance, int):
            return distance
        job.relocate(section, offset, _TARGETS[key], distance, expr.span)
        return 0
    value = job.evaluate(expr)
    if value.symbol is not None:
        raise SyntaxFault("asm-value", "an address does not fit here; see %lo and la", expr.span)
    return _upper(value.number, expr) if key in ("upper20", "clui") else value.number


def _distance(job: Job, section: ObjSection, offset: int, target: Expr) -> int | Value:
    """From an instruction to its target; the target itself where the linker must place it."""
    value = job.evaluate(target)
    if value.symbol is None:
        raise SyntaxFault("asm-value", "the target must be a label", target.span)
    if value.place is section and value.symbol.binding != objwriter.STB_WEAK:
        return value.offset - offset
    return value


def _resolve_modified(job: Job, section: ObjSection, offset: int, key: str, expr: Modified) -> int:
    reloc = _MODIFIED.get((expr.modifier, key))
    if reloc is None:
        raise SyntaxFault("asm-value", f"{expr.modifier} cannot be used here", expr.span)
    value = job.evaluate(expr.operand)
    if value.symbol is None:
        if expr.modifier.startswith("%pcrel"):
            raise SyntaxFault("asm-value", f"{expr.modifier} needs a label", expr.span)
        low = (value.number & 0xFFF ^ 0x800) - 0x800
        high = (value.number - low & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
        return high if expr.modifier == "%hi" else low
    if expr.modifier == "%pcrel_lo":
        # It names the auipc whose %pcrel_hi it completes: the label itself must survive.
        if value.number or value.place is None:
            raise SyntaxFault("asm-value", "%pcrel_lo needs the label of an auipc", expr.span)
        job.used.add(id(value.symbol))
        section.relocs.append(ObjReloc(offset, reloc, value.symbol))
    else:
        job.relocate(section, offset, reloc, value, expr.span)
    return 0


def _li(job: Job, operands: list[list[Token]], head: Token) -> None:
    if len(operands) != 2:
        raise SyntaxFault("asm-syntax", "'li' takes 2 operands", head.span)
    value = job.number(operands[1], head.span)
    if not -(1 << 63) <= value < 1 << 64:
        raise SyntaxFault("asm-value", f"{value} does not fit into 64 bits", head.span)
    register: dict[str, int | Expr] = {}
    read_operand(job, "rd", operands[0], head, register)
    rd = register["rd"]
    for name, source, immediate in load_constant(value):
        row = TABLE[name]
        given: dict[str, int | Expr] = {"rd": rd}
        for operand in row.operands[1:]:
            given[operand.key] = immediate
        if "rs1" in given:
            given["rs1"] = 0 if source == "zero" else rd
        if name == "lui":
            given["upper20"] = immediate >> 12
        _encode(job, row, given, {}, head)


def _pcrel_pair(
    job: Job, row: Insn, given: dict[str, int | Expr], target: Expr, head: Token
) -> None:
    """auipc with %pcrel_hi(target) into given["rs1"]; then `row` with %pcrel_lo of that."""
    job.hidden_labels += 1
    label = f".Lpcrel_hi{job.hidden_labels}"
    job.symbols[label] = ObjSymbol(label, job.section, len(job.section.data))
    high = Modified("%pcrel_hi", target, target.span)
    _encode(job, TABLE["auipc"], {"rd": given["rs1"], "upper20": high}, {}, head)
    low = Modified("%pcrel_lo", Name(label, target.span), target.span)
    key = next(o.key for o in row.operands if o.key in ("imm12", "store12"))
    _encode(job, row, {**given, key: low}, {}, head)


def _la(job: Job, operands: list[list[Token]], head: Token) -> None:
    if len(operands) != 2:
        raise SyntaxFault("asm-syntax", f"'{head.text}' takes 2 operands", head.span)
    given: dict[str, int | Expr] = {}
    read_operand(job, "rd", operands[0], head, given)
    given["rs1"] = given["rd"]
    _pcrel_pair(job, TABLE["addi"], given, job.expression(operands[1], head.span), head)


def _accesses_symbol(name: str, operands: list[list[Token]]) -> bool:
    """`lw a0, table`, `sw a0, table, t0`: a load or store that names no base register."""
    row = TABLE.get(name)
    if row is None or name not in LOADS or len(operands) < 2 or not operands[1]:
        return False
    return operands[1][-1].text != ")" or not _has_base(operands[1])


def _access_symbol(job: Job, name: str, operands: list[list[Token]], head: Token) -> None:
    row = TABLE[name]
    register, _memory = parts_of(row)
    given: dict[str, int | Expr] = {}
    _require(job, row, head)
    read_operand(job, register, operands[0], head, given)
    needs_base = register != "rd"  # what is loaded into an integer register holds it before
    if len(operands) != 2 + needs_base:
        what = "a register for the address" if needs_base else "2 operands"
        raise SyntaxFault("asm-syntax", f"'{name}' of a symbol takes {what}", head.span)
    read_operand(job, "rs1", operands[2] if needs_base else operands[0], head, given)
    _pcrel_pair(job, row, given, job.expression(operands[1], head.span), head)


def _jump_register(job: Job, operands: list[list[Token]], head: Token) -> None:
    """jr and jalr: with or without a link register and an offset, however written."""
    name = head.text.lower()
    given: dict[str, int | Expr] = {"rd": X_NUMBERS["zero" if name == "jr" else "ra"]}
    row = TABLE["jalr"]
    if name == "jalr" and len(operands) > 1:
        read_operand(job, "rd", operands[0], head, given)
        operands = operands[1:]
    if not 1 <= len(operands) <= 1 + (name == "jalr"):
        raise SyntaxFault("asm-syntax", f"'{name}' takes a register", head.span)
    if len(operands) == 2 or _is_register(operands[0]):
        read_operand(job, "rs1", operands[0], head, given)
        last = operands[1] if len(operands) == 2 else []
        given["imm12"] = read_value(job, last, head.span) if last else 0
    else:
        read_operand(job, "imm12(rs1)", operands[0], head, given)
    _encode(job, row, given, {}, head)


def _fence_tso(job: Job, operands: list[list[Token]], head: Token) -> None:
    if operands:
        raise SyntaxFault("asm-syntax", "'fence.tso' takes no operands", head.span)
    _encode(job, TABLE["fence"], {"pred": 3, "succ": 3, "fm": 8}, {}, head)


def _unimp(job: Job, operands: list[list[Token]], head: Token) -> None:
    """What never becomes an instruction: all bits zero, or a write to a counter."""
    if operands:
        raise SyntaxFault("asm-syntax", "'unimp' takes no operands", head.span)
    if job.compress:
        job.append(bytes(2), head.span)
    else:
        _encode(job, TABLE["csrrw"], {"rd": 0, "csr": CSRS["cycle"], "rs1": 0}, {}, head)


def _call(job: Job, operands: list[list[Token]], head: Token) -> None:
    """A call or jump to anywhere: two instructions under one relocation."""
    name = head.text.lower()
    takes_register = name == "jump" or (name == "call" and len(operands) == 2)
    if len(operands) != 1 + takes_register:
        raise SyntaxFault("asm-syntax", f"'{name}' takes a symbol", head.span)
    link, through = ("ra", "ra") if name == "call" else ("zero", "t1")
    numbers = [X_NUMBERS[link], X_NUMBERS[through]]
    target = operands[0]
    if takes_register:
        given: dict[str, int | Expr] = {}
        which = 1 if name == "jump" else 0
        target = operands[1 - which]
        read_operand(job, "rd", operands[which], head, given)
        rd = given["rd"]
        assert isinstance(rd, int)
        numbers = [numbers[0], rd] if name == "jump" else [rd, rd]
    expr = job.expression(target, head.span)
    section, offset = job.section, len(job.section.data)
    compress, job.compress = job.compress, False  # the relocation covers eight bytes
    try:
        _encode(job, TABLE["auipc"], {"rd": numbers[1], "upper20": 0}, {}, head)
        _encode(job, TABLE["jalr"], {"rd": numbers[0], "rs1": numbers[1], "imm12": 0}, {}, head)
    finally:
        job.compress = compress

    def resolve() -> None:
        value = job.evaluate(expr)
        if value.symbol is None:
            raise SyntaxFault("asm-value", "the target must be a label", expr.span)
        job.relocate(section, offset, R_RISCV_CALL_PLT, value, expr.span)

    job.late.append(resolve)


# -- helpers ------------------------------------------------------------------------------------


def _is_register(operand: list[Token]) -> bool:
    return len(operand) == 1 and (operand[0].text in X_NUMBERS or operand[0].text in F_NUMBERS)


def _has_base(operand: list[Token]) -> bool:
    """Whether it ends in `(register)`, which `%lo(x)` does not."""
    before = operand[-4].text if len(operand) > 3 else ""
    return len(operand) > 2 and operand[-3].text == "(" and before not in asmlex.MODIFIERS


def _upper(value: int, where: Token | Expr) -> int:
    """The value of lui or auipc from what is written: its upper twenty bits, signed or not."""
    if not -(1 << 19) <= value < 1 << 20:
        raise SyntaxFault("asm-value", f"{value} is not in the range 0 to 1048575", where.span)
    return ((value & 0xF_FFFF ^ 0x8_0000) - 0x8_0000) << 12


def _encoded(row: Insn, operands: dict[str, int], head: Token) -> int:
    try:
        return encode(row, **operands)
    except EncodeError as e:
        raise SyntaxFault("asm-value", f"'{row.name}': {e}", head.span) from e


@cache
def _template(text: str) -> tuple[Token, tuple[tuple[Token, ...], ...]]:
    (line,) = asmlex.statements(SourceFile("<pseudo-instruction>", text), Diagnostics())
    return line[0], tuple(tuple(operand) for operand in asmlex.split(line[1:]))


def _instantiate(
    text: str, operands: list[list[Token]], head: Token
) -> tuple[Token, list[list[Token]]]:
    """A template's statement, with places that point into the user's text."""
    name, parts = _template(text)
    filled: list[list[Token]] = []
    for part in parts:
        filled.append([])
        for token in part:
            if token.text[0] == "$":
                filled[-1] += operands[int(token.text[1:])]
            else:
                filled[-1].append(Token(token.kind, token.text, head.span, token.value))
    return Token("name", name.text, head.span), filled


_IMMEDIATE_FORMS = {
    name.replace("i", "", 1) if name != "sltiu" else "sltu": name
    for name in (
        "addi", "addiw", "xori", "ori", "andi", "slti", "sltiu", "slli", "srli", "srai",
    )
} | {
    "sllw": "slliw", "srlw": "srliw", "sraw": "sraiw", "ror": "rori", "rorw": "roriw",
    "bclr": "bclri", "bext": "bexti", "binv": "binvi", "bset": "bseti",
    "csrrw": "csrrwi", "csrrs": "csrrsi", "csrrc": "csrrci",
}  # fmt: skip

_Handler = Callable[[Job, list[list[Token]], Token], None]
_SPECIAL: dict[str, _Handler] = {
    "li": _li,
    **dict.fromkeys(("la", "lla"), _la),
    "fence.tso": _fence_tso,
    "unimp": _unimp,
    **dict.fromkeys(("jr", "jalr"), _jump_register),
    **dict.fromkeys(("call", "tail", "jump"), _call),
}
