// Calls of a sequential reader, one a step: where its pointer is then, what it points to, and how
// many DMAs there were.
#include "script.h"

#include <seqread.h>
#include <string.h>

enum { ALLOC, INIT, GET, SEEK, TELL };

static seqreader_buffer_t cache;
static seqreader_t reader;
static char *place;
static uint64_t transfers;

// In place of __dpu_ldma, for the reader.
void counted_ldma(const __mram_ptr void *from, void *to, unsigned size) {
    transfers++;
    __dpu_ldma(from, to, size);
}

static void take(struct step *step) {
    __mram_ptr void *address = (__mram_ptr void *)step->first;
    switch (step->act) {
    case ALLOC: cache = seqread_alloc(); step->result = cache; return;
    case INIT: place = seqread_init(cache, address, &reader); break;
    case GET: place = seqread_get(place, step->first, &reader); break;
    case SEEK: place = seqread_seek(address, &reader); break;
    case TELL: step->result = (uint64_t)seqread_tell(place, &reader); return;
    }
    step->result = (uint64_t)place;
    memcpy(&step->more, place, sizeof(step->more));
    step->error = transfers;
}
