"""Words that OpenCL C does not have: those of other languages, and misspelt ones."""

from __future__ import annotations

from collections.abc import Iterable

from .diag import Fix, closest
from .source import Span

# What a name at the start of a statement may be meant for.
STATEMENT_WORDS = frozenset({"return", "break", "continue", "else", "goto", "sizeof"})
FOREIGN = {
    "template": "OpenCL C has no templates: use a macro",
    "typename": "OpenCL C has no templates: use a macro",
    "class": "OpenCL C has no classes: use a struct",
    "namespace": "OpenCL C has no namespaces",
    "using": "OpenCL C has no 'using': use typedef",
    "new": "OpenCL C has no dynamic memory",
    "delete": "OpenCL C has no dynamic memory",
    "try": "OpenCL C has no exceptions",
    "catch": "OpenCL C has no exceptions",
    "throw": "OpenCL C has no exceptions",
    "operator": "OpenCL C has no operator overloading",
    "constexpr": "use 'constant' at file scope, or a macro",
    "nullptr": "OpenCL C spells it NULL",
    "static_cast": "OpenCL C casts are written (type)value",
    "reinterpret_cast": "write as_type(value), or (type *)pointer",
    "static_assert": "OpenCL C spells it _Static_assert",
    "string": "OpenCL C has no string type: use 'constant char *'",
    "std": "the C++ library is not available in OpenCL C",
    "auto": "'auto' deduces no type in OpenCL C: write the type",
    "__global__": "OpenCL spells it 'kernel'",
    "__device__": "a function needs no qualifier to be called from a kernel",
    "__host__": "OpenCL C has no host functions",
    "__shared__": "OpenCL spells it 'local'",
    "__constant__": "OpenCL spells it 'constant'",
    "__managed__": "OpenCL spells it 'global'",
    "__launch_bounds__": "use __attribute__((reqd_work_group_size(x, y, z)))",
    "__forceinline__": "OpenCL spells it 'inline'",
    "pipe": "pipes are not supported",
    "^": "blocks are not supported",
    "::": "OpenCL C has no scopes to name",
    # names of types
    "int8_t": "OpenCL C spells it 'char'",
    "uint8_t": "OpenCL C spells it 'uchar'",
    "int16_t": "OpenCL C spells it 'short'",
    "uint16_t": "OpenCL C spells it 'ushort'",
    "int32_t": "OpenCL C spells it 'int'",
    "uint32_t": "OpenCL C spells it 'uint'",
    "int64_t": "OpenCL C spells it 'long'",
    "uint64_t": "OpenCL C spells it 'ulong'",
    "float16": "OpenCL C spells half precision 'half'",
    "vec2": "OpenCL C spells it 'float2'",
    "vec3": "OpenCL C spells it 'float3'",
    "vec4": "OpenCL C spells it 'float4'",
    # functions and variables
    "malloc": "OpenCL C has no dynamic memory",
    "calloc": "OpenCL C has no dynamic memory",
    "free": "OpenCL C has no dynamic memory",
    "memcpy": "assign structs, or copy element by element",
    "memset": "assign element by element",
    "rand": "OpenCL C has no random numbers: write a generator",
    "assert": "OpenCL C has no assert",
    "puts": "OpenCL C has printf",
    "threadIdx": "OpenCL's get_local_id(0), (1), (2)",
    "blockIdx": "OpenCL's get_group_id(0), (1), (2)",
    "blockDim": "OpenCL's get_local_size(0), (1), (2)",
    "gridDim": "OpenCL's get_num_groups(0), (1), (2)",
    "__syncthreads": "OpenCL's barrier(CLK_LOCAL_MEM_FENCE)",
    "atomicAdd": "OpenCL's atomic_add",
    "gl_GlobalInvocationID": "OpenCL's get_global_id(0), (1), (2)",
}
# What C programs get from a header.
HEADERS = {
    name: header
    for header, names in {
        "stddef.h": "size_t ptrdiff_t NULL offsetof",
        "stdbool.h": "bool true false",
        "stdint.h": "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t uintptr_t "
        "intptr_t INT32_MAX UINT32_MAX INT64_MAX UINT64_MAX",
        "limits.h": "INT_MAX INT_MIN UINT_MAX CHAR_BIT LONG_MAX",
        "stdio.h": "printf puts",
        "string.h": "memcpy memset memmove memcmp strlen strcmp strcpy",
        "stdlib.h": "abs exit",
        "assert.h": "assert",
    }.items()
    for name in names.split()
}


def misspelt(
    name: str, span: Span, candidates: Iterable[str], is_c: bool = False
) -> tuple[str | None, tuple[Fix, ...]]:
    """(hint, fixes) that put the candidate nearest to `name` in its place, if one is near."""
    if name in HEADERS and is_c:
        return f"include <{HEADERS[name]}>", ()
    if name in FOREIGN and not is_c:
        return FOREIGN[name], ()
    hit = closest(name, sorted(candidates))
    if hit is None:
        return None, ()
    return f"did you mean '{hit}'?", () if span.expanded_from else ((span, hit),)
