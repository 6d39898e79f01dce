// printf: what is to be printed goes to MRAM; the host puts it into words (device/dpu/log.py).
//
// A record: the format's address and, in the high half, the bytes of the record; which words are
// strings; the words; the strings, each filled up to whole words. Of a string, its first word is
// here what it has of bytes, NO_STRING for a null pointer.
#ifdef __dpu__ // other devices print themselves
#include <attributes.h>
#include <dpu_primitives.h>
#include <stdint.h>
#include <stdio.h>

#define LOG_BYTES (1u << 20)
#define NO_STRING (~0ul)

__mram_noinit uint64_t __dpu_log[LOG_BYTES / 8];
// Since the launch began. `.bss.launch` is zero at the begin of each.
__attribute__((used, section(".bss.launch"))) uint64_t __dpu_log_used;

static unsigned long length(const char *text, unsigned long limit) {
    unsigned long size = 0;
    while (size < limit && text[size])
        size++;
    return size;
}

static unsigned long padded(unsigned long size) {
    return (size + 7) & ~7ul;
}

static unsigned long put(unsigned long at, unsigned long word) {
    uint64_t piece = word;
    __dpu_sdma(&piece, (__mram_ptr char *)__dpu_log + at, sizeof piece);
    return at + sizeof piece;
}

static unsigned long put_text(unsigned long at, const char *text, unsigned long size) {
    for (unsigned long i = 0; i < size; i += 8) {
        unsigned long word = 0;
        for (unsigned long j = i; j < i + 8 && j < size; j++)
            word |= (unsigned long)(uint8_t)text[j] << (j - i) * 8;
        at = put(at, word);
    }
    return at;
}

void __dpu_print(const char *format, const unsigned long *args, unsigned long count,
                 unsigned long strings) {
    unsigned long size = (2 + count) * 8;
    for (unsigned long i = 0; i < count; i++)
        if (strings >> i & 1 && args[i])
            size += padded(length((const char *)args[i], args[i + 1]));
    __dpu_acquire(__DPU_LOCK_PRINT);
    unsigned long at = __dpu_log_used;
    if (size > LOG_BYTES - at)
        __dpu_fault(DPU_FAULT_PRINTF_OVERFLOW);
    __dpu_log_used = at + size;
    at = put(at, (unsigned long)format | size << 32);
    at = put(at, strings);
    for (unsigned long i = 0; i < count; i++) {
        unsigned long word = args[i];
        if (strings >> i & 1)
            word = word ? length((const char *)word, args[i + 1]) : NO_STRING;
        at = put(at, word);
    }
    for (unsigned long i = 0; i < count; i++)
        if (strings >> i & 1 && args[i])
            at = put_text(at, (const char *)args[i], length((const char *)args[i], args[i + 1]));
    __dpu_clear(__DPU_LOCK_PRINT);
}
#endif
