// What <string.h> declares, save what kernels/rt/mem.cl has.
#include "state.h"

#include <stdbool.h>
#include <string.h>

void *memchr(const void *bytes, int value, size_t size) {
    const unsigned char *at = bytes;
    for (; size; size--, at++)
        if (*at == (unsigned char)value)
            return (void *)at;
    return NULL;
}

size_t strlen(const char *string) {
    const char *at = string;
    while (*at)
        at++;
    return at - string;
}

size_t strnlen(const char *string, size_t size) {
    size_t length = 0;
    while (length < size && string[length])
        length++;
    return length;
}

int strncmp(const char *left, const char *right, size_t size) {
    for (; size; size--, left++, right++) {
        if (*left != *right)
            return (unsigned char)*left < (unsigned char)*right ? -1 : 1;
        if (!*left)
            break;
    }
    return 0;
}

int strcmp(const char *left, const char *right) {
    return strncmp(left, right, SIZE_MAX);
}

char *strcpy(char *restrict to, const char *restrict from) {
    char *at = to;
    while ((*at++ = *from++))
        ;
    return to;
}

char *strncpy(char *restrict to, const char *restrict from, size_t size) {
    size_t length = strnlen(from, size);
    memcpy(to, from, length);
    memset(to + length, 0, size - length);
    return to;
}

char *strcat(char *restrict to, const char *restrict from) {
    strcpy(to + strlen(to), from);
    return to;
}

char *strncat(char *restrict to, const char *restrict from, size_t size) {
    char *end = to + strlen(to);
    size_t length = strnlen(from, size);
    memcpy(end, from, length);
    end[length] = 0;
    return to;
}

char *strchr(const char *string, int value) {
    for (; *string != (char)value; string++)
        if (!*string)
            return NULL;
    return (char *)string;
}

char *strrchr(const char *string, int value) {
    const char *found = NULL;
    do {
        if (*string == (char)value)
            found = string;
    } while (*string++);
    return (char *)found;
}

char *strstr(const char *string, const char *part) {
    size_t length = strlen(part);
    for (;; string++) {
        if (!strncmp(string, part, length))
            return (char *)string;
        if (!*string)
            return NULL;
    }
}

// The bytes at the start of `string` that are in `set`, or that are not.
static size_t span(const char *string, const char *set, bool within) {
    const char *at = string;
    while (*at && (strchr(set, *at) != NULL) == within)
        at++;
    return at - string;
}

size_t strspn(const char *string, const char *set) {
    return span(string, set, true);
}

size_t strcspn(const char *string, const char *set) {
    return span(string, set, false);
}

char *strpbrk(const char *string, const char *set) {
    string += strcspn(string, set);
    return *string ? (char *)string : NULL;
}

char *strtok_r(char *restrict string, const char *restrict separators, char **restrict rest) {
    char *token = string ? string : *rest;
    if (!token)
        return NULL;
    token += strspn(token, separators);
    char *end = token + strcspn(token, separators);
    *rest = *end ? end + 1 : NULL;
    *end = 0;
    return end == token ? NULL : token;
}

char *strtok(char *restrict string, const char *restrict separators) {
    return strtok_r(string, separators, &__dpu_state()->token);
}
