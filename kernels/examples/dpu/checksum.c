// The sum of N bytes in MRAM, read one by one as if they were in memory: a sequential reader keeps
// a window of them in WRAM. MRAM begins with N, and ends up beginning with the sum.
//
//     python kernels/examples/dpu/checksum.py
#include <alloc.h>
#include <mram.h>
#include <seqread.h>
#include <stdint.h>

#define BUFFER_SIZE 65544 // N, up to 65536 bytes, and what makes that a multiple of 8

__mram_noinit uint8_t buffer[BUFFER_SIZE];

int main(void) {
    mem_reset();
    seqreader_t reader;
    uint32_t *header = seqread_init(seqread_alloc(), buffer, &reader);
    const uint32_t count = *header;
    uint8_t *byte = seqread_get(header, sizeof *header, &reader);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += *byte;
        byte = seqread_get(byte, 1, &reader);
    }
    // Four bytes of an 8-byte word: it is read, changed and written back.
    *(__mram_ptr uint32_t *)buffer = sum;
    return 0;
}
