// The functions of <string.h>, <stdlib.h> and <ctype.h> over many short strings and all characters:
// lines with digests of what they say. Any C library prints the same.
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 9
#define ROUNDS 60

static uint64_t seed = 1;

static unsigned below(unsigned limit) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % limit;
}

static void random_string(char *to, const char *alphabet) {
    unsigned length = below(LONGEST), letters = (unsigned)strlen(alphabet);
    for (unsigned i = 0; i < length; i++)
        to[i] = alphabet[below(letters)];
    to[length] = 0;
}

static uint64_t digest(uint64_t before, uint64_t value) {
    return (before ^ value) * 1099511628211u;
}

static uint64_t digest_bytes(uint64_t before, const char *bytes, unsigned size) {
    for (unsigned i = 0; i < size; i++)
        before = digest(before, (unsigned char)bytes[i]);
    return before;
}

static int sign(int value) {
    return (value > 0) - (value < 0);
}

// The offset of a pointer into `string`, or -1.
static uint64_t at(const char *string, const char *found) {
    return found ? (uint64_t)(found - string) : UINT64_MAX;
}

static uint64_t compare_all(const char *a, const char *b) {
    unsigned n = below(LONGEST);
    uint64_t value = digest(strlen(a), strnlen(a, n));
    value = digest(value, sign(strcmp(a, b)));
    value = digest(value, sign(strncmp(a, b, n)));
    value = digest(value, sign(memcmp(a, b, n)));
    value = digest(value, at(a, strstr(a, b)));
    value = digest(value, at(a, strpbrk(a, b)));
    value = digest(value, strspn(a, b));
    value = digest(value, strcspn(a, b));
    value = digest(value, at(a, strchr(a, b[0])));
    value = digest(value, at(a, strrchr(a, b[0])));
    return digest(value, at(a, memchr(a, b[0], n)));
}

static uint64_t change_all(const char *a, const char *b) {
    char buffer[4 * LONGEST];
    unsigned n = below(LONGEST);
    memset(buffer, 'z', sizeof(buffer));
    uint64_t value = at(buffer, strcpy(buffer + 1, a));
    value = digest(value, at(buffer, strcat(buffer + 1, b)));
    value = digest(value, at(buffer, strncat(buffer + 1, a, n)));
    value = digest_bytes(value, buffer, sizeof(buffer));
    value = digest(value, at(buffer, strncpy(buffer + 2, b, n)));
    unsigned to = below(4), from = below(4);
    memmove(buffer + to, buffer + from, n);
    return digest_bytes(value, buffer, sizeof(buffer));
}

static uint64_t tokens(char *text, const char *separators) {
    uint64_t value = 0;
    for (char *token = strtok(text, separators); token; token = strtok(NULL, separators))
        value = digest(digest(value, at(text, token)), strlen(token));
    return value;
}

static uint64_t convert(const char *text, int base) {
    char *end;
    errno = 0;
    uint64_t value = digest(0, strtol(text, &end, base));
    value = digest(digest(value, end - text), errno);
    errno = 0;
    value = digest(value, strtoul(text, &end, base));
    return digest(digest(value, end - text), errno);
}

// A bit for each question.
static unsigned kind(int c) {
    int is[] = {isdigit(c), islower(c), isupper(c), isalpha(c), isalnum(c), isxdigit(c), isblank(c),
                isspace(c), isgraph(c), isprint(c), ispunct(c), iscntrl(c)};
    unsigned bits = 0;
    for (unsigned i = 0; i < sizeof(is) / sizeof(is[0]); i++)
        bits |= (is[i] != 0) << i;
    return bits;
}

static const char *const numbers[] = {
    "0", "-1", " \t+42x", "0x1f", "0x", "0xg", "077", "08", "zz", "-", "", " ", "+-1", "1e5",
    "2147483647", "2147483648", "-2147483648", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "18446744073709551616", "-18446744073709551615", "99999999999999999999999", "1010102",
};

int main(void) {
    char a[LONGEST + 1], b[LONGEST + 1];
    for (unsigned i = 0; i < ROUNDS; i++) {
        random_string(a, "ab\xff");
        random_string(b, "ab");
        printf("%u: %" PRIx64, i, compare_all(a, b));
        printf(" %" PRIx64, change_all(a, b));
        random_string(a, "a,;");
        printf(" %" PRIx64 "\n", tokens(a, i % 2 ? ",;" : ";"));
    }
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        printf("%s:", numbers[i]);
        for (int base = 0; base <= 36; base += 2)
            printf(" %" PRIx64, convert(numbers[i], base));
        printf(" %d %d\n", atoi("12"), atoi(" -7 "));
    }
    for (unsigned i = 0; i < 64; i++) {
        unsigned long long bits = 0x8000100100008001u >> i;
        printf("%d %d ", __builtin_popcount((unsigned)bits), __builtin_popcountl(bits));
        printf("%d %d ", __builtin_clz((unsigned)bits | 1), __builtin_clzl(bits | 1));
        printf("%d %d\n", __builtin_ctz((unsigned)bits | 1u << 31), __builtin_ctzll(bits | 1ull << i));
    }
    for (int c = -1; c < 256; c++)
        printf("%x %d %d%c", kind(c), tolower(c), toupper(c), c % 8 ? ' ' : '\n');
    printf("%d %ld %lld\n", abs(-3), labs(LONG_MIN + 1), llabs(-5));
    return 0;
}
