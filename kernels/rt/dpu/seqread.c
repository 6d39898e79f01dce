#include "state.h"

#include <seqread.h>

seqreader_buffer_t __seqread_alloc(unsigned page_size) {
    return (seqreader_buffer_t)__dpu_heap_take(2 * page_size, page_size);
}

void *__seqread_load(uintptr_t address, seqreader_t *reader, unsigned page_size) {
    uintptr_t offset = address & (page_size - 1);
    reader->mram_addr = address - offset;
    __dpu_ldma((const __mram_ptr void *)reader->mram_addr, (void *)reader->wram_cache,
               2 * page_size);
    return (void *)(reader->wram_cache + offset);
}
