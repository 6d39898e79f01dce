"""Types as written to types as meant: specifiers, declarators, structs, enums, attributes."""

from __future__ import annotations

from collections import Counter

from . import ast, check_attribute, check_expr, check_tag, constant, dialect, tast
from .foreign import FOREIGN, misspelt
from .record import replace
from .scope import Context, Typedef, Written, describe
from .source import Span
from .types import (
    ATOMICS,
    BOOL,
    CHAR,
    DOUBLE,
    ERROR,
    EVENT,
    FLOAT,
    HALF,
    INT,
    LONG,
    NO_QUALS,
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
    Function,
    Named,
    Opaque,
    Pointer,
    Quals,
    Scalar,
    Struct,
    Type,
    Vector,
    is_complete,
    is_integer,
    is_void,
    sizeof,
)
from .words import PREDECLARED

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
_ATOMICS = ATOMICS | {f"atomic_{name}": ATOMICS[f"atomic_{t}"] for name, t in _HOST_SIZED.items()}
_SINCE_2_0 = ("memory_order", "memory_scope", *_ATOMICS)
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
    "__mram_ptr": AddrSpace.MRAM,
}
_IMAGE_QUALS = frozenset({"read_only", "write_only", "read_write"})
# Objects of this size or more cannot be addressed.
TOO_LARGE = 1 << 60


def named(words: tuple[str, ...]) -> Written | None:
    """The type that keywords, or a name OpenCL C predefines, stand for."""
    if len(words) == 1:
        (word,) = words
        if word in _HOST_SIZED:
            return Written(_HOST_SIZED[word], host_sized=True)
        if word in SCALARS:
            return Written(SCALARS[word])
        if word == "cl_mem_fence_flags":
            return Written(UINT)
        if word in _ATOMICS:
            return Written(_ATOMICS[word])
        if word in _SINCE_2_0:  # enumerations
            return Written(INT)
        if word in _OPAQUE:
            return Written(Opaque(word))
        base = word.rstrip("0123456789")
        lanes = word[len(base) :]
        if base in SCALARS and base not in ("void", "bool") and lanes in map(str, VECTOR_COUNTS):
            return Written(Vector(SCALARS[base], int(lanes)))
    hit = _KEYWORD_TYPES.get(tuple(sorted(words)))
    return None if hit is None else Written(hit)


# -- specifiers -----------------------------------------------------------------------------------


def base_type(ctx: Context, specs: ast.DeclSpecs, *, alone: bool = False) -> Written:
    """What the specifiers say: the type left of the declarators, with qualifiers.

    alone: no declarator follows, so that `struct S;` makes a type of this scope.
    """
    if specs.type is None:
        hint = "C has no implicit int" if ctx.is_c else "OpenCL C has no implicit int"
        hint = FOREIGN["auto"] if "auto" in specs.storage and not ctx.is_c else hint
        ctx.diags.error("missing-type", "a type is missing here", specs.span, hint=hint)
        return Written(ERROR)
    if len(specs.storage) > 1:
        message = f"more than one storage class: '{' '.join(specs.storage)}'"
        ctx.diags.error("bad-storage", message, specs.span)
    for word in specs.storage:
        if word in ("static", "extern") and ctx.options.version < 120 and not ctx.is_c:
            message = f"the storage class '{word}' needs OpenCL C 1.2"
            ctx.diags.error("bad-storage", message, specs.span)
    base = _spec_type(ctx, specs.type, alone)
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
        base.quals.align,
    )
    return Written(base.type, quals, spaced, base.host_sized, base.spelling)


def _spec_type(ctx: Context, spec: ast.TypeSpec, alone: bool) -> Written:
    match spec:
        case ast.NamedType(words=words):
            written = named(words)
            if written is None and ctx.is_c:
                return _named_in_c(ctx, spec)
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
                meaning = symbol.meaning
                return replace(meaning, spelling=Named(name, meaning.spelling or meaning.type))
            later = name in _SINCE_2_0 and ctx.options.version < 200
            predefined = None if later or ctx.is_c else named((name,))
            if predefined is not None:
                return _available(ctx, predefined, spec.span)
            if name in ctx.doubtful:
                return Written(ERROR)
            types = {n for n in ctx.scope.visible() if isinstance(ctx.scope.find(n), Typedef)}
            types |= frozenset() if ctx.is_c else frozenset(PREDECLARED)
            hint, fixes = misspelt(name, spec.span, types, ctx.is_c)
            message = f"unknown type '{name}'"
            ctx.diags.error("undeclared", message, spec.span, hint=hint, fixes=fixes)
            return Written(ERROR)
        case ast.StructSpec():
            return Written(check_tag.struct(ctx, spec, alone))
        case ast.EnumSpec():
            return Written(check_tag.enum(ctx, spec))
        case ast.TypeofSpec(operand=operand):
            if isinstance(operand, ast.TypeName):
                return type_name(ctx, operand)
            x = check_expr.unevaluated(ctx, operand)
            quals = x.quals if isinstance(x, tast.OBJECTS) else NO_QUALS
            return Written(x.type, quals, quals.space is not AddrSpace.PRIVATE)


def _named_in_c(ctx: Context, spec: ast.NamedType) -> Written:
    """The type that keywords name in C alone: `long long`, of as many bits as `long`."""
    words = Counter(spec.words)
    text = " ".join(spec.words)
    if words["long"] == 2:
        words["long"] = 1
        written = named(tuple(words.elements()))
        if written is not None:
            return written
    if sorted(spec.words) == ["double", "long"]:
        ctx.unsupported("values of type 'long double' are", spec.span)
    else:
        ctx.diags.error("bad-type", f"'{text}' is not a type", spec.span)
    return Written(ERROR)


def _available(ctx: Context, written: Written, span: Span) -> Written:
    scalar = written.type.element if isinstance(written.type, Vector) else written.type
    if scalar == DOUBLE and not ctx.options.fp64:
        ctx.diags.error("no-double", "'double' requires the extension cl_khr_fp64", span)
        return Written(ERROR)
    if isinstance(written.type, Opaque) and written.type not in (EVENT, *_ATOMICS.values()):
        ctx.unsupported(f"objects of type '{written.type}' are", span)
        return Written(ERROR)
    return written


# -- declarators ----------------------------------------------------------------------------------


def type_name(ctx: Context, name: ast.TypeName) -> Written:
    """The type in a cast, a sizeof or a compound literal."""
    check_attribute.type_name(ctx, name.specs.attributes)
    for word in name.specs.storage + name.specs.function:
        ctx.diags.error("bad-storage", f"'{word}' in the name of a type", name.specs.span)
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
    if isinstance(pointee.type, Function) and not ctx.is_c:
        ctx.diags.error("function-pointer", "OpenCL C has no function pointers", part.span)
        return Written(ERROR)
    for attribute in () if ctx.is_c else part.attributes:
        check_attribute.other(ctx, attribute)
    quals = pointee.quals
    if not pointee.spaced:
        quals = quals.with_(space=ctx.default_space)
    spelling = Pointer(pointee.spelling, quals) if pointee.spelling is not None else None
    pointer = Written(Pointer(pointee.type, quals), spelling=spelling)
    return qualified(ctx, pointer, part.quals, part.span)


def _array_of(ctx: Context, element: Written, part: ast.ArrayPart) -> Written:
    inner = element.type
    if part.quals:
        message = f"'{part.quals[0]}' in the brackets of an array that is no parameter"
        ctx.diags.error("bad-qualifier", message, part.span)
    if isinstance(inner, Function):
        ctx.diags.error("bad-type", "an array of functions", part.span)
        return Written(ERROR)
    if not is_complete(inner):
        message = f"an array of '{inner}', which is not complete"
        ctx.diags.error("incomplete-type", message, part.span)
        return Written(ERROR)
    align, size = element.quals.align, sizeof(inner)
    if align and size % align:
        message = f"elements of {size} bytes, each aligned to {align}, cannot follow one another"
        ctx.diags.error("bad-type", message, part.span)
        return Written(ERROR)
    count: int | None = None
    if part.count is not None:
        count = _array_count(ctx, part.count)
        if count is None:
            return Written(ERROR)
        if count * sizeof(inner) >= TOO_LARGE:
            ctx.diags.error("too-large", "this array is too large", part.span)
            return Written(ERROR)
    spelling = Array(element.spelling, count) if element.spelling is not None else None
    return Written(Array(inner, count), element.quals, element.spaced, spelling=spelling)


def _array_count(ctx: Context, expr: ast.Expr) -> int | None:
    value = check_expr.folded(ctx, expr)
    if value.type is ERROR:
        return None
    if not is_integer(value.type):
        message = f"an array's length must be an integer, not '{value.type}'"
        ctx.diags.error("type-mismatch", message, expr.span)
        return None
    count = constant.fold(value)
    if count is None:
        why = ctx.lacks("variable-length arrays")
        message = f"the length of an array must be constant; {why}"
        hint = "an enumerator, a macro or a constant at program scope is constant"
        ctx.diags.error("variable-length-array", message, expr.span, hint=hint)
        return None
    if count < 0:
        ctx.diags.error("array-length", f"an array of length {count}", expr.span)
        return None
    if count == 0 and not ctx.is_c:  # GNU C has it
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
        message = f"a function cannot return an object in {result.quals.space.memory}"
        ctx.diags.error("address-space", message, declarator.span)
        return Written(ERROR)
    if returned == HALF and not ctx.fp16:
        message = "a function cannot return 'half' without the extension cl_khr_fp16"
        ctx.diags.error("half-arithmetic", message, declarator.span)
        return Written(ERROR)
    if part.variadic and not ctx.is_c:
        ctx.diags.error("variadic", "OpenCL C has no variadic functions", part.span)
        return Written(ERROR)
    types: list[Type] = []
    names: dict[str, Span] = {}
    for param in part.params:
        written = parameter(ctx, param)
        name = param.declarator.name
        if name is not None and name in names:
            note = (f"the parameter '{name}' is declared here", names[name])
            message = f"two parameters are named '{name}'"
            ctx.diags.error("redefinition", message, param.declarator.name_span, notes=(note,))
        elif name is not None:
            names[name] = param.declarator.name_span
        if is_void(written.type):
            if len(part.params) == 1 and param.declarator.name is None and not param.specs.quals:
                break  # `(void)`, perhaps through a typedef
            ctx.diags.error("bad-type", "a parameter without a name has type 'void'", param.span)
            return Written(ERROR)
        types.append(written.type)
    if ERROR in types:
        return Written(ERROR)
    t = Function(returned, tuple(types), part.variadic, part.empty and ctx.is_c)
    return Written(t)


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
    for word in param.specs.storage:
        if not (ctx.is_c and word == "register"):
            ctx.diags.error("bad-storage", f"'{word}' on a parameter", param.span)
    declarator, words = param.declarator, tuple[str, ...]()
    match declarator.parts:
        case (ast.ArrayPart(quals=bracketed, count=count) as outermost, *inner) if bracketed:
            # `int a[static const 3]` is `int *const a`.
            words = tuple(word for word in bracketed if word != "static")
            if "static" in bracketed and count is None:
                message = "'static' in brackets without a length"
                ctx.diags.error("bad-qualifier", message, outermost.span)
            declarator = replace(declarator, parts=(replace(outermost, quals=()), *inner))
    match declarator.parts:
        case (ast.ArrayPart() as outermost, *inner) if ctx.is_c:
            # `int f(int n, int a[n])`: the pointer knows no length.
            declarator = replace(declarator, parts=(replace(outermost, count=None), *inner))
    written = declared(ctx, base_type(ctx, param.specs), declarator)
    if isinstance(written.type, Array):
        quals = written.quals
        if not written.spaced:
            quals = quals.with_(space=ctx.default_space)
        spelled = written.spelling.element if isinstance(written.spelling, Array) else None
        spelling = Pointer(spelled, quals) if spelled is not None else None
        pointer = Written(Pointer(written.type.element, quals), spelling=spelling)
        return qualified(ctx, pointer, words, param.span)
    if is_void(written.type) and param.declarator.name is not None:
        ctx.diags.error("bad-type", f"'{param.declarator.name}' has type 'void'", param.span)
        return Written(ERROR)
    if isinstance(written.type, Function) and ctx.is_c:
        return Written(Pointer(written.type))
    if isinstance(written.type, Function):
        message = "a parameter cannot be a function; OpenCL C has no function pointers"
        ctx.diags.error("function-pointer", message, param.span)
        return Written(ERROR)
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
        if isinstance(element, Struct | Enum):
            notes = ((f"'{element}' is declared here", ctx.tag_spans.get(element)),)
        message = f"'{name}' has the type '{element}', which is not complete"
        ctx.diags.error("incomplete-type", message, span, notes=notes)
        return False
    return True


def typedef(ctx: Context, specs: ast.DeclSpecs, item: ast.InitDeclarator, written: Written) -> None:
    """Give the type that a declarator makes the declarator's name."""
    declarator = item.declarator
    for word in specs.function:
        ctx.diags.error("bad-specifier", f"'{word}' is for functions only", specs.span)
    if item.init is not None:
        message = f"type '{declarator.name}' has an initialiser"
        ctx.diags.error("bad-initialiser", message, item.init.span)
    name, span = declarator.name or "", declarator.name_span
    attributes = check_attribute.of_declaration(ctx, specs, declarator)
    align = check_attribute.typedef_alignment(ctx, attributes)
    if align:
        written = replace(written, quals=written.quals.with_(align=align))
    predefined = named((name,)) if ctx.function is None and not ctx.is_c else None
    if predefined is not None and predefined.type != written.type:
        message = f"'{name}' is '{predefined.type}' in OpenCL C, not '{written.type}'"
        ctx.diags.error("redefinition", message, span)
        return
    old = ctx.scope.names.get(name)
    if isinstance(old, Typedef):
        known = old.meaning
        if known.type == written.type and known.quals == written.quals:
            return  # C11 allows it, and so does everyone
        note = (f"the {describe(old)} '{name}' is declared here", old.span)
        message = f"'{name}' is declared as '{written.type}' and as '{known.type}'"
        ctx.diags.error("redefinition", message, span, notes=(note,))
        return
    if isinstance(written.type, Struct | Enum) and not written.type.alias:
        written.type.alias = name
    ctx.declare(name, Typedef(name, written, span), span)
