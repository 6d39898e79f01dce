# What C has no words for on RefSi harts: numbers of theirs, a call of the host, room for heaps.

    .section .text.me,"ax",@progbits
    .globl  me
    .type   me, @function
me:                             # unsigned me(void)
    csrr    a0, mhartid
    ret
    .size   me, . - me

    .section .text.__dpu_counter,"ax",@progbits
    .globl  __dpu_counter
    .type   __dpu_counter, @function
__dpu_counter:                  # unsigned long __dpu_counter(unsigned which), of the hart
    addi    a0, a0, -2
    beqz    a0, 1f
    csrr    a0, mcycle
    ret
1:  csrr    a0, minstret
    ret
    .size   __dpu_counter, . - __dpu_counter

    .section .text.__dpu_fault,"ax",@progbits
    .globl  __dpu_fault
    .type   __dpu_fault, @function
__dpu_fault:                    # void __dpu_fault(unsigned code), does not return
    li      a7, 3
1:  ecall
    j       1b
    .size   __dpu_fault, . - __dpu_fault

# 64 KiB for each of 16 harts, behind what the program has in local memory.
    .section .local.arenas,"aw",@nobits
    .globl  __dpu_arenas, __dpu_arenas_end
    .type   __dpu_arenas, @object
    .balign 64
__dpu_arenas:
    .zero   0x100000
__dpu_arenas_end:
    .size   __dpu_arenas, . - __dpu_arenas
