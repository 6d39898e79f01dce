"""Every warning by clang's name, the groups it belongs to, and whether it is on by itself."""

from __future__ import annotations

# "on" or "off": what it is when no setting names it ("group": a name for others only); behind
# it the groups that name it too. What is off and in no group waits for its own name, or for
# -Weverything.
# fmt: off
WARNINGS = {
    # groups
    "all": "group",
    "most": "group all",
    "extra": "group",
    "pedantic": "group",
    "gnu": "group pedantic",
    "unused": "group most",
    "pragmas": "group",
    "strict-prototypes": "group",
    "type-limits": "group",
    "shadow-all": "group",
    "conversion": "group",
    "bool-conversion": "group conversion",
    "tautological-constant-compare": "on tautological-compare",
    "tautological-constant-in-range-compare": "group",
    # preprocessor
    "#warnings": "on",
    "builtin-macro-redefined": "on",
    "c23-extensions": "on pedantic",
    "c99-extensions": "on pedantic",
    "date-time": "on",
    "extra-tokens": "on",
    "ignored-pragmas": "on pragmas",
    "integer-overflow": "on",
    "macro-redefined": "on",
    "pragma-once-outside-header": "on",
    "undef": "off",
    "unknown-pragmas": "off most pragmas",
    "unknown-warning-option": "on",
    "variadic-macros": "on pedantic",
    # literals
    "double-constant": "on",
    "implicitly-unsigned-literal": "on",
    "literal-range": "on",
    "long-long": "on pedantic",
    "multichar": "on most",
    "unknown-escape-sequence": "on",
    # declarations
    "gnu-empty-struct": "off gnu",
    "deprecated-non-prototype": "on strict-prototypes",
    "duplicate-decl-specifier": "on",
    "ignored-attributes": "on",
    "ignored-qualifiers": "off extra",
    "implicit-function-declaration": "on",
    "missing-declarations": "on",
    "missing-prototypes": "off",
    "shadow": "off shadow-all",
    "tentative-definition-array": "on",
    "unknown-attributes": "on",
    "unused-function": "off unused",
    "unused-label": "off unused",
    "unused-parameter": "off extra",
    "unused-variable": "off unused",
    "unused-but-set-parameter": "off extra",
    "unused-but-set-variable": "off unused",
    # initialisers
    "excess-initializers": "on",
    "initializer-overrides": "on extra",
    "many-braces-around-scalar-init": "on",
    "missing-braces": "off most",
    "missing-field-initializers": "off extra",
    # conversions
    "constant-conversion": "on conversion",
    "double-promotion": "off",
    "float-conversion": "off conversion",
    "float-overflow-conversion": "off float-conversion",
    "float-zero-conversion": "off float-conversion",
    "implicit-const-int-float-conversion": "on implicit-int-float-conversion",
    "implicit-float-conversion": "off conversion",
    "implicit-int-conversion": "off conversion",
    "implicit-int-float-conversion": "off implicit-float-conversion",
    "int-conversion": "on conversion",
    "literal-conversion": "on conversion",
    "shorten-64-to-32": "off conversion",
    "sign-conversion": "off conversion",
    # pointers
    "compare-distinct-pointer-types": "on",
    "gnu-pointer-arith": "off gnu",
    "incompatible-pointer-types": "on",
    "non-literal-null-conversion": "on",
    "incompatible-pointer-types-discards-qualifiers": "on incompatible-pointer-types",
    "pointer-bool-conversion": "on bool-conversion",
    "pointer-integer-compare": "on",
    "pointer-sign": "on pedantic",
    "pointer-type-mismatch": "on",
    "dma-alignment": "on",
    # operators
    "array-bounds": "on",
    "bitwise-op-parentheses": "off parentheses",
    "constant-logical-operand": "on",
    "division-by-zero": "on",
    "float-equal": "off",
    "logical-not-parentheses": "on parentheses",
    "logical-op-parentheses": "off parentheses",
    "parentheses": "on all",
    "parentheses-equality": "on parentheses",
    "self-assign": "off most",
    "shift-count-negative": "on",
    "shift-count-overflow": "on",
    "shift-op-parentheses": "on parentheses",
    "sign-compare": "off extra",
    "tautological-bitwise-compare": "off tautological-compare",
    "tautological-compare": "on most",
    "tautological-constant-out-of-range-compare": "on tautological-constant-compare",
    "tautological-overlap-compare": "off tautological-compare",
    "tautological-type-limit-compare":
        "off type-limits tautological-constant-in-range-compare",
    "tautological-unsigned-zero-compare":
        "off type-limits tautological-constant-in-range-compare",
    "unsequenced": "on",
    "unused-comparison": "on unused-value",
    "unused-value": "on unused",
    "xor-used-as-pow": "on",
    # statements
    "dangling-else": "on parentheses",
    "empty-body": "on",
    "empty-case-range": "on",
    "implicit-fallthrough": "off",
    "return-type": "on most",
    "switch": "on all",
    "switch-default": "off",
    "switch-enum": "off",
    "covered-switch-default": "off",
    "unreachable-code": "off",
    # what paths through a function do
    "conditional-uninitialized": "off",
    "sometimes-uninitialized": "off uninitialized",
    "uninitialized": "off most",
    # printf
    "format": "on most",
    "format-extra-args": "on format",
    "format-insufficient-args": "on format",
    "format-invalid-specifier": "on format",
    # linker and command line
    "no-entry": "on",
    "unsupported": "on",
}
# fmt: on
GENERAL = ("none", "error", "everything")  # settings that name no group


def groups_of(name: str) -> set[str]:
    """A warning's own name, and those of all groups it is in."""
    found = {name}
    todo = [name]
    while todo:
        for parent in WARNINGS.get(todo.pop(), "").split()[1:]:
            if parent not in found:
                found.add(parent)
                todo.append(parent)
    return found


def verdict(name: str, settings: tuple[str, ...]) -> tuple[bool, bool]:
    """(is a warning on, is it an error) under `-W` settings.

    settings: as written, without the "-W"; "none" is -w. A later one wins over an earlier one,
              but an error asked for by name stays one whatever asks for a warning, and
              -Weverything leaves alone what was named.
    """
    on = WARNINGS.get(name, "on").startswith("on")
    if not settings:
        return on, False
    names = groups_of(name)
    everything = named = as_error = general_error = never_error = False
    for setting in settings:
        kind, _, group = setting.partition("=")
        if not group:
            positive = not setting.startswith("no-")
            group = setting.removeprefix("no-")
            if group == "error":
                general_error = positive
            elif group == "everything":
                everything = positive
                if not positive:
                    on, as_error, named = False, False, True
            elif group in names:
                on, named = positive, True
                as_error = as_error and positive
        elif group in names:
            if kind == "error":
                on = as_error = named = True
                never_error = False
            elif kind == "no-error":
                as_error, never_error = False, True
    on = (on or (everything and not named)) and "none" not in settings
    return on, on and (as_error or (general_error and not never_error))
