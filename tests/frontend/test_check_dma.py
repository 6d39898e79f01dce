"""What is said of calls of functions with a `dma_contract`: each line ends in what it is told."""

from __future__ import annotations

from kcc.frontend import pp
from kcc.frontend.check import check
from kcc.frontend.diag import Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.scope import CheckOptions
from kcc.frontend.source import SourceFile

DECLARATIONS = """
#define MRAM __mram_ptr
#define ALIGNED __attribute__((aligned(8)))
#define CONTRACT(name) __attribute__((dma_contract(name)))
CONTRACT(words) void mram_read(const MRAM void *from, void *to, unsigned n);
CONTRACT(words) void mram_write(const void *from, MRAM void *to, unsigned n);
CONTRACT(bytes_read) void *read_unaligned(const MRAM void *from, void *to, unsigned n);
CONTRACT(bytes_write) void write_unaligned(const void *from, MRAM void *to, unsigned n);
CONTRACT(word32) void write_int(MRAM int *to, int value);
"""
PROGRAM = """
CONTRACT(none) void f(void);  // bad-attribute
CONTRACT(1) void g(void);  // bad-attribute
ALIGNED MRAM int far[16];
struct s { char c; ALIGNED char d[16]; char e[8]; };
void sizes(MRAM int *p, int n) {
 ALIGNED int a[16];
 const int m = 20;
 mram_read(p, a, 0);  // dma-size
 mram_read(p, a, 4);  // dma-size
 mram_read(p, a, 8);
 mram_read(p, a, 12);  // dma-size
 mram_read(p, a, m);  // dma-size
 mram_read(p, a, sizeof(a));
 mram_read(p, a, sizeof(a) / 2 - 4);  // dma-size
 mram_write(a, p, 2048);
 mram_write(a, p, 2056);  // dma-size
 mram_write(a, p, -8);  // dma-size
 mram_write(a, p, n);
 read_unaligned(p, a, 3);
 n += sizeof((mram_read(p, a, 0), n));
}
void addresses(MRAM int *p, int n) {
 char buf[64];
 int few[4];
 long l[4];
 ALIGNED int a[16];
 struct s s;
 mram_read(p, buf, 64);  // dma-alignment
 mram_read(p, buf + n, 64);  // dma-alignment
 mram_read(p, few, 16);  // dma-alignment
 mram_read(p, &few[1], 8);  // dma-alignment
 mram_read(p, &few, 16);  // dma-alignment
 mram_read(p, &n, 8);  // dma-alignment
 mram_read(p, l + 1, 8);
 mram_read(p, a + 1, 8);  // misaligned-dma
 mram_read(p, (char *)&a[2], 8);
 mram_read(p, (char *)&a[2] - 7, 8);  // misaligned-dma
 mram_read(p, &a[n], 8);
 mram_read(p, &a[2 * n] + 1, 8);
 mram_read(p, &l[n], 8);
 mram_read(p, (char *)&l[n] + 1, 8);  // misaligned-dma
 mram_read(p, &s, 8);
 mram_read(p, s.d, 16);
 mram_read(p, s.d + 4, 8);  // misaligned-dma
 mram_read(p, s.e, 8);
 mram_read(p, &s.e[7], 8);  // misaligned-dma
 mram_read(far, l, 8);
 mram_read(far + 3, l, 8);  // misaligned-dma
 mram_read((MRAM void *)0x08000000, l, 8);
 mram_read((MRAM void *)0x08000004, l, 8);  // misaligned-dma
 mram_write(l, (MRAM void *)(0x08000000L + n), 8);
 read_unaligned((MRAM void *)0x08000003, l, 8);
 read_unaligned((MRAM void *)0x08000003, &a[1], 8);  // misaligned-dma
 read_unaligned(p, buf, 8);  // dma-alignment
 write_unaligned(&a[1], (MRAM void *)0x08000004, 3);
 write_unaligned(&a[1], (MRAM void *)0x08000002, 3);  // misaligned-dma
 write_unaligned(buf, (MRAM void *)0x08000002, 3);
 write_int((MRAM int *)0x08000004, 3);
 write_int((MRAM int *)0x08000006, 3);  // misaligned-dma
 write_int(p, 3);
}
"""


def said(text: str) -> dict[int, str]:
    diags = Diagnostics(max_errors=0)
    tokens = pp.preprocess(SourceFile("t.c", text), pp.PPOptions(std="c11"), diags)
    check(parse(tokens, diags, std="c11"), diags, CheckOptions("c11"))
    places = [(d.span.outermost(), d.code) for d in diags.seen if d.span is not None]
    return {span.file.position(span.start)[0]: code for span, code in places}


def test_what_is_wrong_is_said_of_sizes_and_addresses() -> None:
    text = DECLARATIONS + PROGRAM
    lines = enumerate(text.split("\n"), 1)
    expected = {n: line.partition("  // ")[2] for n, line in lines if "  // " in line}
    assert said(text) == expected
