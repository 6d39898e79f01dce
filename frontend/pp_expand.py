"""Macro expansion, with the rest of a file standing by (C99 6.10.3).

Expansion keeps a stack of token streams: a macro's body is pushed where its name stood and
the macro stays off while its stream is on the stack, so the text after the name can complete
a call that the body began, as C asks.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TypeAlias

from .diag import Diagnostics
from .lexer import lex_text
from .pp_macro import Argument, Macro, Substitution, spaced, text_macro
from .record import field, record
from .source import Expansion, SourceFile, Span
from .tokens import Token, TokenKind

MAX_EXPANDED_TOKENS = 1 << 20  # in one program; a macro that doubles 30 times ends here
MAX_ARGUMENT_DEPTH = 120  # macro uses inside arguments inside arguments

Dynamic: TypeAlias = Callable[[Token], list[Token]]


@record(frozen=False)
class Conditional:
    """An #if on its way to its #endif."""

    span: Span
    live: bool  # the tokens that follow count
    taken: bool  # one group was live already
    has_else: bool = False


@record(frozen=False)
class File:
    source: SourceFile
    tokens: list[Token]
    at: int = 0
    conditionals: list[Conditional] = field(default_factory=list)


@record(frozen=False)
class _Stream:
    tokens: list[Token]
    macro: Macro | None = None
    at: int = 0


class Expander(ABC):
    """Expands macros; what reads files and obeys directives builds on it."""

    def __init__(self, diags: Diagnostics, predefined: Mapping[str, str]) -> None:
        self.diags = diags
        self.macros: dict[str, Macro | str | Dynamic] = {**predefined, **self.dynamic_macros()}
        self.files: list[File] = []
        self.base_name = ""
        self.counter = 0
        self.expanded_tokens = 0
        self.argument_depth = 0
        self.in_arguments = False

    @abstractmethod
    def directive(self, hash_: Token) -> None:
        """Obey the directive whose `#` has just been read, in the middle of arguments."""

    @abstractmethod
    def pragma(self, tokens: list[Token], first: Token, span: Span) -> list[Token]:
        """What stays of a pragma in the output."""

    def expand(self, tokens: list[Token], from_file: bool, in_if: bool = False) -> list[Token]:
        """Fully expand `tokens`; `from_file`: the current file's next tokens may belong to it."""
        stack = [_Stream(tokens)]
        out: list[Token] = []
        space = False  # a use with white space before it came to nothing
        while stack:
            top = stack[-1]
            if top.at == len(top.tokens):
                _drop(stack)
                continue
            token = top.tokens[top.at]
            top.at += 1
            if space:
                token, space = spaced(token), False
            if token.kind is not TokenKind.IDENT or token.no_expand:
                out.append(token)
                continue
            macro = self.lookup(token.text)
            if macro is None:
                out.append(token)
                if in_if and token.text == "defined":
                    _keep_operand(top, out)
            elif not isinstance(macro, Macro):
                out += (
                    self.pragma_operator(token, stack, from_file)
                    if (token.text == "_Pragma")
                    else macro(token)
                )
            elif macro.active:
                out.append(_painted(token))
            elif macro.params is None or self.paren_follows(stack, from_file):
                body = self.use(macro, token, stack, from_file)
                if body is None:
                    continue
                self.charge(len(body), token)
                if body:
                    first = body[0]  # an argument's token may be in use elsewhere too
                    body[0] = Token(
                        first.kind,
                        first.text,
                        first.span,
                        token.space_before,
                        token.line_start,
                        first.no_expand,
                    )
                else:
                    space = token.space_before
                stack.append(_Stream(body, macro))
                macro.active = True
            else:
                out.append(token)
        return out

    def lookup(self, name: str) -> Macro | Dynamic | None:
        macro = self.macros.get(name)
        if isinstance(macro, str):
            macro = self.macros[name] = text_macro(name, macro)
        return macro

    def use(
        self, macro: Macro, name: Token, stack: list[_Stream], from_file: bool
    ) -> list[Token] | None:
        """What replaces one use of a macro, before rescanning; None after an error."""
        if macro.params is None:
            expansion = Expansion(macro.name, name.span)
            if macro.plain:
                return _placed(macro.body, expansion)
            return Substitution(macro, [], expansion, self.diags).run()
        found = self.arguments(macro, name, stack, from_file)
        if found is None:
            # A number in its place, so that what is around it still reads as an expression.
            return [made(name, TokenKind.NUMBER, "0")]
        arguments, end = found
        expansion = Expansion(macro.name, name.span.to(end))
        if macro.plain:
            return _placed(macro.body, expansion)
        for index in macro.expanded_params:
            arguments[index].expanded = self.argument(arguments[index].written, name)
        return Substitution(macro, arguments, expansion, self.diags).run()

    def argument(self, tokens: list[Token], name: Token) -> list[Token]:
        if not any(t.kind is TokenKind.IDENT and t.text in self.macros for t in tokens):
            return tokens
        self.argument_depth += 1
        if self.argument_depth > MAX_ARGUMENT_DEPTH:
            raise self.diags.fatal(
                "nesting-limit", "macro uses nest too deeply in arguments", name.span
            )
        expanded = self.expand(tokens, False)
        self.argument_depth -= 1
        return expanded

    def charge(self, count: int, token: Token) -> None:
        self.expanded_tokens += count + 1
        if self.expanded_tokens > MAX_EXPANDED_TOKENS:
            raise self.diags.fatal(
                "macro-limit",
                f"macros expand to more than {MAX_EXPANDED_TOKENS} tokens",
                token.span,
            )

    def paren_follows(self, stack: list[_Stream], from_file: bool) -> bool:
        for stream in reversed(stack):
            if stream.at < len(stream.tokens):
                return stream.tokens[stream.at].text == "("
        if not from_file:
            return False
        file = self.files[-1]
        return file.tokens[file.at].text == "("

    def next(self, stack: list[_Stream], from_file: bool) -> Token | None:
        """The next token of a macro's arguments, wherever it comes from."""
        while stack:
            top = stack[-1]
            if top.at < len(top.tokens):
                top.at += 1
                return top.tokens[top.at - 1]
            _drop(stack)
        file = self.files[-1]
        while from_file:
            token = file.tokens[file.at]
            if token.kind is TokenKind.EOF:
                break
            file.at += 1
            if not (token.line_start and token.text in ("#", "%:")):
                return token
            self.in_arguments = True
            self.directive(token)
            self.in_arguments = False
        return None

    def arguments(
        self, macro: Macro, name: Token, stack: list[_Stream], from_file: bool
    ) -> tuple[list[Argument], Span] | None:
        """Reads `(...)` after a macro's name: its arguments and where the `)` is."""
        assert macro.params is not None
        self.next(stack, from_file)
        count = len(macro.params)
        found: list[list[Token]] = [[]]
        depth = 0
        while True:
            token = self.next(stack, from_file)
            if token is None:
                self.diags.error(
                    "unterminated-macro-use",
                    f"the arguments of macro '{macro.name}' have no ')'",
                    name.span,
                    notes=(defined_here(macro),),
                )
                return None
            if token.kind is TokenKind.IDENT:
                known = self.macros.get(token.text)
                if isinstance(known, Macro) and known.active:
                    token = _painted(token)
            elif token.text == "(":
                depth += 1
            elif token.text == ")":
                if depth == 0:
                    break
                depth -= 1
            elif token.text == "," and depth == 0 and not (macro.variadic and len(found) == count):
                found.append([])
                continue
            if token.line_start:
                token = Token(token.kind, token.text, token.span, True, False, token.no_expand)
            found[-1].append(token)
        if count == 0 and found == [[]]:
            found = []
        absent = macro.variadic and (len(found) == count - 1 or found == [[]])
        if absent and len(found) < count:
            found.append([])
        if len(found) != count:
            takes = f"{count - macro.variadic}{' or more' if macro.variadic else ''}"
            self.diags.error(
                "macro-arguments",
                f"macro '{macro.name}' takes {takes} argument{'' if takes == '1' else 's'}, "
                f"{len(found)} given",
                name.span.to(token.span),
                notes=(defined_here(macro),),
            )
            return None
        arguments = [Argument(tokens) for tokens in found]
        if absent:
            arguments[-1].absent = True
        return arguments, token.span

    # -- macros whose value depends on the place ------------------------------------------------

    def dynamic_macros(self) -> dict[str, Dynamic]:
        return {
            "__FILE__": lambda t: [made(t, TokenKind.STRING, _quoted(self.presumed(t)[0]))],
            "__FILE_NAME__": lambda t: [
                made(t, TokenKind.STRING, _quoted(os.path.basename(self.presumed(t)[0])))
            ],
            "__BASE_FILE__": lambda t: [made(t, TokenKind.STRING, _quoted(self.base_name))],
            "__LINE__": lambda t: [made(t, TokenKind.NUMBER, str(self.presumed(t)[1]))],
            "__INCLUDE_LEVEL__": lambda t: [made(t, TokenKind.NUMBER, str(len(self.files) - 1))],
            "__COUNTER__": self.count,
            "__DATE__": lambda t: self.epoch(t, "Jan  1 1970"),
            "__TIME__": lambda t: self.epoch(t, "00:00:00"),
            "__TIMESTAMP__": lambda t: self.epoch(t, "Thu Jan  1 00:00:00 1970"),
            "_Pragma": lambda _t: [],  # an operator; expand() sees to its operand
        }

    def presumed(self, token: Token) -> tuple[str, int]:
        """File and line of the end of the macro use a token belongs to, as other compilers do."""
        span = token.span.outermost()
        name, line, _column = span.file.presumed(max(span.start, span.end - 1))
        return name, line

    def count(self, token: Token) -> list[Token]:
        self.counter += 1
        return [made(token, TokenKind.NUMBER, str(self.counter - 1))]

    def epoch(self, token: Token, text: str) -> list[Token]:
        self.diags.warning(
            "date-time",
            f"'{token.text}' is '{text}' always, so that equal inputs give equal outputs",
            token.span,
        )
        return [made(token, TokenKind.STRING, f'"{text}"')]

    def pragma_operator(self, token: Token, stack: list[_Stream], from_file: bool) -> list[Token]:
        """`_Pragma("text")` does what `#pragma text` does (C99 6.10.9)."""
        if self.paren_follows(stack, from_file):
            self.next(stack, from_file)
            operand = self.next(stack, from_file)
            if operand is not None and operand.kind is TokenKind.STRING:
                close = self.next(stack, from_file)
                if close is not None and close.text == ")":
                    text = operand.text.removeprefix("L")[1:-1]
                    text = text.replace('\\"', '"').replace("\\\\", "\\")
                    return self.pragma(
                        lex_text(text, "<_Pragma>"), token, token.span.to(close.span)
                    )
        self.diags.error("bad-pragma", "'_Pragma' needs one string in parentheses", token.span)
        return []


def _drop(stack: list[_Stream]) -> None:
    macro = stack.pop().macro
    if macro is not None:
        macro.active = False


def _placed(body: list[Token], expansion: Expansion) -> list[Token]:
    """A body's tokens as they stand in one use."""
    out: list[Token] = []
    for token in body:
        span = token.span
        at = Span(span.file, span.start, span.end, expansion)
        out.append(Token(token.kind, token.text, at, token.space_before))
    return out


def _painted(token: Token) -> Token:
    return Token(token.kind, token.text, token.span, token.space_before, token.line_start, True)


def made(token: Token, kind: TokenKind, text: str) -> Token:
    return Token(kind, text, token.span, token.space_before, token.line_start)


def _keep_operand(stream: _Stream, out: list[Token]) -> None:
    """Copies `X` or `( X` behind `defined`, unexpanded."""
    for _ in range(2):
        if stream.at < len(stream.tokens):
            token = stream.tokens[stream.at]
            stream.at += 1
            out.append(token)
            if token.text != "(":
                return


def defined_here(macro: Macro) -> tuple[str, Span | None]:
    builtin = macro.span.file.name == "<built-in>"
    return f"macro '{macro.name}' is defined here", None if builtin else macro.span


def spelling(tokens: list[Token]) -> str:
    return "".join(
        (" " if index and token.space_before else "") + token.text
        for index, token in enumerate(tokens)
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
