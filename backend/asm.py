"""The assembler for start code: GNU syntax in, a relocatable RISC-V object out.

What names labels is filled in at the end. A branch to a label is compressed where that reaches:
all are taken to be near at first, and while one proves to be far the text is read again with
that known. Nothing is left for the linker to relax.
"""

from __future__ import annotations

from functools import partial
from itertools import count

from ..frontend.diag import Diagnostics
from ..frontend.source import SourceFile
from . import asmlex
from .asmdirectives import assign, directive
from .asminsn import instruction
from .asmjob import Job
from .asmlex import SyntaxFault, Token
from .target import DEFAULT_ARCH, parse_target

_MAX_READINGS = 50  # then no branch is compressed: thousands may push each other out of reach


def assemble(text: str, name: str, diags: Diagnostics, arch: str = DEFAULT_ARCH) -> bytes:
    """Assemble `text`; the object's bytes depend on nothing else.

    name:    of the source, for diagnostics.
    arch:    which instructions there are; machine-mode ones always.
    raises:  CompileError with all that is wrong, ValueError for an unknown `arch`.
    """
    file = SourceFile(name, text)
    extensions = parse_target(arch).extensions
    statements = asmlex.statements(file, diags)
    known = len(diags.seen)
    far: frozenset[int] = frozenset()
    for reading in count(1):
        job = Job(file, diags, set(extensions), far)
        for statement in statements:
            job.attempt(partial(_statement, job, statement))
        job.settle()
        if not job.too_far:
            break
        far |= job.too_far if reading < _MAX_READINGS else set(range(1, job.branches + 1))
        del diags.seen[known:]  # sizes were not final
    return job.finish()


def _statement(job: Job, tokens: list[Token]) -> None:
    at = 0
    while len(tokens) > at + 1 and tokens[at + 1].text == ":" and tokens[at + 1].kind == "op":
        job.label(tokens[at])
        at += 2
    tokens = tokens[at:]
    if not tokens:
        return
    head, rest = tokens[0], tokens[1:]
    if head.kind != "name":
        raise SyntaxFault("asm-syntax", f"'{head.text}' starts no statement", head.span)
    if rest and rest[0].text == "=" and rest[0].kind == "op":
        assign(job, [[head], rest[1:]], head)
        return
    operands = asmlex.split(rest)
    if head.text.startswith("."):
        directive(job, head, operands)
    else:
        instruction(job, head, operands)
