// MRAM through DMA: what ordinary accesses to MRAM variables become, and transfers of any bytes.
//
// DMA moves whole 8-byte words. What is smaller goes through a word in the frame of the function:
// read, change, write back; two tasklets may do so at once, and one change is lost, unless they
// come by the functions that lock the word.
#include <dpu_primitives.h>
#include <mram.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORD 8u
#define PIECE 256u // bytes that copies from MRAM to MRAM have room for

typedef union {
    uint64_t word;
    uint8_t bytes[WORD];
} slot;

static unsigned in_word(uintptr_t addr) {
    return (unsigned)addr & (WORD - 1);
}

static void get_word(slot *s, uintptr_t from) {
    __dpu_ldma((const __mram_ptr void *)(from - in_word(from)), s, WORD);
}

static void put_word(const slot *s, uintptr_t to) {
    __dpu_sdma(s, (__mram_ptr void *)(to - in_word(to)), WORD);
}

// -- single objects, aligned as their types are ---------------------------------------------------

uint8_t __mram_load8(const __mram_ptr void *from) {
    slot s;
    get_word(&s, (uintptr_t)from);
    return s.bytes[in_word((uintptr_t)from)];
}

uint16_t __mram_load16(const __mram_ptr void *from) {
    slot s;
    get_word(&s, (uintptr_t)from);
    return (uint16_t)(s.word >> 8 * in_word((uintptr_t)from & ~1ul));
}

uint32_t __mram_load32(const __mram_ptr void *from) {
    slot s;
    get_word(&s, (uintptr_t)from);
    return (uint32_t)(s.word >> 8 * in_word((uintptr_t)from & ~3ul));
}

uint64_t __mram_load64(const __mram_ptr void *from) {
    slot s;
    get_word(&s, (uintptr_t)from);
    return s.word;
}

// The bytes of `mask`, shifted into place.
static void change_word(uintptr_t to, uint64_t value, uint64_t mask, unsigned at) {
    slot s;
    get_word(&s, to);
    s.word = (s.word & ~(mask << 8 * at)) | value << 8 * at;
    put_word(&s, to);
}

void __mram_store8(__mram_ptr void *to, uint8_t value) {
    change_word((uintptr_t)to, value, 0xff, in_word((uintptr_t)to));
}

void __mram_store16(__mram_ptr void *to, uint16_t value) {
    change_word((uintptr_t)to, value, 0xffff, in_word((uintptr_t)to & ~1ul));
}

void __mram_store32(__mram_ptr void *to, uint32_t value) {
    change_word((uintptr_t)to, value, 0xffffffff, in_word((uintptr_t)to & ~3ul));
}

void __mram_store64(__mram_ptr void *to, uint64_t value) {
    slot s = {value};
    put_word(&s, (uintptr_t)to);
}

// -- any bytes ------------------------------------------------------------------------------------

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

// Whether whole words can go by one DMA: both ends are at words. If so, how many bytes.
static unsigned direct(uintptr_t wram, uintptr_t mram, size_t size) {
    if (in_word(wram | mram))
        return 0;
    return (unsigned)least(size, 2048) & ~(WORD - 1);
}

void __mram_to_wram(void *to, const __mram_ptr void *from, size_t size) {
    uint8_t *target = to;
    uintptr_t source = (uintptr_t)from;
    while (size) {
        size_t count = direct((uintptr_t)target, source, size);
        if (count) {
            __dpu_ldma((const __mram_ptr void *)source, target, (unsigned)count);
        } else {
            slot s;
            get_word(&s, source);
            count = least(WORD - in_word(source), size);
            memcpy(target, s.bytes + in_word(source), count);
        }
        target += count;
        source += count;
        size -= count;
    }
}

// Lock: the words that others' bytes share with ours change under their locks.
static void to_mram(const uint8_t *source, uintptr_t target, size_t size, _Bool lock) {
    while (size) {
        size_t count = direct((uintptr_t)source, target, size);
        if (count) {
            __dpu_sdma(source, (__mram_ptr void *)target, (unsigned)count);
        } else {
            slot s;
            count = least(WORD - in_word(target), size);
            _Bool shared = count < WORD;
            if (shared && lock)
                __mram_word_lock((const __mram_ptr void *)target);
            if (shared)
                get_word(&s, target);
            memcpy(s.bytes + in_word(target), source, count);
            put_word(&s, target);
            if (shared && lock)
                __mram_word_unlock((const __mram_ptr void *)target);
        }
        source += count;
        target += count;
        size -= count;
    }
}

void __wram_to_mram(__mram_ptr void *to, const void *from, size_t size) {
    to_mram(from, (uintptr_t)to, size, 0);
}

// As memmove: the ranges may overlap.
void __mram_to_mram(__mram_ptr void *to, const __mram_ptr void *from, size_t size) {
    uint64_t room[PIECE / WORD];
    uintptr_t target = (uintptr_t)to, source = (uintptr_t)from;
    _Bool backwards = target - source < size;
    for (size_t done = 0; done < size;) {
        size_t count = least(PIECE, size - done);
        size_t at = backwards ? size - done - count : done;
        __mram_to_wram(room, (const __mram_ptr void *)(source + at), count);
        __wram_to_mram((__mram_ptr void *)(target + at), room, count);
        done += count;
    }
}

void __mram_set(__mram_ptr void *to, int byte, size_t size) {
    uint64_t room[PIECE / WORD];
    memset(room, byte, least(PIECE, size));
    uintptr_t target = (uintptr_t)to;
    while (size) {
        // Up to a word's end first: from there on whole words go at once.
        size_t count = least(in_word(target) ? WORD - in_word(target) : PIECE, size);
        __wram_to_mram((__mram_ptr void *)target, room, count);
        target += count;
        size -= count;
    }
}

// -- words that tasklets share --------------------------------------------------------------------

static unsigned lock_of(const __mram_ptr void *word) {
    return __DPU_LOCK_WORDS + (unsigned)((uintptr_t)word / WORD % __DPU_WORD_LOCKS);
}

void __mram_word_lock(const __mram_ptr void *word) {
    __dpu_acquire(lock_of(word));
}

void __mram_word_unlock(const __mram_ptr void *word) {
    __dpu_clear(lock_of(word));
}

void mram_write_int_atomic(__mram_ptr int *dest, int value) {
    __mram_word_lock(dest);
    __mram_store32(dest, (uint32_t)value);
    __mram_word_unlock(dest);
}

void mram_write_byte_atomic(__mram_ptr unsigned char *dest, unsigned char value) {
    __mram_word_lock(dest);
    __mram_store8(dest, value);
    __mram_word_unlock(dest);
}

void *mram_read_unaligned(const __mram_ptr void *from, void *buffer, unsigned nb_of_bytes) {
    unsigned before = in_word((uintptr_t)from);
    unsigned size = (before + nb_of_bytes + WORD - 1) & ~(WORD - 1);
    if (nb_of_bytes)
        __mram_to_wram(buffer, (const __mram_ptr void *)((uintptr_t)from - before), size);
    return (char *)buffer + before;
}

void mram_write_unaligned(const void *from, __mram_ptr void *dest, unsigned nb_of_bytes) {
    if (in_word((uintptr_t)from ^ (uintptr_t)dest))
        __dpu_fault(DPU_FAULT_UNALIGNED_WRITE);
    to_mram(from, (uintptr_t)dest, nb_of_bytes, 1);
}
