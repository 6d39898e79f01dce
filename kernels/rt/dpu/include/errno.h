// What was wrong with the last call that says so; numbers as Linux has them. On the DPU all
// tasklets share one errno.
#pragma once

int *__errno_location(void);
#define errno (*__errno_location())

#define EPERM 1
#define ENOENT 2
#define EIO 5
#define EAGAIN 11
#define ENOMEM 12
#define EFAULT 14
#define EBUSY 16
#define EINVAL 22
#define EDOM 33
#define ERANGE 34
#define EDEADLK 35
#define EALREADY 114
