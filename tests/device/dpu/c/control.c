// Jumps of every kind, static variables, the comma, short circuits, nested switches.
static int trace(int x) { static int count, sum[4]; sum[count++ % 4] += x; return sum[0] ^ sum[1] << 4 ^ sum[2] << 8 ^ sum[3] << 12; }
static int duff(int *to, const int *from, int count) {
    int n = (count + 3) / 4, moved = 0;
    switch (count % 4) {
    case 0: do { *to++ = *from++; moved++;
    case 3:      *to++ = *from++; moved++;
    case 2:      *to++ = *from++; moved++;
    case 1:      *to++ = *from++; moved++;
            } while (--n > 0);
    }
    return moved;
}
static int machine(const char *s) {
    enum { START, NUMBER, WORD, DONE = -1 } state = START;
    int words = 0, numbers = 0;
again:
    switch (state) {
    case START:
        while (*s == ' ') s++;
        state = !*s ? DONE : *s >= '0' && *s <= '9' ? NUMBER : WORD;
        goto again;
    case NUMBER: numbers++; goto skip;
    case WORD:
        words++;
        /* fall through */
    skip:
        while (*s && *s != ' ') ++s;
        state = START;
        goto again;
    default: break;
    }
    return words * 16 + numbers;
}
static int ranges(int x) {
    switch (x) {
    case -5 ... -1: return 1;
    case 0: case 1: { int y = x; switch (y) { case 0: y = 7; break; default: y = 8; } return y; }
    case 2: x *= 3; /* fall through */
    case 100 ... 200: return x;
    default: for (;;) { if (x > 1000) return 1000; x += x <= 0 ? 1 - x : x; }
    }
}
int main(void) {
    int a[11] = {0}, b[11], hash = 0, i;
    for (i = 0; i < 11; ++i) b[i] = i * i - 20;
    for (int n = 1; n < 12; n++) hash += duff(a, b, n), hash ^= a[n - 1];
    hash += machine("one 2 three 44  five") * 3;
    for (i = -7; i < 300; i += 13) hash = hash * 3 + ranges(i);
    for (i = 0; i < 9; i++) { if (i % 3 == 1) continue; if (i == 8) break; hash ^= trace(i); }
    do hash += (i-- && trace(i) > 5) || i == 3; while (i > 0);
    outer: for (i++; i < 50; i += 5) { for (int j = 0; j < i; j++) if (i * j > 60) goto outer; hash++; }
    return (hash ^ hash >> 8 ^ hash >> 16) & 0xff;
}
