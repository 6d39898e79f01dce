"""The kernels of smallkernels.py as a program for the host: what clang lacks there is given here.

Built-in types are typedefs, conversions and `as_` functions are defined for the argument and
result types that the text uses. The definitions are plain C of single components, so that they
share nothing with kcc.
"""

from __future__ import annotations

import re
from functools import partial

from smallkernels import (
    ELEMENTS,
    FLOATS,
    INPUTS,
    INTS,
    ITEMS,
    SIZE,
    UNSIGNED,
    WIDTH,
    Type,
    cl_program,
)

ROUND = {"": "trunc", "_rtz": "trunc", "_rte": "rint", "_rtp": "ceil", "_rtn": "floor"}
COUNTS = (2, 3, 4, 8, 16)
START = """
typedef unsigned char uchar; typedef unsigned short ushort; typedef unsigned int uint;
typedef unsigned long ulong; typedef unsigned long size_t;
#define OVER static inline __attribute__((overloadable))
#define kernel
extern ulong item;
#define get_global_id(d) ((d) == 0 ? item : 0ul)
"""


def host_kernels(seeds: list[int]) -> str:
    """OpenCL C for `clang -x cl`, of functions that host_main() calls."""
    text = cl_program(seeds)
    vectors = [
        f"typedef {e} {e}{c} __attribute__((ext_vector_type({c})));\n"
        for e in ELEMENTS
        for c in COUNTS
    ]
    return START + "".join(vectors) + conversions(text) + functions(text) + text


def host_main(seeds: list[int]) -> str:
    """C that prints the results of each kernel, a hexadecimal number a line."""
    declared = "".join(f"void k{seed}(unsigned long *, const unsigned long *);\n" for seed in seeds)
    calls = "".join(f"    RUN(k{seed})\n" for seed in seeds)
    return f"""
int printf(const char *, ...);
unsigned long item, out[{ITEMS}], in[{INPUTS}];
{declared}
#define RUN(k) for (int i = 0; i < {ITEMS}; i++) out[i] = 0; \\
    for (item = 0; item < {ITEMS}; item++) k(out, in); \\
    for (int i = 0; i < {ITEMS}; i++) printf("%lx\\n", out[i]);
int main(void) {{
    for (int i = 0; i < {INPUTS}; i++) in[i] = (i + 1) * 0x9e3779b97f4a7c15ul >> (i * 3);
{calls}    return 0;
}}
"""


def conversions(text: str) -> str:
    """Definitions of the convert_ and as_ functions that a text calls."""
    found = []
    for element, count, sat, mode in sorted(
        set(re.findall(r"\bconvert_([a-z]+)(\d*)(_sat)?(_rt[eznp])?\(", text))
    ):
        for from_ in ELEMENTS:
            if from_ in FLOATS and element not in FLOATS and not sat:
                continue
            found.append(one_by_one(element, count, sat, mode, from_))
    for name in sorted(set(re.findall(r"\bas_([a-z]+\d*)\(", text))):
        found.append(f"#define as_{name}(x) __builtin_astype((x), {name})\n")
    return "".join(found)


# Built-in functions on one component of type T; U is its unsigned type, W its bits.
# Parameters a, b, c; the type of the result.
FUNCTIONS = {
    "min": ("T", "a, b", "return b < a ? b : a;"),
    "max": ("T", "a, b", "return a < b ? b : a;"),
    "add_sat": ("T", "a, b", "T r; if (!__builtin_add_overflow(a, b, &r)) return r;"
                " return b < 0 ? LEAST : MOST;"),
    "sub_sat": ("T", "a, b", "T r; if (!__builtin_sub_overflow(a, b, &r)) return r;"
                " return LEAST == 0 ? 0 : b < 0 ? MOST : LEAST;"),
    "hadd": ("T", "a, b", "return (a >> 1) + (b >> 1) + (a & b & 1);"),
    "rhadd": ("T", "a, b", "return (a >> 1) + (b >> 1) + ((a | b) & 1);"),
    "rotate": ("T", "a, b", "uint n = (uint)b & (W - 1);"
               " return n ? (U)((U)a << n) | (U)((U)a >> (W - n)) : a;"),
    "popcount": ("T", "a", "T n = 0; for (int i = 0; i < W; i++) n += (U)a >> i & 1; return n;"),
    "clz": ("T", "a", "T n = 0; while (n < W && !((U)a >> (W - 1 - n) & 1)) n++; return n;"),
    "bitselect": ("T", "a, b, c", "return (a & ~c) | (b & c);"),
    "abs": ("U", "a", "return a < 0 ? (U)(0 - (U)a) : (U)a;"),
    "abs_diff": ("U", "a, b", "return a > b ? (U)((U)a - (U)b) : (U)((U)b - (U)a);"),
    "fabs": ("T", "a", "return __builtin_fabs(a);"),
    "floor": ("T", "a", "return __builtin_floor(a);"),
    "ceil": ("T", "a", "return __builtin_ceil(a);"),
    "trunc": ("T", "a", "return __builtin_trunc(a);"),
    "rint": ("T", "a", "return __builtin_rint(a);"),
    "sqrt": ("T", "a", "return sizeof(T) == 4 ? __builtin_sqrtf(a) : __builtin_sqrt(a);"),
    "fma": ("T", "a, b, c", "return sizeof(T) == 4 ? __builtin_fmaf(a, b, c)"
            " : __builtin_fma(a, b, c);"),
}  # fmt: skip


def functions(text: str) -> str:
    """Definitions of the built-in functions that a text calls, for all types they take."""
    found = []
    for name, (result, params, body) in FUNCTIONS.items():
        if not re.search(rf"\b{name}\(", text):
            continue
        for element in FLOATS if "__builtin_" in body and "overflow" not in body else INTS:
            bits = 8 * SIZE[element]
            signed = element in WIDTH
            most = f"{(1 << bits - signed) - 1}{'ul' * (bits == 64)}"
            least = f"(-{(1 << bits - 1) - 1}L - 1)" if signed else "0"
            unsigned = UNSIGNED.get(element, element)
            words = {"T": element, "U": unsigned, "W": str(bits), "MOST": most, "LEAST": least}
            given = re.sub(r"\b[A-Z]+\b", partial(_given, words), body)
            names = params.split(", ")
            for count in (1, *COUNTS):
                of, to = Type(element, count), Type(words[result], count)
                declared = ", ".join(f"{of} {n}" for n in names)
                if count == 1:
                    found.append(f"OVER {to} {name}({declared}) {{ {given} }}\n")
                    continue
                lanes = ", ".join(f"{n}[i]" for n in names)
                loop = f"for (int i = 0; i < {count}; i++) r[i] = {name}({lanes});"
                found.append(f"OVER {to} {name}({declared}) {{ {to} r; {loop} return r; }}\n")
    return "".join(found) + (SELECT if "select(" in text else "")


def _given(words: dict[str, str], match: re.Match[str]) -> str:
    return words[match[0]]


SELECT = "".join(
    f"OVER {Type(e, c)} select({Type(e, c)} a, {Type(e, c)} b, {Type(e, c).mask} m) {{"
    f" {Type(e, c)} r; for (int i = 0; i < {c}; i++) r[i] = m[i] < 0 ? b[i] : a[i]; return r; }}\n"
    for e in ELEMENTS
    for c in COUNTS
)


def one_by_one(element: str, count: str, sat: str, mode: str, from_: str) -> str:
    """convert_<element><count>[_sat][_rtx] of a <from_><count>."""
    name = f"convert_{element}{count}{sat}{mode}"
    result, argument = f"{element}{count}", f"{from_}{count}"
    body = one(element, sat, mode, from_)
    if not count:
        return f"OVER {result} {name}({argument} x) {{ {body} }}\n"
    lane = f"lane_{name}"
    return (
        f"OVER {element} {lane}({from_} x) {{ {body} }}\n"
        f"OVER {result} {name}({argument} x) {{ {result} r;"
        f" for (int i = 0; i < {count}; i++) r[i] = {lane}(x[i]); return r; }}\n"
    )


def one(element: str, sat: str, mode: str, from_: str) -> str:
    """The body of a conversion of one component, x."""
    if not sat or element in FLOATS:
        return f"return ({element})x;"
    bits = 8 * SIZE[element]
    most = (1 << bits - (element in WIDTH)) - 1
    least = -(1 << bits - 1) if element in WIDTH else 0
    low = f"(-{-least - 1}L - 1)" if least else "0"
    if from_ in FLOATS:
        return (
            f"double y = __builtin_{ROUND[mode]}((double)x); if (y != y) return 0;"
            f" if (y >= {float(most + 1)!r}) return {most}UL;"
            f" if (y < {float(least)!r}) return {low}; return ({element})y;"
        )
    tests = f"if (x > 0 && (ulong)x > {most}UL) return {most}UL; "
    if from_ in WIDTH:
        tests += f"if (x < 0 && (long)x < {low}) return {low}; "
    return f"{tests}return ({element})x;"
