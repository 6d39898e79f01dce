"""The attributes that are known, by what they are for. No imports: the preprocessor asks too."""

from __future__ import annotations

# Attributes that ask for nothing we do not do anyway, or that only inform: of anything, or of
# functions only.
QUIET = frozenset("unused used deprecated maybe_unused nosvm may_alias no_sanitize nodebug".split())
FUNCTIONS_ONLY = frozenset(
    "pure const nothrow cold hot noreturn convergent flatten nonnull warn_unused_result "
    "artificial gnu_inline malloc leaf returns_nonnull noduplicate nomerge always_inline "
    "noinline overloadable blocking dma_contract".split()
)
KERNELS_ONLY = frozenset({"reqd_work_group_size", "work_group_size_hint", "vec_type_hint"})
NO_ARGUMENTS = (QUIET | FUNCTIONS_ONLY) - frozenset(
    "deprecated no_sanitize nonnull malloc dma_contract".split()
)
# Of types and statements.
OTHERS = frozenset("aligned packed endian opencl_unroll_hint fallthrough".split())
# What these ask for is another type than the one written, or another size of sub-groups: to go on
# without would miscompile.
REFUSED = frozenset(
    "address_space ext_vector_type mode vector_size intel_reqd_sub_group_size".split()
)
# Of symbols in the object file, in C; OpenCL C knows the first as one of QUIET.
LINKAGE = frozenset({"used", "section", "weak"})
KNOWN = QUIET | FUNCTIONS_ONLY | KERNELS_ONLY | OTHERS
KNOWN_IN_C = KNOWN | LINKAGE
