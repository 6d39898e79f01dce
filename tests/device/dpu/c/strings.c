// A small formatter and parser of numbers, of no library's making.
static char line[64];
static char *put(char *to, const char *s) { while ((*to = *s++)) to++; return to; }
static char *number(char *to, long n, unsigned base) {
    char digits[24], *d = digits + sizeof digits;
    unsigned long u = n < 0 ? -(unsigned long)n : (unsigned long)n;
    *--d = 0;
    do *--d = "0123456789abcdef"[u % base]; while (u /= base);
    if (n < 0) *--d = '-';
    return put(to, d);
}
static int parse(const char **s) {
    int sign = **s == '-' ? (++*s, -1) : 1, n = 0;
    while (**s >= '0' && **s <= '9') n = n * 10 + *(*s)++ - '0';
    return sign * n;
}
static int expression(const char **s);
static int factor(const char **s) {
    if (**s != '(') return parse(s);
    ++*s;
    int v = expression(s);
    ++*s;
    return v;
}
static int term(const char **s) {
    int v = factor(s);
    while (**s == '*' || **s == '/') { char op = *(*s)++; int w = factor(s); v = op == '*' ? v * w : w ? v / w : 0; }
    return v;
}
static int expression(const char **s) {
    int v = term(s);
    for (;;) switch (**s) {
    case '+': ++*s, v += term(s); break;
    case '-': ++*s, v -= term(s); break;
    default: return v;
    }
}
static float root(float x) { float r = x; for (int i = 0; i < 20; i++) r = 0.5f * (r + x / r); return r; }
int main(void) {
    const char *tests[] = {"1+2*3", "(1+2)*3-4/2", "-7*(3-10)", "((2))*((3)+4)*5", 0};
    int hash = (int)(root(2.0f) * 1000) + (int)(root(144) * 10);
    for (const char **t = tests; *t; t++) {
        const char *at = *t;
        char *end = number(put(number(put(line, "v="), expression(&at), 10), ":"), at - *t, 16);
        for (char *c = line; c < end; c++) hash = hash * 31 + *c;
    }
    number(line, -9223372036854775807l - 1, 10);
    for (char *c = line; *c; c++) hash = hash * 31 + *c;
    return (hash ^ hash >> 8 ^ hash >> 16 ^ hash >> 24) & 0xff;
}
