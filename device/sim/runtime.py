"""The part of generated code that never changes: scheduler, dispatcher, slow memory path.

Every hart runs on a host stack of its own. A hart that uses up its turn, misses a translation
or touches a device switches to the scheduler's stack, from the middle of whatever it does, and
later goes on as if nothing had happened. So translated code needs no way to be re-entered in
the middle of a loop, and its guest registers stay in host registers.

    scheduler  --switch-->  dispatcher --call--> unit --call--> slow path
        ^                                                          |
        +------------------------switch----------------------------+
"""

from __future__ import annotations

import platform
from functools import cache

from . import state
from .state import CONTROL, ENTRY, HART, REGION

# switch(where to save the own stack pointer, stack pointer to take): what a call preserves goes
# on the stack. It ends in a jump: for a return the host would predict the other stack's caller.
# begin: the first thing on a new stack; calls function with the hart's state.
_SWITCH = {
    "x86_64": """
.globl kcc_switch
kcc_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    popq %rcx
    jmpq *%rcx
.globl kcc_begin
kcc_begin:
    movq %rbx, %rdi
    callq *%r12
    ud2
""",
    "aarch64": """
.globl kcc_switch
kcc_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    br x30
.globl kcc_begin
kcc_begin:
    mov x0, x19
    blr x20
    brk #1
""",
}


def first_frame(hart: int, hart_main: int, begin: int) -> list[int]:
    """The words that kcc_switch takes from a new stack, lowest address first.

    hart: address of its state; hart_main, begin: addresses of the runtime's functions.
    """
    if platform.machine() == "x86_64":
        # r15 r14 r13 r12 rbx rbp, return address, and padding: begin's call must find the stack
        # aligned to 16 bytes.
        return [0, 0, 0, hart_main, hart, 0, begin, 0, 0]
    frame = [0] * 20
    frame[0], frame[1], frame[11] = hart, hart_main, begin  # x19 x20 ... x30
    return frame


def supported() -> bool:
    """True if this host's calling convention is one the switch between stacks is written for."""
    return platform.system() == "Linux" and platform.machine() in _SWITCH


@cache
def module_text() -> str:
    """The runtime as LLVM IR."""
    asm = "\n".join(f'module asm "{line}"' for line in _SWITCH[platform.machine()].splitlines())
    return asm + _BODY


_LAYOUTS = {"hart": HART, "control": CONTROL, "region": REGION, "entry": ENTRY}


def _at(kind: str, name: str, base: str, out: str) -> str:
    """IR for the address of a field."""
    return f"%{out} = getelementptr i8, ptr %{base}, i64 {_LAYOUTS[kind].offset(name)}"


def _load(kind: str, name: str, base: str, out: str) -> str:
    return f"""{_at(kind, name, base, f"{out}.p")}
  %{out} = load i64, ptr %{out}.p"""


def _store(kind: str, name: str, base: str, value: str, tag: str) -> str:
    return f"""{_at(kind, name, base, f"{tag}.p")}
  store i64 {value}, ptr %{tag}.p"""


_BODY = f"""
declare void @kcc_switch(ptr, i64)
declare void @kcc_begin()

; Hand control to the scheduler; returns when the hart goes on.
define internal void @leave(ptr %hart, i64 %reason) noinline {{
  {_store("hart", "reason", "hart", "%reason", "r")}
  {_load("hart", "main_sp", "hart", "main")}
  {_at("hart", "host_sp", "hart", "save")}
  call void @kcc_switch(ptr %save, i64 %main)
  ret void
}}

define preserve_mostcc i64 @kcc_yield(ptr %hart, i64 %budget, i64 %pc) noinline {{
  {_store("hart", "budget", "hart", "%budget", "b")}
  {_store("hart", "pc", "hart", "%pc", "pc")}
  call void @leave(ptr %hart, i64 {state.TURN})
  {_load("hart", "budget", "hart", "new")}
  ret i64 %new
}}

define preserve_mostcc i64 @kcc_event(ptr %hart, i64 %reason, i64 %budget, i64 %pc) noinline {{
  {_store("hart", "budget", "hart", "%budget", "b")}
  {_store("hart", "pc", "hart", "%pc", "pc")}
  call void @leave(ptr %hart, i64 %reason)
  {_load("hart", "budget", "hart", "new")}
  ret i64 %new
}}

define preserve_mostcc void @kcc_trap(ptr %hart, i64 %cause, i64 %tval, i64 %budget, i64 %pc)
    noinline {{
  {_store("hart", "cause", "hart", "%cause", "c")}
  {_store("hart", "tval", "hart", "%tval", "t")}
  {_store("hart", "budget", "hart", "%budget", "b")}
  {_store("hart", "pc", "hart", "%pc", "pc")}
  call void @leave(ptr %hart, i64 {state.FAULT})
  ret void
}}

; The region that holds [addr, addr + size), or null: the last one with base <= addr, if it is
; long enough. The array is sorted and its regions do not overlap.
define internal ptr @find(ptr %hart, i64 %addr, i64 %size) {{
entry:
  {_load("hart", "regions", "hart", "array")}
  %first = inttoptr i64 %array to ptr
  {_load("hart", "region_count", "hart", "count")}
  br label %loop
loop:
  %lo = phi i64 [ 0, %entry ], [ %lo.next, %step ]
  %hi = phi i64 [ %count, %entry ], [ %hi.next, %step ]
  %more = icmp ult i64 %lo, %hi
  br i1 %more, label %step, label %found
step:
  %sum = add i64 %lo, %hi
  %mid = lshr i64 %sum, 1
  %mid.off = mul i64 %mid, {REGION.size}
  %mid.r = getelementptr i8, ptr %first, i64 %mid.off
  {_load("region", "base", "mid.r", "mid.base")}
  %above = icmp ugt i64 %mid.base, %addr
  %mid.1 = add i64 %mid, 1
  %lo.next = select i1 %above, i64 %lo, i64 %mid.1
  %hi.next = select i1 %above, i64 %mid, i64 %hi
  br label %loop
found:
  %none = icmp eq i64 %lo, 0
  br i1 %none, label %no, label %check
check:
  %last = sub i64 %lo, 1
  %off = mul i64 %last, {REGION.size}
  %r = getelementptr i8, ptr %first, i64 %off
  {_load("region", "base", "r", "base")}
  {_load("region", "size", "r", "length")}
  %at = sub i64 %addr, %base
  %before = icmp ult i64 %at, %length
  %room = sub i64 %length, %at
  %fits = icmp uge i64 %room, %size
  %inside = and i1 %before, %fits
  br i1 %inside, label %yes, label %no
yes:
  ret ptr %r
no:
  ret ptr null
}}

; Alignment, region and permission of an access; traps do not return. Remembers the region
; for the unit's own check where it may.
define internal ptr @resolve(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site, i64 %store) {{
entry:
  %log2 = and i64 %site, 7
  %size = shl i64 1, %log2
  %mask = sub i64 %size, 1
  %low = and i64 %addr, %mask
  %odd = icmp ne i64 %low, 0
  br i1 %odd, label %misaligned, label %search
misaligned:
  %store.2 = shl i64 %store, 1
  %cause.m = add i64 %store.2, 4
  call preserve_mostcc void @kcc_trap(ptr %hart, i64 %cause.m, i64 %addr, i64 %budget, i64 %pc)
  unreachable
search:
  %r = call ptr @find(ptr %hart, i64 %addr, i64 %size)
  %null = icmp eq ptr %r, null
  br i1 %null, label %fault, label %allowed
allowed:
  {_load("region", "flags", "r", "flags")}
  %need = add i64 %store, {state.READ}
  %have = and i64 %flags, %need
  %granted = icmp ne i64 %have, 0
  br i1 %granted, label %remember, label %fault
fault:
  %store.f = shl i64 %store, 1
  %cause.f = add i64 %store.f, 5
  call preserve_mostcc void @kcc_trap(ptr %hart, i64 %cause.f, i64 %addr, i64 %budget, i64 %pc)
  unreachable
remember:
  %rw = and i64 %site, {state.SITE_WRITABLE}
  %is.rw = icmp ne i64 %rw, 0
  %want = select i1 %is.rw, i64 {state.INLINE | state.WRITE}, i64 {state.INLINE}
  %got = and i64 %flags, %want
  %fit = icmp eq i64 %got, %want
  br i1 %fit, label %note, label %out
note:
  {_load("region", "base", "r", "base")}
  {_load("region", "size", "r", "length")}
  {_load("region", "host", "r", "host")}
  {_at("hart", "guesses", "hart", "guesses")}
  %index = lshr i64 %site, {state.SITE_GUESS_SHIFT}
  %index.off = mul i64 %index, {state.GUESS_SIZE}
  %guess = getelementptr i8, ptr %guesses, i64 %index.off
  %bias = sub i64 %host, %base
  %guess.8 = getelementptr i8, ptr %guess, i64 8
  %guess.16 = getelementptr i8, ptr %guess, i64 16
  store i64 %base, ptr %guess
  store i64 %length, ptr %guess.8
  store i64 %bias, ptr %guess.16
  br label %out
out:
  ret ptr %r
}}

define internal ptr @host_pointer(ptr %r, i64 %addr) {{
  {_load("region", "base", "r", "base")}
  {_load("region", "host", "r", "host")}
  %off = sub i64 %addr, %base
  %at = add i64 %host, %off
  %p = inttoptr i64 %at to ptr
  ret ptr %p
}}

; A device access: Python makes it while the hart waits here. A refused one does not return.
define internal i64 @device(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site,
    i64 %store, i64 %value) {{
  %log2 = and i64 %site, 7
  %size = shl i64 1, %log2
  {_store("hart", "budget", "hart", "%budget", "b")}
  {_store("hart", "pc", "hart", "%pc", "pc")}
  {_store("hart", "io_addr", "hart", "%addr", "ia")}
  {_store("hart", "io_size", "hart", "%size", "is")}
  {_store("hart", "io_store", "hart", "%store", "st")}
  {_store("hart", "io_value", "hart", "%value", "iv")}
  call void @leave(ptr %hart, i64 {state.IO_ACCESS})
  {_load("hart", "io_value", "hart", "new")}
  ret i64 %new
}}

define preserve_mostcc i64 @kcc_load(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site)
    noinline {{
entry:
  %r = call ptr @resolve(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site, i64 0)
  {_load("region", "flags", "r", "flags")}
  %io = and i64 %flags, {state.IO}
  %is.io = icmp ne i64 %io, 0
  br i1 %is.io, label %device, label %ram
device:
  %d = call i64 @device(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site, i64 0, i64 0)
  ret i64 %d
ram:
  %p = call ptr @host_pointer(ptr %r, i64 %addr)
  %log2 = and i64 %site, 7
  switch i64 %log2, label %r8 [ i64 0, label %r1  i64 1, label %r2  i64 2, label %r4 ]
r1:
  %v1 = load i8, ptr %p
  %w1 = zext i8 %v1 to i64
  ret i64 %w1
r2:
  %v2 = load i16, ptr %p, align 1
  %w2 = zext i16 %v2 to i64
  ret i64 %w2
r4:
  %v4 = load i32, ptr %p, align 1
  %w4 = zext i32 %v4 to i64
  ret i64 %w4
r8:
  %v8 = load i64, ptr %p, align 1
  ret i64 %v8
}}

define preserve_mostcc void @kcc_store(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site,
    i64 %value) noinline {{
entry:
  %r = call ptr @resolve(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site, i64 1)
  {_load("region", "flags", "r", "flags")}
  %io = and i64 %flags, {state.IO}
  %is.io = icmp ne i64 %io, 0
  br i1 %is.io, label %device, label %ram
device:
  %d = call i64 @device(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site, i64 1,
    i64 %value)
  ret void
ram:
  %p = call ptr @host_pointer(ptr %r, i64 %addr)
  %log2 = and i64 %site, 7
  switch i64 %log2, label %r8 [ i64 0, label %r1  i64 1, label %r2  i64 2, label %r4 ]
r1:
  %v1 = trunc i64 %value to i8
  store i8 %v1, ptr %p
  ret void
r2:
  %v2 = trunc i64 %value to i16
  store i16 %v2, ptr %p, align 1
  ret void
r4:
  %v4 = trunc i64 %value to i32
  store i32 %v4, ptr %p, align 1
  ret void
r8:
  store i64 %value, ptr %p, align 1
  ret void
}}

; For atomics: where the bytes are on the host. Device registers have no such place.
define preserve_mostcc ptr @kcc_locate(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site,
    i64 %store) noinline {{
entry:
  %r = call ptr @resolve(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site, i64 %store)
  {_load("region", "flags", "r", "flags")}
  %io = and i64 %flags, {state.IO}
  %is.io = icmp ne i64 %io, 0
  br i1 %is.io, label %device, label %ram
device:
  %store.f = shl i64 %store, 1
  %cause.f = add i64 %store.f, 5
  call preserve_mostcc void @kcc_trap(ptr %hart, i64 %cause.f, i64 %addr, i64 %budget, i64 %pc)
  unreachable
ram:
  %p = call ptr @host_pointer(ptr %r, i64 %addr)
  ret ptr %p
}}

; What a hart does: find the unit for pc, call it, go on where it says.
define void @kcc_hart_main(ptr %hart) {{
entry:
  br label %reload
reload:
  {_load("hart", "pc", "hart", "pc0")}
  {_load("hart", "budget", "hart", "budget0")}
  br label %dispatch
dispatch:
  %pc = phi i64 [ %pc0, %reload ], [ %pc1, %call ]
  %budget = phi i64 [ %budget0, %reload ], [ %budget1, %call ]
  {_load("hart", "return_addr", "hart", "return")}
  %done = icmp eq i64 %pc, %return
  br i1 %done, label %finish, label %check
finish:
  br label %give_up
check:
  %out = icmp sle i64 %budget, 0
  br i1 %out, label %turn, label %lookup
turn:
  br label %give_up
lookup:
  {_load("hart", "table", "hart", "table0")}
  {_load("hart", "table_mask", "hart", "mask")}
  %table = inttoptr i64 %table0 to ptr
  %hash = lshr i64 %pc, 1
  br label %probe
probe:
  %slot = phi i64 [ %hash, %lookup ], [ %slot.next, %other ]
  %slot.m = and i64 %slot, %mask
  %slot.off = mul i64 %slot.m, {ENTRY.size}
  %e = getelementptr i8, ptr %table, i64 %slot.off
  {_load("entry", "pc", "e", "e.pc")}
  %hit = icmp eq i64 %e.pc, %pc
  br i1 %hit, label %call, label %other
other:
  %slot.next = add i64 %slot, 1
  %empty = icmp eq i64 %e.pc, {state.NO_PC}
  br i1 %empty, label %miss, label %probe
miss:
  br label %give_up
give_up:
  %reason = phi i64 [ {state.DONE}, %finish ], [ {state.TURN}, %turn ], [ {state.MISS}, %miss ]
  {_store("hart", "pc", "hart", "%pc", "gpc")}
  {_store("hart", "budget", "hart", "%budget", "gb")}
  call void @leave(ptr %hart, i64 %reason)
  br label %reload
call:
  {_load("entry", "function", "e", "f0")}
  {_load("entry", "index", "e", "index")}
  %f = inttoptr i64 %f0 to ptr
  %next = call {{ i64, i64 }} %f(ptr %hart, i64 %index, i64 %budget)
  %pc1 = extractvalue {{ i64, i64 }} %next, 0
  %budget1 = extractvalue {{ i64, i64 }} %next, 1
  br label %dispatch
}}

define internal ptr @hart_at(ptr %c, i64 %h) {{
  {_load("control", "harts", "c", "harts0")}
  %harts = inttoptr i64 %harts0 to ptr
  %p = getelementptr i64, ptr %harts, i64 %h
  %q = load ptr, ptr %p
  ret ptr %q
}}

; One instance on one hart: only these registers are set, all others carry over.
define internal void @start(ptr %c, ptr %hart, i64 %id) {{
entry:
  {_load("control", "entry", "c", "pc")}
  {_load("control", "return_addr", "c", "ra")}
  {_load("hart", "start_sp", "hart", "sp")}
  {_load("hart", "start_count", "hart", "count")}
  {_store("hart", "pc", "hart", "%pc", "spc")}
  {_store("hart", "instance", "hart", "%id", "si")}
  {_store("hart", "status", "hart", str(state.READY), "ss")}
  {_at("hart", "x", "hart", "x")}
  %x1 = getelementptr i64, ptr %x, i64 1
  store i64 %ra, ptr %x1
  %x2 = getelementptr i64, ptr %x, i64 2
  store i64 %sp, ptr %x2
  %x10 = getelementptr i64, ptr %x, i64 10
  store i64 %id, ptr %x10
  %x11 = getelementptr i64, ptr %x, i64 11
  {_at("hart", "start_args", "hart", "args")}
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %copy ]
  %more = icmp ult i64 %i, %count
  br i1 %more, label %copy, label %out
copy:
  %from = getelementptr i64, ptr %args, i64 %i
  %to = getelementptr i64, ptr %x11, i64 %i
  %arg = load i64, ptr %from
  store i64 %arg, ptr %to
  %i.next = add i64 %i, 1
  br label %loop
out:
  ret void
}}

; Begin the next launch of a row; false if there is none, or it is of another kind.
define internal i1 @relaunch(ptr %c) {{
entry:
  {_load("control", "records", "c", "records")}
  %last = icmp eq i64 %records, 0
  br i1 %last, label %no, label %look
look:
  {_load("control", "record", "c", "record")}
  {_load("control", "record_size", "c", "size")}
  {_load("control", "hart_count", "c", "n")}
  %next = add i64 %record, %size
  %old = inttoptr i64 %record to ptr
  %new = inttoptr i64 %next to ptr
  %h0 = call ptr @hart_at(ptr %c, i64 0)
  {_load("hart", "start_count", "h0", "count")}
  %bytes = shl i64 %count, 3
  %fixed = sub i64 %size, %bytes
  %differs = call i32 @memcmp(ptr %old, ptr %new, i64 %fixed)
  %other = icmp ne i32 %differs, 0
  br i1 %other, label %no, label %yes
yes:
  {_store("control", "record", "c", "%next", "sr")}
  %records.next = sub i64 %records, 1
  {_store("control", "records", "c", "%records.next", "sn")}
  {_load("control", "first", "c", "first")}
  {_store("control", "next", "c", "%first", "sf")}
  %args = getelementptr i8, ptr %new, i64 %fixed
  br label %hart
hart:
  %h = phi i64 [ 0, %yes ], [ %h.next, %hart ]
  %at = call ptr @hart_at(ptr %c, i64 %h)
  {_at("hart", "start_args", "at", "to")}
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %args, i64 %bytes, i1 false)
  {_store("hart", "instance", "at", "-1", "si")}
  %h.next = add i64 %h, 1
  %more = icmp ult i64 %h.next, %n
  br i1 %more, label %hart, label %done
done:
  ret i1 true
no:
  ret i1 false
}}

; A launch or a row of them: groups of instances, turns of harts; returns what Python must
; see to.
define i64 @kcc_run(ptr %c) {{
entry:
  {_load("control", "hart_count", "c", "n")}
  {_load("control", "quantum", "c", "quantum")}
  {_load("control", "resume", "c", "resume")}
  {_store("control", "resume", "c", "0", "clear")}
  %resumed = icmp ne i64 %resume, 0
  {_load("control", "current", "c", "current0")}
  br i1 %resumed, label %go, label %scan
scan:
  {_load("control", "current", "c", "current")}
  br label %scan.loop
scan.loop:
  %k = phi i64 [ 0, %scan ], [ %k.next, %scan.next ]
  %asleep = phi i1 [ false, %scan ], [ %asleep.next, %scan.next ]
  %more = icmp ult i64 %k, %n
  br i1 %more, label %scan.one, label %none
scan.one:
  %h.sum = add i64 %current, %k
  %h.wrap = sub i64 %h.sum, %n
  %h.over = icmp uge i64 %h.sum, %n
  %h = select i1 %h.over, i64 %h.wrap, i64 %h.sum
  %hart = call ptr @hart_at(ptr %c, i64 %h)
  {_load("hart", "status", "hart", "status")}
  %ready = icmp eq i64 %status, {state.READY}
  br i1 %ready, label %take, label %scan.next
scan.next:
  %sleeps = icmp eq i64 %status, {state.ASLEEP}
  %asleep.next = or i1 %asleep, %sleeps
  %k.next = add i64 %k, 1
  br label %scan.loop
none:
  br i1 %asleep, label %none.ready, label %group
none.ready:
  ret i64 {state.NONE_READY}
group:
  {_load("control", "next", "c", "next")}
  {_load("control", "end", "c", "end")}
  {_store("control", "current", "c", "0", "zero")}
  %finished = icmp uge i64 %next, %end
  br i1 %finished, label %launch.over, label %group.loop
launch.over:
  %again = call i1 @relaunch(ptr %c)
  br i1 %again, label %group, label %all.done
all.done:
  ret i64 {state.FINISHED}
group.loop:
  %g = phi i64 [ 0, %group ], [ %g.next, %group.start ]
  %id = add i64 %next, %g
  %in.group = icmp ult i64 %g, %n
  %in.range = icmp ult i64 %id, %end
  %both = and i1 %in.group, %in.range
  br i1 %both, label %group.start, label %group.end
group.start:
  %g.hart = call ptr @hart_at(ptr %c, i64 %g)
  call void @start(ptr %c, ptr %g.hart, i64 %id)
  %g.next = add i64 %g, 1
  br label %group.loop
group.end:
  {_store("control", "next", "c", "%id", "advance")}
  br label %scan
take:
  {_store("control", "current", "c", "%h", "cur")}
  {_load("control", "stop", "c", "stop")}
  %stopped = icmp ne i64 %stop, 0
  br i1 %stopped, label %stop.now, label %limit
stop.now:
  ret i64 {state.STOPPED}
limit:
  {_load("control", "remaining", "c", "remaining")}
  %over = icmp sle i64 %remaining, 0
  br i1 %over, label %limit.now, label %pause
limit.now:
  ret i64 {state.LIMIT}
pause:
  {_load("control", "turns", "c", "turns")}
  %turns.next = sub i64 %turns, 1
  {_store("control", "turns", "c", "%turns.next", "tn")}
  %tired = icmp sle i64 %turns, 0
  br i1 %tired, label %pause.now, label %grant
pause.now:
  ret i64 {state.PAUSE}
grant:
  %least = call i64 @llvm.smin.i64(i64 %quantum, i64 %remaining)
  {_load("hart", "budget", "hart", "left")}
  {_load("hart", "retired_end", "hart", "mark")}
  %retired = sub i64 %mark, %left
  %mark.next = add i64 %retired, %least
  {_store("hart", "retired_end", "hart", "%mark.next", "re")}
  {_store("hart", "budget", "hart", "%least", "bu")}
  br label %go
go:
  %now = phi i64 [ %h, %grant ], [ %current0, %entry ]
  %hart.now = call ptr @hart_at(ptr %c, i64 %now)
  {_load("hart", "budget", "hart.now", "before")}
  {_load("hart", "host_sp", "hart.now", "sp")}
  {_at("hart", "main_sp", "hart.now", "save")}
  call void @kcc_switch(ptr %save, i64 %sp)
  {_load("hart", "budget", "hart.now", "after")}
  %used = sub i64 %before, %after
  {_load("control", "remaining", "c", "allowed")}
  %allowed.next = sub i64 %allowed, %used
  {_store("control", "remaining", "c", "%allowed.next", "an")}
  {_load("hart", "reason", "hart.now", "reason")}
  switch i64 %reason, label %event
    [ i64 {state.TURN}, label %turn.over  i64 {state.DONE}, label %instance.over ]
event:
  ret i64 %reason
instance.over:
  {_store("hart", "status", "hart.now", str(state.IDLE), "idle")}
  br label %turn.over
turn.over:
  {_store("hart", "reserved_addr", "hart.now", "-1", "res")}
  %after.now = add i64 %now, 1
  %wrap = icmp eq i64 %after.now, %n
  %turn.next = select i1 %wrap, i64 0, i64 %after.now
  {_store("control", "current", "c", "%turn.next", "tc")}
  br label %scan
}}

declare i64 @llvm.smin.i64(i64, i64)
declare i32 @memcmp(ptr, ptr, i64)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
"""

FUNCTIONS = (
    "kcc_run",
    "kcc_hart_main",
    "kcc_begin",
    "kcc_yield",
    "kcc_event",
    "kcc_trap",
    "kcc_load",
    "kcc_store",
    "kcc_locate",
)
