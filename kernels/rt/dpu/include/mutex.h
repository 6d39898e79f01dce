// Mutual exclusion: one tasklet at a time has a mutex. Any may give it back, and none may take
// one again that it has.
#pragma once

#include <atomic_bit.h>

typedef __atomic_bit_t *mutex_id_t;

#define MUTEX_INIT(name)   \
    ATOMIC_BIT_INIT(name); \
    const mutex_id_t name = &ATOMIC_BIT_GET(name)
#define MUTEX_GET(name) (&ATOMIC_BIT_GET(name))

static inline void mutex_lock(mutex_id_t mutex) {
    __atomic_bit_acquire(mutex);
}

// Whether it was free, and is now the caller's.
static inline bool mutex_trylock(mutex_id_t mutex) {
    return __atomic_bit_try(mutex);
}

static inline void mutex_unlock(mutex_id_t mutex) {
    __atomic_bit_release(mutex);
}
