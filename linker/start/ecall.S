# Calls to the host by ecall (a7: command, a0: argument), for kernels that print or stop.

    .section .text.__kcc_putstring,"ax",@progbits
    .globl  __kcc_putstring
    .type   __kcc_putstring, @function
__kcc_putstring:                # void __kcc_putstring(const char *text)
    li      a7, 1
    ecall
    ret
    .size   __kcc_putstring, . - __kcc_putstring

    .section .text.__kcc_exit,"ax",@progbits
    .globl  __kcc_exit
    .type   __kcc_exit, @function
__kcc_exit:                     # void __kcc_exit(int code), does not return
    li      a7, 0
1:  ecall
    j       1b
    .size   __kcc_exit, . - __kcc_exit
