"""V: element-wise floating point, chapter 13 of V 1.0, as rows; ieee.py says what is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from . import ieee, vestimate
from .mode import RTZ
from .vector import VectorSemantics
from .vfloats import At, Compute, Operand, Row, elementwise

VD, VS1, VS2, RS1 = (Operand(key) for key in ("vd", "vs1", "vs2", "rs1"))
WIDE_VD, WIDE_VS2 = (Operand(key, 2) for key in ("vd", "vs2"))
MASK = Operand("vd", 0, "integers")


def _bits(p: Operand) -> Operand:
    """The same operand, not taken for floats."""
    return replace(p, what="bits")


ROWS: dict[str, Row] = {}

# -- arithmetic -----------------------------------------------------------------------------------


def _arithmetic(name: str, *order: int) -> Compute:
    """A scalar operation; order: which source is its first operand, its second, ..."""

    def compute(at: At, values: Sequence[str]) -> str:
        return ieee.arithmetic(at.b, at.floats, name, at.mode, [values[n] for n in order])

    return compute


def _widening(name: str, *order: int, wide: int | None = None) -> Compute:
    """The same on twice as wide floats; wide: which source is of those already."""

    def compute(at: At, values: Sequence[str]) -> str:
        extended = [
            v if n == wide else ieee.convert(at.b, at.floats, at.wide, at.mode, v)
            for n, v in enumerate(values)
        ]
        return ieee.arithmetic(at.b, at.wide, name, at.mode, [extended[n] for n in order])

    return compute


for _form, _other in (("vv", VS1), ("vf", RS1)):
    for _name in ("fadd", "fsub", "fmul", "fdiv"):
        ROWS[f"v{_name}.{_form}"] = Row(_arithmetic(_name, 0, 1), VD, (VS2, _other))
    for _name in ("fadd", "fsub", "fmul"):
        _wide_name = f"vfw{_name[1:]}"
        ROWS[f"{_wide_name}.{_form}"] = Row(_widening(_name, 0, 1), WIDE_VD, (VS2, _other))
        if _name != "fmul":
            _with_wide = Row(_widening(_name, 0, 1, wide=0), WIDE_VD, (WIDE_VS2, _other))
            ROWS[f"{_wide_name}.w{_form[1]}"] = _with_wide
    # Which of vd, vs2 and the other are multiplied, and which is added.
    for _ending, _name in (
        ("acc", "fmadd"), ("nacc", "fnmadd"), ("sac", "fmsub"), ("nsac", "fnmsub"),
    ):  # fmt: skip
        _sources = (VD, VS2, _other)
        _prefix, _rest = ("n", _ending[1:]) if _ending[0] == "n" else ("", _ending)
        ROWS[f"vf{_prefix}m{_rest}.{_form}"] = Row(_arithmetic(_name, 2, 1, 0), VD, _sources)
        ROWS[f"vfw{_prefix}m{_rest}.{_form}"] = Row(
            _widening(_name, 2, 1, 0, wide=0), WIDE_VD, (WIDE_VD, VS2, _other)
        )
    for _name in ("fmadd", "fnmadd", "fmsub", "fnmsub"):
        ROWS[f"v{_name}.{_form}"] = Row(_arithmetic(_name, 2, 0, 1), VD, (VD, VS2, _other))
ROWS["vfrsub.vf"] = Row(_arithmetic("fsub", 1, 0), VD, (VS2, RS1))
ROWS["vfrdiv.vf"] = Row(_arithmetic("fdiv", 1, 0), VD, (VS2, RS1))
ROWS["vfsqrt.v"] = Row(_arithmetic("fsqrt", 0), VD, (VS2,))
ROWS["vfrec7.v"] = Row(lambda at, v: vestimate.reciprocal(at.b, at.floats, v[0]), VD, (VS2,))
ROWS["vfrsqrt7.v"] = Row(lambda at, v: vestimate.reciprocal_root(at.b, at.floats, v[0]), VD, (VS2,))

# -- comparisons, signs, classes, moves -----------------------------------------------------------


def _extreme(less: str) -> Compute:
    return lambda at, v: ieee.extreme(at.b, at.floats, less, v[0], v[1])


def _compare(predicate: str) -> Compute:
    quiet = predicate in ("oeq", "une")
    return lambda at, v: ieee.compare(at.b, at.floats, predicate, v[0], v[1], quiet=quiet)


def _sign(name: str) -> Compute:
    return lambda at, v: ieee.inject_sign(at.b, at.floats, name, v[0], v[1])


def _classify(at: At, values: Sequence[str]) -> str:
    return ieee.classify(at.b, at.floats, values[0])


_COMPARISONS = {
    "vmfeq": "oeq", "vmfne": "une", "vmflt": "olt", "vmfle": "ole", "vmfgt": "ogt", "vmfge": "oge",
}  # fmt: skip

for _form, _other in (("vv", VS1), ("vf", RS1)):
    for _name, _less in (("vfmin", "olt"), ("vfmax", "ogt")):
        ROWS[f"{_name}.{_form}"] = Row(_extreme(_less), VD, (VS2, _other))
    for _name, _predicate in _COMPARISONS.items():
        if _form == "vf" or _name not in ("vmfgt", "vmfge"):
            ROWS[f"{_name}.{_form}"] = Row(_compare(_predicate), MASK, (VS2, _other))
    for _name in ("fsgnj", "fsgnjn", "fsgnjx"):
        ROWS[f"v{_name}.{_form}"] = Row(_sign(_name), _bits(VD), (_bits(VS2), _bits(_other)))
ROWS["vfclass.v"] = Row(_classify, _bits(VD), (VS2,))

# -- conversions ----------------------------------------------------------------------------------


def _to_integer(times: int, source: int, *, signed: bool, truncate: bool) -> Compute:
    """From floats to integers; both so many times as wide as SEW."""

    def compute(at: At, values: Sequence[str]) -> str:
        shape = at.wide if source == 2 else at.floats
        mode = RTZ if truncate else at.mode
        return ieee.to_integer(at.b, shape, values[0], (times * at.sew, signed), mode)

    return compute


def _from_integer(times: int, source: int, *, signed: bool) -> Compute:
    def compute(at: At, values: Sequence[str]) -> str:
        shape = at.wide if times == 2 else at.floats
        return ieee.from_integer(at.b, shape, values[0], (source * at.sew, signed), at.mode)

    return compute


def _extend(at: At, values: Sequence[str]) -> str:
    return ieee.convert(at.b, at.floats, at.wide, at.mode, values[0])


def _truncate(at: At, values: Sequence[str]) -> str:
    return ieee.convert(at.b, at.wide, at.floats, at.mode, values[0])


def _round_to_odd(at: At, values: Sequence[str]) -> str:
    """Cut, and made odd if that was inexact."""
    b, s = at.b, at.floats
    cut = ieee.convert(b, at.wide, s, RTZ, values[0])
    back = ieee.convert(b, s, at.wide, RTZ, cut)
    inexact = ieee.compare(b, at.wide, "one", back, values[0], quiet=True)
    odd = b.op(f"or {s.ints} {ieee.as_bits(b, s, cut)}, {s.int(1)}")
    return ieee.select(b, s, inexact, ieee.as_value(b, s, odd), cut)


for _stem, _times, _source, _ending in (
    ("vfcvt", 1, 1, "v"), ("vfwcvt", 2, 1, "v"), ("vfncvt", 1, 2, "w"),
):  # fmt: skip
    for _letter, _signed in (("xu", False), ("x", True)):
        _to, _from = Operand("vd", _times, "integers"), Operand("vs2", _source)
        for _how, _cut in (("", False), ("rtz.", True)):
            _compute = _to_integer(_times, _source, signed=_signed, truncate=_cut)
            ROWS[f"{_stem}.{_how}{_letter}.f.{_ending}"] = Row(_compute, _to, (_from,))
        _to, _from = Operand("vd", _times), Operand("vs2", _source, "integers")
        _compute = _from_integer(_times, _source, signed=_signed)
        ROWS[f"{_stem}.f.{_letter}.{_ending}"] = Row(_compute, _to, (_from,))
ROWS["vfwcvt.f.f.v"] = Row(_extend, WIDE_VD, (VS2,))
ROWS["vfncvt.f.f.w"] = Row(_truncate, VD, (WIDE_VS2,))
ROWS["vfncvt.rod.f.f.w"] = Row(_round_to_odd, VD, (WIDE_VS2,))

VSEMANTICS: dict[str, VectorSemantics] = {name: elementwise(row) for name, row in ROWS.items()}
