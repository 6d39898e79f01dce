"""The switch between host stacks: a hart's own and the scheduler's.

kcc_enter(hart, where to save the own stack pointer, the stack to take) calls kcc_hart_main
there and comes back when the hart gives up control, in whatever way. kcc_switch(where to save
the own stack pointer, the stack pointer to take) comes back when something switches here, or
the hart is done; it ends in a jump: for a return the host would predict the other stack's caller.
Both leave the same on the stack they go from, as the other one may be what comes back.
"""

from __future__ import annotations

import platform

# What a call preserves on x86-64, in the order that it goes to the stack.
_KEPT = ("rbp", "rbx", "r12", "r13", "r14", "r15")
_PUSH = "\n".join(f"pushq %{register}" for register in _KEPT)
_POP = "\n".join(f"popq %{register}" for register in reversed(_KEPT))

# The same on AArch64: x19 to x30, and the low halves of v8 to v15; 160 bytes.
_PAIRS = [f"{kind}{n}, {kind}{n + 1}" for kind, first, end in (("x", 19, 30), ("d", 8, 15))
          for n in range(first, end, 2)]  # fmt: skip
_SAVED = [f"{pair}, [sp, #{16 * i}]" for i, pair in enumerate(_PAIRS)]
_SAVE = "\n".join(["sub sp, sp, #160", *(f"stp {at}" for at in _SAVED), "mov x9, sp"])
_RESTORE = "\n".join([*(f"ldp {at}" for at in _SAVED), "add sp, sp, #160"])

_SWITCH = {
    "x86_64": f"""
.globl kcc_enter
kcc_enter:
{_PUSH}
movq %rsp, (%rsi)
movq %rsi, %rbx
movq %rdx, %rsp
callq kcc_hart_main
movq (%rbx), %rsp
{_POP}
retq
.globl kcc_switch
kcc_switch:
{_PUSH}
movq %rsp, (%rdi)
movq %rsi, %rsp
{_POP}
popq %rcx
jmpq *%rcx
""",
    "aarch64": f"""
.globl kcc_enter
kcc_enter:
{_SAVE}
str x9, [x1]
mov x19, x1
mov sp, x2
bl kcc_hart_main
ldr x9, [x19]
mov sp, x9
{_RESTORE}
ret
.globl kcc_switch
kcc_switch:
{_SAVE}
str x9, [x0]
mov sp, x1
{_RESTORE}
br x30
""",
}


def supported() -> bool:
    """True if this host's calling convention is one the switch is written for."""
    return platform.system() == "Linux" and platform.machine() in _SWITCH


def module_asm() -> str:
    """The switch for this host, as LLVM IR."""
    return "\n".join(f'module asm "{line}"' for line in _SWITCH[platform.machine()].splitlines())
