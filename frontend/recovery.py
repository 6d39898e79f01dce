"""Behind a syntax error: what to say, what to mend, what to drop, and where to read on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .foreign import FOREIGN
from .source import Span, spelled
from .syntax_errors import REPAIRS, Complaint, complain, unknown_type
from .tokens import CLOSERS, Token, TokenKind
from .treebuild import Opened

if TYPE_CHECKING:
    from .parse import Parser

SETTLED_TOKENS = 3  # fewer tokens after a recovery, and the next error is a consequence


class Recovery:
    """What one parse remembers of the errors it met."""

    def __init__(self, parser: Parser) -> None:
        self.parser = parser
        self.resumed_at = -1
        self.doubtful: set[str] = set()  # names in what was dropped
        self.broken = parser.diags.broken  # lines that were not understood
        self.braces_broken = False  # one of the errors was at a brace: more need not match

    def recover(self) -> bool:
        """Report that the lookahead cannot stand where it stands, and get going again.

        Tried in this order: drop a pragma, take an unknown name for a type, put in a missing
        word, skip to the end of the statement. False at the end of the input.
        """
        parser = self.parser
        token = parser.lookahead
        assert token is not None
        if token.kind is TokenKind.PRAGMA:
            parser.diags.warning("ignored-pragmas", "a pragma has no effect here", token.span)
            parser.lookahead = None
            return True
        if self._take_for_type(token):
            return True
        complaint = complain(parser, token)
        place = token.span.outermost()
        line = place.file, place.file.position(place.start)[0]
        before = spelled(parser.lasts[-1]) if parser.lasts else ""
        again = before in self.doubtful or (line in self.broken and token.text in CLOSERS)
        at_end = token.kind is TokenKind.EOF
        if parser.settled <= 0 and not again and not (at_end and self.braces_broken):
            self._report(complaint)
        if complaint.outside and self._close_blocks():
            return True
        if complaint.span is token.span and not at_end:
            self.broken.add(line)
            self.braces_broken |= token.text in ("{", "}")
        for word in (token.text, before):
            if word in FOREIGN:
                self.doubtful.add(word)  # said once
        if complaint.missing is not None and self._put_in(complaint.missing, token):
            return True
        if token.kind is TokenKind.EOF:
            return False
        self._skip(token)
        return True

    def _report(self, complaint: Complaint) -> None:
        parser = self.parser
        parser.diags.error(
            complaint.code,
            complaint.message,
            complaint.span,
            notes=complaint.notes,
            hint=complaint.hint,
            fixes=complaint.fixes,
        )

    def _take_for_type(self, token: Token) -> bool:
        """`foo x;` where foo is not declared: say so once, and parse on as if it were."""
        parser = self.parser
        numbers = parser.numbers
        if token.kind is not TokenKind.IDENT:
            return False
        if parser.terminal == numbers.ident and self._declares_next():
            # `void f(foo x)`: a type was due here
            name, states = token, parser.states
        elif (
            parser.values
            and isinstance(name := parser.values[-1], Token)
            and name.kind is TokenKind.IDENT
            and name.text not in numbers.words
        ):
            # `{ foo x;`: the name came as an expression; take it back
            states = parser.states[:-1]
        else:
            return False
        known = parser.builder.kind_of(name.text)
        if known is not None or not parser.accepts(numbers.type_name, states):
            return False
        complaint = unknown_type(parser, name)
        if parser.settled <= 0:
            self._report(complaint)
        parser.builder.scopes[0][name.text] = "type"
        self.doubtful.add(name.text)
        if name is token:
            parser.terminal = numbers.type_name
            return True
        parser.position -= 1
        for stack in (parser.states, parser.values, parser.firsts, parser.lasts):
            stack.pop()
        parser.lookahead, parser.terminal = name, numbers.type_name
        return True

    def _declares_next(self) -> bool:
        parser = self.parser
        following = parser.tokens[parser.position]
        return (
            following.kind is TokenKind.IDENT and following.text not in parser.numbers.words
        ) or following.text == "*"

    def _put_in(self, text: str, before: Token) -> bool:
        """Go on as if `text` stood before the lookahead, if that makes it fit."""
        parser = self.parser
        at_end = before.kind is TokenKind.EOF and text == "}"
        if text not in REPAIRS and not at_end:
            return False
        number = parser.numbers.words[text]
        fed = parser.feed(number, parser.states)
        if fed is None or not (at_end or parser.accepts(parser.terminal, fed[0])):
            return False
        parser.queued = before
        parser.settled = SETTLED_TOKENS
        parser.lookahead = Token(TokenKind.PUNCT, text, parser.behind_last())
        parser.terminal = number
        return True

    def _close_blocks(self) -> bool:
        """Put in what closes the blocks around the current item, and begin it again."""
        parser = self.parser
        keep = max(i for i, state in enumerate(parser.states) if state in parser.numbers.resume)
        first, position = parser.firsts[keep], parser.position - 1
        while position >= 0 and parser.tokens[position].span is not first:
            position -= 1
        if position < 0:
            return False
        self._open_in(keep)
        del parser.states[keep + 1 :]
        for stack in (parser.values, parser.firsts, parser.lasts):
            del stack[keep:]
        waiting = zip(parser.values, parser.lasts, strict=True)
        braces = sum(
            isinstance(value, Token | Opened) and spelled(last) == "{" for value, last in waiting
        )
        place = Span(first.file, first.start, first.start, first.expanded_from)
        closers = [Token(TokenKind.PUNCT, "}", place) for _ in range(braces)]
        parser.tokens[position:position] = closers
        parser.position, parser.lookahead, parser.queued = position, None, None
        return braces > 0

    def _skip(self, token: Token) -> None:
        """Drop what the innermost block, struct or file was in, and read on behind its end."""
        parser = self.parser
        keep = max(i for i, state in enumerate(parser.states) if state in parser.numbers.resume)
        first = parser.firsts[keep] if keep < len(parser.firsts) else token.span
        braces, parens = self._open_in(keep)
        del parser.states[keep + 1 :]
        for stack in (parser.values, parser.firsts, parser.lasts):
            del stack[keep:]
        parser.lookahead = None
        parser.queued = None
        # A second error at the token where the last one resumed must not resume there again.
        may_stay = parser.position != self.resumed_at and keep > 0
        parser.settled = 0
        while token.kind is not TokenKind.EOF:
            text = token.text if token.kind is TokenKind.PUNCT else ""
            following = parser.tokens[parser.position]
            if text == "}":
                if braces <= 0 and may_stay:
                    parser.settled = SETTLED_TOKENS
                    parser.position -= 1
                    break
                braces -= 1
                if braces <= 0 and following.text not in (";", ",", "else", "="):
                    break
            elif text == ";" and braces <= 0 and (parens <= 0 or following.line_start):
                if following.text != "else":
                    break
            else:
                braces += text == "{"
                parens += (text == "(") - (text == ")")
            token = parser.next_token()
            may_stay = True
        self.resumed_at = parser.position + 1
        self._doubt(first)

    def _doubt(self, first: Span) -> None:
        """Note the names in what was dropped, but not those inside of braces there."""
        parser = self.parser
        start = first.outermost()
        depth = 0
        for position in range(parser.position - 1, -1, -1):
            token = parser.tokens[position]
            at = token.span.outermost()
            if at.file is not start.file or at.start < start.start:
                break
            depth += (token.text == "}") - (token.text == "{")
            if depth <= 0 and token.kind is TokenKind.IDENT:
                self.doubtful.add(token.text)

    def _open_in(self, keep: int) -> tuple[int, int]:
        """Braces and parentheses still open above a height of the stack; scopes are closed."""
        parser = self.parser
        braces = parens = 0
        for i in range(len(parser.values) - 1, keep - 1, -1):
            value, text = parser.values[i], spelled(parser.lasts[i])
            if isinstance(value, Opened):
                parser.builder.close(value)
            if isinstance(value, Token | Opened | list):
                braces += (text == "{") - (text == "}")
                parens += (text == "(") - (text == ")" and isinstance(value, Token))
        return braces, parens
