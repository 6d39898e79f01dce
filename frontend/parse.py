"""Tokens -> ast: runs the tables that Lark made of opencl.lark.

The loop is ours rather than Lark's for three reasons: reductions that need no next token come
before that token is read, so that `typedef` and the end of a scope are known when the next
name is looked up; a syntax error is repaired on the stack and parsing goes on; and a
compilation pays neither for importing Lark nor for its cost per reduction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from . import ast
from .diag import Diagnostics
from .dialect import is_c
from .record import record
from .source import Span, spelled
from .tables import Tables, load_tables
from .tokens import CLOSERS, Token, TokenKind
from .treebuild import BRACKET_LIMIT, NESTING_LIMIT, Builder, Opened, too_deep
from .words import GNU_WORDS, Words, words_of_c, words_of_opencl

if TYPE_CHECKING:
    from .recovery import Recovery

# Where parsing resumes after an error: states that can begin one more of these.
RESUME = ("_block_item", "_struct_line", "_external")
DROPPED = -1  # the class of a word that means nothing
UNKNOWN = -2  # of one that has no place in the grammar
UNREAD = -3  # instead of one, where none has been read yet
# For the loops: to find a member of an enumeration takes Python 3.11 a while.
IDENT, PUNCT, EOF = TokenKind.IDENT, TokenKind.PUNCT, TokenKind.EOF

# A rule made ready: children to pop, left-hand side, child that stands for the whole (or -1),
# function (None: a list for the parent to splice), plan, indices to splice, whether the list
# goes on that the first child began.
Step: TypeAlias = tuple[
    int, int, int, Callable[..., Any] | None, tuple[int | None, ...], frozenset[int], bool
]


def parse(
    tokens: list[Token],
    diags: Diagnostics,
    tables_dir: Path | str | None = None,
    std: str = "CL1.2",
) -> ast.TranslationUnit:
    """The tree of one translation unit.

    tokens:     as preprocess() gives them, the last of kind EOF.
    tables_dir: where tables are kept when the package holds none; None: made anew.
    std:        the language: of dialect.VERSIONS, or of C_STANDARDS.
    returns:    what could be made sense of; after errors (in `diags`) it is incomplete.
    raises:     CompileError when too much is wrong to go on (nesting, number of errors).
    """
    tables = load_tables(str(tables_dir) if tables_dir else None)
    return Parser(tokens, diags, tables, std).run()


class Parser:
    """The state of one parse. Stacks run in parallel, but that `states` holds one more."""

    def __init__(
        self, tokens: list[Token], diags: Diagnostics, tables: Tables, std: str = "CL1.2"
    ) -> None:
        self.tokens = tokens
        self.diags = diags
        self.tables = tables
        self.is_c = is_c(std)
        self.numbers = _numbers(tables, std if self.is_c else "CL")
        self.states = [0]
        self.values: list[Any] = []
        self.firsts: list[Span] = []  # span of the first token of each value
        self.lasts: list[Span] = []  # and of the last
        self.builder = Builder(diags, self.values, self.is_c)
        self.position = 0  # of the next token to read
        self.lookahead: Token | None = None
        self.queued: Token | None = None  # comes before what `position` says
        self.terminal = DROPPED  # what the lookahead counts as
        self.climbs: dict[tuple[int, int, int], int] = {}  # what _climb has found out
        self.recovery: Recovery | None = None  # after an error
        self.settled = 0  # tokens to go before errors count again
        self.check_depth_at = BRACKET_LIMIT
        self.steps: list[Step] = [self._step(number) for number in range(len(tables.rules))]

    def _step(self, number: int) -> Step:
        rule = self.tables.rules[number]
        keep = -1
        function = None
        if rule.name is None:
            keep = rule.plan[0] if rule.plan[0] is not None else 0
        elif rule.name:
            function = getattr(self.builder, rule.name)
        goes_on = rule.name == "" and rule.plan[:1] == (0,) and 0 in rule.splices
        plan = rule.plan[1:] if goes_on else rule.plan
        return rule.size, rule.lhs, keep, function, plan, rule.splices, goes_on

    # -- the loop -----------------------------------------------------------------------------

    def run(self) -> ast.TranslationUnit:
        states, values, firsts, lasts = self.states, self.values, self.firsts, self.lasts
        rows, default, accept = self.tables.rows, self.tables.default, self.tables.accept
        steps, scopes, climbs = self.steps, self.builder.scopes, self.climbs
        while True:
            state = states[-1]
            reduce = default[state]
            if reduce is None:
                if self.lookahead is None:
                    self._read()
                action = rows[state].get(self.terminal)
                if action is None:
                    if not self._recover():
                        return self._partial()
                    continue
                if action >= 0:
                    token, self.lookahead = self.lookahead, None
                    assert token is not None
                    states.append(action)
                    values.append(token)
                    span = token.span
                    firsts.append(span)
                    lasts.append(span)
                    self.settled -= 1
                    if len(states) > self.check_depth_at:
                        self._check_depth()
                    continue
                reduce = -1 - action
            size, lhs, keep, function, plan, splices, goes_on = steps[reduce]
            if keep >= 0:
                if size > 1:
                    values[-size:] = [values[keep - size]]
                    del firsts[len(firsts) - size + 1 :]
                    lasts[-size:] = [lasts[-1]]
                    del states[1 - size :]
                below = states[-2]
                terminal = UNREAD if self.lookahead is None else self.terminal
                reached = climbs.get((below, lhs, terminal))
                states[-1] = self._climb(below, lhs, terminal) if reached is None else reached
                continue
            if size:
                children = values[-size:]
                first, last = firsts[-size], lasts[-1]
                del states[-size:], firsts[-size:], lasts[-size:]
            else:
                children = []
                first = last = self.behind_last()
            if splices:
                arguments = children[0] if goes_on else []
                for i in plan:
                    if i in splices:
                        arguments += children[i]
                    else:
                        arguments.append(None if i is None else children[i])
            else:
                arguments = [None if i is None else children[i] for i in plan]
            renamed = False
            if function is None:
                value: Any = arguments
            else:
                span = first
                if first is not last:
                    if first.file is last.file and first.expanded_from is last.expanded_from:
                        span = Span(first.file, first.start, last.end, first.expanded_from)
                    else:
                        span = first.to(last)
                depth = len(scopes)
                value = function(span, *arguments)
                if len(scopes) < depth:
                    renamed = True  # the name ahead was looked up in a scope now closed
            if size:
                del values[-size:]
            values.append(value)
            firsts.append(first)
            lasts.append(last)
            state = rows[states[-1]][lhs]
            states.append(state)
            if renamed and self.lookahead is not None:
                self.terminal = self._classify(self.lookahead)
            if state == accept:
                doubts = self.recovery is not None and self.recovery.doubtful
                return self._whole(value.decls) if doubts else value

    def _climb(self, below: int, lhs: int, terminal: int) -> int:
        """The state that `lhs` above `below` leads to, as long as it is the one child of another.

        An operand climbs some fifteen levels of precedence; most have been climbed before.
        """
        rows, default = self.tables.rows, self.tables.default
        state = rows[below][lhs]
        while True:
            reduce = default[state]
            if reduce is None:
                action = rows[state].get(terminal, 0)
                if action >= 0:
                    break
                reduce = -1 - action
            size, above, keep = self.steps[reduce][:3]
            if keep < 0 or size != 1:
                break
            state = rows[below][above]
        self.climbs[below, lhs, terminal] = state
        return state

    def behind_last(self) -> Span:
        """The empty place behind the last token taken."""
        if not self.lasts:
            return self.tokens[0].span
        last = self.lasts[-1]
        return Span(last.file, last.end, last.end, last.expanded_from)

    # -- tokens -------------------------------------------------------------------------------

    def _read(self) -> None:
        while True:
            token, self.queued = self.queued, None
            if token is None:
                token = self.next_token()
            terminal = self._classify(token)
            self.builder.after_vector_head = False
            if terminal != DROPPED:
                self.lookahead, self.terminal = token, terminal
                return

    def _classify(self, token: Token) -> int:
        """The number of the terminal that a token is, here and now."""
        kind, numbers = token.kind, self.numbers
        if kind is IDENT:
            number = numbers.words.get(token.text)
            return self._classify_name(token) if number is None else number
        if kind is PUNCT:
            if token.text == "(" and self.builder.after_vector_head:
                return numbers.vector_paren
            return numbers.words.get(token.text, UNKNOWN)
        if kind is TokenKind.PRAGMA and " diagnostic" in token.text:
            return DROPPED  # the preprocessor has seen to it
        return numbers.kinds.get(kind, UNKNOWN)

    def _classify_name(self, token: Token) -> int:
        numbers = self.numbers
        kind = self.builder.kind_of(token.text)
        if kind is None or kind == "other":
            if token.text == "pipe" and kind is None and not self.is_c and self._next_is_name():
                return UNKNOWN
            may_be_old = numbers.old_name in self.tables.rows[self.states[-1]]
            return numbers.old_name if may_be_old and self._in_old_list() else numbers.ident
        if self.tokens[self.position].text == ":" and self.accepts(numbers.label_name):
            return numbers.label_name
        # C99 6.7.5.3: what can be a typedef name is one. Where a type cannot stand (behind
        # another type, a "." or `goto`), the name is just a name.
        as_type = numbers.vector_name if kind == "vector" else numbers.type_name
        if not self.accepts(as_type) and self.accepts(numbers.shadowed):
            return numbers.shadowed
        return as_type

    def _in_old_list(self) -> bool:
        """Whether only names come up to the ")", and a declaration behind it.

        Else the name is rather that of an unknown type.
        """
        at = self.position
        while self.tokens[at].text == "," and self._is_plain_name(self.tokens[at + 1]):
            at += 2
        return self.tokens[at].text == ")" and self._begins_declaration(self.tokens[at + 1])

    def _is_plain_name(self, token: Token) -> bool:
        is_type = self.builder.kind_of(token.text) not in (None, "other")
        return token.kind is IDENT and token.text not in self.numbers.words and not is_type

    def _begins_declaration(self, token: Token) -> bool:
        return (
            token.kind is IDENT and token.text != "__attribute__" and not self._is_plain_name(token)
        )

    def _next_is_name(self) -> bool:
        return self.tokens[self.position].kind is TokenKind.IDENT

    def accepts(self, terminal: int, states: Sequence[int] | None = None) -> bool:
        return self.feed(terminal, self.states if states is None else states) is not None

    def feed(self, terminal: int, states: Sequence[int]) -> tuple[list[int], list[int]] | None:
        """What taking a terminal would do: (the states after it, left-hand sides reduced before).

        None if it cannot come next.
        """
        tables = self.tables
        stack = list(states)
        reduced: list[int] = []
        while True:
            number = tables.default[stack[-1]]
            if number is None:
                action = tables.rows[stack[-1]].get(terminal)
                if action is None:
                    return None
                if action >= 0:
                    return [*stack, action], reduced
                number = -1 - action
            rule = tables.rules[number]
            if rule.size:
                del stack[-rule.size :]
            reduced.append(rule.lhs)
            stack.append(tables.rows[stack[-1]][rule.lhs])
            if stack[-1] == tables.accept:
                return stack, reduced

    # -- errors -------------------------------------------------------------------------------

    def _check_depth(self) -> None:
        """Stop when brackets, or operators that wait for an operand, pile up too high.

        A left-hand chain like `a + b + c` needs no stack however long it is.
        """
        others = 0
        open_ = dict.fromkeys("([{?", 0)
        for value, first, last in zip(self.values, self.firsts, self.lasts, strict=True):
            if isinstance(value, Token | Opened | list):
                text = spelled(last)
                if text in open_:
                    # The middle of a conditional is as if in brackets; its right side is not.
                    open_[text] += 1
                    others += text == "?"
                elif text == ":":
                    open_["?"] -= 1
                elif text in CLOSERS:
                    open_[CLOSERS[text]] -= first is last
                elif text not in (",", ";", "else"):
                    others += isinstance(value, Token)
            elif callable(value) or isinstance(value, ast.TypeName | ast.PointerPart | ast.Pragma):
                others += 1
        brackets = max(open_.values())
        for depth, limit in ((brackets, BRACKET_LIMIT), (others, NESTING_LIMIT)):
            if depth > limit:
                raise too_deep(self.diags, self.lasts[-1], limit)
        # Brackets are counted to the last one. Each look takes as long as the stack is high:
        # where that is with operators, looks come at growing distances.
        self.check_depth_at = len(self.states) + max(BRACKET_LIMIT - brackets, others // 16)

    def _recover(self) -> bool:
        """Report that the lookahead cannot stand where it stands, and get going again.

        False at the end of the input.
        """
        if self.recovery is None:
            from .recovery import Recovery  # few programs are wrong

            self.recovery = Recovery(self)
        return self.recovery.recover()

    def next_token(self) -> Token:
        token = self.tokens[self.position]
        if token.kind is not EOF:
            self.position += 1
        return token

    def _partial(self) -> ast.TranslationUnit:
        decls = self.values[0] if self.values and isinstance(self.values[0], list) else []
        nodes = (ast.Declaration, ast.FunctionDef, ast.StaticAssert, ast.Pragma)
        return self._whole(tuple(d for d in decls if isinstance(d, nodes)))

    def _whole(self, decls: tuple[ast.ExternalDecl, ...]) -> ast.TranslationUnit:
        doubtful = () if self.recovery is None else self.recovery.doubtful
        return ast.TranslationUnit(decls, frozenset(doubtful))


@record
class Numbers:
    """Numbers of the terminals that the lexical side names."""

    words: dict[str, int]  # reserved words and punctuators, every spelling
    kinds: dict[TokenKind, int]
    ident: int
    type_name: int
    vector_name: int
    shadowed: int
    label_name: int
    old_name: int
    vector_paren: int
    resume: frozenset[int]  # states where parsing can resume
    reserved: Words  # the language's


@cache
def _numbers(tables: Tables, std: str) -> Numbers:
    number = {name: i for i, name in enumerate(tables.symbols)}
    words = dict(tables.words)
    reserved = words_of_c() if is_c(std) else words_of_opencl()
    if is_c(std) and not std.startswith("gnu"):
        words = {word: n for word, n in words.items() if word not in GNU_WORDS}
    special = {"UNSUPPORTED": UNKNOWN, "FOREIGN": UNKNOWN, "": DROPPED}
    for word, (kind, _meaning) in reserved.items():
        words[word] = special.get(kind, tables.words.get(kind, number.get(kind, UNKNOWN)))
    kinds = {
        TokenKind.NUMBER: number["NUMBER"],
        TokenKind.CHAR: number["CHAR"],
        TokenKind.STRING: number["STRING"],
        TokenKind.PRAGMA: number["PRAGMA"],
        TokenKind.EOF: number["$END"],
    }
    items = {number[name] for name in RESUME}
    return Numbers(
        words,
        kinds,
        number["IDENT"],
        number["TYPE_NAME"],
        number["VECTOR_NAME"],
        number["SHADOWED"],
        number["LABEL_NAME"],
        number["OLD_NAME"],
        number["_VECTOR_PAREN"],
        frozenset(i for i, row in enumerate(tables.rows) if items & row.keys()),
        reserved,
    )
