"""LLVM's text of a function to the vectoriser's model of it."""

from __future__ import annotations

import re

from .model import LOCAL, Block, Function, Instr, Unvectorisable

_HEAD = re.compile(r'define (?P<before>.*?)@(?P<name>"[^"]*"|[\w.$-]+)\(')
_NOTES = re.compile(r", !(?:dbg|[a-zA-Z_.]+) (?=!)")
_LABEL = re.compile(r'^("[^"]*"|[\w.$-]+):')
_RESULT = re.compile(r'^(%(?:"[^"]*"|[\w.$-]+)) = ')
_TYPE_NAME = re.compile(r'%(?:"[^"]*"|[\w.$-]+)|\w+')
_OPEN, _CLOSE = "([{<", ")]}>"
BINARY = frozenset(
    "add sub mul udiv sdiv urem srem shl lshr ashr and or xor fadd fsub fmul fdiv frem".split()
)
CASTS = frozenset(
    "trunc zext sext fptrunc fpext fptoui fptosi uitofp sitofp ptrtoint inttoptr bitcast "
    "addrspacecast".split()
)
_FLAGS = frozenset(
    "nuw nsw exact disjoint nneg samesign inbounds nusw fast nnan ninf nsz arcp contract afn "
    "reassoc tail musttail notail volatile".split()
)
_CONVENTIONS = frozenset("fastcc ccc noundef signext zeroext range nofpclass".split())


def read(text: str) -> Function:
    """A function's model.

    text:   from `define` to the closing brace, as LLVM prints it.
    raises: Unvectorisable for what the model does not have.
    """
    head, _, body = text.partition("{\n")
    # A body's brace is the first that ends a line: types in the head have none there.
    match = _HEAD.match(head)
    assert match is not None, head
    inside = balanced(head, match.end() - 1)
    params = [_param(p) for p in split(head[match.end() : inside])]
    result = match["before"].split()[-1]
    function = Function(match["name"], result, params, head[inside + 1 :].strip(), {})
    _read_blocks(function, body)
    note_values(function)
    return function


def note_values(function: Function) -> None:
    """Say of each instruction what locals it reads."""
    names = {name for _, name in function.params} | function.definitions().keys()
    for block in function.blocks.values():
        for instr in block.all:
            if instr.op == "phi":
                read = list(instr.incoming.values())
            else:
                read = LOCAL.findall(instr.text)[1 if instr.name else 0 :]
            instr.values = [v for v in read if v in names]


def _read_blocks(function: Function, body: str) -> None:
    block: Block | None = None
    switch: list[str] = []
    for line in body.splitlines():
        line = line.strip()
        if not line or line[0] in ";}" or line.startswith("#dbg"):
            continue
        if label := _LABEL.match(line):
            block = Block(f"%{label[1]}")
            function.blocks[block.name] = block
            continue
        if switch or line.startswith("switch"):
            raise Unvectorisable("switch")
        if block is None:
            block = Block("%0")  # LLVM counts an unnamed entry after the parameters: never a target
            function.blocks[block.name] = block
        instr = instruction(line)
        instr.block = block.name
        if instr.op == "phi":
            block.phis.append(instr)
        elif instr.op in ("br", "ret", "unreachable"):
            block.end = instr
        else:
            block.instrs.append(instr)


def _param(text: str) -> tuple[str, str]:
    typ, _, name = text.rpartition(" ")
    return typ, name


def balanced(text: str, at: int) -> int:
    """Where the bracket that opens at `at` closes."""
    depth = 0
    while True:
        char = text[at]
        if char == '"':
            at = text.index('"', at + 1)
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
            if depth == 0:
                return at
        at += 1


def split(text: str) -> list[str]:
    """The parts of a list, which commas divide; those inside brackets or quotes do not."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(text):
        char = text[at]
        if char == '"':
            at = text.index('"', at + 1)
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
        at += 1
    last = text[start:].strip()
    return [*parts, last] if last else parts


def type_end(text: str) -> int:
    """Where the type that `text` begins with ends."""
    if text[0] in _OPEN:
        end = balanced(text, 0) + 1
    else:
        name = _TYPE_NAME.match(text)
        assert name is not None, text
        end = name.end()
    if text.startswith("ptr addrspace("):
        end = text.index(")") + 1
    return end


def _typed(text: str) -> tuple[str, str]:
    """ "i32 %x" as its type and its value; attributes of an argument between them are left out."""
    end = type_end(text)
    value = text[end:].strip()
    while match := re.match(r"(?:align \d+|[a-z]+(?:\([^)]*\))?) +(?=\S)", value):
        if value.startswith(("getelementptr", "inttoptr", "ptrtoint", "addrspacecast", "splat")):
            break
        value = value[match.end() :]
    return text[:end], value


def instruction(line: str) -> Instr:
    text, debug, notes = _without_notes(line)
    name = ""
    rest = text
    if match := _RESULT.match(text):
        name, rest = match[1], text[match.end() :]
    words = rest.split(" ")
    op = words[0]
    if op in ("tail", "musttail", "notail"):
        op = words[1]
    instr = Instr(name, op, "void", [], text, debug=debug, notes=notes)
    rest = rest[rest.index(op) + len(op) :].lstrip()
    while (word := rest.partition(" ")[0]) in _FLAGS:
        instr.flags.append(word)
        rest = rest[len(word) :].lstrip()
    if op in ("load", "store") and rest.startswith("atomic "):
        instr.op = f"atomic {op}"
    instr.volatile = "volatile" in instr.flags
    _fill(instr, rest)
    return instr


def _without_notes(line: str) -> tuple[str, str, str]:
    match = _NOTES.search(line)
    if match is None:
        return line, "", ""
    text, notes = line[: match.start()], line[match.start() :]
    debug = re.search(r", !dbg !\d+", notes)
    if debug is None:
        return text, "", notes
    return text, debug[0], notes.replace(debug[0], "")


def _fill(instr: Instr, rest: str) -> None:
    """What stands behind the opcode and its flags."""
    op = instr.op
    if op in BINARY:
        typ, first = _typed(split(rest)[0])
        instr.type, instr.operands = typ, [(typ, first), (typ, split(rest)[1])]
    elif op in ("fneg", "freeze"):
        instr.operands = [_typed(rest)]
        instr.type = instr.operands[0][0]
    elif op in CASTS:
        source, _, instr.type = rest.rpartition(" to ")
        instr.operands = [_typed(source)]
    elif op in ("icmp", "fcmp"):
        instr.detail, _, rest = rest.partition(" ")
        typ, first = _typed(split(rest)[0])
        instr.operands = [(typ, first), (typ, split(rest)[1])]
        instr.type = "i1" if typ[0] != "<" else "<"
    elif op == "select":
        instr.operands = [_typed(part) for part in split(rest)]
        instr.type = instr.operands[1][0]
    elif op == "phi":
        _fill_phi(instr, rest)
    elif op == "getelementptr":
        instr.detail, *parts = split(rest)
        instr.operands = [_typed(part) for part in parts]
        instr.type = instr.operands[0][0]
    elif op in ("load", "store"):
        _fill_access(instr, rest)
    elif op == "br":
        parts = split(rest)
        instr.targets = [part.removeprefix("label ") for part in parts if part.startswith("label")]
        if len(parts) == 3:
            instr.operands = [_typed(parts[0])]
    elif op == "ret":
        if rest != "void":
            instr.operands = [_typed(rest)]
    elif op == "call":
        _fill_call(instr, rest)
    elif op == "alloca":
        parts = split(rest)
        if len(parts) > 1 and not parts[1].startswith("align"):
            raise Unvectorisable("array of variable size", instr)
        instr.detail, instr.type = parts[0], "ptr"
        instr.align = _align(parts)
    elif op != "unreachable":
        _fill_other(instr, rest)


def _fill_phi(instr: Instr, rest: str) -> None:
    end = type_end(rest)
    instr.type = rest[:end]
    for pair in split(rest[end:].strip()):
        value, block = split(pair[1:-1])
        instr.incoming[block] = value


def _fill_access(instr: Instr, rest: str) -> None:
    parts = split(rest)
    instr.align = _align(parts)
    if instr.op == "load":
        instr.type, instr.operands = parts[0], [_typed(parts[1])]
    else:
        instr.operands = [_typed(parts[0]), _typed(parts[1])]


def _align(parts: list[str]) -> int:
    found = next((part for part in parts if part.startswith("align ")), "align 1")
    return int(found[6:])


def _fill_call(instr: Instr, rest: str) -> None:
    at = rest.index("@") if "@" in rest else -1
    if at < 0:
        raise Unvectorisable("call through a pointer", instr)
    before = rest[:at].strip()
    opening = rest.index("(", rest.index('"', at + 1 + 1) if rest[at + 1] == '"' else at)
    instr.detail = rest[at + 1 : opening].strip('"')
    instr.operands = [_typed(part) for part in split(rest[opening + 1 : balanced(rest, opening)])]
    while match := re.match(r"(?:align \d+|([a-z]+)(?:\([^)]*\))?) +(?=\S)", before):
        if match[1] and match[1] not in _CONVENTIONS:
            break
        before = before[match.end() :]
    instr.type = before[: type_end(before)]


def _fill_other(instr: Instr, rest: str) -> None:
    """An instruction that has no wide form of its own: only its result's type is of interest."""
    if instr.op == "extractelement":
        vector = _typed(split(rest)[0])[0]
        instr.type = vector[vector.index(" x ") + 3 : -1]
    elif instr.op in ("insertelement", "insertvalue"):
        instr.type = _typed(split(rest)[0])[0]
    elif instr.op == "shufflevector":
        first, mask = (_typed(split(rest)[i])[0] for i in (0, 2))
        instr.type = mask[: mask.index(" x ")] + first[first.index(" x ") :]
    elif instr.op == "atomic load":
        instr.type = split(rest.removeprefix("atomic ").removeprefix("volatile "))[0]
    elif instr.op == "atomicrmw":
        instr.type = _typed(split(rest)[1])[0]
    elif instr.op == "cmpxchg":
        instr.type = f"{{ {_typed(split(rest)[2])[0]}, i1 }}"
    elif instr.op not in ("atomic store", "fence"):
        raise Unvectorisable(f"'{instr.op}'", instr)
    if instr.name and instr.op == "extractvalue":
        raise Unvectorisable("'extractvalue'", instr)
