"""The macros every program sees (OpenCL C 3.0, sections 6.2.1, 6.10 and 6.15.2), and -D and -U.

Bodies are text until a program uses them: starting up costs one copy of a dict.
"""

from __future__ import annotations

from collections.abc import Collection

from .dialect import MACROS, PLATFORM_VERSION, VERSIONS, is_c, version_of

# What C and OpenCL C have in common: the compiler, the target, and what compilers say of types.
COMMON = {
    "__STDC__": "1",
    "__kcc__": "1",
    "__riscv": "1",
    "__riscv_xlen": "64",
    "__LP64__": "1",
    "_LP64": "1",
    "__ELF__": "1",
    "__CHAR_BIT__": "8",
    "__SIZEOF_POINTER__": "8",
    "__BYTE_ORDER__": "__ORDER_LITTLE_ENDIAN__",
    "__ORDER_LITTLE_ENDIAN__": "1234",
    "__ORDER_BIG_ENDIAN__": "4321",
    "__SCHAR_MAX__": "127",
    "__SHRT_MAX__": "32767",
    "__INT_MAX__": "2147483647",
    "__LONG_MAX__": "9223372036854775807L",
    "__SIZE_MAX__": "18446744073709551615UL",
    "__PTRDIFF_MAX__": "9223372036854775807L",
}
COMMON |= {f"__SIZEOF_{name}__": size for name, size in (
    ("SHORT", "2"), ("INT", "4"), ("LONG", "8"), ("FLOAT", "4"), ("DOUBLE", "8"), ("SIZE_T", "8"),
    ("PTRDIFF_T", "8"))}  # fmt: skip
_ALWAYS = COMMON | {
    "__ENDIAN_LITTLE__": "1",
    "__STDC_VERSION__": "199901L",  # the C that OpenCL C is based on
    "NULL": "((void *)0)",
    # Limits of the integer types.
    "CHAR_BIT": "8",
    "CHAR_MAX": "SCHAR_MAX",
    "CHAR_MIN": "SCHAR_MIN",
    "SCHAR_MAX": "127",
    "SCHAR_MIN": "(-127 - 1)",
    "UCHAR_MAX": "255",
    "SHRT_MAX": "32767",
    "SHRT_MIN": "(-32767 - 1)",
    "USHRT_MAX": "65535",
    "INT_MAX": "2147483647",
    "INT_MIN": "(-2147483647 - 1)",
    "UINT_MAX": "0xffffffffU",
    "LONG_MAX": "0x7fffffffffffffffL",
    "LONG_MIN": "(-0x7fffffffffffffffL - 1)",
    "ULONG_MAX": "0xffffffffffffffffUL",
    # The floating types, as C99 5.2.4.2.2 defines them. L keeps a constant double under
    # -cl-single-precision-constant.
    "FLT_RADIX": "2",
    "FLT_DIG": "6",
    "FLT_MANT_DIG": "24",
    "FLT_MAX_10_EXP": "+38",
    "FLT_MAX_EXP": "+128",
    "FLT_MIN_10_EXP": "-37",
    "FLT_MIN_EXP": "-125",
    "FLT_MAX": "0x1.fffffep127f",
    "FLT_MIN": "0x1.0p-126f",
    "FLT_EPSILON": "0x1.0p-23f",
    "DBL_DIG": "15",
    "DBL_MANT_DIG": "53",
    "DBL_MAX_10_EXP": "+308",
    "DBL_MAX_EXP": "+1024",
    "DBL_MIN_10_EXP": "-307",
    "DBL_MIN_EXP": "-1021",
    "DBL_RADIX": "2",
    "DBL_MAX": "0x1.fffffffffffffp1023L",
    "DBL_MIN": "0x1.0p-1022L",
    "DBL_EPSILON": "0x1.0p-52L",
    "HALF_RADIX": "2",
    "HALF_DIG": "3",
    "HALF_MANT_DIG": "11",
    "HALF_MAX_10_EXP": "+4",
    "HALF_MAX_EXP": "+16",
    "HALF_MIN_10_EXP": "-4",
    "HALF_MIN_EXP": "-13",
    "HALF_MAX": "0x1.ffcp15h",
    "HALF_MIN": "0x1.0p-14h",
    "HALF_EPSILON": "0x1.0p-10h",
    "FP_FAST_FMAF": "1",  # RISC-V has fused operations for both
    "FP_FAST_FMA": "1",
    "FP_ILOGB0": "INT_MIN",
    "FP_ILOGBNAN": "INT_MAX",
    "MAXFLOAT": "0x1.fffffep127f",
    # Values no constant can spell. A product in place of the casts could fuse with a sum.
    "HUGE_VALF": "((float)0x1p1000L)",
    "HUGE_VAL": "((double)(float)0x1p1000L)",
    "INFINITY": "((float)0x1p1000L)",
    "NAN": "((float)0x1p1000L * 0.0f)",
    # Flags of barrier() and mem_fence().
    "CLK_LOCAL_MEM_FENCE": "0x01",
    "CLK_GLOBAL_MEM_FENCE": "0x02",
    # Samplers and image formats.
    "CLK_NORMALIZED_COORDS_FALSE": "0",
    "CLK_NORMALIZED_COORDS_TRUE": "1",
    "CLK_ADDRESS_NONE": "0",
    "CLK_ADDRESS_CLAMP_TO_EDGE": "2",
    "CLK_ADDRESS_CLAMP": "4",
    "CLK_ADDRESS_REPEAT": "6",
    "CLK_ADDRESS_MIRRORED_REPEAT": "8",
    "CLK_FILTER_NEAREST": "0x10",
    "CLK_FILTER_LINEAR": "0x20",
}
# name of the constant: its value in more digits than any of our formats holds
_CONSTANTS = {
    "E": "2.71828182845904523536028747135266250",
    "LOG2E": "1.44269504088896340735992468100189214",
    "LOG10E": "0.434294481903251827651128918916605082",
    "LN2": "0.693147180559945309417232121458176568",
    "LN10": "2.30258509299404568401799145468436421",
    "PI": "3.14159265358979323846264338327950288",
    "PI_2": "1.57079632679489661923132169163975144",
    "PI_4": "0.785398163397448309615660845819875721",
    "1_PI": "0.318309886183790671537767526745028724",
    "2_PI": "0.636619772367581343075535053490057448",
    "2_SQRTPI": "1.12837916709551257389615890312154517",
    "SQRT2": "1.41421356237309504880168872420969808",
    "SQRT1_2": "0.707106781186547524400844362104849039",
}
_ALWAYS |= {f"M_{name}": value for name, value in _CONSTANTS.items()}
_ALWAYS |= {f"M_{name}_F": f"{value}f" for name, value in _CONSTANTS.items()}
_ALWAYS |= {f"M_{name}_H": f"{value}h" for name, value in _CONSTANTS.items()}
_ALWAYS |= {name.replace("CL", "CL_VERSION_").replace(".", "_"): str(number)
            for name, number in VERSIONS.items()}  # fmt: skip
_ALWAYS |= {
    name: f"#define {name}(X, typen) __kernel "
    "__attribute__((work_group_size_hint(X, 1, 1))) __attribute__((vec_type_hint(typen)))"
    for name in ("kernel_exec", "__kernel_exec")
}
_SINCE_2_0 = {
    "CLK_IMAGE_MEM_FENCE": "0x04",
    "MAX_WORK_DIM": "3",
    "ATOMIC_FLAG_INIT": "0",
    "ATOMIC_VAR_INIT": "#define ATOMIC_VAR_INIT(X) (X)",
}


def predefined(std: str, relaxations: Collection[str] = (), opt_level: int = 3) -> dict[str, str]:
    """Name -> body of every macro defined before the first line of a program.

    std:         of dialect.VERSIONS, or of C_STANDARDS.
    relaxations: those of the command line, "finite-math-only" and the like.
    """
    if is_c(std):
        from .pp_predefined_c import predefined_c

        table = predefined_c(std)
    else:
        version = version_of(std)
        table = dict(_ALWAYS)
        table["__OPENCL_VERSION__"] = str(max(version, PLATFORM_VERSION))
        table["__OPENCL_C_VERSION__"] = str(version)
        table |= {name: "1" for name, since in MACROS.items() if version >= since}
        if version >= 200:
            table |= _SINCE_2_0
    table["__OPTIMIZE__" if opt_level else "__NO_INLINE__"] = "1"
    fast = "fast-relaxed-math" in relaxations
    table["__FINITE_MATH_ONLY__"] = str(int(fast or "finite-math-only" in relaxations))
    if fast:
        table |= {"__FAST_RELAXED_MATH__": "1", "__FAST_MATH__": "1"}
    return table


def command_line(macros: tuple[str, ...]) -> str:
    """The command line's macros as the lines one would write for them."""
    lines: list[str] = []
    for macro in macros:
        kind, text = macro[:1], macro[1:].split("\n", 1)[0]
        if kind == "U":
            lines.append(f"#undef {text}")
            continue
        name, given, value = text.partition("=")
        lines.append(f"#define {name} {value if given else '1'}")
    return "".join(f"{line}\n" for line in lines)
