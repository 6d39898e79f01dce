// Output. The host reads what a DPU prints: dpu_log_read.
#pragma once

#include <stddef.h>

#define EOF (-1)

#ifndef __OPENCL_VERSION__ // which has it built in
int printf(const char *format, ...);
#endif
int puts(const char *text);
int putchar(int c);

#ifdef __dpu__
// What printf becomes: see ir/lower_log.py.
void __dpu_print(const char *format, const unsigned long *args, unsigned long count,
                 unsigned long strings);
#endif
