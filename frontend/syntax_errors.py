"""What to say about a token that cannot stand where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .diag import Fix, closest
from .foreign import FOREIGN, STATEMENT_WORDS, misspelt
from .record import record
from .source import Span, spelled
from .tokens import CLOSERS, Token, TokenKind
from .treebuild import Opened

if TYPE_CHECKING:
    from .parse import Parser

REPAIRS = {";", ")", "]", "(", ":"}  # words whose absence is repaired by putting them there
_SPECIFIERS = ("TYPE_WORD", "VECTOR_WORD", "TAG_KIND", "STORAGE", "QUALIFIER", "FUNCTION_WORD")
_HEADS = ("if", "for", "while", "do", "switch", "case", "default", "return", "goto", "else")
# Of what may come next, the first of these is what most likely lacks.
LIKELY = (";", ")", "]", "}", ":", "(", "{", "=", ",", "while", "...")
# What came before a missing ";": the outermost rule finished there, in words.
FINISHED = {
    "expression": "expression",
    "declared": "declaration",
    "init_declarator": "declaration",
    "leading_specs": "declaration",
    "vector_specs": "declaration",
    "struct_declarator": "struct member",
}


@record
class Complaint:
    """A diagnostic to be; `missing` is a word that, put in, would mend it."""

    message: str
    span: Span
    code: str = "syntax"
    notes: tuple[tuple[str, Span | None], ...] = ()
    hint: str | None = None
    missing: str | None = None
    fixes: tuple[Fix, ...] = ()
    outside: bool = False  # what was begun reads well behind the blocks around it


def unknown_type(parser: Parser, name: Token) -> Complaint:
    known = {n for scope in parser.builder.scopes for n, kind in scope.items() if kind != "other"}
    reserved = parser.numbers.reserved
    words = {word for word, (kind, _meaning) in reserved.items() if kind in _SPECIFIERS}
    candidates = known | words | STATEMENT_WORDS
    hint, fixes = misspelt(name.text, name.span, candidates, parser.is_c)
    message = f"unknown type name '{name.text}'"
    return Complaint(message, name.span, "unknown-type", hint=hint, fixes=fixes)


def complain(parser: Parser, token: Token) -> Complaint:
    """Find the words for a syntax error: what was expected, what was found instead."""
    kind = parser.numbers.reserved.get(token.text, ("",))[0]
    if kind == "UNSUPPORTED" or (token.text == "pipe" and not parser.is_c):
        return Complaint(f"'{token.text}' is not supported", token.span, "unsupported")
    if kind == "FOREIGN":
        return Complaint(f"'{token.text}' is OpenCL C; this is C", token.span, "unsupported")
    if token.kind is TokenKind.OTHER:
        return Complaint(f"stray character {token.text!a} in program", token.span)
    found = "end of file" if token.kind is TokenKind.EOF else f"'{token.text}'"
    hint = _hint(parser, token)
    possible = _possible(parser)
    if token.text == "else" and "else" not in possible and "NUMBER" in possible:
        return Complaint("'else' without an 'if' before it", token.span, hint=hint)
    if token.text in CLOSERS and not _opener(parser, CLOSERS[token.text]):
        return Complaint(f"extraneous '{token.text}'", token.span, hint=hint)
    expected, missing = _expectation(parser, possible, token)
    if token.text == "{" and expected.endswith("after declaration"):
        around = _opener(parser, "{")
        if around is not None and spelled(parser.lasts[-1]) == ")":
            message = "a function begins inside of another: a '}' is missing before it"
            return Complaint(
                message, token.span, notes=(("this '{' is open", around),), outside=True
            )
    notes: tuple[tuple[str, Span | None], ...] = ()
    if missing in CLOSERS:
        opener = _opener(parser, CLOSERS[missing])
        if opener is not None:
            notes = ((f"to match this '{CLOSERS[missing]}'", opener),)
    if missing == ";" and (token.line_start or token.kind is TokenKind.EOF):
        # A ";" is missed where it should have been, not at the start of the next line.
        span = parser.behind_last()
        message = f"expected {expected}"
        return Complaint(message, span, "syntax", notes, hint, missing, _insertion(span, missing))
    message = f"expected {expected}, found {found}"
    if token.kind is TokenKind.IDENT and hint is None:
        fitting = {
            word
            for word, (kind, _meaning) in parser.numbers.reserved.items()
            if len(word) > 2 and (kind in possible or word in possible)
        }
        hint, fixes = misspelt(token.text, token.span, fitting, parser.is_c)
        if hint is not None:
            return Complaint(message, token.span, "syntax", notes, hint, missing, fixes)
    fixes = _insertion(parser.behind_last(), missing)
    return Complaint(message, token.span, "syntax", notes, hint, missing, fixes)


def _insertion(span: Span, missing: str | None) -> tuple[Fix, ...]:
    return ((span, missing),) if missing in REPAIRS and span.expanded_from is None else ()


def _possible(parser: Parser) -> set[str]:
    """Terminals that could have come: words as they are written, classes by name."""
    tables = parser.tables
    written = {number: word for word, number in tables.words.items()}
    return {
        written.get(number, tables.symbols[number])
        for number in range(tables.terminal_count)
        if parser.accepts(number)
    }


def _expectation(parser: Parser, possible: set[str], token: Token) -> tuple[str, str | None]:
    """(what was expected in words, the one word that lacks if it is one)."""
    if token.kind is TokenKind.EOF and "}" in possible:
        return "'}'", "}"
    if len(possible) == 1:
        (only,) = possible
        return _named(only) + (_after(parser) if only == ";" else ""), only
    closer = next((word for word in LIKELY if word in possible), None)
    if "NUMBER" in possible:
        if "if" in possible:
            return ("a statement" if "TYPE_WORD" not in possible else "a statement or '}'"), None
        if closer in (")", "]", "}", ";") and "TYPE_WORD" not in possible:
            return f"an expression or '{closer}'", None
        return "an expression", None
    if "TYPE_WORD" in possible and "IDENT" not in possible and "*" not in possible:
        if ")" in possible:
            return "a parameter or ')'", None
        if "$END" in possible:
            return "a declaration", None
        return ("a member or '}'", None) if "}" in possible else ("a type", None)
    if closer is None or ("IDENT" in possible and closer in ("(", "{")):
        return ("a name" if "IDENT" in possible else "something else"), None
    if closer == ";":
        if "IDENT" in possible and spelled(parser.lasts[-1]) != "}":
            return "a name or ';'", None
        return f"';'{_after(parser)}", ";"
    if closer == "(" and token.kind is TokenKind.IDENT and "*" in possible:
        return "a name", None
    return _named(closer), closer


def _named(terminal: str) -> str:
    names = {"IDENT": "a name", "$END": "end of file", "STRING": "a string"}
    return names.get(terminal) or f"'{terminal}'"


def _after(parser: Parser) -> str:
    fed = parser.feed(parser.tables.words[";"], parser.states)
    if fed is not None:
        for lhs in reversed(fed[1]):
            words = FINISHED.get(parser.tables.symbols[lhs])
            if words:
                return f" after {words}"
    last = parser.values[-1] if parser.values else None
    return f" after '{last.text}'" if isinstance(last, Token) and last.text.isalpha() else ""


def _opener(parser: Parser, bracket: str) -> Span | None:
    """The innermost bracket of a kind that is still open."""
    closer = next(c for c, o in CLOSERS.items() if o == bracket)
    depth = 0
    for value, first, last in zip(
        reversed(parser.values), reversed(parser.firsts), reversed(parser.lasts), strict=True
    ):
        if not isinstance(value, Token | Opened | list):
            continue
        text = spelled(last)
        if text == closer and first is last:
            depth += 1
        elif text == bracket:
            if depth == 0:
                return last
            depth -= 1
    return None


def _hint(parser: Parser, token: Token) -> str | None:
    foreign = {} if parser.is_c else FOREIGN
    if token.text in foreign:
        return foreign[token.text]
    if not parser.values:
        return None
    reserved = parser.numbers.reserved
    before, after = spelled(parser.lasts[-1]), reserved.get(token.text, ("", ""))[0]
    if before == "?" and token.text == ":":
        return "write the condition again between '?' and ':'"
    if after == "VECTOR_WORD" and before in ("unsigned", "signed"):
        return f"write '{'u' if before == 'unsigned' else ''}{token.text}'"
    if before == ":" and after in ("TYPE_WORD", "VECTOR_WORD", "QUALIFIER", "STORAGE"):
        return "put a ';' between a label and a declaration"
    if before == token.text == ":" and "::" in foreign:
        return foreign["::"]
    earlier = spelled(parser.lasts[-2]) if len(parser.lasts) > 1 else ""
    return foreign.get(before) or foreign.get(earlier) or _misspelt_head(parser)


def _misspelt_head(parser: Parser) -> str | None:
    """`whlie (x) {`: a name where a statement began that may be meant for a word."""
    head: Token | None = None
    for position in range(parser.position - 2, max(-1, parser.position - 60), -1):
        token = parser.tokens[position]
        if token.text in (";", "{", "}"):
            break
        head = token
    if head is None or head.kind is not TokenKind.IDENT or head.text in parser.numbers.words:
        return None
    if parser.builder.kind_of(head.text) is not None:
        return None
    near = closest(head.text, _HEADS)
    return f"did you mean '{near}' instead of '{head.text}'?" if near else None
