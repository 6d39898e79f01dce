// The memory functions that LLVM calls for struct copies and cleared arrays. Plain C functions:
// private pointers reach everything, since the address spaces are one on the device.

// Words where both ends can be word-aligned together, bytes otherwise.
static bool in_step(const void *a, const void *b) {
    return (((ulong)a ^ (ulong)b) & 7) == 0;
}

void *memcpy(void *to, const void *from, ulong size) {
    char *t = (char *)to;
    const char *f = (const char *)from;
    if (in_step(to, from)) {
        for (; size && ((ulong)t & 7); size--)
            *t++ = *f++;
        for (; size >= 8; size -= 8, t += 8, f += 8)
            *(ulong *)t = *(const ulong *)f;
    }
    for (; size; size--)
        *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, ulong size) {
    if ((ulong)to - (ulong)from >= size) // also when `to` lies below: then forward is right
        return memcpy(to, from, size);
    char *t = (char *)to + size;
    const char *f = (const char *)from + size;
    if (in_step(to, from)) {
        for (; size && ((ulong)t & 7); size--)
            *--t = *--f;
        for (; size >= 8; size -= 8) {
            t -= 8;
            f -= 8;
            *(ulong *)t = *(const ulong *)f;
        }
    }
    for (; size; size--)
        *--t = *--f;
    return to;
}

void *memset(void *to, int value, ulong size) {
    char *t = (char *)to;
    ulong word = (ulong)(uchar)value * 0x0101010101010101ul;
    for (; size && ((ulong)t & 7); size--)
        *t++ = (char)value;
    for (; size >= 8; size -= 8, t += 8)
        *(ulong *)t = word;
    for (; size; size--)
        *t++ = (char)value;
    return to;
}

int memcmp(const void *left, const void *right, ulong size) {
    const uchar *a = (const uchar *)left;
    const uchar *b = (const uchar *)right;
    for (; size; size--, a++, b++)
        if (*a != *b)
            return *a < *b ? -1 : 1;
    return 0;
}
