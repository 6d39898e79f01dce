"""The part of the runtime that keeps the host's floating-point environment the running hart's.

While a hart runs, the host rounds as its frm says (unless the host has no such mode), and the
host's own sticky flags gather what its arithmetic raises. They are collected in the hart's
state when the guest reads its flags, and whenever the hart leaves the processor; Python never
sees a rounding mode or a flag of a hart's.

Setting the environment right after reading it is slow on the host, some 15 ns. So between harts
it is left alone if it serves: a flag that the next hart has anyway may stay up.
"""

from __future__ import annotations

import platform

from .fields import load, store

# How a host reads and writes its environment: as one number, with the rounding mode in it and
# the sticky flags. `rounding`: the host's number of frm 0 to 3, two bits each; 4 and up give 0.
_ENVIRONMENT = {
    # MXCSR: flags IE DE ZE OE UE PE from bit 0, all exceptions masked, rounding at bit 13.
    "x86_64": """
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
define internal i64 @environment() alwaysinline strictfp {
  %slot = alloca i32
  call void @llvm.x86.sse.stmxcsr(ptr %slot) strictfp
  %now = load i32, ptr %slot
  %wide = zext i32 %now to i64
  ret i64 %wide
}
define internal void @set_environment(i64 %value) alwaysinline strictfp {
  %slot = alloca i32
  %low = trunc i64 %value to i32
  store i32 %low, ptr %slot
  call void @llvm.x86.sse.ldmxcsr(ptr %slot) strictfp
  ret void
}
define internal i64 @environment_of(i64 %rounding) alwaysinline {
  %at = shl i64 %rounding, 13
  %value = or i64 %at, 8064
  ret i64 %value
}
define internal i64 @control_of(i64 %environment) alwaysinline {
  %control = and i64 %environment, -64
  ret i64 %control
}
define internal i64 @flags_of(i64 %environment) alwaysinline {
  %five = trunc i64 %environment to i8
  %mirror = call i8 @llvm.bitreverse.i8(i8 %five)
  %down = lshr i8 %mirror, 2
  %four = and i8 %down, 15
  %invalid = shl i8 %five, 4
  %top = and i8 %invalid, 16
  %flags = or i8 %four, %top
  %wide = zext i8 %flags to i64
  ret i64 %wide
}
""",
    # FPCR in the low half: rounding at bit 22. FPSR in the high one: IOC DZC OFC UFC IXC.
    "aarch64": """
define internal i64 @environment() alwaysinline strictfp {
  %fpcr = call i64 asm sideeffect "mrs $0, fpcr", "=r"() strictfp
  %fpsr = call i64 asm sideeffect "mrs $0, fpsr", "=r"() strictfp
  %high = shl i64 %fpsr, 32
  %both = or i64 %fpcr, %high
  ret i64 %both
}
define internal void @set_environment(i64 %value) alwaysinline strictfp {
  %fpcr = and i64 %value, 4294967295
  %fpsr = lshr i64 %value, 32
  call void asm sideeffect "msr fpcr, $0", "r"(i64 %fpcr) strictfp
  call void asm sideeffect "msr fpsr, $0", "r"(i64 %fpsr) strictfp
  ret void
}
define internal i64 @environment_of(i64 %rounding) alwaysinline {
  %value = shl i64 %rounding, 22
  ret i64 %value
}
define internal i64 @control_of(i64 %environment) alwaysinline {
  %fpcr = and i64 %environment, 4294967295
  ret i64 %fpcr
}
define internal i64 @flags_of(i64 %environment) alwaysinline {
  %five = lshr i64 %environment, 32
  %low = trunc i64 %five to i8
  %mirror = call i8 @llvm.bitreverse.i8(i8 %low)
  %flags = lshr i8 %mirror, 3
  %wide = zext i8 %flags to i64
  ret i64 %wide
}
""",
}
# RNE RTZ RDN RUP on the host.
_ROUNDING = {"x86_64": (0, 3, 1, 2), "aarch64": (0, 3, 2, 1)}


def text() -> str:
    """The functions as LLVM IR, for this host."""
    host = platform.machine()
    packed = sum(number << 2 * frm for frm, number in enumerate(_ROUNDING[host]))
    return f"""
declare i8 @llvm.bitreverse.i8(i8)
{_ENVIRONMENT[host]}
; The environment for a rounding mode of the guest's, without flags; by 0 where the host has none.
define internal i64 @environment_for(i64 %frm) alwaysinline {{
  %two = shl i64 %frm, 1
  %down = lshr i64 {packed}, %two
  %rounding = and i64 %down, 3
  %value = call i64 @environment_of(i64 %rounding)
  ret i64 %value
}}

; A hart takes the processor.
define internal void @float_enter(ptr %hart) strictfp {{
  {load("hart", "frm", "hart", "frm")}
  {load("hart", "fflags", "hart", "fflags")}
  %wanted = call i64 @environment_for(i64 %frm)
  %now = call i64 @environment() strictfp
  %control = call i64 @control_of(i64 %now)
  %raised = call i64 @flags_of(i64 %now)
  %rounds = icmp eq i64 %control, %wanted
  %both = or i64 %raised, %fflags
  %own = icmp eq i64 %both, %fflags
  %serves = and i1 %rounds, %own
  br i1 %serves, label %done, label %set
set:
  call void @set_environment(i64 %wanted) strictfp
  br label %done
done:
  ret void
}}

; A hart leaves it.
define internal void @float_leave(ptr %hart) strictfp {{
  {load("hart", "fflags", "hart", "old")}
  %now = call i64 @environment() strictfp
  %raised = call i64 @flags_of(i64 %now)
  %all = or i64 %old, %raised
  {store("hart", "fflags", "hart", "%all", "f")}
  ret void
}}

; Round by `frm` from here on, with no flag raised.
define preserve_mostcc void @kcc_float_install(ptr %hart, i64 %frm) noinline strictfp {{
  %value = call i64 @environment_for(i64 %frm)
  call void @set_environment(i64 %value) strictfp
  ret void
}}

; All flags raised so far, the host's among them, which are cleared.
define preserve_mostcc i64 @kcc_float_collect(ptr %hart) noinline strictfp {{
  {load("hart", "fflags", "hart", "old")}
  %environment = call i64 @environment() strictfp
  %raised = call i64 @flags_of(i64 %environment)
  %all = or i64 %old, %raised
  {store("hart", "fflags", "hart", "%all", "f")}
  {load("hart", "frm", "hart", "frm")}
  call preserve_mostcc void @kcc_float_install(ptr %hart, i64 %frm) strictfp
  ret i64 %all
}}
"""
