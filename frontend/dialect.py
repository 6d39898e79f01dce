"""The languages: versions of OpenCL C and what optional parts each has, and standards of C.

The one list of features and extensions: macros, checks and pragmas all read it. Light: the
command line pays for this module on every start.
"""

from __future__ import annotations

VERSIONS = {"CL1.0": 100, "CL1.1": 110, "CL1.2": 120, "CL2.0": 200, "CL3.0": 300}
_OTHER_SPELLINGS = {"CL": "CL1.0", "cl": "CL1.0"} | {name.lower(): name for name in VERSIONS}
# C: what __STDC_VERSION__ says. "gnu..." has typeof and asm besides, as with clang.
C_STANDARDS = {
    f"{family}{year}": number
    for year, number in (("99", 199901), ("11", 201112), ("17", 201710))
    for family in ("c", "gnu")
}
DEFAULT_C = "gnu17"
PLATFORM_VERSION = 120  # what __OPENCL_VERSION__ says at least

GENERIC_SPACE = "__opencl_c_generic_address_space"
PROGRAM_SCOPE_GLOBALS = "__opencl_c_program_scope_global_variables"
# Features, and the first version whose programs have them (OpenCL C 3.0, section 6.2.1).
# OpenCL C 2.0 made some of them part of the language; in 3.0 they are options, which we take.
FEATURES = {
    "__opencl_c_int64": 100,
    "__opencl_c_fp64": 300,
    GENERIC_SPACE: 200,
    PROGRAM_SCOPE_GLOBALS: 200,
    "__opencl_c_work_group_collective_functions": 200,
    "__opencl_c_atomic_order_acq_rel": 200,
    "__opencl_c_atomic_order_seq_cst": 200,
    "__opencl_c_atomic_scope_device": 200,
    "__opencl_c_atomic_scope_all_devices": 200,
    "__opencl_c_subgroups": 300,
}
# Extensions with a macro of their own, and the first version that has it.
EXTENSIONS = {
    "cl_khr_byte_addressable_store": 100,
    "cl_khr_fp64": 100,
    "cl_khr_global_int32_base_atomics": 100,
    "cl_khr_global_int32_extended_atomics": 100,
    "cl_khr_int64_base_atomics": 100,
    "cl_khr_int64_extended_atomics": 100,
    "cl_khr_local_int32_base_atomics": 100,
    "cl_khr_local_int32_extended_atomics": 100,
    "cl_khr_subgroups": 200,
}
MACROS = FEATURES | EXTENSIONS


def standard(name: str) -> str | None:
    """A value of `-cl-std=` as VERSIONS spells it; None if it is none."""
    return name if name in VERSIONS else _OTHER_SPELLINGS.get(name)


def version_of(std: str) -> int:
    """120 for CL1.2, 0 for C. An unknown standard is the command line's to reject."""
    return 0 if is_c(std) else VERSIONS[standard(std) or "CL1.2"]


def is_c(std: str) -> bool:
    """Whether the standard of a program, one of C_STANDARDS or of VERSIONS, is one of C."""
    return std in C_STANDARDS


def has(part: str, version: int) -> bool:
    """Whether a version has one of MACROS; one that kcc lacks, no version has."""
    return part in MACROS and version >= MACROS[part]
