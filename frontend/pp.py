"""The preprocessor: files and directives (C99 6.10), tokens in, tokens out."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeAlias

from . import attribute_table
from .diag import Diagnostics, closest
from .dialect import is_c
from .lexer import DIGRAPHS, lex
from .pp_diagnostic import DiagnosticPragmas, is_diagnostic
from .pp_expand import Conditional, Expander, File, defined_here, made, spelling
from .pp_expr import evaluate
from .pp_headers import Dependencies, Headers
from .pp_macro import Macro, read_definition
from .pp_predefined import command_line, predefined
from .pp_render import render
from .record import record
from .source import SourceFile, Span
from .tokens import Token, TokenKind

__all__ = ["Dependencies", "PPOptions", "preprocess", "render"]

MAX_INCLUDE_DEPTH = 200
# What an #if may ask besides macros. It is told of none of clang's builtins, features and
# extensions of C; functions of OpenCL C are no builtins in this sense.
QUERIES = ("__has_include", "__has_attribute", "__has_builtin", "__has_feature", "__has_extension")
COMMAND_LINE = "<command line>"


@record
class PPOptions:
    """What the command line says to the preprocessor.

    macros:       in order, "DNAME=VALUE" (or "DNAME", which is 1) and "UNAME".
    include_dirs: searched for <...>, and for "..." after the including file's folder.
    includes:     files included before the first line.
    relaxations:  options on floating point, without their "-cl-".
    """

    macros: tuple[str, ...] = ()
    include_dirs: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    std: str = "CL1.2"
    relaxations: tuple[str, ...] = ()
    opt_level: int = 3


def preprocess(
    file: SourceFile,
    options: PPOptions,
    diags: Diagnostics,
    dependencies: Dependencies | None = None,
) -> list[Token]:
    """Run the preprocessor over a file.

    returns: its tokens after expansion, PRAGMA tokens among them, and an EOF token.
    raises:  CompileError where nothing can follow: too many errors, a limit reached.
    """
    return _Preprocessor(options, diags, dependencies or Dependencies()).run(file)


class _Preprocessor(Expander):
    def __init__(self, options: PPOptions, diags: Diagnostics, dependencies: Dependencies) -> None:
        super().__init__(diags, predefined(options.std, options.relaxations, options.opt_level))
        self.options = options
        self.headers = Headers(options.include_dirs, dependencies)
        self.out: list[Token] = []
        self.once: set[str] = set()
        self.pragmas = DiagnosticPragmas(diags)
        self.started = False  # until then includes are the command line's

    # -- files ----------------------------------------------------------------------------------

    def run(self, file: SourceFile) -> list[Token]:
        self.base_name = file.name
        self.push(file)
        end = self.files[0].tokens[-1]
        for name in reversed(self.options.includes):
            self.include(name, True, None)
        self.started = True
        self.push(SourceFile(COMMAND_LINE, command_line(self.options.macros)))
        while self.files:
            self.text(self.files[-1])
        return [*self.finished(), end]

    def push(self, source: SourceFile) -> None:
        file = File(source, lex(source, self.diags))
        if self.files:
            self.pragmas.enter(self.files[-1], file)
        self.files.append(file)

    def text(self, file: File) -> None:
        """Tokens of `file` to the output, until it ends or includes another."""
        tokens, macros = file.tokens, self.macros
        add = self.out.append
        at = file.at
        ident = TokenKind.IDENT  # which takes Python 3.11 a while to find
        while True:
            token = tokens[at]
            at += 1
            if token.kind is ident:
                if token.text not in macros:
                    add(token)
                    continue
                file.at = at
                expansion = self.expand([token], True)
                at = file.at
                self.out += expansion
                if token.line_start and not expansion and tokens[at].text not in ("#", "%:"):
                    tokens[at].line_start = True
            elif token.line_start and token.text in ("#", "%:"):
                file.at = at
                self.directive(token)
                at = file.at
                if self.files[-1] is not file:
                    return
            elif token.kind is TokenKind.EOF:
                for conditional in file.conditionals:
                    self.diags.error(
                        "unterminated-conditional", "this has no #endif", conditional.span
                    )
                self.files.pop()
                if self.files:
                    self.pragmas.leave(file, self.files[-1])
                return
            else:
                add(token)

    def finished(self) -> list[Token]:
        """The output, with one spelling per punctuator; reports text that is no token."""
        punct, other = TokenKind.PUNCT, TokenKind.OTHER
        for token in self.out:
            if token.kind is punct and token.text in DIGRAPHS:
                token.text = DIGRAPHS[token.text]
            elif token.kind is other and token.text[0] in "\"'":
                self.diags.error(
                    "unterminated-string", f"missing {token.text[0]} at the end", token.span
                )
        return self.out

    # -- directives -----------------------------------------------------------------------------

    def directive(self, hash_: Token) -> None:
        """The directive whose `#` has just been read."""
        file = self.files[-1]
        tokens, start = file.tokens, file.at
        at = start
        while not tokens[at].line_start and tokens[at].kind is not TokenKind.EOF:
            at += 1
        file.at = at
        line = tokens[start:at]
        if not line:
            return
        name = line[0]
        if name.kind is TokenKind.NUMBER:
            self.line_directive(line, hash_)  # "# 12 "file"", as -E writes
            return
        handler = _DIRECTIVES.get(name.text)
        if handler is None:
            near = closest(name.text, _DIRECTIVES)
            self.diags.error(
                "unknown-directive",
                f"unknown directive '#{name.text}'",
                name.span,
                hint=f"did you mean '#{near}'?" if near else None,
            )
            return
        handler(self, line, hash_)
        if file.conditionals and not file.conditionals[-1].live:
            _skip_group(file)

    def extra(self, tokens: list[Token], directive: str) -> None:
        if tokens:
            self.diags.warning(
                "extra-tokens",
                f"extra tokens at the end of #{directive}",
                tokens[0].span.to(tokens[-1].span),
            )

    def macro_name(self, line: list[Token]) -> Token | None:
        directive = line[0].text
        if len(line) < 2 or line[1].kind is not TokenKind.IDENT:
            what = "macro name missing" if len(line) < 2 else "a macro's name is an identifier"
            self.diags.error("macro-name", f"{what} after #{directive}", line[-1].span)
            return None
        if line[1].text in ("defined", "__VA_ARGS__", "__VA_OPT__", "_Pragma", *QUERIES):
            self.diags.error("macro-name", f"'{line[1].text}' cannot be a macro", line[1].span)
            return None
        return line[1]

    def define(self, line: list[Token], _hash: Token) -> None:
        name = self.macro_name(line)
        if name is None:
            return
        macro = read_definition(line[1:], self.diags)
        if macro is None:
            return
        old = self.macros.get(macro.name)
        from_file = self.files[-1].source.name != COMMAND_LINE
        if macro.params is None and macro.body and not macro.body[0].space_before:
            self.diags.warning(
                "c99-extensions", "there should be a space after the macro's name", name.span
            )
        if callable(old):
            self.diags.warning(
                "builtin-macro-redefined", f"redefining built-in macro '{macro.name}'", name.span
            )
        elif old is not None and (from_file or isinstance(old, Macro)):
            previous = self.lookup(macro.name)
            assert isinstance(previous, Macro)
            if not macro.same_as(previous):
                self.diags.warning(
                    "macro-redefined",
                    f"macro '{macro.name}' is defined again, differently",
                    name.span,
                    notes=(defined_here(previous),),
                )
        self.macros[macro.name] = macro

    def undef(self, line: list[Token], _hash: Token) -> None:
        name = self.macro_name(line)
        if name is None:
            return
        self.extra(line[2:], "undef")
        if callable(self.macros.pop(name.text, None)):
            self.diags.warning(
                "builtin-macro-redefined", f"undefining built-in macro '{name.text}'", name.span
            )

    def if_(self, line: list[Token], hash_: Token) -> None:
        live = self.condition(line)
        span = hash_.span.to(line[0].span)
        self.files[-1].conditionals.append(Conditional(span, live, live))

    def condition(self, line: list[Token]) -> bool:
        """Whether the condition of an #if, #ifdef, #ifndef or their #elif forms holds."""
        directive = line[0].text
        if directive in ("if", "elif"):
            tokens = self.expand(self.answer_queries(line[1:]), False, True)
            value = evaluate(tokens, self.is_defined, line[0].span, self.diags)
            return value is not None and value.number != 0
        if len(line) < 2 or line[1].kind is not TokenKind.IDENT:
            self.diags.error("macro-name", f"macro name missing after #{directive}", line[-1].span)
            return False
        self.extra(line[2:], directive)
        return self.is_defined(line[1].text) != directive.endswith("ndef")

    def is_defined(self, name: str) -> bool:
        return name in QUERIES or (name in self.macros and name != "_Pragma")

    def elif_(self, line: list[Token], _hash: Token) -> None:
        conditional = self.open_conditional(line[0])
        if conditional is not None:
            # Once a group was live, later conditions are not even looked at.
            conditional.live = not conditional.taken and self.condition(line)
            conditional.taken |= conditional.live

    def else_(self, line: list[Token], _hash: Token) -> None:
        conditional = self.open_conditional(line[0])
        if conditional is not None:
            self.extra(line[1:], "else")
            conditional.live, conditional.taken = not conditional.taken, True
            conditional.has_else = True

    def endif(self, line: list[Token], _hash: Token) -> None:
        if not self.files[-1].conditionals:
            self.diags.error("unmatched-conditional", "#endif without #if", line[0].span)
            return
        self.extra(line[1:], "endif")
        self.files[-1].conditionals.pop()

    def open_conditional(self, name: Token) -> Conditional | None:
        conditionals = self.files[-1].conditionals
        if not conditionals:
            self.diags.error("unmatched-conditional", f"#{name.text} without #if", name.span)
            return None
        if conditionals[-1].has_else:
            self.diags.error(
                "unmatched-conditional",
                f"#{name.text} after #else",
                name.span,
                notes=(("the conditional starts here", conditionals[-1].span),),
            )
            conditionals[-1].live = False
            return None
        return conditionals[-1]

    def line_directive(self, line: list[Token], _hash: Token) -> None:
        operands = line if line[0].kind is TokenKind.NUMBER else self.expand(line[1:], False)
        number = operands[0] if operands else line[-1]
        if not (number.text.isascii() and number.text.isdecimal() and len(number.text) < 11):
            self.diags.error("bad-line", "#line needs a number of decimal digits", number.span)
            return
        source = self.files[-1].source
        at = line[-1].span.end
        name = source.presumed(at)[0]
        if len(operands) > 1:
            given = operands[1]
            if given.kind is not TokenKind.STRING or given.text.startswith("L"):
                self.diags.error("bad-line", "#line takes a file name in quotes", given.span)
                return
            name = given.text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
            if operands is not line:  # a line marker's flags say nothing we need
                self.extra(operands[2:], "line")
        if not 0 < int(number.text) < 1 << 31 and operands is not line:
            self.diags.error("bad-line", "#line needs a number from 1 to 2147483647", number.span)
            return
        physical = source.position(at)[0]
        starts = source.line_starts
        offset = starts[physical] if physical < len(starts) else len(source.text)
        source.line_marks.append((offset, int(number.text), name))

    def message(self, line: list[Token], hash_: Token) -> None:
        text = spelling(line[1:])
        span = hash_.span.to(line[-1].span)
        if line[0].text == "error":
            self.diags.error("user-error", text or "#error", span)
        else:
            self.diags.warning("#warnings", text or "#warning", span)

    def pragma_directive(self, line: list[Token], hash_: Token) -> None:
        # Inside a macro's arguments it comes before what the macro expands to.
        self.out += self.pragma(line[1:], hash_, hash_.span.to(line[-1].span))

    def pragma(self, tokens: list[Token], first: Token, span: Span) -> list[Token]:
        """What stays of a pragma in the output."""
        if tokens and tokens[0].text == "once":
            if len(self.files) == 1:
                self.diags.warning(
                    "pragma-once-outside-header", "#pragma once in the main file", span
                )
            self.once.add(os.path.realpath(self.files[-1].source.name))
            return []
        if is_diagnostic(tokens):
            self.pragmas.obey(tokens[2:], span)
        elif tokens and tokens[0].text not in ("STDC", "OPENCL"):
            tokens = self.expand(tokens, False)
        return [Token(TokenKind.PRAGMA, spelling(tokens), span, first.space_before, True)]

    # -- including ------------------------------------------------------------------------------

    def include_directive(self, line: list[Token], _hash: Token) -> None:
        header = self.header_name(line[1:], line[0])
        if header is None:
            return
        name, quoted, span, rest = header
        self.extra(rest, "include")
        if self.in_arguments:
            self.diags.error(
                "include-in-arguments", "#include inside the arguments of a macro", span
            )
            return
        self.include(name, quoted, span)

    def header_name(
        self, tokens: list[Token], directive: Token
    ) -> tuple[str, bool, Span, list[Token]] | None:
        """(name, was it in quotes, place, tokens behind) of what an #include names."""
        written = bool(tokens) and tokens[0].text == "<"
        if tokens and not written and tokens[0].kind is not TokenKind.STRING:
            tokens = self.expand(tokens, False)
        if tokens and tokens[0].kind is TokenKind.STRING and not tokens[0].text.startswith("L"):
            return tokens[0].text[1:-1], True, tokens[0].span, tokens[1:]
        if written:
            # Between < and > anything is a name, // and ' too: read it from the text.
            start, text = tokens[0].span, tokens[0].span.file.text
            newline = text.find("\n", start.start)
            end = text.find(">", start.start, newline if newline >= 0 else len(text))
            if end >= 0:
                span = Span(start.file, start.start, end + 1, start.expanded_from)
                rest = [t for t in tokens if t.span.start > end]
                return text[start.start + 1 : end], False, span, rest
        elif tokens and tokens[0].text == "<":
            close = next((i for i, t in enumerate(tokens) if t.text == ">"), None)
            if close is not None:
                span = tokens[0].span.to(tokens[close].span)
                return spelling(tokens[1:close]), False, span, tokens[close + 1 :]
        where = tokens[0].span if tokens else directive.span
        self.diags.error("bad-include", '#include takes "FILE" or <FILE>', where)
        return None

    def beside(self, quoted: bool) -> str | None:
        """The folder that "..." means; for the command line's includes the working one."""
        if not quoted:
            return None
        return os.path.dirname(self.files[-1].source.name) if self.started else ""

    def include(self, name: str, quoted: bool, span: Span | None) -> None:
        found = self.headers.find(name, self.beside(quoted))
        if found is None:
            folders = self.headers.folders(name, self.beside(quoted))
            searched = ", ".join(f"'{f or '.'}'" for f in folders) or "no folder (-I adds one)"
            raise self.diags.fatal(
                "include-not-found", f"'{name}' is not found", span, hint=f"searched {searched}"
            )
        path, data = found
        if self.once and os.path.realpath(path) in self.once:
            return
        if len(self.files) > MAX_INCLUDE_DEPTH:
            raise self.diags.fatal(
                "include-depth", f"files include each other {MAX_INCLUDE_DEPTH} deep", span
            )
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as e:
            raise self.diags.fatal(
                "encoding", f"'{path}' is not UTF-8 text (byte {e.start})", span
            ) from e
        self.push(SourceFile(path, text, included_from=span))

    def answer_queries(self, line: list[Token]) -> list[Token]:
        """Replaces every `__has_include(...)`, and its kin, of an #if line by 0 or 1."""
        out: list[Token] = []
        at = 0
        while at < len(line):
            token = line[at]
            at += 1
            asked = [t.text for t in out[-2:]]
            if (
                token.text not in QUERIES
                or asked[-1:] == ["defined"]
                or (asked == ["defined", "("])
            ):
                out.append(token)
                continue
            depth, end = 0, at
            while end < len(line):
                depth += (line[end].text == "(") - (line[end].text == ")")
                if depth == 0:
                    break
                end += 1
            if end >= len(line) or end == at:
                message = f"'{token.text}' needs what it asks for in parentheses"
                self.diags.error("bad-include", message, token.span)
                return [made(token, TokenKind.NUMBER, "0")]
            asked_for = line[at + 1 : end]
            if token.text == "__has_include":
                header = self.header_name(asked_for, token)
                found = header is not None and (
                    self.headers.find(header[0], self.beside(header[1])) is not None
                )
            else:
                names = [t.text.strip("_") for t in asked_for if t.kind is TokenKind.IDENT]
                in_c = is_c(self.options.std)
                known = attribute_table.KNOWN_IN_C if in_c else attribute_table.KNOWN
                found = token.text == "__has_attribute" and known.issuperset(names)
            out.append(made(token, TokenKind.NUMBER, str(int(found))))
            at = end + 1
        return out


_Handler: TypeAlias = Callable[[_Preprocessor, list[Token], Token], None]
_DIRECTIVES: dict[str, _Handler] = {
    "define": _Preprocessor.define,
    "undef": _Preprocessor.undef,
    "include": _Preprocessor.include_directive,
    "if": _Preprocessor.if_,
    "ifdef": _Preprocessor.if_,
    "ifndef": _Preprocessor.if_,
    "elif": _Preprocessor.elif_,
    "elifdef": _Preprocessor.elif_,
    "elifndef": _Preprocessor.elif_,
    "else": _Preprocessor.else_,
    "endif": _Preprocessor.endif,
    "line": _Preprocessor.line_directive,
    "error": _Preprocessor.message,
    "warning": _Preprocessor.message,
    "pragma": _Preprocessor.pragma_directive,
}
_OPENS = ("if", "ifdef", "ifndef")
_CONTINUES = ("elif", "elifdef", "elifndef", "else", "endif")


def _skip_group(file: File) -> None:
    """Past a group that does not count, to the `#` that ends it."""
    tokens, at = file.tokens, file.at
    depth = 0
    while tokens[at].kind is not TokenKind.EOF:
        token = tokens[at]
        at += 1
        if not token.line_start or token.text not in ("#", "%:") or tokens[at].line_start:
            continue
        name = tokens[at].text
        if name in _OPENS:
            depth += 1
        elif depth and name == "endif":
            depth -= 1
        elif not depth and name in _CONTINUES:
            at -= 1
            break
    file.at = at
