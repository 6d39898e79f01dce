// Virtual mutexes: any number of them, a bit of WRAM each. A mutex of a small pool guards the
// byte that the bit is in, for as long as the bit changes.
#pragma once

#include <mutex_pool.h>

struct vmutex {
    uint8_t *bits;
    struct mutex_pool guards;
};

#define VMUTEX_INIT(name, count, nb_mutexes)                                                    \
    _Static_assert((count) > 0 && (count) % 8 == 0, "virtual mutexes come by multiples of 8");  \
    _Static_assert(__IS_POWER_OF_2(nb_mutexes), "the mutexes of a pool must be a power of 2");  \
    _Static_assert((nb_mutexes) <= 64, "a pool has no more mutexes than there are");            \
    __atomic_bit_t __atomic_bit hw_mutexes_##name[nb_mutexes];                                  \
    uint8_t vmutex_##name[(count) / 8];                                                         \
    struct vmutex name = {vmutex_##name, {hw_mutexes_##name, (nb_mutexes) - 1}}

// The caller tries again and again: no tasklet sleeps for one.
void vmutex_lock(const struct vmutex *mutex, uint16_t id) __attribute__((blocking));
void vmutex_unlock(const struct vmutex *mutex, uint16_t id);
