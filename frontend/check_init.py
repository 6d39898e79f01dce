"""Initialisers: braces, designators and brace elision, flattened (C99 6.7.8).

A cursor walks the object: a stack of (aggregate, number of its next part). A designator sets it,
each value moves it on; where braces are left out, it descends into sub-aggregates by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import ast, check_expr, check_literal, check_place, check_vector, constant, tast
from .convert import assigned, failed, same_type
from .record import field, record, replace
from .scope import Context
from .source import Span
from .types import CHAR, INT, Array, Scalar, Struct, Type, Vector, is_arithmetic

Path = tuple[int, ...]
MOST_IN_RANGE = 1 << 20


def initialiser(
    ctx: Context, t: Type, init: ast.Init
) -> tuple[Type, tast.Expr | tast.Aggregate | tast.StringRef | None]:
    """An object's initialiser.

    returns: (the object's type, an array's length filled in; the tree, None after an error).
    """
    if isinstance(init, ast.InitList):
        if not isinstance(t, Array | Struct):
            return t, _braced_scalar(ctx, t, init)
        literal = _only_string(t, init)
        if literal is not None:
            return _string(ctx, t, literal)
        filler = _Filler(ctx, t)
        filler.braced(t, (), init)
        if isinstance(t, Array) and t.count is None:
            t = Array(t.element, filler.length)
        if filler.erroneous:
            return t, None
        return t, tast.Aggregate(filler.found(t), type=t, span=init.span)
    if isinstance(t, Array):
        if isinstance(init, ast.String) and constant.is_char_array(t):
            return _string(ctx, t, init)
        x = check_expr.operand(ctx, init)
        if isinstance(init, ast.CompoundLiteral) and same_type(x.type, t):
            # As GNU C has it: the literal's own list initialises the array.
            held = x.var.init if isinstance(x, tast.VarRef) else None
            return x.type, x.init if isinstance(x, tast.CompoundRef) else held
        if not failed(x):
            message = "an array is initialised by a list in braces"
            message += " or a string" if constant.is_char_array(t) else ""
            ctx.diags.error("bad-initialiser", message, init.span)
        return t, None
    value = assigned(ctx, check_expr.value(ctx, init), t, "initialisation")
    return t, None if failed(value) else value


def _is_zero(init: ast.InitList) -> bool:
    """`{0}`, which is how C says that all is zero."""
    match init.items:
        case (ast.InitItem(designators=(), value=ast.Number(text="0")),):
            return True
        case _:
            return False


def _only_string(t: Type, init: ast.InitList) -> ast.String | None:
    if constant.is_char_array(t) and len(init.items) == 1 and not init.items[0].designators:
        value = init.items[0].value
        return value if isinstance(value, ast.String) else None
    return None


def _braced_scalar(ctx: Context, t: Type, init: ast.InitList) -> tast.Expr | None:
    """{x} for a scalar; {x, y, ...}, as in a literal, for a vector."""
    if isinstance(t, Vector) and init.items:
        return _braced_vector(ctx, t, init)
    if not init.items:
        zero = tast.Const(0, type=INT, span=init.span)
        value = assigned(ctx, zero, t, "initialisation")
        return None if failed(value) else value
    first, *rest = init.items
    if first.designators:
        ctx.diags.error("bad-initialiser", "a designator for a scalar", first.span)
        return None
    if rest:
        message = "more than one value for a scalar; the first is taken"
        ctx.diags.warning("excess-initializers", message, rest[0].span)
    if isinstance(first.value, ast.InitList):
        message = "more than one pair of braces around a scalar"
        ctx.diags.warning("many-braces-around-scalar-init", message, first.span)
        return _braced_scalar(ctx, t, first.value)
    value = assigned(ctx, check_expr.value(ctx, first.value), t, "initialisation")
    for item in rest:
        if not isinstance(item.value, ast.InitList):
            check_expr.value(ctx, item.value)
    return None if failed(value) else value


def _braced_vector(ctx: Context, t: Vector, init: ast.InitList) -> tast.Expr | None:
    parts: list[tast.Expr] = []
    for item in init.items:
        if item.designators or isinstance(item.value, ast.InitList):
            what = "a designator" if item.designators else "braces"
            ctx.diags.error("bad-initialiser", f"{what} for a component of '{t}'", item.span)
            return None
        parts.append(check_expr.value(ctx, item.value))
    if len(parts) == 1 and is_arithmetic(parts[0].type):  # as clang: no widening in braces
        message = f"too few components for '{t}': 1"
        ctx.diags.error("vector-literal", message, init.span)
        return None
    value = check_vector.literal(ctx, t, parts, init.span)
    return None if failed(value) else value


def _string(ctx: Context, t: Type, literal: ast.String) -> tuple[Type, tast.StringRef | None]:
    assert isinstance(t, Array)
    data = check_literal.string_bytes(ctx, literal)
    if data is None:
        return t, None
    count = len(data) if t.count is None else t.count
    if len(data) - 1 > count:
        message = f"a string of {len(data) - 1} bytes for an array of {count}; it is cut"
        ctx.diags.warning("excess-initializers", message, literal.span)
    # As long as the array: without the final NUL where C lets it go, with more where it is short.
    data = data[:count].ljust(min(count, len(data)), b"\0")
    done = Array(t.element, count)
    return done, tast.StringRef(data, type=Array(CHAR, len(data)), span=literal.span)


@record(frozen=False)
class _Frame:
    """One aggregate on the way to the current part."""

    type: Array | Struct
    at: int
    path: Path  # of the aggregate itself
    only: int | None = None  # a union: the member that was chosen

    def count(self) -> int | None:
        if isinstance(self.type, Array):
            return self.type.count
        fields = len(self.type.fields or ())
        return min(1, fields) if self.type.kind == "union" and self.only is None else fields

    def ended(self) -> bool:
        if self.only is not None:
            return self.at != self.only
        count = self.count()
        return count is not None and self.at >= count

    def part(self) -> Type:
        if isinstance(self.type, Array):
            return self.type.element
        assert self.type.fields is not None
        return self.type.fields[self.at].type


def _is_flexible(t: Type) -> bool:
    return isinstance(t, Array) and t.count == 0


def _to_text(frame: _Frame) -> list[_Frame] | None:
    """The way down from the current part to an array of characters that comes first in it."""
    found: list[_Frame] = []
    while True:
        part = frame.part()
        if constant.is_char_array(part):
            return found
        if not isinstance(part, Array | Struct):
            return None
        frame = _Frame(part, 0, (*frame.path, frame.at))
        if frame.ended():
            return None
        found.append(frame)


@record(frozen=False)
class _Node:
    """A part of an aggregate, with what it is initialised by: `whole`, then parts of its own."""

    type: Type
    whole: tast.Expr | None = None
    parts: dict[int, _Node] = field(default_factory=dict)

    def set(self, path: Path, value: tast.Expr | None) -> None:
        """Give the part at `path` a value, or zero, for all that it was given before."""
        node = self
        for index in path:
            t = node.type
            if isinstance(t, Struct) and t.kind == "union":
                node.parts = {k: v for k, v in node.parts.items() if k == index}
            if isinstance(t, Struct):
                assert t.fields is not None
                inner = t.fields[index].type
            else:
                assert isinstance(t, Array | Vector)
                inner = t.element
            # Where it stands in the order counts: a later part of a whole wins.
            part = node.parts.pop(index) if index in node.parts else _Node(inner)
            node.parts[index] = node = part
        node.whole, node.parts = value, {}

    def entries(self, path: Path) -> Iterator[tuple[Path, tast.Expr]]:
        if self.whole is not None:
            yield path, self.whole
        for index, part in self.parts.items():
            yield from part.entries((*path, index))


@record(frozen=False)
class _Filler:
    ctx: Context
    type: Type
    entries: list[tuple[Path, tast.Expr | None]] = field(default_factory=list)  # None: all zero
    revisits: bool = False  # a designator was met: what is filled may have been so before
    length: int = 0  # of the outermost array, when its type does not say
    erroneous: bool = False
    braces_may_lack: bool = False  # and are worth a word: not so in `{0}`

    def fail(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self.ctx.diags.error(code, message, span, hint=hint)
        self.erroneous = True

    def braced(self, t: Array | Struct, path: Path, init: ast.InitList) -> None:
        stack = [_Frame(t, 0, path)]
        excess = False
        outer, self.braces_may_lack = self.braces_may_lack, not _is_zero(init)
        for item in init.items:
            if item.designators:
                self.revisits = True
                stacks, count = self.designated(t, path, item)
                if not stacks:
                    self.discard(item.value)
                    continue
                whole = isinstance(item.value, ast.InitList)
                if count > 1 and not whole and isinstance(stacks[0][-1].part(), Array | Struct):
                    # Each element is filled from its first part on.
                    stacks, count = self.ranged(stacks, count, item.span), 1
                for stack in stacks:
                    self.item(stack, item.value, count)
                    if self.erroneous:
                        break
            else:
                while len(stack) > 1 and stack[-1].ended():
                    stack.pop()
                    stack[-1].at += 1
                if stack[0].ended():
                    if not excess:
                        excess = True
                        message = f"more values than '{t}' has parts"
                        self.ctx.diags.warning("excess-initializers", message, item.span)
                    self.discard(item.value)
                    continue
                self.item(stack, item.value, 1)
        self.warn_of_gaps(init, stack, outer)

    def warn_of_gaps(self, init: ast.InitList, stack: list[_Frame], elided: bool) -> None:
        """Parts of a struct that are left out, and parts given twice."""
        self.braces_may_lack = elided
        if any(item.designators for item in init.items):
            seen: dict[Path, Span] = {}
            for path, value in self.entries:
                if value is None:
                    continue
                if path in seen:
                    note = ("this value is lost", seen[path])
                    message = "this initialises what has a value already"
                    self.ctx.diags.warning(
                        "initializer-overrides", message, value.span, notes=(note,)
                    )
                seen[path] = value.span
            return
        while len(stack) > 1 and stack[-1].ended():
            stack.pop()
            stack[-1].at += 1
        first = stack[0]
        if init.items and not _is_zero(init) and not first.ended():
            struct = first.type
            if isinstance(struct, Struct) and struct.kind == "struct" and struct.fields:
                name = struct.fields[first.at].name
                message = f"no value for '{name}' of '{struct}', nor for what comes behind it"
                end = Span(init.span.file, init.span.end - 1, init.span.end)
                self.ctx.diags.warning("missing-field-initializers", message, end)

    def found(self, t: Array | Struct) -> tuple[tuple[Path, tast.Expr], ...]:
        """What is left of the entries once later ones have won over earlier ones."""
        if not self.revisits:
            return tuple((path, value) for path, value in self.entries if value is not None)
        root = _Node(t)
        for path, value in self.entries:
            root.set(path, value)
        return tuple(root.entries(()))

    def discard(self, value: ast.Init) -> None:
        """Look at a value that initialises nothing: its own errors still count."""
        if isinstance(value, ast.InitList):
            for item in value.items:
                self.discard(item.value)
        else:
            check_expr.value(self.ctx, value)

    def designated(
        self, t: Array | Struct, path: Path, item: ast.InitItem
    ) -> tuple[list[list[_Frame]], int]:
        """The cursors a designator asks for, and how many parts its last range names.

        Several for ranges before the last designator, `[0 ... 3].x`; none after an error.
        """
        stacks = [[_Frame(t, 0, path)]]
        count = 1
        for number, designator in enumerate(item.designators):
            if number:
                stacks = self.ranged(stacks, count, designator.span)
                count = 1
                part = stacks[0][-1].part() if stacks else None
                if not isinstance(part, Array | Struct):
                    if stacks:
                        message = f"a designator inside a '{part}'"
                        self.fail("bad-initialiser", message, designator.span)
                    return [], 1
                for stack in stacks:
                    stack.append(_Frame(part, 0, (*stack[-1].path, stack[-1].at)))
            if isinstance(designator, ast.FieldDesignator):
                if not all(self.select_field(stack, designator) for stack in stacks):
                    return [], 1
            else:
                chosen = self.select_index(stacks[0][-1], designator)
                if chosen is None:
                    return [], 1
                first, count = chosen
                for stack in stacks:
                    stack[-1].at = first
        return stacks, count

    def ranged(self, stacks: list[list[_Frame]], count: int, span: Span) -> list[list[_Frame]]:
        """A cursor for each element of a range that `stacks` stand at the beginning of."""
        if len(stacks) * count >= MOST_IN_RANGE:
            self.fail("too-large", "ranges of more than a million elements", span)
            return []
        found = []
        for stack in stacks:
            for step in range(count):
                moved = [replace(frame) for frame in stack]
                moved[-1].at += step
                found.append(moved)
        return found

    def select_field(self, stack: list[_Frame], designator: ast.FieldDesignator) -> bool:
        struct = stack[-1].type
        if not isinstance(struct, Struct):
            self.fail("bad-initialiser", f"'.{designator.name}' in an array", designator.span)
            return False
        found = check_place.find_field(struct, designator.name)
        if found is None:
            message = f"'{struct}' has no field '{designator.name}'"
            self.fail("no-such-field", message, designator.span)
            return False
        for step, number in enumerate(found):
            if step:
                part = stack[-1].part()
                assert isinstance(part, Struct)
                stack.append(_Frame(part, 0, (*stack[-1].path, stack[-1].at)))
            frame = stack[-1]
            frame.at = number
            if isinstance(frame.type, Struct) and frame.type.kind == "union":
                frame.only = number
        return True

    def select_index(
        self, frame: _Frame, designator: ast.IndexDesignator
    ) -> tuple[int, int] | None:
        array = frame.type
        if not isinstance(array, Array):
            self.fail("bad-initialiser", f"an index in '{array}'", designator.span)
            return None
        first = check_expr.int_constant(self.ctx, designator.index, "an index")
        last = first
        if designator.last is not None:
            last = check_expr.int_constant(self.ctx, designator.last, "an index")
        if first is None or last is None:
            self.erroneous = True
            return None
        limit = (1 << 31) if array.count is None else array.count
        if first < 0 or last >= limit:
            bad = first if first < 0 else last
            message = f"index {bad} is outside '{array}'"
            self.fail("array-bounds", message, designator.span)
            return None
        if last < first:
            self.fail("bad-initialiser", f"an empty range {first} ... {last}", designator.span)
            return None
        if last - first >= MOST_IN_RANGE:
            self.fail("too-large", "a range of more than a million elements", designator.span)
            return None
        return first, last - first + 1

    def item(self, stack: list[_Frame], value: ast.Init, count: int) -> None:
        """Put one value at the cursor, descending as elided braces ask, and move on."""
        frame = stack[-1]
        if _is_flexible(frame.part()) and (not isinstance(value, ast.InitList) or value.items):
            self.fail("unsupported", "values of a flexible array are not supported", value.span)
            return
        if isinstance(value, ast.InitList):
            for _ in range(count):
                self.nested(frame.part(), (*frame.path, frame.at), value)
                self.advance(stack)
            return
        if isinstance(value, ast.String) and (text := _to_text(frame)) is not None:
            stack += text
            frame = stack[-1]
            for _ in range(count):
                self.characters(frame.part(), (*frame.path, frame.at), value)
                self.advance(stack)
            return
        x = check_expr.value(self.ctx, value)
        if failed(x):
            self.erroneous = True
            self.advance(stack)
            return
        while isinstance(part := frame.part(), Array | Struct) and x.type != part:
            if isinstance(part, Struct) and part.fields is None:
                break
            inner = _Frame(part, 0, (*frame.path, frame.at))
            if inner.ended():
                self.fail("bad-initialiser", f"a value for '{part}', which has none", x.span)
                self.advance(stack)
                return
            if isinstance(part, Struct) and isinstance(x.type, Struct):
                first = inner.part()
                if not isinstance(first, Array | Struct):
                    break  # assigned() says that the structs differ
            if self.braces_may_lack:
                message = f"the braces around the values of '{part}' are left out"
                self.ctx.diags.warning("missing-braces", message, x.span)
            stack.append(inner)
            frame = inner
        converted = assigned(self.ctx, x, frame.part(), "initialisation")
        self.erroneous = self.erroneous or failed(converted)
        for _ in range(count):
            if not failed(converted):
                self.entries.append(((*frame.path, frame.at), converted))
            self.advance(stack)

    def advance(self, stack: list[_Frame]) -> None:
        """Step past what was just filled."""
        outer = stack[0]
        if isinstance(outer.type, Array) and not outer.path:
            self.length = max(self.length, outer.at + 1)
        stack[-1].at += 1

    def nested(self, t: Type, path: Path, init: ast.InitList) -> None:
        if not isinstance(t, Array | Struct):
            scalar = _braced_scalar(self.ctx, t, init)
            if scalar is None:
                self.erroneous = True
            else:
                self.entries.append((path, scalar))
            return
        self.entries.append((path, None))
        literal = _only_string(t, init)
        if literal is not None:
            self.characters(t, path, literal)
        else:
            self.braced(t, path, init)

    def characters(self, t: Type, path: Path, literal: ast.String) -> None:
        """A string inside of a larger object: byte by byte."""
        assert isinstance(t, Array)
        _done, text = _string(self.ctx, t, literal)
        if text is None:
            self.erroneous = True
            return
        self.entries.append((path, None))
        element = t.element
        assert isinstance(element, Scalar)
        for at, byte in enumerate(text.value):
            number = constant.wrap(byte, element)
            constant_ = tast.Const(number, type=element, span=literal.span)
            self.entries.append(((*path, at), constant_))
