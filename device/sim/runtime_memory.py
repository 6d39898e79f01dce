"""The part of the runtime that a unit's accesses fall back on: what their own check refused.

An access is found its region, checked for alignment and permission, and made; a device's
by Python, while the hart waits on the scheduler's side. What it may not do is a trap.
"""

from __future__ import annotations

from . import state
from .fields import at, load, store
from .state import REGION

TEXT = f"""
; The region that holds [addr, addr + size), or null: the last one with base <= addr, if it is
; long enough. The array is sorted and its regions do not overlap.
define internal ptr @find(ptr %hart, i64 %addr, i64 %size) {{
entry:
  {load("hart", "regions", "hart", "array")}
  %first = inttoptr i64 %array to ptr
  {load("hart", "region_count", "hart", "count")}
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
  {load("region", "base", "mid.r", "mid.base")}
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
  {load("region", "base", "r", "base")}
  {load("region", "size", "r", "length")}
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

; The region that an access may be made in, or null.
define internal ptr @granting(ptr %hart, i64 %addr, i64 %size, i64 %store) {{
entry:
  %r = call ptr @find(ptr %hart, i64 %addr, i64 %size)
  %null = icmp eq ptr %r, null
  br i1 %null, label %no, label %found
found:
  {load("region", "flags", "r", "flags")}
  %need = add i64 %store, {state.READ}
  %have = and i64 %flags, %need
  %granted = icmp ne i64 %have, 0
  br i1 %granted, label %yes, label %no
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
  %r = call ptr @granting(ptr %hart, i64 %addr, i64 %size, i64 %store)
  %null = icmp eq ptr %r, null
  br i1 %null, label %fault, label %remember
fault:
  %store.f = shl i64 %store, 1
  %cause.f = add i64 %store.f, 5
  call preserve_mostcc void @kcc_trap(ptr %hart, i64 %cause.f, i64 %addr, i64 %budget, i64 %pc)
  unreachable
remember:
  {load("region", "flags", "r", "flags")}
  %rw = and i64 %site, {state.SITE_WRITABLE}
  %is.rw = icmp ne i64 %rw, 0
  %want = select i1 %is.rw, i64 {state.INLINE | state.WRITE}, i64 {state.INLINE}
  %got = and i64 %flags, %want
  %fit = icmp eq i64 %got, %want
  br i1 %fit, label %note, label %out
note:
  {load("region", "base", "r", "base")}
  {load("region", "size", "r", "length")}
  {load("region", "host", "r", "host")}
  {at("hart", "guesses", "hart", "guesses")}
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
  {load("region", "base", "r", "base")}
  {load("region", "host", "r", "host")}
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
  {store("hart", "budget", "hart", "%budget", "b")}
  {store("hart", "pc", "hart", "%pc", "pc")}
  {store("hart", "io_addr", "hart", "%addr", "ia")}
  {store("hart", "io_size", "hart", "%size", "is")}
  {store("hart", "io_store", "hart", "%store", "st")}
  {store("hart", "io_value", "hart", "%value", "iv")}
  call void @leave(ptr %hart, i64 {state.IO_ACCESS})
  {load("hart", "io_value", "hart", "new")}
  ret i64 %new
}}

; Host memory in guest sizes, which are 1 << log2 bytes.
define internal i64 @peek(ptr %p, i64 %log2) alwaysinline {{
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

define internal void @poke(ptr %p, i64 %log2, i64 %value) alwaysinline {{
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

define preserve_mostcc i64 @kcc_load(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site)
    noinline {{
entry:
  %r = call ptr @resolve(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site, i64 0)
  {load("region", "flags", "r", "flags")}
  %io = and i64 %flags, {state.IO}
  %is.io = icmp ne i64 %io, 0
  br i1 %is.io, label %device, label %ram
device:
  %d = call i64 @device(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site, i64 0, i64 0)
  ret i64 %d
ram:
  %p = call ptr @host_pointer(ptr %r, i64 %addr)
  %log2 = and i64 %site, 7
  %v = call i64 @peek(ptr %p, i64 %log2)
  ret i64 %v
}}

define preserve_mostcc void @kcc_store(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site,
    i64 %value) noinline {{
entry:
  %r = call ptr @resolve(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site, i64 1)
  {load("region", "flags", "r", "flags")}
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
  call void @poke(ptr %p, i64 %log2, i64 %value)
  ret void
}}

; For atomics: where the bytes are on the host. Device registers have no such place.
define preserve_mostcc ptr @kcc_locate(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site,
    i64 %store) noinline {{
entry:
  %r = call ptr @resolve(ptr %hart, i64 %addr, i64 %pc, i64 %budget, i64 %site, i64 %store)
  {load("region", "flags", "r", "flags")}
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
"""
