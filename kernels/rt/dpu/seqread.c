#include "state.h"

#include <seqread.h>

seqreader_buffer_t __seqread_alloc(unsigned page_size) {
    return (seqreader_buffer_t)__dpu_heap_take(2 * page_size, page_size);
}

static void *load(uintptr_t address, seqreader_t *reader, unsigned page_size) {
    uintptr_t offset = address & (page_size - 1);
    reader->mram_addr = address - offset;
    __dpu_ldma((const __mram_ptr void *)reader->mram_addr, (void *)reader->wram_cache,
               2 * page_size);
    return (void *)(reader->wram_cache + offset);
}

void *__seqread_init(uintptr_t address, seqreader_t *reader, unsigned page_size) {
    __dpu_note(DPU_NOTE_SEQREAD_INIT, (void *)reader->wram_cache, page_size);
    return load(address, reader, page_size);
}

void *__seqread_get(void *ptr, uintptr_t inc, seqreader_t *reader, unsigned page_size) {
    __dpu_note(DPU_NOTE_SEQREAD_PAGE, (void *)reader->wram_cache, page_size);
    __dpu_note(DPU_NOTE_SEQREAD_GET, ptr, inc);
    uintptr_t place = reader->mram_addr + ((uintptr_t)ptr & (page_size - 1));
    return load(place + inc, reader, page_size);
}

void *__seqread_seek(uintptr_t address, seqreader_t *reader, unsigned page_size) {
    __dpu_note(DPU_NOTE_SEQREAD_PAGE, (void *)reader->wram_cache, page_size);
    return load(address, reader, page_size);
}
