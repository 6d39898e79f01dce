"""Sources that nobody would write: real ones damaged, streams of words, walks of the grammar."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lark import Lark

from kcc.frontend.tables import START, grammar_text
from kcc.frontend.words import VECTOR_WORDS, WORDS

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "kernels").rglob("*.cl"))
ACCEPTANCE = ROOT / "tests" / "frontend" / "acceptance"
PARTS = re.compile(r"\w+|[-+*/%&|^<>=!]=?|\s+|[^\w\s]")  # of a source; joined, they are it again

NUMBERS = ("0", "-1", "1u", "0x7fffffff", "0x80000000", "0xffffffffffffffff", "1e309", "1.5f")
OTHERS = (
    "( ) { } [ ] ; , * & + << ? : . -> struct union const volatile global local constant".split()
)
OTHERS += "float int ulong bool void kernel return if else for switch case goto sizeof".split()
TYPES = "char uchar short ushort int uint long ulong bool float double void size_t".split()
OPERATORS = "+ - * / % & | ^ < > <= >= == !=".split()
KINDS = (  # what may stand for what, so that many a mutant is parsed and checked
    lambda word: word in TYPES,
    lambda word: word in OPERATORS,
    lambda word: word in ("+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="),
    lambda word: word[0].isdigit(),
    lambda word: word[0].isalpha() and word not in OTHERS,
)


def _replace(r: random.Random, words: list[str], at: int) -> None:
    """Put another word of the same kind in place of one."""
    for is_kind in KINDS:
        if is_kind(words[at]):
            words[at] = r.choice([w for w in words if is_kind(w)])
            return


def mutated(r: random.Random, sources: list[list[str]]) -> str:
    """One of the sources, each a list of its parts, with up to six changes."""
    words = list(r.choice(sources))
    for _ in range(r.choice((1, 1, 1, 2, 3, 6))):
        at = r.randrange(len(words))
        kind = r.randrange(7)
        if r.random() < 0.6:
            _replace(r, words, at)
        elif kind == 0:
            del words[at : at + r.randint(1, 3)]
        elif kind == 1:
            words[at:at] = words[at : at + r.randint(1, 6)]
        elif kind == 2:
            to = r.randrange(len(words))
            words[at], words[to] = words[to], words[at]
        elif kind == 3:
            other = r.choice(sources)
            start = r.randrange(len(other))
            words[at : at + r.randint(0, 4)] = other[start : start + r.randint(1, 20)]
        elif kind == 4:
            words[at] = r.choice(NUMBERS)
        elif kind == 5:
            words[at] = r.choice(OTHERS)
        else:
            words.insert(at, f" {r.choice(OTHERS)} ")
        if not words:
            return ""
    return "".join(words)


def parts(texts: list[str]) -> list[list[str]]:
    """Sources for mutated(), without comments."""
    bare = [re.sub(r"//.*|/\*(.|\n)*?\*/", "", text) for text in texts]
    return [PARTS.findall(text) for text in bare if text.strip()]


def snippets() -> list[str]:
    """The small programs that acceptance is judged by."""
    found = []
    for path in sorted(ACCEPTANCE.glob("*.txt")):
        for block in re.finditer(r"^[-+?]{3} (.*(?:\n    \|.*)*)$", path.read_text(), re.M):
            found.append(in_kernel(block[1].replace("\n    |", "\n")))
    return found


def in_kernel(text: str) -> str:
    """A program; "body: ..." is the inside of a kernel."""
    head = "kernel void k(global int *a, global float *b, int n, float x, uint u, local int *l, "
    head += "constant int *c) {"
    return f"{head} {text[6:]}\n}}\n" if text.startswith("body: ") else f"{text}\n"


# -- words in any order ---------------------------------------------------------------------------

NAMES = "a b n x u l c k f S T E V i j sqrt printf max get_global_id convert_int4 as_float".split()
LITERALS = [*NUMBERS, '"s"', "'a'", "2", "3", "1.0", "4", "08", "1h", '"%d"', "'\\n'", "0x", "1e"]
SIGNS = "( ) ( ) { } [ ] ; ; , , . -> ... # ## \n# \\ @".split(" ")


def stream(r: random.Random) -> str:
    """Words of the language in any order, now and then with their brackets paired."""
    pools = (NAMES, LITERALS, SIGNS, list(WORDS), list(WORDS), list(VECTOR_WORDS))
    words = [r.choice(r.choice(pools)) for _ in range(r.randint(1, 40))]
    text = " ".join(words)
    if r.random() < 0.5:
        text = "body: " + text
    return in_kernel(text)


# -- walks of the grammar -------------------------------------------------------------------------

PRELUDE = """typedef int T; typedef float4 V; struct S { int m; V v; struct S *next; };
enum E { A1 = 3 }; int f(int i, float g); constant int c0[3] = {1, 2, 3};
"""
SPELLED = {
    "IDENT": ["a", "b", "n", "x", "u", "l", "c", "k", "f", "A1", "c0", "m", "v", "i", "j", "y"],
    "TYPE_NAME": ["T"],
    "VECTOR_NAME": ["V"],
    "SHADOWED": ["T"],
    "LABEL_NAME": ["T", "y"],
    "OLD_NAME": ["a", "b"],
    "NUMBER": [*LITERALS[:8], "1", "2", "3", "7", "1.5", "2.0f"],
    "CHAR": ["'a'", "'\\0'"],
    "STRING": ['"s"', '""', '"%d"'],
    "PRAGMA": ["\n#pragma unroll\n", "\n#pragma OPENCL FP_CONTRACT ON\n"],
    "_VECTOR_PAREN": ["("],
    "VECTOR_WORD": ["float4", "int4", "uchar3", "int2", "double2", "float16"],
    "TYPE_WORD": [*TYPES, "unsigned", "signed", "half", "event_t"],
}

RARE = {"attribute", "attributes", "asm", "asm_name", "file_asm", "_attribute_items"}  # and long


@cache
def _grammar() -> tuple[dict[str, list[tuple[int, float, list[str]]]], dict[str, list[str]]]:
    """Of each rule, its expansions: height of the lowest tree, weight, parts. The terminals."""
    lark = Lark(grammar_text(), parser="earley", lexer="dynamic", start=START)
    rules: dict[str, list[list[str]]] = {}
    for rule in lark.rules:
        rules.setdefault(rule.origin.name, []).append([s.name for s in rule.expansion])
    spelled = dict(SPELLED)
    for terminal in lark.terminals:
        spelled.setdefault(terminal.name, [terminal.pattern.value])
    for word, (kind, _) in WORDS.items():
        if kind not in SPELLED:
            spelled.setdefault(kind, []).append(word)
    height = dict.fromkeys(spelled, 0)
    while missing := set(rules) - set(height):
        ready = {name for name in missing if any(set(e) <= set(height) for e in rules[name])}
        assert ready, missing
        for name in sorted(ready):
            known = [e for e in rules[name] if set(e) <= set(height)]
            height[name] = 1 + min(max((height[s] for s in e), default=0) for e in known)
    weighed = {
        name: [
            (max((height[s] for s in e), default=0), 0.05 if RARE & set(e) else 1.0, e)
            for e in expansions
        ]
        for name, expansions in rules.items()
    }
    return weighed, spelled


def _walk(r: random.Random, symbol: str, budget: int) -> Iterator[str]:
    rules, spelled = _grammar()
    if symbol not in rules:
        yield r.choice(spelled[symbol])
        return
    most = max(budget, min(rules[symbol])[0])
    fitting = [(weight, e) for height, weight, e in rules[symbol] if height <= most]
    for part in r.choices([e for _, e in fitting], [weight for weight, _ in fitting])[0]:
        yield from _walk(r, part, budget - 1)


def walk(r: random.Random) -> str:
    """A program that the grammar derives; what it means is another matter."""
    start = r.choice(("_external", "_block_item", "statement", "expression", "declaration"))
    text = " ".join(_walk(r, start, r.randint(6, 22)))
    if start == "expression":
        text = f"(void)({text});"
    return PRELUDE + in_kernel(text if start == "_external" else f"body: {text}")
