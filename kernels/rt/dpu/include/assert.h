// A condition that does not hold is printed, and ends the run (fault 3).
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) \
    ((condition) ? (void)0 : __assert_fail(#condition, __FILE__, __LINE__, __ASSERT_FUNCTION))
#endif

#ifndef __DPU_ASSERT_H
#define __DPU_ASSERT_H
#ifdef __OPENCL_VERSION__
#define __ASSERT_FUNCTION "kernel" // which has no __func__
void __assert_fail(__constant const char *condition, __constant const char *file, unsigned line,
                   __constant const char *function);
#else
#define __ASSERT_FUNCTION __func__
void __assert_fail(const char *condition, const char *file, unsigned line, const char *function);
#ifndef static_assert
#define static_assert _Static_assert
#endif
#endif
#endif
