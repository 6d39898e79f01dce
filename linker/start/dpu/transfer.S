# Transfers between WRAM and MRAM: one instruction each, which takes the WRAM address first.

    .section .text.__dpu_ldma,"ax",@progbits
    .globl  __dpu_ldma
    .type   __dpu_ldma, @function
__dpu_ldma:                     # void __dpu_ldma(const __mram_ptr void *from, void *to, unsigned n)
    dpu.ldma a1, a0, a2
    ret
    .size   __dpu_ldma, . - __dpu_ldma

    .section .text.__dpu_sdma,"ax",@progbits
    .globl  __dpu_sdma
    .type   __dpu_sdma, @function
__dpu_sdma:                     # void __dpu_sdma(const void *from, __mram_ptr void *to, unsigned n)
    dpu.sdma a0, a1, a2
    ret
    .size   __dpu_sdma, . - __dpu_sdma
