"""LALR tables: Lark makes them from opencl.lark, a file keeps them, the parser runs them.

Lark's analysis takes a few tenths of a second and its import 50 ms, so neither happens in a
compilation: setup.py writes `opencl.tables` into the wheel, a source checkout keeps them in a
cache folder. The file is JSON, so that reading a damaged or foreign one runs nothing; its
first line is the hash of what it was made from and of its own contents.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from .record import record
from .store import Store

FORMAT = "kcc-lalr-2"
START = "translation_unit"


@record
class Rule:
    """A production: pop `size` values, give those of `plan` to the function `name`.

    name:  None when the one child stands for itself; "" when the children are spliced into
           the parent; otherwise the function that builds the node.
    plan:  what the children are: an index among the popped, or None for an absent `[...]`.
    splices: indices that hold a list to be spliced.
    """

    lhs: int
    size: int
    name: str | None
    plan: tuple[int | None, ...]
    splices: frozenset[int]


@record(eq=False)
class Tables:
    """Symbols are numbers, terminals first. rows[state][symbol] is the next state, or -1 - rule.

    default[state] is a rule when the state can do nothing but reduce it, whatever comes; such
    reductions take place before the next token is read, so that its name is looked up in the
    right scope. words: text of a terminal -> number.
    """

    symbols: tuple[str, ...]
    terminal_count: int
    words: dict[str, int]
    rules: tuple[Rule, ...]
    rows: tuple[dict[int, int], ...]
    default: tuple[int | None, ...]
    accept: int  # state in which the end of input is accepted; 0 is the start


def grammar_text() -> str:
    return files(__package__).joinpath("opencl.lark").read_text(encoding="utf-8")


def analyse(grammar: str) -> dict[str, Any]:
    """Have Lark make the tables; the result is what the file holds. Independent of hashing.

    raises: lark.exceptions.GrammarError when the grammar has a conflict.
    """
    from lark import Lark
    from lark.grammar import Rule as LarkRule
    from lark.lexer import Lexer, TerminalDef

    class NoLexer(Lexer):
        def __init__(self, conf: Any) -> None: ...

        def lex(self, *_states: Any) -> Any:
            raise AssertionError("tables only")

    lark = Lark(
        grammar, parser="lalr", lexer=NoLexer, start=START, strict=True, maybe_placeholders=True
    )
    data, memo = lark.memo_serialize([TerminalDef, LarkRule])
    table = data["parser"]["parser"]
    names: dict[int, str] = table["tokens"]
    nonterminals = {m["origin"]["name"] for m in memo.values() if m["__type__"] == "Rule"}
    terminals = sorted(set(names.values()) - nonterminals)
    symbols = terminals + sorted(nonterminals)
    number = {name: i for i, name in enumerate(symbols)}

    rule_ids = [i for i, m in memo.items() if m["__type__"] == "Rule"]
    rule_ids.sort(key=lambda i: json.dumps(memo[i], sort_keys=True))
    rule_number = {i: n for n, i in enumerate(rule_ids)}
    # States are numbered as a walk from the start meets them: Lark's own order varies.
    order = [table["start_states"][START]]
    met = set(order)
    for state in order:
        row = table["states"][state]
        for token in sorted(row, key=lambda t: names[t]):
            kind, target = row[token]
            if kind == 0 and target not in met:
                met.add(target)
                order.append(target)
    state_number = {state: n for n, state in enumerate(order)}
    rows = []
    for state in order:
        row = {
            number[names[token]]: -1 - rule_number[arg["@"]] if kind else state_number[arg]
            for token, (kind, arg) in table["states"][state].items()
        }
        rows.append([n for pair in sorted(row.items()) for n in pair])
    return {
        "symbols": symbols,
        "terminal_count": len(terminals),
        "words": {
            m["pattern"]["value"]: number[m["name"]]
            for m in memo.values()
            if m["__type__"] == "TerminalDef" and m["pattern"]["__type__"] == "PatternStr"
        },
        "rules": [_rule(memo[i], number) for i in rule_ids],
        "rows": rows,
        "accept": state_number[table["end_states"][START]],
    }


def _rule(rule: dict[str, Any], number: dict[str, int]) -> list[Any]:
    """One rule, with Lark's tree shaping (filtering, splicing, placeholders) worked out."""
    origin, options = rule["origin"]["name"], rule["options"]
    plan: list[int | None] = []
    splices: list[int] = []
    index = 0
    for absent in options["empty_indices"] or [False] * len(rule["expansion"]):
        if absent:
            plan.append(None)
            continue
        symbol = rule["expansion"][index]
        if symbol["__type__"] == "NonTerminal" or (
            options["keep_all_tokens"]
            or not (symbol["filter_out"] or symbol["name"].startswith("_"))
        ):
            plan.append(index)
            if symbol["__type__"] == "NonTerminal" and symbol["name"].startswith("_"):
                splices.append(index)
        index += 1
    name: str | None = rule["alias"] or origin
    if not rule["alias"]:
        if origin.startswith("_"):
            name = ""
        elif options["expand1"] and len(plan) == 1 and not splices:
            name = None
    return [number[origin], len(rule["expansion"]), name, plan, splices]


def encode(content: dict[str, Any], key: str) -> bytes:
    body = json.dumps(content, separators=(",", ":"), sort_keys=True).encode()
    return f"{key} {sha256(body).hexdigest()}\n".encode() + body


def decode(data: bytes, key: str) -> Tables | None:
    """The tables in a file; None if it was made for other inputs or is damaged."""
    head, _, body = data.partition(b"\n")
    if head != f"{key} {sha256(body).hexdigest()}".encode():
        return None
    content = json.loads(body)
    rules = tuple(
        Rule(lhs, size, name, tuple(plan), frozenset(splices))
        for lhs, size, name, plan, splices in content["rules"]
    )
    rows = tuple(dict(zip(r[::2], r[1::2], strict=True)) for r in content["rows"])
    default = tuple(
        -1 - next(iter(row.values())) if row and _only_reduces(row) else None for row in rows
    )
    return Tables(
        tuple(content["symbols"]),
        content["terminal_count"],
        content["words"],
        rules,
        rows,
        default,
        content["accept"],
    )


def _only_reduces(row: dict[int, int]) -> bool:
    first = next(iter(row.values()))
    return first < 0 and all(action == first for action in row.values())


def table_key(grammar: str) -> str:
    """What the tables depend on: the grammar and the shape of the file."""
    return sha256(f"{FORMAT}\n{grammar}".encode()).hexdigest()


@cache
def load_tables(folder: str | None = None) -> Tables:
    """The tables of opencl.lark: from the package, from `folder`, or made (and kept there)."""
    grammar = grammar_text()
    key = table_key(grammar)
    packaged = files(__package__).joinpath("opencl.tables")
    if packaged.is_file():
        tables = decode(packaged.read_bytes(), key)
        if tables is not None:
            return tables
    return kept_tables(grammar, key, Store(folder))


def kept_tables(grammar: str, key: str, store: Store) -> Tables:
    """The tables of a grammar from a store; made, and put there, when it has none."""
    kept = store.get(key)
    tables = decode(kept, key) if kept is not None else None
    if tables is None:
        data = encode(analyse(grammar), key)
        store.put(key, data)
        tables = decode(data, key)
        assert tables is not None
    return tables
