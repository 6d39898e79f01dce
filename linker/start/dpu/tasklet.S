# What a tasklet asks of its DPU by ecall (a7: command, a0: argument; see ir/abi.py), and what it
# knows of itself.

    .section .text.me,"ax",@progbits
    .globl  me
    .type   me, @function
me:                             # unsigned me(void)
    csrr    a0, mhartid
    ret
    .size   me, . - me

    .section .text.__dpu_stack_left,"ax",@progbits
    .globl  __dpu_stack_left
    .type   __dpu_stack_left, @function
__dpu_stack_left:               # long __dpu_stack_left(void): bytes, fewer than 0 after an overflow
    csrr    a0, mhartid
    la      a1, __sys_stack_table
    slli    a0, a0, 4
    add     a0, a0, a1
    ld      a0, 8(a0)           # where the stack is
    sub     a0, sp, a0
    ret
    .size   __dpu_stack_left, . - __dpu_stack_left

    .section .text.__dpu_fault,"ax",@progbits
    .globl  __dpu_fault
    .type   __dpu_fault, @function
__dpu_fault:                    # void __dpu_fault(unsigned code), does not return
    li      a7, 1
1:  ecall
    j       1b
    .size   __dpu_fault, . - __dpu_fault

    .section .text.__dpu_stop,"ax",@progbits
    .globl  __dpu_stop
    .type   __dpu_stop, @function
__dpu_stop:                     # void __dpu_stop(void): until somebody resumes this tasklet
    li      a7, 2
    ecall
    ret
    .size   __dpu_stop, . - __dpu_stop

    .section .text.__dpu_resume,"ax",@progbits
    .globl  __dpu_resume
    .type   __dpu_resume, @function
__dpu_resume:                   # void __dpu_resume(unsigned tasklet)
    li      a7, 3
    ecall
    ret
    .size   __dpu_resume, . - __dpu_resume

    .section .text.__dpu_counter,"ax",@progbits
    .globl  __dpu_counter
    .type   __dpu_counter, @function
__dpu_counter:                  # unsigned long __dpu_counter(unsigned which)
    li      a7, 5
    ecall
    ret
    .size   __dpu_counter, . - __dpu_counter

    .section .text.__dpu_note,"ax",@progbits
    .globl  __dpu_note
    .type   __dpu_note, @function
__dpu_note:                     # void __dpu_note(unsigned kind, const void *at, unsigned long size)
    dpu.note a0, a1, a2
    ret
    .size   __dpu_note, . - __dpu_note
