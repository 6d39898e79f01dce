"""Objects, archives and a linker script to an ELF program. `link` is the order of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import resources
from typing import Literal

from ..frontend.diag import Diagnostics
from ..frontend.record import field, record, replace
from ..frontend.source import SourceFile
from ..ir.abi import IN_PLACE
from . import elf
from .attributes import merge_attributes
from .collect import bounded, collect
from .dynamic import make_dynamic
from .elf import ElfError
from .expr import names_in, wanted_names
from .layout import Layout
from .mapfile import write_map
from .model import InputSection, ObjectFile, Symbol
from .notes import kernels_of
from .objfile import ARCHIVE_MAGIC, THIN_MAGIC, read_archive, read_object
from .placement import Plan, place_orphans, plan, settle_kinds
from .reloc import Relocator, make_got, where
from .resolve import Input, Resolution, resolve
from .script import Num, Script
from .scriptparse import ReadInclude, parse_script
from .write import Image, make_build_id, write_elf

MAX_USERS_SHOWN = 3  # of an undefined symbol


@record
class LinkInput:
    """An object or an archive of objects; which of them, its bytes say."""

    name: str  # for messages, the map, and file patterns of the script
    data: bytes
    whole_archive: bool = False  # link every member, asked for or not


@record
class LinkOptions:
    """entry: symbol or number; None is the script's ENTRY, else the first kernel, else 0.

    roots: what garbage collection must keep besides the entry and KEEP; None means every
    global definition of the inputs that are not archives. defines: "symbol=expression", as
    `--defsym`. orphans: what to do with sections no pattern takes. pie: a program that can be
    loaded anywhere, once what `.rela.dyn` lists has been done. regions: origin and length of
    memory regions, instead of the script's.
    """

    entry: str | None = None
    roots: tuple[str, ...] | None = None
    gc: bool = True
    build_id: bool = False
    allow_undefined: bool = False  # undefined symbols are 0
    strip: bool = False  # leave out the symbol table
    orphans: Literal["place", "warn", "error", "discard"] = "place"
    defines: tuple[str, ...] = ()
    read_include: ReadInclude | None = None  # finds what INCLUDE names
    pie: bool = False
    regions: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@record(eq=False)
class LinkResult:
    elf: bytes
    entry: int
    _write_map: Callable[[], str] = field(repr=False)

    @cached_property
    def map(self) -> str:
        return self._write_map()


def default_script(device: str = "refsi") -> SourceFile:
    """The layout of a program for a device, "refsi", "formosa" or "dpu"."""
    name = f"{device}.ld"
    text = resources.files(__package__).joinpath("scripts").joinpath(name).read_text("utf-8")
    return SourceFile(name, text)


def link(
    inputs: Sequence[LinkInput],
    script: SourceFile | str | None = None,
    options: LinkOptions | None = None,
    diags: Diagnostics | None = None,
) -> LinkResult:
    """Link a program.

    script:  its text; None is the default layout of RefSi.
    returns: the ELF, and its map, which is made when asked for.
    raises:  CompileError with everything that is wrong, found as far as linking could go:
             bad-object, duplicate-symbol, undefined-symbol, script-*, assertion,
             region-overflow, section-overlap, relocation-*, and others.
    """
    options = options or LinkOptions()
    diags = diags if diags is not None else Diagnostics()
    parsed = _read_script(script, options, diags)  # from text to commands
    files = _read_inputs(inputs, diags)
    diags.raise_errors()
    linked = resolve(files, _wanted(parsed, options), _defined_by(parsed), diags)
    diags.raise_errors()
    build_id = _add_build_id(linked, options)  # a note to fill in at the very end
    placing = plan(parsed, linked.objects)  # sections to the script's patterns
    removed = placing.discarded + _collect(linked, placing, parsed, options)
    _check_undefined(linked, parsed, options, diags)
    _merge_attributes(linked, diags)  # what the machine must have
    got = _add(make_got(_live(linked)), linked, placing, parsed)
    dynamic = make_dynamic(linked.objects) if options.pie else None
    _add(dynamic.file if dynamic is not None else None, linked, placing, parsed)
    # No new input sections from here.
    settle_kinds(placing.sections)
    _handle_orphans(placing, linked, options, diags)
    layout = Layout(placing, parsed, linked.globals, _referenced(linked, parsed))
    _provide_bounds(placing, linked)
    # No new symbols from here, other than those the script assigns.
    layout.run(diags)
    diags.raise_errors()
    # Addresses are final from here.
    if dynamic is not None:
        dynamic.fill(diags)
    outs = layout.outputs()
    segments = layout.segments(diags)
    image = Image(
        outs, segments, linked.objects, list(linked.globals.values()),
        _entry(linked, parsed, options, diags), _flags(linked, diags),
        options.strip, options.pie, build_id,
    )  # fmt: skip
    data = write_elf(image, Relocator(got, diags, pie=options.pie), diags)
    diags.raise_errors()
    return LinkResult(
        data,
        image.entry,
        lambda: write_map(layout.cursors, outs, linked.objects, image.symbols, removed),
    )


# -- reading ----------------------------------------------------------------------------------


def _read_script(
    script: SourceFile | str | None, options: LinkOptions, diags: Diagnostics
) -> Script:
    if script is None:
        script = default_script()
    elif isinstance(script, str):
        script = SourceFile("<script>", script)
    parsed = parse_script(script, diags, options.read_include)
    defined: list[Script] = [
        parse_script(SourceFile("--defsym", text + ";"), diags) for text in options.defines
    ]
    parsed.commands[:0] = [c for d in defined for c in d.commands]
    known = {region.name: i for i, region in enumerate(parsed.regions)}
    for name, (origin, length) in options.regions.items():
        if name not in known:
            message = f"the script has no memory region '{name}'"
            raise diags.fatal("script-layout", message, hint=f"it has {', '.join(known)}")
        old = parsed.regions[known[name]]
        new = replace(old, origin=Num(origin, old.span), length=Num(length, old.span))
        parsed.regions[known[name]] = new
    return parsed


def _read_inputs(inputs: Sequence[LinkInput], diags: Diagnostics) -> list[Input]:
    files: list[Input] = []
    for one in inputs:
        try:
            if not one.data.startswith((ARCHIVE_MAGIC, THIN_MAGIC)):
                files.append((read_object(one.name, one.data),))
                continue
            archive = read_archive(one.name, one.data)
            whole = tuple(archive.read(m) for m in archive.members) if one.whole_archive else None
            files.append(archive if whole is None else whole)
        except ElfError as e:
            diags.error("bad-object", f"{one.name}: {e.reason}")
    return files


def _wanted(script: Script, options: LinkOptions) -> list[str]:
    entry = _entry_name(script, options)
    names = [] if entry is None or _as_number(entry) is not None else [entry]
    return [*names, *(options.roots or ()), *script.externs, *sorted(wanted_names(script))]


def _entry_name(script: Script, options: LinkOptions) -> str | None:
    if options.entry is not None:
        return options.entry
    return script.entry[0] if script.entry else None


def _as_number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


def _defined_by(script: Script) -> frozenset[str]:
    return frozenset(a.symbol for a in script.assignments() if not a.provide)


def _add_build_id(linked: Resolution, options: LinkOptions) -> InputSection | None:
    if not options.build_id:
        return None
    section = make_build_id()
    linked.objects.append(section.file)
    return section


# -- what stays -------------------------------------------------------------------------------


def _collect(
    linked: Resolution, placing: Plan, script: Script, options: LinkOptions
) -> list[InputSection]:
    if not options.gc:
        return []
    names = set(_wanted(script, options))
    roots = [s for name, s in linked.globals.items() if name in names]
    if options.roots is None:
        hidden = (elf.STV_HIDDEN, elf.STV_INTERNAL)
        roots += [
            s
            for s in linked.globals.values()
            if s.file is not None and s.file.archive is None and s.visibility not in hidden
        ]
    return collect(linked.objects, roots, placing.kept)


def _check_undefined(
    linked: Resolution, script: Script, options: LinkOptions, diags: Diagnostics
) -> None:
    """Report every undefined symbol once, with those who ask for it."""
    if options.allow_undefined:
        return
    known = {a.symbol for a in script.assignments()}
    users: dict[str, list[str]] = {}
    for name in (options.entry, *(options.roots or ()), *script.externs):
        if name is not None and _as_number(name) is None and _lacks(linked.globals[name], known):
            users.setdefault(name, []).append("the command line or EXTERN")
    for o in linked.objects:
        if not any(_lacks(s, known) for s in o.symbols):
            continue
        for section in o.sections:
            if not section.live or not section.alloc:
                continue
            for r in section.relocs:
                symbol = o.symbols[r.symbol]
                if _lacks(symbol, known):
                    users.setdefault(symbol.name, []).append(where(section, r.offset))
    for name, asking in users.items():
        asking = list(dict.fromkeys(asking))
        notes: list[tuple[str, None]] = [
            (f"used by {user}", None) for user in asking[:MAX_USERS_SHOWN]
        ]
        if len(asking) > MAX_USERS_SHOWN:
            notes.append((f"used in {len(asking) - MAX_USERS_SHOWN} more places", None))
        message, hint = f"undefined symbol '{name}'", None
        mark = linked.globals.get(IN_PLACE + name)
        if mark is not None and mark.file is not None:
            message += f": in {mark.file.name} it comes to a barrier or to local memory"
            hint = "compile it and its callers in one command, to be lowered together"
        diags.error("undefined-symbol", message, notes=tuple(notes), hint=hint)


def _lacks(symbol: Symbol, by_script: set[str]) -> bool:
    return not (
        symbol.defined
        or symbol.weak
        or not symbol.name
        or symbol.name in by_script
        or bounded(symbol.name)
    )


def _merge_attributes(linked: Resolution, diags: Diagnostics) -> None:
    try:
        merge_attributes(linked.objects)
    except ElfError as e:
        diags.error("bad-object", e.reason)


def _live(linked: Resolution) -> Iterator[InputSection]:
    return (s for o in linked.objects for s in o.sections if s.live)


def _add(
    made: ObjectFile | None, linked: Resolution, placing: Plan, script: Script
) -> ObjectFile | None:
    """Have an object of the linker's own, if there is one, placed by the script's patterns."""
    if made is not None:
        linked.objects.append(made)
        for planned, extra in zip(placing.sections, plan(script, [made]).sections, strict=True):
            for position, sections in extra.matched.items():
                planned.matched.setdefault(position, []).extend(sections)
    return made


def _handle_orphans(
    placing: Plan, linked: Resolution, options: LinkOptions, diags: Diagnostics
) -> None:
    if options.orphans == "discard":
        placed = {s for p in placing.sections for s in p.members}
        for o in linked.objects:
            for s in o.sections:
                s.live = s.live and s in placed
        return
    added = place_orphans(placing, linked.objects)
    if options.orphans == "place":
        return
    report = diags.warning if options.orphans == "warn" else diags.error
    for p in added:
        if p.out.alloc:
            names = ", ".join(dict.fromkeys(s.file.name for s in p.members))
            report("orphan-section", f"the script does not place section '{p.out.name}' of {names}")


def _referenced(linked: Resolution, script: Script) -> frozenset[str]:
    """Names that somebody refers to, so that PROVIDE is to define them."""
    names = set(linked.globals) | wanted_names(script)
    provides = [a for a in script.assignments() if a.provide]
    while needed := [a for a in provides if a.symbol in names]:
        for a in needed:  # one that is needed may need others
            names |= names_in(a.expr)
        provides = [a for a in provides if a not in needed]
    return frozenset(names)


def _provide_bounds(placing: Plan, linked: Resolution) -> None:
    """__start_name and __stop_name, where asked for and the script lacks them."""
    outs = {p.out.name: p for p in reversed(placing.sections) if p.out.kept}
    for symbol in linked.globals.values():
        name = bounded(symbol.name)
        if symbol.defined or not name:
            continue
        planned = outs.get(name)
        if planned is not None and name.isidentifier():
            planned.bounds.append(symbol)


# -- the output -------------------------------------------------------------------------------


def _entry(linked: Resolution, script: Script, options: LinkOptions, diags: Diagnostics) -> int:
    name = _entry_name(script, options)
    if name is None:
        return _first_kernel(linked)
    number = _as_number(name)
    if number is not None:
        if not 0 <= number < elf.ADDRESS_LIMIT:
            diags.error("no-entry", f"entry {name} is not an address")
        return number % elf.ADDRESS_LIMIT
    symbol = linked.globals.get(name)
    if symbol is not None and symbol.defined and not symbol.dead:
        return symbol.addr
    span = script.entry[1] if script.entry and options.entry is None else None
    diags.warning("no-entry", f"entry symbol '{name}' is not defined; the entry is 0", span)
    return 0


def _first_kernel(linked: Resolution) -> int:
    for o in linked.objects:
        for s in o.sections:
            if s.live and s.type == elf.SHT_NOTE:
                for kernel in _kernels(s):
                    symbol = linked.globals.get(kernel)
                    if symbol is not None and symbol.defined:
                        return symbol.addr
    return 0


def _kernels(section: InputSection) -> list[str]:
    try:
        return [k.name for k in kernels_of(elf.read_notes(section.data, section.align))]
    except ElfError:
        return []  # the reader of the program says what is wrong with its notes


def _flags(linked: Resolution, diags: Diagnostics) -> int:
    """ELF header flags: compressed code if anybody has it, one float ABI for all."""
    flags = 0
    first: ObjectFile | None = None
    for o in linked.objects:
        if not o.has_code:
            continue
        if first is None:
            first = o
            flags |= o.flags & (elf.EF_FLOAT_ABI | elf.EF_RVE)
        elif (o.flags ^ first.flags) & (elf.EF_FLOAT_ABI | elf.EF_RVE):
            message = f"{o.name} and {first.name} are compiled for different calling conventions"
            diags.error("abi-mismatch", message)
        flags |= o.flags & (elf.EF_RVC | elf.EF_TSO)
    return flags
