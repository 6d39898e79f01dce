// Where variables lie: in WRAM, the scratchpad that loads and stores reach; in MRAM, the bulk
// memory that only DMA reaches; in either, where the host finds them by name.
#ifndef _DPU_ATTRIBUTES_H
#define _DPU_ATTRIBUTES_H

// A DMA moves whole 8-byte words.
#define __dma_aligned __attribute__((aligned(8)))
#define __aligned(bytes) __attribute__((aligned(bytes)))

#ifdef __OPENCL_VERSION__
// Harts load and store bulk memory as they do any other: it is what OpenCL C calls global.
// Pointers into the scratchpad have no qualifier, in either language.
#define __mram_ptr __global
#endif

// Variables. Contents of `_noinit` ones are not in the ELF file and not specified after loading;
// `_keep` ones stay even where the linker collects what nothing uses.
#ifdef __dpu__
#define __mram __mram_ptr __dma_aligned __attribute__((used, section(".mram")))
#define __mram_noinit __mram_ptr __dma_aligned __attribute__((used, section(".bss.mram")))
#define __mram_keep __mram_ptr __dma_aligned __attribute__((used, section(".mram.keep")))
#define __mram_noinit_keep __mram_ptr __dma_aligned __attribute__((used, section(".bss.mram.keep")))
#define __host __dma_aligned __attribute__((used, section(".dpu_host")))
#else
#define __mram __mram_ptr __dma_aligned
#define __mram_noinit __mram
#define __mram_keep __mram
#define __mram_noinit_keep __mram
#define __host __dma_aligned
#endif

#endif
