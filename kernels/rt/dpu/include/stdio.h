// Output. The host reads what a DPU prints: dpu_log_read. Strings are in WRAM. It is the host that
// puts numbers into words, so that printf does not know how much it prints: its result is 0.
#pragma once

#include <stddef.h>

#define EOF (-1)

#ifdef __OPENCL_VERSION__ // which has printf built in, and its literals in constant memory
#define puts(text) printf("%s\n", text)
#define putchar(c) printf("%c", c)
#else
int printf(const char *format, ...);
int puts(const char *text);
int putchar(int c);
#endif

#ifdef __dpu__
// What printf becomes: see ir/lower_log.py.
void __dpu_print(const char *format, const unsigned long *args, unsigned long count,
                 unsigned long strings);
#endif
