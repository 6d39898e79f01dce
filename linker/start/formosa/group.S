# What kernels ask of the hardware.

    .section .text.__kcc_group_info,"ax",@progbits
    .globl  __kcc_group_info
    .type   __kcc_group_info, @function
__kcc_group_info:               # const void *__kcc_group_info(void)
    csrr    a0, mscratch
    ret
    .size   __kcc_group_info, . - __kcc_group_info

    .section .text.__kcc_exit,"ax",@progbits
    .globl  __kcc_exit
    .type   __kcc_exit, @function
__kcc_exit:                     # void __kcc_exit(int code), does not return
    li      a7, 0
1:  ecall
    j       1b
    .size   __kcc_exit, . - __kcc_exit
