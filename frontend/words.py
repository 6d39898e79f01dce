"""Every reserved word of OpenCL C, C and GNU C: its class in the grammar, its one spelling.

Words that are a terminal of their own in opencl.lark ("if", "enum") need a row only where they
have other spellings. Names for which OpenCL C has a typedef are in PREDECLARED instead: they
can be shadowed.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import TypeAlias

# fmt: off
_CLASSES = {
    # class: words; `a=b` is another spelling `a` of the word `b`
    "STORAGE": "typedef extern static auto register",
    "QUALIFIER": """
        const __const=const __const__=const volatile __volatile=volatile __volatile__=volatile
        restrict __restrict=restrict __restrict__=restrict
        global __global=global constant __constant=constant local __local=local
        private __private=private generic __generic=generic
        read_only __read_only=read_only write_only __write_only=write_only
        read_write __read_write=read_write
        __mram_ptr""",
    "FUNCTION_WORD": """
        inline __inline=inline __inline__=inline kernel __kernel=kernel
        _Noreturn=noreturn""",
    "TYPE_WORD": """
        void char short int long float double half signed unsigned bool
        __signed=signed __signed__=signed _Bool=bool
        uchar ushort uint ulong
        image1d_t image1d_array_t image1d_buffer_t image2d_t image2d_array_t image2d_depth_t
        image2d_array_depth_t image2d_msaa_t image2d_array_msaa_t image2d_msaa_depth_t
        image2d_array_msaa_depth_t image3d_t
        sampler_t event_t clk_event_t queue_t reserve_id_t ndrange_t""",
    "TAG_KIND": "struct union",
    "QUERY": """
        sizeof vec_step alignof=alignof __alignof=alignof __alignof__=alignof
        _Alignof=alignof""",
    "ASSIGN_OP": "*= /= %= += -= <<= >>= &= ^= |=",
    "MUL_OP": "/ %",
    "SHIFT_OP": "<< >>",
    "REL_OP": "< > <= >=",
    "EQ_OP": "== !=",
    "STEP_OP": "++ --",
    "NOT_OP": "! ~",
    # Terminals of the grammar that have other spellings, under the spelling used there.
    "asm": "__asm=asm __asm__=asm",
    "typeof": "__typeof=typeof __typeof__=typeof",
    "__attribute__": "__attribute=__attribute__",
    # Without a place in the grammar: an error that names the word.
    "UNSUPPORTED": """
        _Generic _Complex _Imaginary __complex__ __imag__ __real__ _Atomic _Thread_local __thread
        __int128 __auto_type __label__ __builtin_va_arg __builtin_offsetof
        __builtin_types_compatible_p __builtin_choose_expr __block complex imaginary""",
    "": "__extension__",  # means nothing: dropped wherever it stands
}
# fmt: on

# Words that C leaves to programs, and those that it has no use for: naming one is an error.
_NOT_IN_C = frozenset(
    """global constant local private generic read_only write_only read_write kernel half bool
    uchar ushort uint ulong image1d_t image1d_array_t image1d_buffer_t image2d_t image2d_array_t
    image2d_depth_t image2d_array_depth_t image2d_msaa_t image2d_array_msaa_t
    image2d_msaa_depth_t image2d_array_msaa_depth_t image3d_t sampler_t event_t clk_event_t
    queue_t reserve_id_t ndrange_t vec_step alignof complex imaginary""".split()
)
_ERRORS_IN_C = frozenset(
    """__global __constant __local __private __generic __read_only __write_only __read_write
    __kernel __block""".split()
)
_IN_C_ALONE = frozenset({"__mram_ptr"})  # <attributes.h> is about it
GNU_WORDS = frozenset({"asm", "typeof"})  # of the grammar itself; "c11" has them as names
Words: TypeAlias = dict[str, tuple[str, str]]

VECTOR_WORDS = tuple(
    f"{element}{count}"
    for element, count in product(
        "char uchar short ushort int uint long ulong half float double".split(), (2, 3, 4, 8, 16)
    )
)
PREDECLARED = tuple(
    """size_t ptrdiff_t intptr_t uintptr_t cl_mem_fence_flags memory_order memory_scope
    atomic_flag atomic_int atomic_uint atomic_long atomic_ulong atomic_float atomic_double
    atomic_size_t atomic_ptrdiff_t atomic_intptr_t atomic_uintptr_t kernel_enqueue_flags_t
    clk_profiling_info""".split()
)


def _rows() -> Words:
    rows = {word: ("VECTOR_WORD", word) for word in VECTOR_WORDS}
    for kind, words in _CLASSES.items():
        for word in words.split():
            alias, equals, meaning = word.partition("=")
            if alias and meaning and equals:
                rows[alias] = (kind, meaning)
            else:
                rows[word] = (kind, word)
    return rows


WORDS = _rows()  # spelling: (class or terminal text, the one spelling)


@cache
def words_of_opencl() -> Words:
    return {word: row for word, row in WORDS.items() if word not in _IN_C_ALONE}


@cache
def words_of_c() -> Words:
    errors = {word: ("FOREIGN", word) for word in _ERRORS_IN_C}
    gone = _NOT_IN_C.union(VECTOR_WORDS)
    own = {"__builtin_offsetof": ("__builtin_offsetof", "__builtin_offsetof")}
    return {word: row for word, row in WORDS.items() if word not in gone} | errors | own
