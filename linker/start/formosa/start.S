# Where every hardware thread of a work-group begins: mscratch points to the group's information
# (see ir/abi.py, FORMOSA_INFO), mhartid is the thread's number within its group.

    .section .text.start,"ax",@progbits
    .globl  _start
    .type   _start, @function
_start:
    li      x1, 0               # gp and tp stay 0: there are no relaxation and no threads' data
    li      x2, 0
    li      x3, 0
    li      x4, 0
    li      x5, 0
    li      x6, 0
    li      x7, 0
    li      x8, 0
    li      x9, 0
    li      x10, 0
    li      x11, 0
    li      x12, 0
    li      x13, 0
    li      x14, 0
    li      x15, 0
    li      x16, 0
    li      x17, 0
    li      x18, 0
    li      x19, 0
    li      x20, 0
    li      x21, 0
    li      x22, 0
    li      x23, 0
    li      x24, 0
    li      x25, 0
    li      x26, 0
    li      x27, 0
    li      x28, 0
    li      x29, 0
    li      x30, 0
    li      x31, 0
    csrr    t0, mscratch
    csrr    t1, mhartid
    lwu     t2, 0x34(t0)        # num_threads
    bgeu    t1, t2, 1f          # one more than the group has work-items
    lwu     t2, 0x50(t0)        # stack_size
    addi    t1, t1, 1
    mul     t1, t1, t2
    ld      sp, 0x48(t0)        # stack_base
    add     sp, sp, t1
    ld      a0, 0x40(t0)        # kargs
    ld      t1, 0x38(t0)        # trampoline
    jalr    t1
1:  li      a0, 0
    li      a7, 0
2:  ecall                       # the thread ends
    j       2b
    .size   _start, . - _start
