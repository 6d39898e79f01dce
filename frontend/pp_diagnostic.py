"""`#pragma clang diagnostic`: warnings on, off or errors from one line on, as in clang."""

from __future__ import annotations

from .diag import Diagnostics, closest
from .pp_expand import File
from .source import Span
from .tokens import Token, TokenKind
from .warning_table import WARNINGS

# What is added to the settings: "warning" switches on without making less of an error.
_KINDS = {
    "ignored": "no-{}",
    "warning": "{}",
    "error": "error={}",
    "fatal": "error={}",
}
_WORDS = ("push", "pop", *_KINDS)


def is_diagnostic(tokens: list[Token]) -> bool:
    return len(tokens) > 1 and tokens[0].text in ("clang", "GCC") and tokens[1].text == "diagnostic"


class DiagnosticPragmas:
    """Keeps what `push` saved; the settings themselves are in the marks of Diagnostics."""

    def __init__(self, diags: Diagnostics) -> None:
        self.diags = diags
        self.saved: list[tuple[str, ...]] = []

    def obey(self, tokens: list[Token], span: Span) -> None:
        """One pragma, its words after `diagnostic` in `tokens`."""
        place = span.outermost()
        behind = Span(place.file, place.end, place.end)
        settings = self.diags.settings_at(behind)
        word = tokens[0].text if tokens else ""
        if word == "push":
            self.saved.append(settings)
        elif word == "pop" and self.saved:
            self.mark(behind, self.saved.pop())
        elif word == "pop":
            message = "no 'push' before this 'pop'"
            self.diags.warning("ignored-pragmas", message, span)
        elif word not in _KINDS:
            near = closest(word, _WORDS)
            known = ", ".join(f"'{w}'" for w in _WORDS)
            hint = f"did you mean '{near}'?" if near else f"what can stand here: {known}"
            message = f"'{word}' is nothing that a diagnostic pragma does"
            self.diags.warning("ignored-pragmas", message, span, hint=hint)
        else:
            self.change(word, tokens[1:], settings, behind, span)

    def change(
        self, word: str, tokens: list[Token], settings: tuple[str, ...], behind: Span, span: Span
    ) -> None:
        if not tokens or tokens[0].kind is not TokenKind.STRING:
            message = f"'{word}' needs the name of a warning in quotes"
            self.diags.error("bad-pragma", message, span, hint=f'like this: {word} "-Wunused"')
            return
        name = tokens[0].text[1:-1]
        if not name.startswith("-W"):
            message = f"'{name}' is no option for warnings"
            hint = f"did you mean '-W{name}'?" if name in WARNINGS else None
            self.diags.warning("ignored-pragmas", message, tokens[0].span, hint=hint)
        elif name[2:] not in WARNINGS and name != "-Weverything":
            self.diags.unknown_group("-W", name[2:], tokens[0].span)
        else:
            self.mark(behind, (*settings, _KINDS[word].format(name[2:])))

    def mark(self, at: Span, settings: tuple[str, ...]) -> None:
        self.diags.marks.setdefault(at.file, []).append((at.start, settings))

    def enter(self, outer: File, inner: File) -> None:
        """A file begins under the settings of the place that includes it."""
        if self.diags.marks:
            settings = self.diags.settings_at(outer.tokens[outer.at].span)
            self.mark(Span(inner.source, 0, 0), settings)

    def leave(self, inner: File, outer: File) -> None:
        """What a file leaves changed stays so behind the place that includes it."""
        if self.diags.marks:
            settings = self.diags.settings_at(inner.tokens[-1].span)
            if settings != self.diags.settings_at(outer.tokens[outer.at].span):
                self.mark(outer.tokens[outer.at].span, settings)
