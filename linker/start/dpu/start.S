# Where every tasklet of a DPU begins, all at once: a launch has released the lock bits and cleared
# what is to be 0 at every start, so that no tasklet has to wait for another here.

    .section .text.start,"ax",@progbits
    .globl  _start
    .type   _start, @function
_start:
    csrr    t0, mhartid
    la      t1, __sys_stack_table
    slli    t0, t0, 4
    add     t0, t0, t1
    ld      t1, 0(t0)           # bytes of its stack
    ld      sp, 8(t0)           # and where that is
    li      a0, 0
    beqz    t1, 1f              # the program is for fewer tasklets
    add     sp, sp, t1
    andi    sp, sp, -16         # sizes are multiples of 8 only
    call    main
1:  li      a7, 0
2:  ecall                       # the tasklet ends, with what main returned
    j       2b
    .size   _start, . - _start
