// The memory functions that LLVM calls for struct copies and cleared arrays. Plain C functions:
// private pointers reach everything, since the address spaces are one on the device.
// VECTORS: the architecture has them, and the vectoriser makes the most of loops over bytes.

// Words where both ends can be word-aligned together, bytes otherwise.
static bool in_step(const void *a, const void *b) {
    return (((ulong)a ^ (ulong)b) & 7) == 0;
}

// First things first: right where `to` is inside of what is copied, but not behind its start.
static void *copy_upwards(void *to, const void *from, ulong size) {
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

void *memcpy(void *restrict to, const void *restrict from, ulong size) {
#ifdef VECTORS
    for (ulong i = 0; i < size; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
#else
    return copy_upwards(to, from, size);
#endif
}

void *memmove(void *to, const void *from, ulong size) {
    if ((ulong)to - (ulong)from >= size && (ulong)from - (ulong)to >= size)
        return memcpy(to, from, size);
    if ((ulong)to < (ulong)from)
        return copy_upwards(to, from, size);
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
#ifdef VECTORS
    for (ulong i = 0; i < size; i++)
        t[i] = (char)value;
#else
    ulong word = (ulong)(uchar)value * 0x0101010101010101ul;
    for (; size && ((ulong)t & 7); size--)
        *t++ = (char)value;
    for (; size >= 8; size -= 8, t += 8)
        *(ulong *)t = word;
    for (; size; size--)
        *t++ = (char)value;
#endif
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
