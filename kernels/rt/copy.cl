// Asynchronous copies of a work-group (see ir/builtin_copy.py): by the DMA engine of the hart,
// where the launcher says that there is one, else by loads and stores. A transfer's number is its
// event; 0 is that of a copy that is done already.

#include "m1_dma.h"

static void copy_bytes(uchar *restrict to, const uchar *restrict from, ulong count,
                       ulong to_step, ulong from_step) {
    for (ulong i = 0; i < count; i++)
        to[i * to_step] = from[i * from_step];
}

static void copy_shorts(ushort *restrict to, const ushort *restrict from, ulong count,
                        ulong to_step, ulong from_step) {
    for (ulong i = 0; i < count; i++)
        to[i * to_step] = from[i * from_step];
}

static void copy_ints(uint *restrict to, const uint *restrict from, ulong count,
                      ulong to_step, ulong from_step) {
    for (ulong i = 0; i < count; i++)
        to[i * to_step] = from[i * from_step];
}

static void copy_longs(ulong *restrict to, const ulong *restrict from, ulong count,
                       ulong to_step, ulong from_step) {
    for (ulong i = 0; i < count; i++)
        to[i * to_step] = from[i * from_step];
}

// Copies `count` elements of `size` bytes, a power of two, that lie so many elements apart.
// The fences order the transfer with what the hart's loads and stores do.
//
// flags: of the execution state (ir/abi.py), or null.
ulong __kcc_copy(const uint *flags, void *to, const void *from, ulong size, ulong count,
                 ulong to_step, ulong from_step, ulong event) {
    if (flags && (*flags & HAS_DMA)) {
        atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE, memory_order_seq_cst, memory_scope_device);
        DMA[DST_ADDR] = (ulong)to;
        DMA[SRC_ADDR] = (ulong)from;
        if (to_step == 1 && from_step == 1) {
            DMA[XFER_SIZE0] = size * count;
            DMA[CTRL] = START_1D;
        } else {
            DMA[XFER_SIZE0] = size;
            DMA[XFER_SIZE1] = count;
            DMA[XFER_SRC_STRIDE0] = size * from_step;
            DMA[XFER_DST_STRIDE0] = size * to_step;
            DMA[CTRL] = START_2D_STRIDES;
        }
        return DMA[START_SEQ]; // later than `event`, which it includes
    }
    if (size == 1)
        copy_bytes((uchar *)to, (const uchar *)from, count, to_step, from_step);
    else if (size == 2)
        copy_shorts((ushort *)to, (const ushort *)from, count, to_step, from_step);
    else if (size == 4)
        copy_ints((uint *)to, (const uint *)from, count, to_step, from_step);
    else if (to_step == 1 && from_step == 1)
        copy_longs((ulong *)to, (const ulong *)from, count * (size / 8), 1, 1);
    else
        for (ulong i = 0; i < size / 8; i++)
            copy_longs((ulong *)to + i, (const ulong *)from + i, count, to_step * (size / 8),
                       from_step * (size / 8));
    return event;
}

void __kcc_wait_copies(int count, const ulong *events) {
    ulong last = 0;
    for (int i = 0; i < count; i++)
        last = max(last, events[i]);
    if (last) {
        DMA[DONE_SEQ] = last;
        atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE, memory_order_seq_cst, memory_scope_device);
    }
}
