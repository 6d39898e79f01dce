// OpenCL C has these types without a header.
#pragma once

#ifndef __OPENCL_VERSION__
typedef unsigned long size_t;
typedef long ptrdiff_t;
typedef int wchar_t;
typedef struct {
    _Alignas(16) long long __a;
} max_align_t;
#endif

#ifndef NULL
#define NULL ((void *)0)
#endif

#undef offsetof
#define offsetof(type, member) ((size_t)&((type *)0)->member)
