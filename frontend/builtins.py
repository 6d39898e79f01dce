"""The builtin functions of OpenCL C, as rows, and the names of those still to come.

A row is the function's own declaration. `key` is what tast.BuiltinCall carries and the
lowering looks up. Types in a row are scalar names or `size_t`; a name may have several rows,
tried in order.
"""

from __future__ import annotations

import re

from .record import record
from .types import SCALARS, SIZE_T, Type


@record
class Builtin:
    """since: the OpenCL C version that brought it, as __OPENCL_C_VERSION__ says it."""

    name: str
    params: tuple[Type, ...]
    result: Type
    key: str
    since: int = 100


_ROW = re.compile(r"(\w+) (\w+)\(([\w, ]*)\)")
_TYPES: dict[str, Type] = {**SCALARS, "size_t": SIZE_T}


def _row(declaration: str, since: int = 100) -> Builtin:
    match = _ROW.fullmatch(declaration)
    assert match is not None, declaration
    result, name, params = match.groups()
    words = [word for word in params.split(", ") if word]
    return Builtin(name, tuple(_TYPES[word] for word in words), _TYPES[result], name, since)


# fmt: off
ROWS = (
    # Work-item functions: OpenCL C 3.0, section 6.15.1.
    _row("uint get_work_dim()"),
    _row("size_t get_global_size(uint)"),
    _row("size_t get_global_id(uint)"),
    _row("size_t get_local_size(uint)"),
    _row("size_t get_local_id(uint)"),
    _row("size_t get_num_groups(uint)"),
    _row("size_t get_group_id(uint)"),
    _row("size_t get_global_offset(uint)",       since=110),
    _row("size_t get_enqueued_local_size(uint)", since=200),
    _row("size_t get_global_linear_id()",        since=200),
    _row("size_t get_local_linear_id()",         since=200),
)
# fmt: on
TABLE: dict[str, tuple[Builtin, ...]] = {
    row.name: tuple(r for r in ROWS if r.name == row.name) for row in ROWS
}


def available(version: int) -> set[str]:
    """Names of the builtins that OpenCL C `version` (120 for 1.2) has."""
    return {row.name for row in ROWS if row.since <= version}


# Names that OpenCL C gives a meaning and that have no row yet: an error about one of these says
# so, instead of calling it undeclared.
_PLANNED = """
acos acosh acospi asin asinh asinpi atan atan2 atanh atanpi atan2pi cbrt ceil copysign cos cosh
cospi erfc erf exp exp2 exp10 expm1 fabs fdim floor fma fmax fmin fmod fract frexp hypot ilogb
ldexp lgamma lgamma_r log log2 log10 log1p logb mad maxmag minmag modf nan nextafter pow pown powr
remainder remquo rint rootn round rsqrt sin sincos sinh sinpi sqrt tan tanh tanpi tgamma trunc
half_cos half_divide half_exp half_exp2 half_exp10 half_log half_log2 half_log10 half_powr
half_recip half_rsqrt half_sin half_sqrt half_tan
native_cos native_divide native_exp native_exp2 native_exp10 native_log native_log2 native_log10
native_powr native_recip native_rsqrt native_sin native_sqrt native_tan
abs abs_diff add_sat hadd rhadd clamp clz ctz mad_hi mad_sat max min mul_hi rotate sub_sat upsample
popcount mad24 mul24 degrees mix radians step smoothstep sign
cross dot distance length normalize fast_distance fast_length fast_normalize
isequal isnotequal isgreater isgreaterequal isless islessequal islessgreater isfinite isinf isnan
isnormal isordered isunordered signbit any all bitselect select shuffle shuffle2
barrier work_group_barrier sub_group_barrier mem_fence read_mem_fence write_mem_fence
async_work_group_copy async_work_group_strided_copy wait_group_events prefetch
atomic_add atomic_sub atomic_xchg atomic_inc atomic_dec atomic_cmpxchg atomic_min atomic_max
atomic_and atomic_or atomic_xor
atom_add atom_sub atom_xchg atom_inc atom_dec atom_cmpxchg atom_min atom_max atom_and atom_or
atom_xor
atomic_init atomic_work_item_fence atomic_store atomic_load atomic_exchange
atomic_compare_exchange_strong atomic_compare_exchange_weak atomic_fetch_add atomic_fetch_sub
atomic_fetch_or atomic_fetch_xor atomic_fetch_and atomic_fetch_min atomic_fetch_max
atomic_flag_test_and_set atomic_flag_clear
read_imagef read_imagei read_imageui read_imageh write_imagef write_imagei write_imageui
write_imageh get_image_width get_image_height get_image_depth get_image_dim
get_image_array_size get_image_channel_data_type get_image_channel_order
to_global to_local to_private get_fence
work_group_all work_group_any work_group_broadcast
work_group_reduce_add work_group_reduce_min work_group_reduce_max
work_group_scan_exclusive_add work_group_scan_exclusive_min work_group_scan_exclusive_max
work_group_scan_inclusive_add work_group_scan_inclusive_min work_group_scan_inclusive_max
enqueue_kernel get_default_queue ndrange_1D ndrange_2D ndrange_3D
get_sub_group_size get_max_sub_group_size get_num_sub_groups get_enqueued_num_sub_groups
get_sub_group_id get_sub_group_local_id
"""
_PLANNED_FAMILIES = re.compile(
    r"v(?:load|store)a?(?:_half)?(?:2|3|4|8|16)?(?:_rt[ezpn])?"
    r"|vloada?_half\w*|vstorea?_half\w*|vload\d+|vstore\d+"
)
PLANNED = frozenset(_PLANNED.split())


def is_planned(name: str) -> bool:
    return name in PLANNED or _PLANNED_FAMILIES.fullmatch(name) is not None
