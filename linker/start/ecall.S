# Calls to the host by ecall (a7: command, a0: argument), for kernels that print, stop or wait.

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

    .section .text.__kcc_barrier,"ax",@progbits
    .globl  __kcc_barrier
    .type   __kcc_barrier, @function
__kcc_barrier:                  # void __kcc_barrier(long number): all harts come to the same one
    fence   rw, rw
    li      a7, 2
    ecall
    fence   rw, rw
    ret
    .size   __kcc_barrier, . - __kcc_barrier
