"""What a call of a DMA function shows to be wrong: a constant size, an address off its words.

The functions are those declared with `__attribute__((dma_contract(...)))`, see <mram.h>. The
hardware checks nothing: it rounds addresses down and takes sizes modulo 2048.
"""

from __future__ import annotations

from . import ast, constant, tast
from .record import record
from .scope import Context
from .source import Span
from .types import AddrSpace, Pointer, Struct, alignof, is_integer, sizeof, struct_layout

WORD = 8  # bytes; what a DMA moves
MOST = 2048  # bytes of one DMA


@record
class Contract:
    """sizes: of a transfer; empty: any. mram, wram: what the address there is a multiple of, in
    bytes. alike: the two addresses agree modulo 8.
    """

    sizes: range = range(0)
    mram: int = 1
    wram: int = 1
    alike: bool = False


# fmt: off
CONTRACTS = {
    "words":       Contract(range(WORD, MOST + 1, WORD), mram=WORD, wram=WORD),
    "bytes_read":  Contract(wram=WORD),
    "bytes_write": Contract(alike=True),
    "word32":      Contract(mram=4),
}
# fmt: on


@record
class _Known:
    """An address is `residue` modulo `modulus`, a power of two up to WORD; 1: nothing is known.

    var: the object it lies in, if that is seen.
    """

    modulus: int = 1
    residue: int = 0
    var: tast.Var | None = None

    def plus(self, offset: int) -> _Known:
        return _Known(self.modulus, (self.residue + offset) % self.modulus, self.var)

    def limited(self, step: int) -> _Known:
        """After an unknown number of steps."""
        modulus = min(self.modulus, step & -step) if step else self.modulus
        return _Known(modulus, self.residue % modulus, self.var)


def attribute(ctx: Context, given: ast.Attribute) -> str | None:
    """The contract that `dma_contract(name)` gives a function; None, with an error, for none."""
    match given.args:
        case (ast.Ident(name=name),) if name in CONTRACTS:
            return name
    names = ", ".join(CONTRACTS)
    ctx.diags.error("bad-attribute", f"'dma_contract' takes one of {names}", given.span)
    return None


def call(ctx: Context, called: tast.Call) -> None:
    """Report what is visibly wrong with the arguments of a function that has a contract."""
    name = called.function.name
    contract = CONTRACTS[called.function.attrs.dma or ""]
    known: list[_Known] = []
    for argument in called.args:
        t = argument.type
        if isinstance(t, Pointer):
            in_mram = t.quals.space in (AddrSpace.MRAM, AddrSpace.GLOBAL)
            known.append(_address(argument))
            align = contract.mram if in_mram else contract.wram
            _alignment(ctx, argument.span, known[-1], align, "MRAM" if in_mram else "WRAM")
        elif is_integer(t) and contract.sizes:
            _size(ctx, name, argument, contract.sizes)
    if contract.alike and len(known) > 1:
        modulus = min(known[0].modulus, known[1].modulus)
        if (known[0].residue - known[1].residue) % modulus:
            message = f"'{name}' needs two addresses that agree modulo {WORD}; these do not"
            ctx.diags.error("misaligned-dma", message, called.span)


def _size(ctx: Context, name: str, argument: tast.Expr, sizes: range) -> None:
    size = constant.fold(argument)
    if size is None or size in sizes:
        return
    message = f"'{name}' takes {sizes[0]} to {sizes[-1]} bytes, a multiple of {WORD}, not {size}"
    hint = None
    if size > MOST:
        hint = f"transfer pieces of at most {MOST} bytes in a loop"
    elif size > 0:
        up = -(-int(size) // WORD) * WORD
        hint = f"round the size, and the room for it, up to {up}"
    ctx.diags.error("dma-size", message, argument.span, hint=hint)


def _alignment(ctx: Context, span: Span, known: _Known, align: int, where: str) -> None:
    off = known.residue % align
    if off:
        message = f"the address in {where} is {off} past a multiple of {align}"
        hint = "a DMA ignores the low bits of addresses: the unaligned variants move single bytes"
        ctx.diags.error("misaligned-dma", message, span, hint=hint)
    elif known.var is not None and _aligned(known.var) < align:
        var = known.var
        message = f"'{var.name}' is aligned to {_aligned(var)}, and a DMA needs {align}"
        note = (f"'{var.name}' is declared here", var.span)
        hint = "declare it with __dma_aligned"
        ctx.diags.warning("dma-alignment", message, span, notes=(note,), hint=hint)


def _aligned(var: tast.Var) -> int:
    if var.quals.space is AddrSpace.MRAM:
        return max(var.align, WORD)
    return max(var.align, alignof(var.type))


# -- what is known of an address ------------------------------------------------------------------


def _address(pointer: tast.Expr | tast.LValue) -> _Known:
    match pointer:
        case tast.Const(value=value):
            return _Known(WORD, int(value) % WORD)
        case tast.Convert(kind="int-to-pointer", operand=operand):
            number = None if isinstance(operand, tast.OBJECTS) else constant.fold(operand)
            return _Known() if number is None else _Known(WORD, int(number) % WORD)
        case tast.Convert(kind="pointer", operand=operand):
            return _address(operand)
        case tast.Convert(kind="decay" | "address", operand=operand):
            return _place(operand)
        case tast.PointerAdd(pointer=base, index=index, negate=negate):
            assert isinstance(base.type, Pointer)
            step, count = sizeof(base.type.pointee), constant.fold(index)
            if count is None:
                return _address(base).limited(step)
            return _address(base).plus(-int(count) * step if negate else int(count) * step)
        case _:
            return _Known()


def _place(place: tast.Expr | tast.LValue) -> _Known:
    match place:
        case tast.VarRef(var=var) | tast.CompoundRef(var=var):
            return _Known(min(_aligned(var), WORD), 0, var if var.name else None)
        case tast.MemberRef(base=base, index=index):
            assert isinstance(base.type, Struct)
            return _place(base).plus(struct_layout(base.type)[0][index])
        case tast.Deref(pointer=pointer):
            return _address(pointer)
        case _:
            return _Known()
