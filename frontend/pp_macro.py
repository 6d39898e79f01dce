"""Macros: reading a definition, and putting arguments into a body (C99 6.10.3).

A body is turned into `Piece`s once, when it is defined; substitution walks those.
"""

from __future__ import annotations

from enum import Enum

from .diag import Diagnostics
from .lexer import lex_text
from .record import field, record
from .source import Expansion, Span
from .tokens import Token, TokenKind

MAX_MADE_CHARS = 1 << 16  # of a token that # or ## makes


class Take(Enum):
    """What a piece of a body stands for."""

    TOKEN = 0
    EXPANDED = 1  # an argument, macro-expanded
    WRITTEN = 2  # an argument as written: beside ##
    STRING = 3  # #argument, or #__VA_OPT__(...)
    OPTIONAL = 4  # __VA_OPT__(...)


@record
class Piece:
    take: Take
    token: Token  # the token of the body, for its text, spacing and place
    index: int = 0  # of the argument
    inner: tuple[Piece, ...] = ()  # of __VA_OPT__
    paste: Token | None = None  # the ## between this piece and the one before
    after_comma: bool = False  # GNU: `, ## __VA_ARGS__`


@record(eq=False, frozen=False)
class Macro:
    name: str
    span: Span
    params: tuple[str, ...] | None = None  # None: object-like; a variadic one comes last
    variadic: bool = False
    body: list[Token] = field(default_factory=list)
    pieces: tuple[Piece, ...] = ()
    plain: bool = True  # no ## and no parameters: the body is the expansion
    expanded_params: tuple[int, ...] = ()  # arguments that are wanted macro-expanded
    active: bool = False  # being rescanned: its own name is left alone

    def same_as(self, other: Macro) -> bool:
        """May it be redefined so (C99 6.10.3p2)? Spelling and where white space is must agree."""
        spelled = [(t.text, t.space_before) for t in self.body[1:]]
        return (
            self.params == other.params
            and self.variadic == other.variadic
            and [t.text for t in self.body[:1]] == [t.text for t in other.body[:1]]
            and spelled == [(t.text, t.space_before) for t in other.body[1:]]
        )


@record(frozen=False)
class Argument:
    """An argument of one macro use; `expanded` is filled in when first needed."""

    written: list[Token]
    expanded: list[Token] | None = None
    absent: bool = False  # of a variadic macro: not even a comma before it


def read_definition(line: list[Token], diags: Diagnostics) -> Macro | None:
    """The macro that the tokens after `#define` define, or None after an error."""
    name = line[0]
    macro = Macro(name.text, name.span)
    body = 1
    if len(line) > 1 and line[1].text == "(" and not line[1].space_before:
        end = _read_params(macro, line, diags)
        if end is None:
            return None
        body = end
    macro.body = line[body:]
    pieces = _pieces(macro, macro.body, diags)
    if pieces is None:
        return None
    macro.pieces = pieces
    macro.plain = all(p.take is Take.TOKEN and p.paste is None for p in pieces)
    macro.expanded_params = tuple(sorted(_expanded_params(macro, pieces)))
    return macro


def _expanded_params(macro: Macro, pieces: tuple[Piece, ...]) -> set[int]:
    found: set[int] = set()
    for piece in pieces:
        if piece.take is Take.EXPANDED:
            found.add(piece.index)
        elif piece.inner:
            # Whether __VA_OPT__ counts depends on what the last argument expands to.
            assert macro.params is not None
            found |= _expanded_params(macro, piece.inner) | {len(macro.params) - 1}
    return found


def _read_params(macro: Macro, line: list[Token], diags: Diagnostics) -> int | None:
    """Reads `(a, b, ...)` from line[1] on; returns the index after the `)`."""
    params: list[str] = []
    at = 2
    while at < len(line):
        token = line[at]
        if token.text == ")" and not params:
            break
        if token.text == "...":
            params.append("__VA_ARGS__")
            macro.variadic = True
        elif token.kind is TokenKind.IDENT:
            if token.text in params:
                diags.error(
                    "macro-params", f"macro parameter '{token.text}' is named twice", token.span
                )
                return None
            if token.text in ("__VA_ARGS__", "__VA_OPT__"):
                diags.error("macro-params", f"'{token.text}' cannot name a parameter", token.span)
                return None
            params.append(token.text)
            if at + 1 < len(line) and line[at + 1].text == "...":
                macro.variadic = True
                at += 1
        else:
            break
        at += 1
        if at < len(line) and line[at].text == "," and not macro.variadic:
            at += 1
            if at < len(line) and line[at].text == ")":
                break
        elif at < len(line) and line[at].text == ")":
            macro.params = tuple(params)
            return at + 1
        else:
            break
    if at < len(line) and line[at].text == ")" and line[at - 1].text == "(":
        macro.params = ()
        return at + 1
    where = line[at] if at < len(line) else line[-1]
    diags.error(
        "macro-params",
        f"bad parameter list of macro '{macro.name}'" + ("" if at < len(line) else ": missing ')'"),
        where.span,
    )
    return None


def _pieces(macro: Macro, body: list[Token], diags: Diagnostics) -> tuple[Piece, ...] | None:
    pieces: list[Piece] = []
    params = macro.params
    paste: Token | None = None
    at = 0
    while at < len(body):
        token = body[at]
        at += 1
        if token.text in ("##", "%:%:"):
            if not pieces or at == len(body):
                where = "end" if pieces else "start"
                diags.error(
                    "macro-paste", f"'##' cannot stand at the {where} of a macro", token.span
                )
                return None
            paste = token
            continue
        piece = Piece(Take.TOKEN, token, paste=paste)
        if params is not None and token.text in ("#", "%:"):
            operand = body[at] if at < len(body) else None
            if operand is not None and operand.text in params:
                piece = Piece(Take.STRING, token, params.index(operand.text), paste=paste)
                at += 1
            elif operand is not None and operand.text == "__VA_OPT__" and macro.variadic:
                found = _optional(macro, body, at + 1, diags)
                if found is None:
                    return None
                inner, at = found
                piece = Piece(Take.STRING, token, -1, inner, paste)
            else:
                diags.error(
                    "macro-stringify",
                    "'#' is not followed by a macro parameter",
                    token.span if operand is None else operand.span,
                )
                return None
        elif params is not None and token.kind is TokenKind.IDENT and token.text in params:
            index = params.index(token.text)
            last = macro.variadic and index == len(params) - 1
            before = pieces[-1] if paste is not None and last else None
            comma = before is not None and before.take is Take.TOKEN and before.token.text == ","
            beside = paste is not None or (at < len(body) and body[at].text in ("##", "%:%:"))
            take = Take.WRITTEN if beside else Take.EXPANDED
            piece = Piece(take, token, index, (), paste, comma)
        elif token.text == "__VA_OPT__" and macro.variadic:
            found = _optional(macro, body, at, diags)
            if found is None:
                return None
            inner, at = found
            piece = Piece(Take.OPTIONAL, token, 0, inner, paste)
        elif token.text in ("__VA_ARGS__", "__VA_OPT__") and not macro.variadic:
            diags.warning(
                "variadic-macros",
                f"'{token.text}' means nothing in a macro without '...'",
                token.span,
            )
        pieces.append(piece)
        paste = None
    return tuple(pieces)


def _optional(
    macro: Macro, body: list[Token], at: int, diags: Diagnostics
) -> tuple[tuple[Piece, ...], int] | None:
    """The pieces inside `__VA_OPT__(...)`, where body[at] is the `(`, and the index behind."""
    start, depth = at, 0
    while at < len(body):
        text = body[at].text
        depth += (text == "(") - (text == ")")
        if text == "__VA_OPT__" or depth == 0:
            break
        at += 1
    if at == start or at >= len(body) or depth:
        diags.error(
            "macro-va-opt",
            "'__VA_OPT__' needs (...) behind it, and none inside",
            body[min(start, len(body)) - 1].span,
        )
        return None
    inner = _pieces(macro, body[start + 1 : at], diags)
    return None if inner is None else (inner, at + 1)


def text_macro(name: str, body: str) -> Macro:
    """A predefined macro: its body, or the whole definition of one with parameters."""
    if body.startswith("#define "):
        macro = read_definition(lex_text(body, "<built-in>")[2:], Diagnostics())
        assert macro is not None, body
        return macro
    tokens = lex_text(body, "<built-in>")
    tokens[:1] = [Token(t.kind, t.text, t.span) for t in tokens[:1]]
    span = tokens[0].span if tokens else lex_text("x", "<built-in>")[0].span
    return Macro(name, span, body=tokens, pieces=tuple(Piece(Take.TOKEN, t) for t in tokens))


class Substitution:
    """One use of a function-like macro: its arguments put in place of its parameters."""

    def __init__(
        self,
        macro: Macro,
        arguments: list[Argument],
        use: Expansion,
        diags: Diagnostics,
    ) -> None:
        self.macro, self.arguments, self.use, self.diags = macro, arguments, use, diags

    def run(self) -> list[Token]:
        # An empty token (a placemarker, C99 6.10.3.3) stands for an empty operand of ##.
        tokens = self.walk(self.macro.pieces)
        if all(t.text for t in tokens):
            return tokens
        out: list[Token] = []
        space = False  # white space before nothing is white space before what follows
        for token in tokens:
            if not token.text:
                space |= token.space_before
            else:
                out.append(spaced(token) if space else token)
                space = False
        return out

    def walk(self, pieces: tuple[Piece, ...]) -> list[Token]:
        out: list[Token] = []
        for piece in pieces:
            tokens = self.tokens_of(piece)
            if piece.paste is None:
                out += tokens
            elif piece.after_comma:
                if self.arguments[piece.index].absent:
                    out.pop()
                out += [t for t in tokens if t.text]
            else:
                left = out.pop()
                out.append(self.paste(left, tokens[0], piece.paste))
                out += tokens[1:]
        return out

    def tokens_of(self, piece: Piece) -> list[Token]:
        """At least one token, if only a placemarker."""
        token = piece.token
        match piece.take:
            case Take.TOKEN:
                return [self.placed(token)]
            case Take.STRING:
                if piece.index < 0:
                    inner = [t for t in self.optional(piece.inner) if t.text]
                else:
                    inner = self.arguments[piece.index].written
                text = stringify(inner)
                if len(text) > MAX_MADE_CHARS:
                    self.diags.error("macro-limit", "'#' makes too long a string", token.span)
                    text = '""'
                return [self.placed(token, TokenKind.STRING, text)]
            case Take.OPTIONAL:
                tokens = self.optional(piece.inner)
            case Take.WRITTEN:
                tokens = self.arguments[piece.index].written
            case Take.EXPANDED:
                argument = self.arguments[piece.index]
                assert argument.expanded is not None, "expanded before substitution"
                tokens = argument.expanded
        if not tokens:
            return [self.placed(token, TokenKind.OTHER, "")]
        first = tokens[0]
        if first.space_before != token.space_before:
            first = Token(
                first.kind, first.text, first.span, token.space_before, False, first.no_expand
            )
        return [first, *tokens[1:]]

    def optional(self, inner: tuple[Piece, ...]) -> list[Token]:
        last = self.arguments[-1]
        present = last.written if last.expanded is None else last.expanded
        return self.walk(inner) if present else []

    def placed(self, token: Token, kind: TokenKind | None = None, text: str | None = None) -> Token:
        """A token of the body, as it stands in this use."""
        at = token.span
        return Token(
            kind or token.kind,
            token.text if text is None else text,
            Span(at.file, at.start, at.end, self.use),
            token.space_before,
        )

    def paste(self, left: Token, right: Token, at: Token) -> Token:
        if not right.text:
            return left
        if not left.text:
            return Token(
                right.kind, right.text, right.span, left.space_before, False, right.no_expand
            )
        text = left.text + right.text
        span = Span(at.span.file, at.span.start, at.span.end, self.use)
        tokens = lex_text(text) if len(text) <= MAX_MADE_CHARS else []
        if len(tokens) != 1 or tokens[0].text != text:
            what = text if len(text) <= 40 else text[:37] + "..."
            self.diags.error("macro-paste", f"pasting forms '{what}', which is not one token", span)
            return left
        return Token(tokens[0].kind, text, span, left.space_before)


def spaced(token: Token) -> Token:
    return Token(token.kind, token.text, token.span, True, token.line_start, token.no_expand)


def stringify(tokens: list[Token]) -> str:
    """The tokens' spelling as a string literal (C99 6.10.3.2)."""
    parts: list[str] = []
    for index, token in enumerate(tokens):
        text = token.text
        if token.kind in (TokenKind.STRING, TokenKind.CHAR):
            text = text.replace("\\", "\\\\").replace('"', '\\"')
        elif token.kind is TokenKind.OTHER:
            text = text.replace('"', '\\"')
        parts.append(" " + text if index and token.space_before else text)
    return '"' + "".join(parts) + '"'
