"""The macros that a C program sees before its first line: clang's, for riscv64.

Headers take types and limits from these, so that they need to know no target.
"""

from __future__ import annotations

from .dialect import C_STANDARDS
from .pp_predefined import COMMON

# fmt: off
_TYPES = {  # as C writes them: their macros' names, how printf takes them, a constant's suffix
    "signed char":        (("INT8", "INT_LEAST8", "INT_FAST8"), "hh", ""),
    "unsigned char":      (("UINT8", "UINT_LEAST8", "UINT_FAST8"), "hh", ""),
    "short":              (("INT16", "INT_LEAST16", "INT_FAST16"), "h", ""),
    "unsigned short":     (("UINT16", "UINT_LEAST16", "UINT_FAST16", "CHAR16"), "h", ""),
    "int":                (("INT32", "INT_LEAST32", "INT_FAST32", "WCHAR"), "", ""),
    "unsigned int":       (("UINT32", "UINT_LEAST32", "UINT_FAST32", "WINT", "CHAR32"), "", "U"),
    "long int":           (("INT64", "INT_LEAST64", "INT_FAST64", "INTMAX", "INTPTR", "PTRDIFF"),
                           "l", "L"),
    "long unsigned int":  (("UINT64", "UINT_LEAST64", "UINT_FAST64", "UINTMAX", "UINTPTR", "SIZE"),
                           "l", "UL"),
}
_BITS = {"": 32, "h": 16, "hh": 8, "l": 64}
_LIMITS = {  # of float and double
    "DECIMAL_DIG": ("9", "17"), "DENORM_MIN": ("1.40129846e-45F", "4.9406564584124654e-324"),
    "DIG": ("6", "15"), "EPSILON": ("1.19209290e-7F", "2.2204460492503131e-16"),
    "HAS_DENORM": ("1", "1"), "HAS_INFINITY": ("1", "1"), "HAS_QUIET_NAN": ("1", "1"),
    "MANT_DIG": ("24", "53"), "MAX_10_EXP": ("38", "308"), "MAX_EXP": ("128", "1024"),
    "MAX": ("3.40282347e+38F", "1.7976931348623157e+308"),
    "MIN_10_EXP": ("(-37)", "(-307)"), "MIN_EXP": ("(-125)", "(-1021)"),
    "MIN": ("1.17549435e-38F", "2.2250738585072014e-308"),
    "NORM_MAX": ("3.40282347e+38F", "1.7976931348623157e+308"),
}
# fmt: on
_OTHERS = {
    "__BIGGEST_ALIGNMENT__": "16",
    "__BOOL_WIDTH__": "8",
    "__FLT_RADIX__": "2",
    "__GNUC_STDC_INLINE__": "1",
    "__INT_WIDTH__": "32",
    "__LITTLE_ENDIAN__": "1",
    "__LLONG_WIDTH__": "64",
    "__LONG_LONG_MAX__": "9223372036854775807LL",
    "__LONG_WIDTH__": "64",
    "__ORDER_PDP_ENDIAN__": "3412",
    "__POINTER_WIDTH__": "64",
    "__SHRT_WIDTH__": "16",
    "__SIG_ATOMIC_MAX__": "2147483647",
    "__SIG_ATOMIC_WIDTH__": "32",
    "__SIZEOF_LONG_LONG__": "8",
    "__SIZEOF_WCHAR_T__": "4",
    "__SIZEOF_WINT_T__": "4",
    "__STDC_HOSTED__": "0",
    "__STDC_NO_ATOMICS__": "1",
    "__STDC_NO_COMPLEX__": "1",
    "__STDC_NO_THREADS__": "1",
    "__STDC_NO_VLA__": "1",
    "__STDC_UTF_16__": "1",
    "__STDC_UTF_32__": "1",
    "__USER_LABEL_PREFIX__": "",
    "__WINT_UNSIGNED__": "1",
}


def predefined_c(std: str) -> dict[str, str]:
    """Name -> body, for one of dialect.C_STANDARDS."""
    table = COMMON | _OTHERS
    table["__STDC_VERSION__"] = f"{C_STANDARDS[std]}L"
    if not std.startswith("gnu"):
        table["__STRICT_ANSI__"] = "1"
    for written, (names, length, suffix) in _TYPES.items():
        unsigned, bits = "unsigned" in written, _BITS[length]
        for name in names:
            table[f"__{name}_TYPE__"] = written
            table[f"__{name}_WIDTH__"] = str(bits)
            table[f"__{name}_MAX__"] = f"{(1 << (bits - (not unsigned))) - 1}{suffix}"
            table[f"__{name}_C_SUFFIX__"] = suffix
            for letter in "ouxX" if unsigned else "di":
                table[f"__{name}_FMT{letter}__"] = f'"{length}{letter}"'
    for name, values in _LIMITS.items():
        table |= {f"__{t}_{name}__": v for t, v in zip(("FLT", "DBL"), values, strict=True)}
    return table
