// The kernel DMA of a RefSi M1: registers of 8 bytes, the hart's own, and values of theirs.
#define DMA ((volatile ulong *)0x20002000)
#define CTRL 0
#define START_SEQ 1
#define DONE_SEQ 2
#define SRC_ADDR 3
#define DST_ADDR 4
#define XFER_SIZE0 5
#define XFER_SIZE1 6
#define XFER_SRC_STRIDE0 8
#define XFER_DST_STRIDE0 10
#define START_1D 0x11
#define START_2D_STRIDES 0xe1

// In the flags of an execution state (ir/abi.py): the hart has one.
#define HAS_DMA 2
