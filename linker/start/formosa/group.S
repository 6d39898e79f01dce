# What kernels ask of the hardware, besides the calls of ../ecall.S.

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
