"""Types as written to types as meant: specifiers, declarators, structs, enums, attributes."""

from __future__ import annotations

from collections import Counter

from . import ast, check_expr, constant, dialect
from .scope import Context, EnumConstant, Typedef, Written, describe, suggestion
from .source import Span
from .types import (
    BOOL,
    CHAR,
    DOUBLE,
    ERROR,
    FLOAT,
    HALF,
    INT,
    LONG,
    PTRDIFF_T,
    SCALARS,
    SHORT,
    SIZE_T,
    UCHAR,
    UINT,
    ULONG,
    USHORT,
    VECTOR_COUNTS,
    VOID,
    AddrSpace,
    Array,
    Enum,
    Field,
    Function,
    Opaque,
    Pointer,
    Quals,
    Scalar,
    Struct,
    Type,
    Vector,
    alignof,
    is_complete,
    is_integer,
    is_void,
    sizeof,
)

# Every way to spell a type with C's keywords, order aside; `int` is left out where it may be.
_KEYWORD_TYPES: dict[tuple[str, ...], Scalar] = {
    tuple(sorted(spelling.split())): t
    for t, spellings in (
        (VOID, "void"),
        (BOOL, "bool|_Bool"),
        (CHAR, "char|signed char"),
        (UCHAR, "unsigned char"),
        (SHORT, "short|signed short|short int|signed short int"),
        (USHORT, "unsigned short|unsigned short int"),
        (INT, "int|signed|signed int"),
        (UINT, "unsigned|unsigned int"),
        (LONG, "long|signed long|long int|signed long int"),
        (ULONG, "unsigned long|unsigned long int"),
        (HALF, "half"),
        (FLOAT, "float"),
        (DOUBLE, "double"),
    )
    for spelling in spellings.split("|")
}
_HOST_SIZED = {"size_t": SIZE_T, "ptrdiff_t": PTRDIFF_T, "intptr_t": LONG, "uintptr_t": ULONG}
_OPAQUE = frozenset(
    "event_t sampler_t queue_t ndrange_t clk_event_t reserve_id_t pipe "
    "image1d_t image1d_array_t image1d_buffer_t image2d_t image2d_array_t image2d_depth_t "
    "image2d_array_depth_t image2d_msaa_t image2d_array_msaa_t image2d_msaa_depth_t "
    "image2d_array_msaa_depth_t image3d_t".split()
)
_SPACES = {
    "private": AddrSpace.PRIVATE,
    "global": AddrSpace.GLOBAL,
    "constant": AddrSpace.CONSTANT,
    "local": AddrSpace.LOCAL,
    "generic": AddrSpace.GENERIC,
}
_IMAGE_QUALS = frozenset({"read_only", "write_only", "read_write"})
# Objects of this size or more cannot be addressed.
_TOO_LARGE = 1 << 60

# Attributes that ask for nothing we do not do anyway, or that only inform.
_QUIET_ATTRIBUTES = frozenset(
    "unused used pure const nothrow cold hot deprecated noreturn convergent flatten "
    "may_alias maybe_unused nosvm nonnull warn_unused_result artificial gnu_inline "
    "malloc leaf returns_nonnull no_sanitize nodebug".split()
)
# What these ask for is another type than the one written: to go on without would miscompile.
_TYPE_ATTRIBUTES = frozenset("address_space ext_vector_type mode vector_size".split())


def named(words: tuple[str, ...]) -> Written | None:
    """The type that keywords, or a name OpenCL C predefines, stand for."""
    if len(words) == 1:
        (word,) = words
        if word in _HOST_SIZED:
            return Written(_HOST_SIZED[word], host_sized=True)
        if word in SCALARS:
            return Written(SCALARS[word])
        if word in _OPAQUE:
            return Written(Opaque(word))
        base = word.rstrip("0123456789")
        lanes = word[len(base) :]
        if base in SCALARS and base not in ("void", "bool") and lanes in map(str, VECTOR_COUNTS):
            return Written(Vector(SCALARS[base], int(lanes)))
    hit = _KEYWORD_TYPES.get(tuple(sorted(words)))
    return None if hit is None else Written(hit)


# -- specifiers -----------------------------------------------------------------------------------


def base_type(ctx: Context, specs: ast.DeclSpecs) -> Written:
    """What the specifiers say: the type left of the declarators, with qualifiers."""
    if specs.type is None:
        hint = "OpenCL C has no implicit int"
        ctx.diags.error("missing-type", "a type is missing here", specs.span, hint=hint)
        return Written(ERROR)
    if len(specs.storage) > 1:
        message = f"more than one storage class: '{' '.join(specs.storage)}'"
        ctx.diags.error("bad-storage", message, specs.span)
    base = _spec_type(ctx, specs.type)
    merged = qualified(ctx, base, specs.quals, specs.span)
    if merged.quals.restrict and not isinstance(merged.type, Pointer):
        ctx.diags.error("bad-qualifier", "'restrict' is for pointers only", specs.span)
    return merged


def qualified(ctx: Context, base: Written, words: tuple[str, ...], span: Span) -> Written:
    spaces = {word for word in words if word in _SPACES}
    space, spaced = base.quals.space, base.spaced
    if len(spaces) > 1 or (spaced and spaces and _SPACES[min(spaces)] is not space):
        message = "more than one address space for one object"
        ctx.diags.error("address-space", message, span)
    elif spaces:
        if spaced or sum(word in _SPACES for word in words) > 1:
            message = f"'{min(spaces)}' is said more than once"
            ctx.diags.warning("duplicate-decl-specifier", message, span)
        space, spaced = _SPACES[min(spaces)], True
        if space is AddrSpace.GENERIC and not ctx.options.has(dialect.GENERIC_SPACE):
            ctx.diags.error("address-space", "'generic' needs OpenCL C 2.0", span)
    if _IMAGE_QUALS & set(words) and not isinstance(base.type, Opaque):
        ctx.diags.error("bad-qualifier", "access qualifiers are for images and pipes", span)
    quals = Quals(
        space,
        base.quals.const or "const" in words,
        base.quals.volatile or "volatile" in words,
        base.quals.restrict or "restrict" in words,
    )
    return Written(base.type, quals, spaced, base.host_sized)


def _spec_type(ctx: Context, spec: ast.TypeSpec) -> Written:
    match spec:
        case ast.NamedType(words=words):
            written = named(words)
            if written is None:
                text = " ".join(words)
                if Counter(words)["long"] > 1:
                    message = f"'{text}': OpenCL C has no 'long long'; 'long' has 64 bits"
                    ctx.diags.error("bad-type", message, spec.span)
                else:
                    ctx.diags.error("bad-type", f"'{text}' is not a type", spec.span)
                return Written(ERROR)
            return _available(ctx, written, spec.span)
        case ast.TypedefName(name=name):
            symbol = ctx.scope.find(name)
            if isinstance(symbol, Typedef):
                return symbol.meaning
            predefined = named((name,))
            if predefined is not None:
                return _available(ctx, predefined, spec.span)
            types = {n for n in ctx.scope.visible() if isinstance(ctx.scope.find(n), Typedef)}
            ctx.diags.error(
                "undeclared", f"unknown type '{name}'", spec.span, hint=suggestion(name, types)
            )
            return Written(ERROR)
        case ast.StructSpec():
            return Written(_struct(ctx, spec))
        case ast.EnumSpec():
            return Written(_enum(ctx, spec))
        case ast.TypeofSpec(operand=operand):
            if isinstance(operand, ast.TypeName):
                return type_name(ctx, operand)
            value = check_expr.unevaluated(ctx, operand)
            return Written(value.type)


def _available(ctx: Context, written: Written, span: Span) -> Written:
    scalar = written.type.element if isinstance(written.type, Vector) else written.type
    if scalar == DOUBLE and not ctx.options.fp64:
        ctx.diags.error("no-double", "'double' requires the extension cl_khr_fp64", span)
        return Written(ERROR)
    if isinstance(written.type, Opaque):
        ctx.unsupported(f"objects of type '{written.type}' are", span)
        return Written(ERROR)
    return written


# -- structs and enums ----------------------------------------------------------------------------


def _struct(ctx: Context, spec: ast.StructSpec) -> Type:
    packed, align = _layout_attributes(ctx, spec.attributes)
    struct: Struct | None = None
    if spec.tag is not None:
        found = ctx.scope.tags.get(spec.tag)
        if found is None and spec.fields is None:
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
        return struct
    if struct.fields is not None:
        note = (f"'{struct}' is defined here", ctx.tag_spans.get(struct))
        ctx.diags.error("redefinition", f"'{struct}' is defined twice", spec.span, notes=(note,))
        return struct
    struct.packed, struct.align = packed, align
    fields = _fields(ctx, spec)
    struct.fields = fields
    ctx.tag_spans[struct] = spec.span
    if sizeof(struct) >= _TOO_LARGE:
        ctx.diags.error("too-large", f"'{struct}' is too large", spec.span)
        struct.fields = ()
    ctx.program.structs.append(struct)
    return struct


def _fields(ctx: Context, spec: ast.StructSpec) -> tuple[Field, ...]:
    fields: list[Field] = []
    seen: dict[str, Span] = {}
    for line in spec.fields or ():
        base = base_type(ctx, line.specs)
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
    if not fields and not ctx.diags.error_count():
        ctx.diags.warning("empty-struct", f"this {spec.kind} has no fields", spec.span)
    return tuple(fields)


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
        ctx.unsupported("bit-fields are", span, hint="shift and mask an integer field")
        return None
    written = declared(ctx, base, item.declarator)
    name = item.declarator.name or ""
    if written.type is ERROR:
        return Field(name, ERROR)
    if isinstance(written.type, Function):
        ctx.diags.error("bad-type", f"field '{name}' is a function", span)
        return None
    if isinstance(written.type, Array) and written.type.count is None:
        ctx.unsupported(f"flexible array members ('{name}') are", span)
        return None
    if not is_complete(written.type):
        ctx.diags.error("incomplete-type", f"field '{name}' has no complete type", span)
        return None
    if written.spaced and written.quals.space is not AddrSpace.PRIVATE:
        message = f"field '{name}' has an address space of its own"
        ctx.diags.error("address-space", message, span, hint="it takes the struct's")
        return None
    _packed, align = _layout_attributes(ctx, specs.attributes + item.declarator.attributes)
    packed_field = any(a.name == "packed" for a in specs.attributes + item.declarator.attributes)
    if packed_field:
        ctx.unsupported("'packed' on a single field is", span, hint="pack the whole struct")
    return Field(name, written.type, written.quals, align)


def _layout_attributes(ctx: Context, attributes: tuple[ast.Attribute, ...]) -> tuple[bool, int]:
    packed, align = False, 0
    for attribute in attributes:
        match attribute.name:
            case "packed":
                packed = True
            case "aligned":
                align = max(align, alignment(ctx, attribute))
            case "endian":
                check_endian(ctx, attribute)
            case name if name not in _QUIET_ATTRIBUTES:
                unknown_attribute(ctx, attribute)
    return packed, align


def _no_layout(
    ctx: Context,
    attributes: tuple[ast.Attribute, ...],
    layout: set[str],
    what: str,
    hint: str | None = None,
) -> None:
    """Attributes where those of `layout` would count and are not obeyed."""
    for attribute in attributes:
        if attribute.name in layout:
            ctx.unsupported(f"'{attribute.name}' on {what} is", attribute.span, hint=hint)
        elif not is_quiet(attribute):
            unknown_attribute(ctx, attribute)


def check_endian(ctx: Context, attribute: ast.Attribute) -> None:
    """`endian(host)` and `endian(device)`: both are little here, so nothing is to be done."""
    names = [a.name for a in attribute.args if isinstance(a, ast.Ident)]
    if len(attribute.args) != 1 or names not in (["host"], ["device"]):
        message = "'endian' takes 'host' or 'device'"
        ctx.diags.error("bad-attribute", message, attribute.span)


def unknown_attribute(ctx: Context, attribute: ast.Attribute) -> None:
    if attribute.name in _TYPE_ATTRIBUTES:
        ctx.unsupported(f"attribute '{attribute.name}' is", attribute.span)
        return
    message = f"attribute '{attribute.name}' is not known and has no effect"
    ctx.diags.warning("unknown-attributes", message, attribute.span)


def is_quiet(attribute: ast.Attribute) -> bool:
    return attribute.name in _QUIET_ATTRIBUTES


def alignment(ctx: Context, attribute: ast.Attribute) -> int:
    """The value of `aligned(n)`; 16 without n, the target's largest alignment."""
    if not attribute.args:
        return 16
    (argument, *rest) = attribute.args
    if rest:
        ctx.diags.error("bad-attribute", "'aligned' takes one argument", attribute.span)
        return 0
    if isinstance(argument, ast.TypeName):
        written = type_name(ctx, argument)
        return alignof(written.type) if is_complete(written.type) else 0
    value = check_expr.int_constant(ctx, argument, "an alignment")
    if value is None:
        return 0
    if value <= 0 or value & (value - 1) or value > 1 << 28:
        message = f"an alignment must be a power of two up to 2**28, not {value}"
        ctx.diags.error("bad-attribute", message, argument.span)
        return 0
    return value


def _enum(ctx: Context, spec: ast.EnumSpec) -> Type:
    _no_layout(ctx, spec.attributes, {"aligned", "packed"}, "an enum")
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
        if spec.enumerators is None:
            message = f"'enum {spec.tag}' is not defined"
            ctx.diags.error("incomplete-type", message, spec.span)
            return ERROR
        enum = Enum(spec.tag or "")
        ctx.tag_spans[enum] = spec.span
        if spec.tag is not None:
            ctx.scope.tags[spec.tag] = enum
    if spec.enumerators is None:
        return enum
    if enum.complete:
        note = (f"'{enum}' is defined here", ctx.tag_spans.get(enum))
        ctx.diags.error("redefinition", f"'{enum}' is defined twice", spec.span, notes=(note,))
        return enum
    following = 0
    for enumerator in spec.enumerators:
        value: int | None = following
        if enumerator.value is not None:
            value = check_expr.int_constant(ctx, enumerator.value, "an enumerator's value")
        if value is not None and not constant.fits(value, INT):
            message = f"enumerator '{enumerator.name}' is {value}, which does not fit an int"
            ctx.diags.error("enum-range", message, enumerator.span)
            value = 0
        value = 0 if value is None else value
        symbol = EnumConstant(enumerator.name, value, enumerator.span)
        ctx.declare(enumerator.name, symbol, enumerator.span)
        following = value + 1
    enum.complete = True
    return enum


# -- declarators ----------------------------------------------------------------------------------


def type_name(ctx: Context, name: ast.TypeName) -> Written:
    """The type in a cast, a sizeof or a compound literal."""
    _no_layout(ctx, name.specs.attributes, {"aligned"}, "a type's name")
    return declared(ctx, base_type(ctx, name.specs), name.declarator)


def declared(ctx: Context, base: Written, declarator: ast.Declarator) -> Written:
    """Wrap what the specifiers say in the declarator's parts, from the inside out."""
    current = base
    for part in reversed(declarator.parts):
        if current.type is ERROR:
            return current
        match part:
            case ast.PointerPart():
                current = _pointer_to(ctx, current, part)
            case ast.ArrayPart():
                current = _array_of(ctx, current, part)
            case ast.FunctionPart():
                current = _function_returning(ctx, current, part, declarator)
    return current


def _pointer_to(ctx: Context, pointee: Written, part: ast.PointerPart) -> Written:
    if isinstance(pointee.type, Function):
        ctx.diags.error("function-pointer", "OpenCL C has no function pointers", part.span)
        return Written(ERROR)
    for attribute in part.attributes:
        if not is_quiet(attribute):
            unknown_attribute(ctx, attribute)
    quals = pointee.quals
    if not pointee.spaced:
        quals = quals.with_(space=ctx.default_space)
    return qualified(ctx, Written(Pointer(pointee.type, quals)), part.quals, part.span)


def _array_of(ctx: Context, element: Written, part: ast.ArrayPart) -> Written:
    inner = element.type
    if part.quals:
        message = "qualifiers inside the brackets of an array are"
        ctx.unsupported(message, part.span)
    if isinstance(inner, Function):
        ctx.diags.error("bad-type", "an array of functions", part.span)
        return Written(ERROR)
    if not is_complete(inner):
        message = f"an array of '{inner}', which is not complete"
        ctx.diags.error("incomplete-type", message, part.span)
        return Written(ERROR)
    count: int | None = None
    if part.count is not None:
        count = _array_count(ctx, part.count)
        if count is None:
            return Written(ERROR)
        if count * sizeof(inner) >= _TOO_LARGE:
            ctx.diags.error("too-large", "this array is too large", part.span)
            return Written(ERROR)
    return Written(Array(inner, count), element.quals, element.spaced)


def _array_count(ctx: Context, expr: ast.Expr) -> int | None:
    value = check_expr.value(ctx, expr)
    if value.type is ERROR:
        return None
    if not is_integer(value.type):
        message = f"an array's length must be an integer, not '{value.type}'"
        ctx.diags.error("type-mismatch", message, expr.span)
        return None
    count = constant.fold(value)
    if count is None:
        message = "the length of an array must be constant; OpenCL C has no variable-length arrays"
        hint = "an enumerator, a macro or a constant at program scope is constant"
        ctx.diags.error("variable-length-array", message, expr.span, hint=hint)
        return None
    if count < 0:
        ctx.diags.error("array-length", f"an array of length {count}", expr.span)
        return None
    if count == 0:
        ctx.diags.error("array-length", "an array of length 0", expr.span)
        return None
    return int(count)


def _function_returning(
    ctx: Context, result: Written, part: ast.FunctionPart, declarator: ast.Declarator
) -> Written:
    returned = result.type
    if isinstance(returned, Array | Function):
        what = "an array" if isinstance(returned, Array) else "a function"
        ctx.diags.error("bad-type", f"a function cannot return {what}", part.span)
        return Written(ERROR)
    if result.spaced and result.quals.space is not AddrSpace.PRIVATE:
        message = f"a function cannot return an object in {result.quals.space} memory"
        ctx.diags.error("address-space", message, declarator.span)
        return Written(ERROR)
    if returned == HALF and not ctx.fp16:
        message = "a function cannot return 'half' without the extension cl_khr_fp16"
        ctx.diags.error("half-arithmetic", message, declarator.span)
        return Written(ERROR)
    if part.variadic:
        ctx.diags.error("variadic", "OpenCL C has no variadic functions", part.span)
        return Written(ERROR)
    types: list[Type] = []
    for param in part.params:
        written = parameter(ctx, param)
        if is_void(written.type) and len(part.params) == 1 and param.declarator.name is None:
            break  # `(void)`, perhaps through a typedef
        types.append(written.type)
    if ERROR in types:
        return Written(ERROR)
    return Written(Function(returned, tuple(types)))


def parameter(ctx: Context, param: ast.Param) -> Written:
    """A parameter's type, arrays turned into pointers (C99 6.7.5.3).

    Asked for twice, once for the function's type and once for its body: what is wrong with it
    is said once.
    """
    known = ctx.parameters.get(id(param))
    if known is None:
        known = ctx.parameters[id(param)] = _parameter(ctx, param)
    return known


def _parameter(ctx: Context, param: ast.Param) -> Written:
    written = declared(ctx, base_type(ctx, param.specs), param.declarator)
    if isinstance(written.type, Array):
        quals = written.quals
        if not written.spaced:
            quals = quals.with_(space=ctx.default_space)
        return Written(Pointer(written.type.element, quals))
    return written


def object_type(ctx: Context, written: Written, name: str, span: Span) -> bool:
    """Whether an object can have this type; reports it if not. Arrays may lack their length."""
    t = written.type
    if t is ERROR:
        return False
    if is_void(t):
        ctx.diags.error("bad-type", f"'{name}' has type 'void'", span)
        return False
    element = t
    while isinstance(element, Array):
        element = element.element
    lane = element.element if isinstance(element, Vector) else element
    if lane == HALF and not ctx.fp16:
        message = f"'{name}' has type 'half', which requires the extension cl_khr_fp16"
        hint = "without it, half is only for data behind pointers"
        ctx.diags.error("half-arithmetic", message, span, hint=hint)
        return False
    if not is_complete(element):
        notes: tuple[tuple[str, Span | None], ...] = ()
        if isinstance(element, Struct):
            notes = ((f"'{element}' is declared here", ctx.tag_spans.get(element)),)
        message = f"'{name}' has the type '{element}', which is not complete"
        ctx.diags.error("incomplete-type", message, span, notes=notes)
        return False
    return True


def typedef(
    ctx: Context, specs: ast.DeclSpecs, declarator: ast.Declarator, written: Written
) -> None:
    """Give the type that a declarator makes the declarator's name."""
    name, span = declarator.name or "", declarator.name_span
    hint = "align the struct, behind its '}', or the variable"
    _no_layout(ctx, specs.attributes + declarator.attributes, {"aligned"}, "a typedef", hint)
    old = ctx.scope.names.get(name)
    if isinstance(old, Typedef):
        known = old.meaning
        if known.type == written.type and known.quals == written.quals:
            return  # C11 allows it, and so does everyone
        note = (f"the {describe(old)} '{name}' is declared here", old.span)
        message = f"'{name}' is declared as '{written.type}' and as '{known.type}'"
        ctx.diags.error("redefinition", message, span, notes=(note,))
        return
    ctx.declare(name, Typedef(name, written, span), span)
