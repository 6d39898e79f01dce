# What every hart of a RefSi G1 runs from reset: make the hart ready, then run the kernel that its
# execution state asks for, once per work-group or, in work-item mode, once. It may lie anywhere;
# scripts/g1_rom.ld links it. device/g1_rom.hex is what comes out; the device is not to need an
# assembler. Offsets are those of EXEC_STATE in ir/abi.py.

    .equ    NUM_GROUPS,   24        # three of 8 bytes, as group_id, which comes first
    .equ    KERNEL_ENTRY, 152
    .equ    PACKED_ARGS,  160
    .equ    MAGIC,        168
    .equ    STATE_SIZE,   172
    .equ    FLAGS,        176
    .equ    THREAD_ID,    184
    .equ    NUM_THREADS,  188
    .equ    IS_MAGIC,     0x69536552
    .equ    IS_SIZE,      192
    .equ    WG_MODE,      1         # of FLAGS

    .equ    DEFAULT_THREADS, 2      # what NUM_THREADS = 0 means
    .equ    UNITS_ON, 0x6600        # of mstatus: FS and VS
    .equ    ALL_OF_MEMORY, 0x1f     # of pmpcfg0: NAPOT, with read, write and execute

    .section .text.init,"ax",@progbits
    .globl  reset
    .type   reset, @function
reset:
    li      x1, 0
    li      x2, 0
    li      x3, 0
    li      x4, 0
    li      x5, 0
    li      x6, 0
    li      x7, 0
    li      x8, 0
    li      x9, 0
    li      x10, 0
    li      x11, 0
    li      x12, 0
    li      x13, 0
    li      x14, 0
    li      x15, 0
    li      x16, 0
    li      x17, 0
    li      x18, 0
    li      x19, 0
    li      x20, 0
    li      x21, 0
    li      x22, 0
    li      x23, 0
    li      x24, 0
    li      x25, 0
    li      x26, 0
    li      x27, 0
    li      x28, 0
    li      x29, 0
    li      x30, 0
    li      x31, 0
    csrw    mscratch, x0
    la      t0, trapped
    csrw    mtvec, t0
    csrw    mie, x0
    csrw    satp, x0
    la      t0, hart_memory
    ld      s0, 0(t0)
    ld      sp, 8(t0)
    csrr    a0, mhartid
    li      t0, UNITS_ON
    csrs    mstatus, t0             # frm and fflags are 0 after reset
    li      t0, -1
    csrw    mcounteren, t0
    csrw    scounteren, t0
    csrw    pmpaddr0, t0
    li      t0, ALL_OF_MEMORY
    csrw    pmpcfg0, t0

    lw      t0, MAGIC(s0)
    li      t1, IS_MAGIC
    bne     t0, t1, bad_state
    lw      t0, STATE_SIZE(s0)
    li      t1, IS_SIZE
    bne     t0, t1, bad_state
    ld      s1, KERNEL_ENTRY(s0)
    ld      s2, PACKED_ARGS(s0)
    lw      t0, FLAGS(s0)
    andi    t0, t0, WG_MODE
    bnez    t0, work_groups
    mv      a0, s2
    mv      a1, s0
    jalr    s1                      # the kernel sees to all work-groups
    j       finished
    .size   reset, . - reset

# Groups 0 .. g - 1, x fastest; thread t of n runs [t * q, (t + 1) * q) with q = g / n, and then
# group n * q + t if there is one.
    .type   work_groups, @function
work_groups:
    ld      s3, NUM_GROUPS(s0)
    ld      s4, NUM_GROUPS+8(s0)
    ld      t0, NUM_GROUPS+16(s0)
    mul     t1, s3, s4
    mul     t1, t1, t0              # g
    lwu     t2, NUM_THREADS(s0)
    bnez    t2, 1f
    li      t2, DEFAULT_THREADS
1:  lwu     t3, THREAD_ID(s0)
    bgeu    t3, t2, finished
    divu    s5, t1, t2              # q: how many are to be run in a row
    mul     t4, s5, t2
    sub     t5, t1, t4              # groups left over
    sltu    s6, t3, t5              # 1: another one afterwards,
    add     s7, t4, t3              # this
    mul     t0, s5, t3
    jal     run_groups
    beqz    s6, finished
    li      s5, 1
    mv      t0, s7
    jal     run_groups
finished:
    li      a0, 0
    li      a7, 0
    ecall                           # exit
    j       finished
    .size   work_groups, . - work_groups

# Run s5 groups, from number t0 on.
    .type   run_groups, @function
run_groups:
    beqz    s5, 3f
    mv      s11, ra
    remu    s8, t0, s3
    divu    t0, t0, s3
    remu    s9, t0, s4
    divu    s10, t0, s4
1:  sd      s8, 0(s0)               # the group's id; a kernel may have changed what is there
    sd      s9, 8(s0)
    sd      s10, 16(s0)
    mv      a0, s2
    mv      a1, s0
    jalr    s1
    addi    s5, s5, -1
    addi    s8, s8, 1
    bltu    s8, s3, 2f
    li      s8, 0
    addi    s9, s9, 1
    bltu    s9, s4, 2f
    li      s9, 0
    addi    s10, s10, 1
2:  bnez    s5, 1b
    mv      ra, s11
3:  ret
    .size   run_groups, . - run_groups

bad_state:
    la      a0, message
    li      a7, 1
    ecall                           # print
    li      a0, -1
    li      a7, 0
    ecall                           # exit
trapped:                            # the host sees traps before any hart comes here
    j       trapped

    .section .rodata,"a",@progbits
message:
    .asciz  "error: a hart has no execution state to start from\n"

# Where a hart finds its execution state, and where its stack begins. Last in the ROM: who writes
# the ROM puts in other addresses for a device that has other ones.
    .section .rodata.parameters,"a",@progbits
    .balign 8
hart_memory:
    .quad   0x20800000, 0x21000000
