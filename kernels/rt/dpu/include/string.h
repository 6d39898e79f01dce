// Strings and bytes, as C has them.
#pragma once

#include <stddef.h>

#ifdef __OPENCL_VERSION__ // where a function of such a name is the program's own
#define memcpy __dpu_memcpy
#define memmove __dpu_memmove
#define memset __dpu_memset
#define memcmp __dpu_memcmp
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
void *memchr(const void *bytes, int value, size_t size);

size_t strlen(const char *string);
size_t strnlen(const char *string, size_t size);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t size);
char *strcpy(char *restrict to, const char *restrict from);
char *strncpy(char *restrict to, const char *restrict from, size_t size);
char *strcat(char *restrict to, const char *restrict from);
char *strncat(char *restrict to, const char *restrict from, size_t size);
char *strchr(const char *string, int value);
char *strrchr(const char *string, int value);
char *strstr(const char *string, const char *part);
char *strpbrk(const char *string, const char *set);
size_t strspn(const char *string, const char *set);
size_t strcspn(const char *string, const char *set);
char *strtok(char *restrict string, const char *restrict separators);
char *strtok_r(char *restrict string, const char *restrict separators, char **restrict rest);
