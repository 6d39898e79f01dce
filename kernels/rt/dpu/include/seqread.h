// Sequential reading of MRAM through a cache in WRAM. The cache holds two pages that follow each
// other, of SEQREAD_CACHE_SIZE bytes each; the pointer of a reader is always in the first, so that
// what begins there ends in the cache. An element of up to a page lies at one piece, at any
// alignment. A tasklet has a cache and readers of its own.
//
// A page is read together with the next: data must end at least a page before MRAM does.
#pragma once

#include <attributes.h>
#include <stdint.h>

#ifndef SEQREAD_CACHE_SIZE
#define SEQREAD_CACHE_SIZE 256
#endif

#if SEQREAD_CACHE_SIZE != 32 && SEQREAD_CACHE_SIZE != 64 && SEQREAD_CACHE_SIZE != 128 && \
    SEQREAD_CACHE_SIZE != 256 && SEQREAD_CACHE_SIZE != 512 && SEQREAD_CACHE_SIZE != 1024
#error "SEQREAD_CACHE_SIZE is 32, 64, 128, 256, 512 or 1024"
#endif

typedef uintptr_t seqreader_buffer_t;

typedef struct {
    seqreader_buffer_t wram_cache;
    uintptr_t mram_addr; // of the first page, a multiple of its size
} seqreader_t;

seqreader_buffer_t __seqread_alloc(unsigned page_size);
void *__seqread_init(uintptr_t address, seqreader_t *reader, unsigned page_size);
void *__seqread_get(void *ptr, uintptr_t inc, seqreader_t *reader, unsigned page_size);
void *__seqread_seek(uintptr_t address, seqreader_t *reader, unsigned page_size);

// The names that follow carry the size: parts of a program may differ in it.
#define __SEQREAD_JOIN(size, name) seqread##size##_##name
#define __SEQREAD_NAME(size, name) __SEQREAD_JOIN(size, name)
#define seqread_alloc __SEQREAD_NAME(SEQREAD_CACHE_SIZE, alloc)
#define seqread_init __SEQREAD_NAME(SEQREAD_CACHE_SIZE, init)
#define seqread_get __SEQREAD_NAME(SEQREAD_CACHE_SIZE, get)
#define seqread_seek __SEQREAD_NAME(SEQREAD_CACHE_SIZE, seek)
#define seqread_tell __SEQREAD_NAME(SEQREAD_CACHE_SIZE, tell)

// A cache, out of the heap of mem_alloc().
static inline seqreader_buffer_t seqread_alloc(void) {
    return __seqread_alloc(SEQREAD_CACHE_SIZE);
}

// Starts to read at `mram`: the result points to a copy of what is there.
static inline void *seqread_init(seqreader_buffer_t cache, __mram_ptr void *mram,
                                 seqreader_t *reader) {
    reader->wram_cache = cache;
    return __seqread_init((uintptr_t)mram, reader, SEQREAD_CACHE_SIZE);
}

// What lies `inc` bytes, less than a page, behind `ptr`, the pointer of the call before.
static inline void *seqread_get(void *ptr, uint32_t inc, seqreader_t *reader) {
    uintptr_t next = (uintptr_t)ptr + inc;
    if (((uintptr_t)ptr ^ next) & -SEQREAD_CACHE_SIZE)
        return __seqread_get(ptr, inc, reader, SEQREAD_CACHE_SIZE);
    return (void *)next;
}

// Goes on at `mram`, which may be anywhere.
static inline void *seqread_seek(__mram_ptr void *mram, seqreader_t *reader) {
    uintptr_t offset = (uintptr_t)mram - reader->mram_addr;
    if (offset >= SEQREAD_CACHE_SIZE)
        return __seqread_seek((uintptr_t)mram, reader, SEQREAD_CACHE_SIZE);
    return (void *)(reader->wram_cache + offset);
}

// Where in MRAM the pointer of the call before stands.
static inline __mram_ptr void *seqread_tell(void *ptr, seqreader_t *reader) {
    return (__mram_ptr void *)(reader->mram_addr + ((uintptr_t)ptr & (SEQREAD_CACHE_SIZE - 1)));
}
