# What kernels ask of the hardware.

    .section .text.__kcc_group_info,"ax",@progbits
    .globl  __kcc_group_info
    .type   __kcc_group_info, @function
__kcc_group_info:               # const void *__kcc_group_info(void)
    csrr    a0, mscratch
    ret
    .size   __kcc_group_info, . - __kcc_group_info

    .section .text.__kcc_thread,"ax",@progbits
    .globl  __kcc_thread
    .type   __kcc_thread, @function
__kcc_thread:                   # long __kcc_thread(void), the number of a thread in its group
    csrr    a0, mhartid
    ret
    .size   __kcc_thread, . - __kcc_thread

    .section .text.__kcc_barrier,"ax",@progbits
    .globl  __kcc_barrier
    .type   __kcc_barrier, @function
__kcc_barrier:                  # void __kcc_barrier(long number): all threads come to the same one
    fence   rw, rw
    li      a7, 2
    ecall
    fence   rw, rw
    ret
    .size   __kcc_barrier, . - __kcc_barrier

    .section .text.__kcc_exit,"ax",@progbits
    .globl  __kcc_exit
    .type   __kcc_exit, @function
__kcc_exit:                     # void __kcc_exit(int code), does not return
    li      a7, 0
1:  ecall
    j       1b
    .size   __kcc_exit, . - __kcc_exit
