#include <vmutex.h>

// Sets or clears the bit of one virtual mutex; what it was before.
static bool change(const struct vmutex *mutex, uint16_t id, bool lock) {
    unsigned at = id / 8;
    uint8_t bit = (uint8_t)(1 << id % 8);
    mutex_pool_lock(&mutex->guards, (uint16_t)at);
    uint8_t before = mutex->bits[at];
    mutex->bits[at] = (uint8_t)(lock ? before | bit : before & ~bit);
    mutex_pool_unlock(&mutex->guards, (uint16_t)at);
    return (before & bit) != 0;
}

void vmutex_lock(const struct vmutex *mutex, uint16_t id) {
    while (change(mutex, id, true)) {
    }
}

void vmutex_unlock(const struct vmutex *mutex, uint16_t id) {
    change(mutex, id, false);
}
