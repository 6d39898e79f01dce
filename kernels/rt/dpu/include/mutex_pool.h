// Locks for more things than there are mutexes: things whose numbers agree modulo the size of the
// pool, a power of two, share one. Who holds one must not take another of the same pool.
#pragma once

#include <mutex.h>

struct mutex_pool {
    mutex_id_t hw_mutexes;
    uint8_t hw_mutexes_mask;
};

#define __IS_POWER_OF_2(count) ((count) > 0 && ((count) & ((count) - 1)) == 0)

#define MUTEX_POOL_INIT(name, count)                                                       \
    _Static_assert(__IS_POWER_OF_2(count), "the mutexes of a pool must be a power of 2");  \
    _Static_assert((count) <= 64, "a pool has no more mutexes than there are");            \
    __atomic_bit_t __atomic_bit hw_mutexes_##name[count];                                  \
    struct mutex_pool name = {hw_mutexes_##name, (count) - 1}

static inline void mutex_pool_lock(const struct mutex_pool *pool, uint16_t id) {
    mutex_lock(pool->hw_mutexes + (id & pool->hw_mutexes_mask));
}

static inline void mutex_pool_unlock(const struct mutex_pool *pool, uint16_t id) {
    mutex_unlock(pool->hw_mutexes + (id & pool->hw_mutexes_mask));
}
