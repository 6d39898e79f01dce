"""The part of generated code that never changes: scheduler, dispatcher, slow memory path.

Every hart runs on a host stack of its own, where the scheduler calls it for each instance. A
hart that uses up its turn, misses a translation or touches a device switches to the scheduler's
stack, from the middle of whatever it does, and later goes on as if nothing had happened. So
translated code needs no way to be re-entered in the middle of a loop, and its guest registers
stay in host registers.

    scheduler --call, or switch--> dispatcher --call--> unit --call--> slow path
        ^                                                                 |
        +------------------------------switch-----------------------------+
"""

from __future__ import annotations

from functools import cache

from . import runtime_dpu, runtime_float, runtime_memory, runtime_v, stackswitch, state
from .fields import at, load, store
from .state import ENTRY


@cache
def module_text() -> str:
    """The runtime as LLVM IR."""
    fixed = runtime_memory.TEXT + runtime_v.TEXT + runtime_dpu.TEXT
    return stackswitch.module_asm() + _BODY + fixed + runtime_float.text()


_BODY = f"""
declare void @kcc_switch(ptr, i64)
declare void @kcc_enter(ptr, ptr, i64)

; Hand control to the scheduler; returns when the hart goes on.
define internal void @leave(ptr %hart, i64 %reason) noinline {{
  {store("hart", "reason", "hart", "%reason", "r")}
  {load("hart", "main_sp", "hart", "main")}
  {at("hart", "host_sp", "hart", "save")}
  call void @float_leave(ptr %hart)
  call void @kcc_switch(ptr %save, i64 %main)
  call void @float_enter(ptr %hart)
  ret void
}}

define preserve_mostcc i64 @kcc_yield(ptr %hart, i64 %budget, i64 %pc) noinline {{
  {store("hart", "budget", "hart", "%budget", "b")}
  {store("hart", "pc", "hart", "%pc", "pc")}
  call void @leave(ptr %hart, i64 {state.TURN})
  {load("hart", "budget", "hart", "new")}
  ret i64 %new
}}

define preserve_mostcc i64 @kcc_event(ptr %hart, i64 %reason, i64 %budget, i64 %pc) noinline {{
  {store("hart", "budget", "hart", "%budget", "b")}
  {store("hart", "pc", "hart", "%pc", "pc")}
  call void @leave(ptr %hart, i64 %reason)
  {load("hart", "budget", "hart", "new")}
  ret i64 %new
}}

define preserve_mostcc void @kcc_trap(ptr %hart, i64 %cause, i64 %tval, i64 %budget, i64 %pc)
    noinline {{
  {store("hart", "cause", "hart", "%cause", "c")}
  {store("hart", "tval", "hart", "%tval", "t")}
  {store("hart", "budget", "hart", "%budget", "b")}
  {store("hart", "pc", "hart", "%pc", "pc")}
  call void @leave(ptr %hart, i64 {state.FAULT})
  ret void
}}

; VState.key of the hart: vtype, whether vl is VLMAX, vill, vstart.
define internal i64 @vector_state(ptr %hart) {{
  {load("hart", "vtype", "hart", "vtype")}
  {load("hart", "vl", "hart", "vl")}
  {load("hart", "vstart", "hart", "vstart")}
  {load("hart", "vlenb", "hart", "vlenb")}
  %sew.0 = lshr i64 %vtype, 3
  %sew = and i64 %sew.0, 7  ; log2 of bytes
  %lmul.0 = add i64 %vtype, 4
  %lmul = and i64 %lmul.0, 7  ; log2, and 4 more
  %shifted = shl i64 %vlenb, %lmul
  %down = add i64 %sew, 4
  %vlmax = lshr i64 %shifted, %down
  %is.full = icmp eq i64 %vl, %vlmax
  %full = zext i1 %is.full to i64
  %low = and i64 %vtype, 255
  %vill = lshr i64 %vtype, 63
  %full.at = shl i64 %full, {state.KEY_FULL}
  %vill.at = shl i64 %vill, {state.KEY_VILL}
  %vstart.at = shl i64 %vstart, {state.KEY_VSTART}
  %key.1 = or i64 %low, %full.at
  %key.2 = or i64 %key.1, %vill.at
  %key = or i64 %key.2, %vstart.at
  ret i64 %key
}}

; What a hart does: an instance, from pc to its end. Where what it called comes back early, it is
; all to begin anew from wherever that was.
define void @kcc_hart_main(ptr %hart) {{
entry:
  call void @float_enter(ptr %hart)
  br label %loop
loop:
  {store("hart", "stale", "hart", "0", "clear")}
  {load("hart", "pc", "hart", "pc")}
  {load("hart", "budget", "hart", "budget")}
  %end = call {{ i64, i64 }} @kcc_call(ptr %hart, i64 %pc, i64 %budget, i64 -1)
  %end.pc = extractvalue {{ i64, i64 }} %end, 0
  %end.budget = extractvalue {{ i64, i64 }} %end, 1
  {store("hart", "pc", "hart", "%end.pc", "spc")}
  {store("hart", "budget", "hart", "%end.budget", "sb")}
  {load("hart", "return_addr", "hart", "return")}
  %done = icmp eq i64 %end.pc, %return
  br i1 %done, label %finish, label %loop
finish:
  call void @float_leave(ptr %hart)
  {store("hart", "reason", "hart", str(state.DONE), "r")}
  {store("hart", "host_sp", "hart", "0", "fresh")}
  ret void
}}

; Run from pc until control comes to `back`: find the unit, call it, go on where it says. Units
; make their guest's calls through this, so that host calls nest as guest calls do, and the host
; predicts returns. Nothing depends on it: all of the guest is in the state meanwhile, and where
; the answer is another address than `back` the caller passes it on. That happens
; - at the end of the instance,
; - where the stack is deep: the caller's frame goes, and whoever called it goes on from here,
; - when translations became stale, until no frame of an old one is left.
define {{ i64, i64 }} @kcc_call(ptr %hart, i64 %pc.in, i64 %budget.in, i64 %back) {{
entry:
  %here = call ptr @llvm.frameaddress.p0(i32 0)
  %here.at = ptrtoint ptr %here to i64
  {load("hart", "stack_limit", "hart", "least")}
  %room = icmp ugt i64 %here.at, %least
  br i1 %room, label %dispatch, label %up
reload:
  {load("hart", "pc", "hart", "pc0")}
  {load("hart", "budget", "hart", "budget0")}
  br label %fresh
dispatch:
  %pc.d = phi i64 [ %pc.in, %entry ], [ %pc1, %call ]
  %budget.d = phi i64 [ %budget.in, %entry ], [ %budget1, %call ]
  br label %fresh
fresh:
  %pc = phi i64 [ %pc0, %reload ], [ %pc.d, %dispatch ]
  %budget = phi i64 [ %budget0, %reload ], [ %budget.d, %dispatch ]
  {load("hart", "return_addr", "hart", "return")}
  {load("hart", "stale", "hart", "stale")}
  %done = icmp eq i64 %pc, %return
  %old = icmp ne i64 %stale, 0
  %ends = or i1 %done, %old
  br i1 %ends, label %up, label %check
up:
  %pc.r = phi i64 [ %pc.in, %entry ], [ %pc, %fresh ], [ %pc, %arrived ]
  %budget.r = phi i64 [ %budget.in, %entry ], [ %budget, %fresh ], [ %budget, %arrived ]
  %pair.1 = insertvalue {{ i64, i64 }} poison, i64 %pc.r, 0
  %pair.2 = insertvalue {{ i64, i64 }} %pair.1, i64 %budget.r, 1
  ret {{ i64, i64 }} %pair.2
check:
  %out = icmp sle i64 %budget, 0
  br i1 %out, label %turn, label %arrived
arrived:
  %there = icmp eq i64 %pc, %back
  br i1 %there, label %up, label %lookup
turn:
  br label %give_up
lookup:
  {load("hart", "table", "hart", "table0")}
  {load("hart", "table_mask", "hart", "mask")}
  %table = inttoptr i64 %table0 to ptr
  %hash = lshr i64 %pc, 1
  %tag = and i64 %pc, {state.TAGGED}
  %tagged = icmp ne i64 %tag, 0
  br i1 %tagged, label %vector, label %probe
vector:
  %key = call i64 @vector_state(ptr %hart)
  br label %probe
probe:
  %state = phi i64 [ 0, %lookup ], [ %key, %vector ], [ %state, %other ]
  %slot = phi i64 [ %hash, %lookup ], [ %hash, %vector ], [ %slot.next, %other ]
  %slot.m = and i64 %slot, %mask
  %slot.off = mul i64 %slot.m, {ENTRY.size}
  %e = getelementptr i8, ptr %table, i64 %slot.off
  {load("entry", "pc", "e", "e.pc")}
  {load("entry", "state", "e", "e.state")}
  %hit.pc = icmp eq i64 %e.pc, %pc
  %hit.state = icmp eq i64 %e.state, %state
  %hit = and i1 %hit.pc, %hit.state
  br i1 %hit, label %call, label %other
other:
  %slot.next = add i64 %slot, 1
  %empty = icmp eq i64 %e.pc, {state.NO_PC}
  br i1 %empty, label %miss, label %probe
miss:
  br label %give_up
give_up:
  %reason = phi i64 [ {state.TURN}, %turn ], [ {state.MISS}, %miss ]
  {store("hart", "pc", "hart", "%pc", "gpc")}
  {store("hart", "budget", "hart", "%budget", "gb")}
  call void @leave(ptr %hart, i64 %reason)
  br label %reload
call:
  {load("entry", "function", "e", "f0")}
  {load("entry", "index", "e", "index")}
  %f = inttoptr i64 %f0 to ptr
  %next = call {{ i64, i64 }} %f(ptr %hart, i64 %index, i64 %budget)
  %pc1 = extractvalue {{ i64, i64 }} %next, 0
  %budget1 = extractvalue {{ i64, i64 }} %next, 1
  br label %dispatch
}}

define internal ptr @hart_at(ptr %c, i64 %h) {{
  {load("control", "harts", "c", "harts0")}
  %harts = inttoptr i64 %harts0 to ptr
  %p = getelementptr i64, ptr %harts, i64 %h
  %q = load ptr, ptr %p
  ret ptr %q
}}

; One instance on one hart: only these registers are set, all others carry over.
define internal void @start(ptr %c, ptr %hart, i64 %id) {{
entry:
  {load("control", "entry", "c", "pc")}
  {load("control", "return_addr", "c", "ra")}
  {load("hart", "start_sp", "hart", "sp")}
  {load("hart", "start_count", "hart", "count")}
  {store("hart", "pc", "hart", "%pc", "spc")}
  {store("hart", "instance", "hart", "%id", "si")}
  {store("hart", "status", "hart", str(state.READY), "ss")}
  {at("hart", "x", "hart", "x")}
  %x1 = getelementptr i64, ptr %x, i64 1
  store i64 %ra, ptr %x1
  %x2 = getelementptr i64, ptr %x, i64 2
  store i64 %sp, ptr %x2
  %x10 = getelementptr i64, ptr %x, i64 10
  store i64 %id, ptr %x10
  %x11 = getelementptr i64, ptr %x, i64 11
  {at("hart", "start_args", "hart", "args")}
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
  {load("control", "records", "c", "records")}
  %last = icmp eq i64 %records, 0
  br i1 %last, label %no, label %look
look:
  {load("control", "record", "c", "record")}
  {load("control", "record_size", "c", "size")}
  {load("control", "hart_count", "c", "n")}
  %next = add i64 %record, %size
  %old = inttoptr i64 %record to ptr
  %new = inttoptr i64 %next to ptr
  %h0 = call ptr @hart_at(ptr %c, i64 0)
  {load("hart", "start_count", "h0", "count")}
  %bytes = shl i64 %count, 3
  %fixed = sub i64 %size, %bytes
  %differs = call i32 @memcmp(ptr %old, ptr %new, i64 %fixed)
  %other = icmp ne i32 %differs, 0
  br i1 %other, label %no, label %yes
yes:
  {store("control", "record", "c", "%next", "sr")}
  %records.next = sub i64 %records, 1
  {store("control", "records", "c", "%records.next", "sn")}
  {load("control", "first", "c", "first")}
  {store("control", "next", "c", "%first", "sf")}
  %args = getelementptr i8, ptr %new, i64 %fixed
  br label %hart
hart:
  %h = phi i64 [ 0, %yes ], [ %h.next, %hart ]
  %at = call ptr @hart_at(ptr %c, i64 %h)
  {at("hart", "start_args", "at", "to")}
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %args, i64 %bytes, i1 false)
  {store("hart", "instance", "at", "-1", "si")}
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
define internal i64 @run(ptr %c) {{
entry:
  {load("control", "hart_count", "c", "n")}
  {load("control", "quantum", "c", "quantum")}
  {load("control", "resume", "c", "resume")}
  {store("control", "resume", "c", "0", "clear")}
  %resumed = icmp ne i64 %resume, 0
  {load("control", "current", "c", "current0")}
  br i1 %resumed, label %go, label %scan
scan:
  {load("control", "current", "c", "current")}
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
  {load("hart", "status", "hart", "status")}
  %ready = icmp eq i64 %status, {state.READY}
  br i1 %ready, label %take, label %scan.idle
scan.idle:
  {load("hart", "awaits", "hart", "awaits")}
  %sleeps = icmp eq i64 %status, {state.ASLEEP}
  %waits = icmp ne i64 %awaits, 0
  br i1 %waits, label %scan.waits, label %scan.next
scan.waits:
  %flag.at = inttoptr i64 %awaits to ptr
  %flag = load i8, ptr %flag.at
  %still = icmp ne i8 %flag, 0
  br i1 %still, label %scan.next, label %wake
wake:
  {store("hart", "awaits", "hart", "0", "wa")}
  {store("hart", "status", "hart", str(state.READY), "ws")}
  br label %take
scan.next:
  %asleep.next = or i1 %asleep, %sleeps
  %k.next = add i64 %k, 1
  br label %scan.loop
none:
  br i1 %asleep, label %none.ready, label %group
none.ready:
  ret i64 {state.NONE_READY}
group:
  {load("control", "next", "c", "next")}
  {load("control", "end", "c", "end")}
  {load("control", "group_size", "c", "group.size")}
  {load("control", "lane_first", "c", "lane.first")}
  {load("control", "lanes", "c", "lanes")}
  {store("control", "current", "c", "0", "zero")}
  %mine = add i64 %next, %lane.first
  %finished = icmp uge i64 %mine, %end
  br i1 %finished, label %launch.over, label %group.loop
launch.over:
  %again = call i1 @relaunch(ptr %c)
  br i1 %again, label %group, label %all.done
all.done:
  ret i64 {state.FINISHED}
group.loop:
  %g = phi i64 [ 0, %group ], [ %g.next, %group.start ]
  %dealt = mul i64 %g, %lanes
  %id = add i64 %mine, %dealt
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
  %next.group = add i64 %next, %group.size
  {store("control", "next", "c", "%next.group", "advance")}
  {load("control", "watched", "c", "watched")}
  %tell = icmp ne i64 %watched, 0
  br i1 %tell, label %tell.now, label %scan
tell.now:
  ret i64 {state.STARTED}
take:
  {store("control", "current", "c", "%h", "cur")}
  {load("control", "stop", "c", "stop")}
  %stopped = icmp ne i64 %stop, 0
  br i1 %stopped, label %stop.now, label %limit
stop.now:
  ret i64 {state.STOPPED}
limit:
  {load("control", "remaining", "c", "remaining")}
  %over = icmp sle i64 %remaining, 0
  br i1 %over, label %limit.now, label %pause
limit.now:
  ret i64 {state.LIMIT}
pause:
  {load("control", "patience", "c", "patience")}
  %tired = icmp sle i64 %patience, 0
  br i1 %tired, label %pause.now, label %grant
pause.now:
  ret i64 {state.PAUSE}
grant:
  {load("control", "seed", "c", "seed")}
  %drawn = icmp ne i64 %seed, 0
  br i1 %drawn, label %draw, label %grant.turn
draw:
  %seed.13 = shl i64 %seed, 13
  %seed.a = xor i64 %seed, %seed.13
  %seed.7 = lshr i64 %seed.a, 7
  %seed.b = xor i64 %seed.a, %seed.7
  %seed.17 = shl i64 %seed.b, 17
  %seed.next = xor i64 %seed.b, %seed.17
  {store("control", "seed", "c", "%seed.next", "sd")}
  %some = lshr i64 %seed.next, 11
  %below = urem i64 %some, %quantum
  %length = add i64 %below, 1
  br label %grant.turn
grant.turn:
  %turn.length = phi i64 [ %quantum, %grant ], [ %length, %draw ]
  %least = call i64 @llvm.smin.i64(i64 %turn.length, i64 %remaining)
  {load("hart", "budget", "hart", "left")}
  {load("hart", "retired_end", "hart", "mark")}
  %retired = sub i64 %mark, %left
  %mark.next = add i64 %retired, %least
  {store("hart", "retired_end", "hart", "%mark.next", "re")}
  {store("hart", "budget", "hart", "%least", "bu")}
  br label %go
go:
  %now = phi i64 [ %h, %grant.turn ], [ %current0, %entry ]
  %hart.now = call ptr @hart_at(ptr %c, i64 %now)
  {load("hart", "budget", "hart.now", "before")}
  {load("hart", "host_sp", "hart.now", "sp")}
  {load("hart", "stack", "hart.now", "stack")}
  {at("hart", "main_sp", "hart.now", "save")}
  %fresh = icmp eq i64 %sp, 0
  br i1 %fresh, label %go.in, label %go.on
go.in:
  call void @kcc_enter(ptr %hart.now, ptr %save, i64 %stack)
  br label %gone
go.on:
  call void @kcc_switch(ptr %save, i64 %sp)
  br label %gone
gone:
  {load("hart", "budget", "hart.now", "after")}
  %used = sub i64 %before, %after
  {load("control", "remaining", "c", "allowed")}
  %allowed.next = sub i64 %allowed, %used
  {store("control", "remaining", "c", "%allowed.next", "an")}
  {load("control", "patience", "c", "before.pause")}
  %effort.0 = lshr i64 %used, {state.EFFORT_SHIFT}
  %effort = add i64 %effort.0, 1
  %patience.next = sub i64 %before.pause, %effort
  {store("control", "patience", "c", "%patience.next", "pn")}
  {load("hart", "reason", "hart.now", "reason")}
  switch i64 %reason, label %event
    [ i64 {state.TURN}, label %turn.over  i64 {state.DONE}, label %instance.over
      i64 {state.ECALL}, label %call ]
call:
  %seen.to = call i1 @native_call(ptr %c, ptr %hart.now, i64 %now)
  br i1 %seen.to, label %turn.over, label %event
event:
  ret i64 %reason
instance.over:
  {store("hart", "status", "hart.now", str(state.IDLE), "idle")}
  br label %turn.over
turn.over:
  {load("control", "single", "c", "single")}
  %stepped = icmp ne i64 %single, 0
  br i1 %stepped, label %stepped.now, label %turn.end
stepped.now:
  ret i64 {state.STEPPED}
turn.end:
  {store("hart", "reserved_addr", "hart.now", "-1", "res")}
  %after.now = add i64 %now, 1
  %wrap = icmp eq i64 %after.now, %n
  %turn.next = select i1 %wrap, i64 0, i64 %after.now
  {store("control", "current", "c", "%turn.next", "tc")}
  br label %scan
}}

; The same, with Python's floating-point environment put aside.
define i64 @kcc_run(ptr %c) {{
  %environment = call i64 @environment()
  %event = call i64 @run(ptr %c)
  call void @set_environment(i64 %environment)
  ret i64 %event
}}

declare i64 @llvm.smin.i64(i64, i64)
declare ptr @llvm.frameaddress.p0(i32)
declare i32 @memcmp(ptr, ptr, i64)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
"""

FUNCTIONS = (
    "kcc_run",
    "kcc_call",
    "kcc_yield",
    "kcc_event",
    "kcc_trap",
    "kcc_load",
    "kcc_store",
    "kcc_locate",
    "kcc_vector",
    "kcc_transfer",
    "kcc_tell",
    "kcc_float_install",
    "kcc_float_collect",
)
