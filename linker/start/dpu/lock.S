# The 256 lock bits of a DPU.

    .section .text.__dpu_tas,"ax",@progbits
    .globl  __dpu_tas
    .type   __dpu_tas, @function
__dpu_tas:                      # int __dpu_tas(unsigned bit): whether it was locked before
    dpu.tas a0, a0
    ret
    .size   __dpu_tas, . - __dpu_tas

    .section .text.__dpu_clear,"ax",@progbits
    .globl  __dpu_clear
    .type   __dpu_clear, @function
__dpu_clear:                    # void __dpu_clear(unsigned bit)
    dpu.clear a0
    ret
    .size   __dpu_clear, . - __dpu_clear

    .section .text.__dpu_acquire,"ax",@progbits
    .globl  __dpu_acquire
    .type   __dpu_acquire, @function
__dpu_acquire:                  # void __dpu_acquire(unsigned bit)
    dpu.tas t0, a0
    beqz    t0, 2f
    mv      t1, a0
    li      a7, 4
1:  ecall                       # asleep until the bit is clear, when others may be faster
    mv      a0, t1
    dpu.tas t0, a0
    bnez    t0, 1b
2:  ret
    .size   __dpu_acquire, . - __dpu_acquire
