// Sorting through a pointer to the comparison, of ints and of structs.
typedef int compare(const void *, const void *);
typedef struct { short key; char tag[6]; } record;
static unsigned long seed = 12345;
static unsigned next(void) { return (unsigned)((seed = seed * 6364136223846793005ul + 1442695040888963407ul) >> 33); }

static void swap(char *a, char *b, unsigned long size) {
    while (size--) { char t = *a; *a++ = *b; *b++ = t; }
}
static void sort(void *base, unsigned long count, unsigned long size, compare *order) {
    char *first = base;
    if (count < 2) return;
    swap(first, first + count / 2 * size, size);
    unsigned long last = 0;
    for (unsigned long i = 1; i < count; i++)
        if ((*order)(first + i * size, first) < 0) swap(first + ++last * size, first + i * size, size);
    swap(first, first + last * size, size);
    sort(first, last, size, order);
    sort(first + (last + 1) * size, count - last - 1, size, order);
}
static int ints(const void *a, const void *b) { int x = *(const int *)a, y = *(const int *)b; return (x > y) - (x < y); }
static int reverse(const void *a, const void *b) { return ints(b, a); }
static int records(const void *a, const void *b) { return ((const record *)a)->key - ((const record *)b)->key; }
static compare *const orders[] = {ints, &reverse};

int main(void) {
    int values[100], hash = 0;
    record rows[20];
    for (int o = 0; o < 2; o++) {
        for (int i = 0; i < 100; i++) values[i] = (int)next() - (1 << 30);
        sort(values, 100, sizeof *values, orders[o]);
        for (int i = 0; i < 100; i++) hash = hash * 31 + values[i] / (i + 1);
        for (int i = 1; i < 100; i++) hash += orders[o](&values[i - 1], &values[i]) > 0;
    }
    for (int i = 0; i < 20; i++) rows[i] = (record){(short)next(), "row"}, rows[i].tag[3] = 'a' + i;
    sort(rows, sizeof rows / sizeof rows[0], sizeof rows[0], records);
    for (int i = 0; i < 20; i++) hash = hash * 17 + rows[i].key + rows[i].tag[3];
    return (hash ^ hash >> 8 ^ hash >> 16) & 0xff;
}
