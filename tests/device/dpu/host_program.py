"""The program that tests of the host interface load: a variable in each memory, four modes."""

from __future__ import annotations

import dpu_by_hand

TASKLETS = 2
COUNT, CRASH, BULK, SPIN = range(4)  # what `mode` asks for

# Each tasklet adds 1 to its half of `words`. In mode BULK, tasklet 0 then copies the first 64
# bytes of `bulk` behind themselves; in mode CRASH, tasklet 1 halts; in mode SPIN, it does not end.
# What main would return is 7 and 8.
SOURCE = """
    .globl words, mode, odd, bulk, __sys_used_mram_end
    .type _start, @function
    csrr s0, mhartid
    la   t0, words
    slli t1, s0, 5
    add  t0, t0, t1
    li   t2, 8
1:  lw   t3, 0(t0)
    addi t3, t3, 1
    sw   t3, 0(t0)
    addi t0, t0, 4
    addi t2, t2, -1
    bnez t2, 1b
    la   t4, mode
    lw   t4, 0(t4)
    beqz t4, 4f
    li   t5, 2
    beq  t4, t5, 2f
    beqz s0, 4f
    blt  t4, t5, 3f
5:  j    5b
2:  bnez s0, 4f
    la   t0, buffer
    la   t1, bulk
    li   t2, 64
    dpu.ldma t0, t1, t2
    add  t1, t1, t2
    dpu.sdma t0, t1, t2
    j    4f
3:  fault 4
4:  addi a0, s0, 7
    li   a7, 0
    ecall
    .size _start, . - _start

    .data
    .balign 8
    .type words, @object
words:
    .zero 64
    .size words, 64
    .type mode, @object
mode:
    .word 0
    .size mode, 4
    .type odd, @object
odd:
    .zero 6
    .size odd, 6
    .balign 8
buffer:
    .zero 64

    .section .mram,"aw",@progbits
    .type bulk, @object
bulk:
    .zero 4096, 0x5a
    .size bulk, 4096
__sys_used_mram_end:
"""


def program(tasklets: int = TASKLETS) -> bytes:
    return dpu_by_hand.program(SOURCE, tasklets)
