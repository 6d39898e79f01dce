# Text goes to the launch's printf buffer, which the driver prints when the kernel has ended. What
# does not fit any more is lost; the position then is beyond the capacity, for the driver to see.

    .section .text.__kcc_putstring,"ax",@progbits
    .globl  __kcc_putstring
    .type   __kcc_putstring, @function
__kcc_putstring:                # void __kcc_putstring(const char *text)
    csrr    t0, mscratch
    ld      t1, 0x70(t0)        # printf position
    beqz    t1, 5f              # there is no buffer
    mv      a1, a0
1:  lbu     a2, 0(a1)
    addi    a1, a1, 1
    bnez    a2, 1b
    sub     a1, a1, a0
    addi    a1, a1, -1          # bytes of the text
    lwu     a3, 0x78(t0)        # capacity
    lwu     a4, 0(t1)
    bltu    a3, a4, 5f          # full: stay there, lest the position wrap
    amoadd.w a4, a1, (t1)
    slli    a4, a4, 32
    srli    a4, a4, 32
    ld      t1, 0x68(t0)        # printf buffer
    add     t1, t1, a4
2:  beqz    a1, 5f
    bgeu    a4, a3, 5f
    lbu     a2, 0(a0)
    sb      a2, 0(t1)
    addi    a0, a0, 1
    addi    t1, t1, 1
    addi    a4, a4, 1
    addi    a1, a1, -1
    j       2b
5:  ret
    .size   __kcc_putstring, . - __kcc_putstring
