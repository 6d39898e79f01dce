// Numbers, as C has them. abort() is fault 4; rand() is one sequence for all tasklets of a DPU.
#pragma once

#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 2147483647

long labs(long value);

int atoi(const char *string);
long atol(const char *string);
long strtol(const char *restrict string, char **restrict end, int base);
unsigned long strtoul(const char *restrict string, char **restrict end, int base);

int rand(void);
void srand(unsigned seed);

#ifndef __OPENCL_VERSION__ // which has abs(), and no long long
int abs(int value);
long long llabs(long long value);
long long atoll(const char *string);
long long strtoll(const char *restrict string, char **restrict end, int base);
unsigned long long strtoull(const char *restrict string, char **restrict end, int base);
#endif

void abort(void) __attribute__((__noreturn__));
