// What <stdlib.h> declares.
#include "state.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

int abs(int value) {
    return value < 0 ? -value : value;
}

long labs(long value) {
    return value < 0 ? -value : value;
}

long long llabs(long long value) {
    return value < 0 ? -value : value;
}

// The digit's value, or one that no base has.
static unsigned digit_value(char c) {
    if (isdigit(c))
        return c - '0';
    c |= 'a' - 'A';
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 36;
}

struct number {
    unsigned long magnitude; // ULONG_MAX where `overflows`
    bool negative;
    bool overflows;
};

static struct number scan(const char *restrict string, char **restrict end, unsigned base) {
    struct number result = {0, false, false};
    const char *at = string;
    const char *last = string; // nothing is read where no number is
    while (isspace(*at))
        at++;
    if (*at == '-' || *at == '+')
        result.negative = *at++ == '-';
    if ((base == 0 || base == 16) && at[0] == '0' && (at[1] | 0x20) == 'x' &&
        digit_value(at[2]) < 16) {
        at += 2;
        base = 16;
    }
    if (base == 0)
        base = *at == '0' ? 8 : 10;
    if (base < 2 || base > 36)
        errno = EINVAL;
    for (unsigned digit; (digit = digit_value(*at)) < base && base <= 36; last = at) {
        at++;
        if (result.magnitude > (ULONG_MAX - digit) / base)
            result.overflows = true;
        result.magnitude = result.magnitude * base + digit;
    }
    if (result.overflows)
        result.magnitude = ULONG_MAX;
    if (end)
        *end = (char *)last;
    return result;
}

unsigned long strtoul(const char *restrict string, char **restrict end, int base) {
    struct number number = scan(string, end, base);
    if (number.overflows) {
        errno = ERANGE;
        return ULONG_MAX;
    }
    return number.negative ? -number.magnitude : number.magnitude;
}

long strtol(const char *restrict string, char **restrict end, int base) {
    struct number number = scan(string, end, base);
    unsigned long limit = (unsigned long)LONG_MAX + number.negative;
    if (number.magnitude > limit) {
        errno = ERANGE;
        return number.negative ? LONG_MIN : LONG_MAX;
    }
    return number.negative ? -number.magnitude : number.magnitude;
}

long long strtoll(const char *restrict string, char **restrict end, int base) {
    return strtol(string, end, base);
}

unsigned long long strtoull(const char *restrict string, char **restrict end, int base) {
    return strtoul(string, end, base);
}

int atoi(const char *string) {
    return strtol(string, NULL, 10);
}

long atol(const char *string) {
    return strtol(string, NULL, 10);
}

long long atoll(const char *string) {
    return strtol(string, NULL, 10);
}

// A linear congruential sequence with the full period of 2^64 (Knuth's MMIX constants).
int rand(void) {
    uint64_t *random = &__dpu_state()->random;
    *random = *random * 6364136223846793005ul + 1442695040888963407ul;
    return *random >> 33;
}

void srand(unsigned seed) {
    __dpu_state()->random = seed;
}

void abort(void) {
    __dpu_fault(DPU_FAULT_HALT);
}
