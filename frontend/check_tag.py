"""Structs, unions and enumerations: their definitions, and tags that name them."""

from __future__ import annotations

from . import ast, check_attribute, check_decl, check_expr, check_stmt, constant
from .record import replace
from .scope import Context, EnumConstant, Written
from .source import Span
from .types import (
    CHAR,
    ERROR,
    EVENT,
    INT,
    LONG,
    SHORT,
    UCHAR,
    UINT,
    ULONG,
    USHORT,
    Array,
    Enum,
    Field,
    Function,
    Struct,
    Type,
    is_complete,
    sizeof,
)


def struct(ctx: Context, spec: ast.StructSpec, alone: bool) -> Type:
    """The type of a specifier; `alone`, without a declarator, it means no outer scope's."""
    packed, align = check_attribute.layout(ctx, spec.attributes)
    struct: Struct | None = None
    if spec.tag is not None:
        found = ctx.scope.tags.get(spec.tag)
        if found is None and spec.fields is None and not alone:
            found = ctx.scope.find_tag(spec.tag)
        if isinstance(found, Struct) and found.kind == spec.kind:
            struct = found
        elif found is not None:
            note = (f"'{found}' is declared here", ctx.tag_spans.get(found))
            message = f"'{spec.kind} {spec.tag}' is declared as '{found}' before"
            ctx.diags.error("redefinition", message, spec.span, notes=(note,))
            return ERROR
    if struct is None:
        struct = Struct(spec.kind, spec.tag or "")
        ctx.tag_spans[struct] = spec.span
        if spec.tag is not None:
            ctx.scope.tags[spec.tag] = struct
    if spec.fields is None:
        return ERROR if struct.fields is None and struct.tag in ctx.doubtful else struct
    if struct.fields is not None:
        note = (f"'{struct}' is defined here", ctx.tag_spans.get(struct))
        ctx.diags.error("redefinition", f"'{struct}' is defined twice", spec.span, notes=(note,))
        return struct
    struct.packed, struct.align, struct.pack = packed, align, ctx.pack
    fields = _fields(ctx, spec)
    struct.fields = fields
    ctx.tag_spans[struct] = spec.span
    if sizeof(struct) >= check_decl.TOO_LARGE:
        ctx.diags.error("too-large", f"'{struct}' is too large", spec.span)
        struct.fields = ()
    ctx.program.structs.append(struct)
    return struct


def _fields(ctx: Context, spec: ast.StructSpec) -> tuple[Field, ...]:
    fields: list[Field] = []
    seen: dict[str, Span] = {}
    lines = [line for line in spec.fields or () if isinstance(line, ast.Declaration)]
    last = lines[-1].items[-1] if lines and lines[-1].items and spec.kind == "struct" else None
    for line in spec.fields or ():
        if isinstance(line, ast.StaticAssert):
            check_stmt.static_assert(ctx, line)
            continue
        base = check_decl.base_type(ctx, line.specs)
        if line.specs.storage:
            word = line.specs.storage[0]
            ctx.diags.error("bad-storage", f"'{word}' in a struct's field", line.specs.span)
        if not line.items:
            if isinstance(base.type, Struct) and not base.type.tag:
                fields.append(Field("", base.type, base.quals))
                _note_members(ctx, base.type, seen, line.span)
            elif not isinstance(base.type, Struct | Enum) and base.type is not ERROR:
                ctx.diags.warning("missing-declarations", "this declares no field", line.span)
            continue
        for item in line.items:
            field = _field(ctx, base, line.specs, item)
            if field is None:
                continue
            if field.name in seen:
                note = ("it is declared here before", seen[field.name])
                message = f"two fields are named '{field.name}'"
                ctx.diags.error("redefinition", message, item.declarator.span, notes=(note,))
                continue
            seen[field.name] = item.declarator.span
            fields.append(field)
            if _is_flexible(item.declarator) and item is not last:
                message = f"field '{field.name}' has no length and is not the last one"
                ctx.diags.error("incomplete-type", message, item.declarator.span)
    if not fields and not ctx.diags.error_count():
        ctx.diags.warning("gnu-empty-struct", f"this {spec.kind} has no fields", spec.span)
    return tuple(fields)


def _is_flexible(declarator: ast.Declarator) -> bool:
    """`int data[];`: room behind the struct, as much as there is."""
    first = declarator.parts[0] if declarator.parts else None
    return isinstance(first, ast.ArrayPart) and first.count is None


def _note_members(ctx: Context, struct: Struct, seen: dict[str, Span], span: Span) -> None:
    for field in struct.fields or ():
        if field.name and field.name in seen:
            note = ("it is declared here before", seen[field.name])
            message = f"two fields are named '{field.name}'"
            ctx.diags.error("redefinition", message, span, notes=(note,))
        elif field.name:
            seen[field.name] = span
        elif isinstance(field.type, Struct):
            _note_members(ctx, field.type, seen, span)


def _field(
    ctx: Context, base: Written, specs: ast.DeclSpecs, item: ast.InitDeclarator
) -> Field | None:
    span = item.declarator.span
    if item.bits is not None:
        hint = "shift and mask an integer field"
        ctx.diags.error("bit-field", ctx.lacks("bit-fields"), span, hint=hint)
        name = item.declarator.name
        return Field(name, ERROR) if name else None  # what uses it is no further mistake
    written = check_decl.declared(ctx, base, item.declarator)
    name = item.declarator.name or ""
    if written.type is ERROR:
        return Field(name, ERROR)
    if isinstance(written.type, Function):
        ctx.diags.error("bad-type", f"field '{name}' is a function", span)
        return None
    if isinstance(written.type, Array) and written.type.count is None and ctx.is_c:
        flexible = Array(written.type.element, 0)
        return Field(name, flexible, written.quals, spelling=written.spelling)
    if isinstance(written.type, Array) and written.type.count is None:
        message = f"field '{name}' has no length; OpenCL C has no flexible array members"
        ctx.diags.error("incomplete-type", message, span)
        return None
    if written.type == EVENT:
        ctx.diags.error("bad-type", f"field '{name}' has type 'event_t'", span)
        return None
    if not is_complete(written.type):
        ctx.diags.error("incomplete-type", f"field '{name}' has no complete type", span)
        return None
    if written.spaced:
        message = f"field '{name}' has an address space of its own"
        ctx.diags.error("address-space", message, span, hint="it takes the struct's")
        return None
    attributes = check_attribute.of_declaration(ctx, specs, item.declarator)
    packed, align = check_attribute.field_layout(ctx, attributes, written)
    t, quals, host_sized = written.type, written.quals, written.host_sized
    return Field(name, t, quals, align, packed, host_sized, written.spelling)


def enum(ctx: Context, spec: ast.EnumSpec) -> Type:
    packed, align = check_attribute.layout(ctx, spec.attributes)
    enum: Enum | None = None
    if spec.tag is not None:
        found = ctx.scope.tags.get(spec.tag)
        if found is None and spec.enumerators is None:
            found = ctx.scope.find_tag(spec.tag)
        if isinstance(found, Struct):
            note = (f"'{found}' is declared here", ctx.tag_spans.get(found))
            message = f"'enum {spec.tag}' is declared as '{found}' before"
            ctx.diags.error("redefinition", message, spec.span, notes=(note,))
            return ERROR
        enum = found
    if enum is None:
        enum = Enum(spec.tag or "")
        ctx.tag_spans[enum] = spec.span
        if spec.tag is not None:
            ctx.scope.tags[spec.tag] = enum
    if spec.enumerators is None:
        return enum
    if enum.underlying is not None:
        note = (f"'{enum}' is defined here", ctx.tag_spans.get(enum))
        ctx.diags.error("redefinition", f"'{enum}' is defined twice", spec.span, notes=(note,))
        return enum
    if not spec.enumerators:
        ctx.diags.error("bad-type", f"'{enum}' has no enumerators", spec.span)
    known = _enumerators(ctx, spec.enumerators)
    enum.members = {symbol.name: symbol.value for symbol in known}
    values = list(enum.members.values()) or [0]
    candidates = (CHAR, SHORT, INT, LONG) if min(values) < 0 else (UCHAR, USHORT, UINT, ULONG)
    fitting = [t for t in candidates if all(constant.fits(v, t) for v in values)]
    least = INT.size if not packed else 1
    enum.underlying = next((t for t in fitting if t.size >= least), candidates[-1])
    enum.align = align
    ctx.tag_spans[enum] = spec.span
    for symbol in known:
        if symbol.type != INT:  # inside of the braces it had a type of its own
            ctx.scope.names[symbol.name] = replace(symbol, type=enum.underlying)
    return enum


def _enumerators(ctx: Context, written: tuple[ast.Enumerator, ...]) -> list[EnumConstant]:
    """Enter the enumerators, each of the first type from int on that holds it (as clang)."""
    found: list[EnumConstant] = []
    following = 0
    for e in written:
        value: int | None = following
        if e.value is not None:
            value = check_expr.int_constant(ctx, e.value, "an enumerator's value")
        elif not constant.fits(following, ULONG) and following > 0:
            message = f"enumerator '{e.name}' is {following}, which no integer type holds"
            ctx.diags.error("enum-range", message, e.span)
            value = 0
        value = 0 if value is None else value
        t = next((t for t in (INT, UINT, LONG) if constant.fits(value, t)), ULONG)
        symbol = EnumConstant(e.name, value, t, e.span)
        if ctx.declare(e.name, symbol, e.span):
            found.append(symbol)
        following = value + 1
    return found
