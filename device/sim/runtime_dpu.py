"""The part of the runtime for DPUs: bytes move between the two memories, observers are told.

Addresses of transfers lose their low three bits; of the size, what is left is a multiple of 8
from 8 to 2048, as the eight bits of its code have it.
"""

from __future__ import annotations

from . import state
from .fields import at, load, store
from .interface import Cause

_LOW = 7  # bits of an address that are not looked at
_CODES = 255


def _place(side: str) -> str:
    """IR: the host address of `side`, and whether all bytes are in its memory."""
    return f"""
  {load("hart", f"{side}_base", "hart", f"{side}.base")}
  {load("hart", f"{side}_size", "hart", f"{side}.size")}
  {load("hart", f"{side}_host", "hart", f"{side}.host")}
  %{side}.even = and i64 %{side}, {~_LOW}
  %{side}.off = sub i64 %{side}.even, %{side}.base
  %{side}.before = icmp ult i64 %{side}.off, %{side}.size
  %{side}.room = sub i64 %{side}.size, %{side}.off
  %{side}.fits = icmp uge i64 %{side}.room, %bytes
  %{side}.ok = and i1 %{side}.before, %{side}.fits
  %{side}.sum = add i64 %{side}.host, %{side}.off
  %{side}.at = inttoptr i64 %{side}.sum to ptr"""


TEXT = f"""
; out: 1 towards the far memory, 0 from there. A range that leaves its memory is a trap, which
; does not return.
define preserve_mostcc i64 @kcc_transfer(ptr %hart, i64 %near, i64 %far, i64 %asked, i64 %out,
    i64 %budget, i64 %pc) noinline {{
entry:
  %eighths = lshr i64 %asked, 3
  %code.0 = sub i64 %eighths, 1
  %code = and i64 %code.0, {_CODES}
  %count = add i64 %code, 1
  %bytes = shl i64 %count, 3
  {_place("near")}
  {_place("far")}
  br i1 %near.ok, label %one, label %fault
one:
  br i1 %far.ok, label %both, label %fault
fault:
  %bad = phi i64 [ %near, %entry ], [ %far, %one ]
  call preserve_mostcc void @kcc_trap(ptr %hart, i64 {Cause.DMA_FAULT.value}, i64 %bad,
    i64 %budget, i64 %pc)
  unreachable
both:
  %outwards = icmp ne i64 %out, 0
  %from = select i1 %outwards, ptr %near.at, ptr %far.at
  %to = select i1 %outwards, ptr %far.at, ptr %near.at
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %bytes, i1 false)
  ret i64 %bytes
}}

; An ecall that the scheduler sees to, if it is one.
define internal i1 @native_call(ptr %c, ptr %hart, i64 %me) {{
entry:
  {load("control", "calls", "c", "calls")}
  {load("control", "exit_call", "c", "exit.call")}
  {load("control", "stop_call", "c", "stop.call")}
  {load("control", "resume_call", "c", "resume.call")}
  {load("control", "wait_call", "c", "wait.call")}
  {load("control", "hart_count", "c", "harts")}
  {at("control", "stopped", "c", "stopped")}
  {at("control", "resumed", "c", "resumed")}
  {at("hart", "x", "hart", "x")}
  %a0.at = getelementptr i64, ptr %x, i64 10
  %a0 = load i64, ptr %a0.at
  %a7.at = getelementptr i64, ptr %x, i64 17
  %a7 = load i64, ptr %a7.at
  %none = icmp eq i64 %calls, 0
  br i1 %none, label %no, label %exit.try
exit.try:
  %is.exit = icmp eq i64 %a7, %exit.call
  br i1 %is.exit, label %exit, label %stop.try
exit:
  {at("control", "exits", "c", "exits")}
  {at("control", "exited", "c", "exited")}
  %result.at = getelementptr i64, ptr %exits, i64 %me
  store i64 %a0, ptr %result.at
  %exited.at = getelementptr i8, ptr %exited, i64 %me
  store i8 1, ptr %exited.at
  {store("hart", "status", "hart", str(state.IDLE), "si")}
  {store("hart", "host_sp", "hart", "0", "fresh")}
  ret i1 true
stop.try:
  %is.stop = icmp eq i64 %a7, %stop.call
  br i1 %is.stop, label %stop, label %resume.try
stop:
  %early.at = getelementptr i8, ptr %resumed, i64 %me
  %early = load i8, ptr %early.at
  store i8 0, ptr %early.at
  %mine = getelementptr i8, ptr %stopped, i64 %me
  %sleeps = xor i8 %early, 1
  store i8 %sleeps, ptr %mine
  br label %await
resume.try:
  %is.resume = icmp eq i64 %a7, %resume.call
  %is.hart = icmp ult i64 %a0, %harts
  %resumes = and i1 %is.resume, %is.hart
  br i1 %resumes, label %resume, label %wait.try
resume:
  %other = getelementptr i8, ptr %stopped, i64 %a0
  %slept = load i8, ptr %other
  store i8 0, ptr %other
  %other.early = getelementptr i8, ptr %resumed, i64 %a0
  %now.early = xor i8 %slept, 1
  store i8 %now.early, ptr %other.early
  br label %on
wait.try:
  %is.wait = icmp eq i64 %a7, %wait.call
  br i1 %is.wait, label %wait, label %no
wait:
  {load("hart", "locks", "hart", "locks0")}
  %locks = inttoptr i64 %locks0 to ptr
  %bit = and i64 %a0, {state.LOCKS - 1}
  %lock = getelementptr i8, ptr %locks, i64 %bit
  br label %await
await:
  %for = phi ptr [ %mine, %stop ], [ %lock, %wait ]
  %flag = load i8, ptr %for
  %sleep = icmp ne i8 %flag, 0
  br i1 %sleep, label %asleep, label %on
asleep:
  %for.int = ptrtoint ptr %for to i64
  {store("hart", "awaits", "hart", "%for.int", "sa")}
  {store("hart", "status", "hart", str(state.ASLEEP), "ss")}
  br label %on
on:
  {load("hart", "pc", "hart", "pc")}
  %pc.next = add i64 %pc, 4
  {store("hart", "pc", "hart", "%pc.next", "sp")}
  ret i1 true
no:
  ret i1 false
}}

; Have an observer told; returns the instructions left in the turn that the hart then has.
define preserve_mostcc i64 @kcc_tell(ptr %hart, i64 %what, i64 %a, i64 %b, i64 %c, i64 %budget,
    i64 %pc) noinline {{
  {at("hart", "told", "hart", "told")}
  store i64 %what, ptr %told
  %told.1 = getelementptr i64, ptr %told, i64 1
  store i64 %a, ptr %told.1
  %told.2 = getelementptr i64, ptr %told, i64 2
  store i64 %b, ptr %told.2
  %told.3 = getelementptr i64, ptr %told, i64 3
  store i64 %c, ptr %told.3
  %left = call preserve_mostcc i64 @kcc_event(ptr %hart, i64 {state.TOLD}, i64 %budget, i64 %pc)
  ret i64 %left
}}
"""
