// Tasklets that meet: test_sync.py reads what they count.
#include <barrier.h>
#include <defs.h>
#include <errno.h>
#include <handshake.h>
#include <mram.h>
#include <mutex.h>
#include <mutex_pool.h>
#include <perfcounter.h>
#include <sem.h>
#include <stdint.h>
#include <stdio.h>
#include <vmutex.h>

#define T NR_TASKLETS
#define ROUNDS 100
#define PART static __attribute__((noinline)) void // small units for the simulator

BARRIER_INIT(all, T);
MUTEX_INIT(one);
MUTEX_INIT(other);
MUTEX_POOL_INIT(pool, 4);
VMUTEX_INIT(many, 32, 2);
SEMAPHORE_INIT(token, 0);
SEMAPHORE_INIT(late, -2);
SEMAPHORE_INIT(two, 2);

__host uint32_t mode;
__host uint32_t counter, out_of_phase, by_pool[8], by_vmutex[32], busy, sums[24];
__host uint32_t order[24], ordered, waited, refused, wrong_errno, given, given_before, inside;
__host uint64_t counts[6];
__mram uint8_t bytes[64] = {1, 2, 3};
__mram uint8_t text[128] = "The quick brown fox jumps over the lazy dog, and the dog does not mind.";
__mram_noinit uint8_t copy[128];
__host uint8_t seen[64] __dma_aligned;

static volatile uint32_t round_of[T];

PART barriers(unsigned id) {
    for (unsigned round = 1; round <= ROUNDS; round++) {
        round_of[id] = round;
        barrier_wait(&all);
        for (unsigned i = 0; i < T; i++)
            out_of_phase += round_of[i] != round;
        barrier_wait(&all);
    }
}

PART mutexes(unsigned id) {
    for (unsigned i = 0; i < 1000; i++) {
        mutex_lock(one);
        counter++;
        mutex_unlock(one);
    }
    for (unsigned i = 0; i < 64; i++) {
        mutex_pool_lock(&pool, (uint16_t)(i % 8));
        by_pool[i % 8]++;
        mutex_pool_unlock(&pool, (uint16_t)(i % 8));
        vmutex_lock(&many, (uint16_t)(i % 32));
        by_vmutex[i % 32]++;
        vmutex_unlock(&many, (uint16_t)(i % 32));
    }
    barrier_wait(&all);
    if (id == 0)
        mutex_lock(other);
    barrier_wait(&all);
    if (mutex_trylock(other) == false) {
        mutex_lock(one); // which is another
        busy++;
        mutex_unlock(one);
    }
    barrier_wait(&all);
    if (id == 0)
        mutex_unlock(other);
}

PART handshakes(unsigned id) {
    if (id)
        handshake_wait_for(id - 1);
    sums[id] = (id ? sums[id - 1] : 0) + id + 1;
    if (id < T - 1)
        handshake_notify();
    barrier_wait(&all);
    // Two wait for one.
    if (T > 2 && (id == 1 || id == 2)) {
        int result = handshake_wait_for(0);
        if (result == 0) {
            waited++;
        } else {
            wrong_errno += result != EALREADY || errno != EALREADY;
            ((volatile uint32_t *)&refused)[0]++;
        }
    }
    if (T > 2 && id == 0) {
        while (*(volatile uint32_t *)&refused == 0) {
        }
        handshake_notify();
    }
}

static unsigned in_queue(void) {
    return ((volatile sem_t *)&token)->waiting;
}

PART semaphores(unsigned id) {
    if (id) { // 1 queues up first, then 2, ...
        while (in_queue() != id - 1) {
        }
        sem_take(&token);
        order[ordered] = id;
        ((volatile uint32_t *)&ordered)[0]++;
    } else {
        while (in_queue() != T - 1) {
        }
        for (unsigned i = 0; i < T - 1; i++) {
            sem_give(&token);
            while (*(volatile uint32_t *)&ordered != i + 1) {
            }
        }
    }
    barrier_wait(&all);
    if (T > 3) {
        if (id == 0) {
            sem_take(&late);
            given_before = *(volatile uint32_t *)&given;
        } else {
            mutex_lock(one);
            given++;
            mutex_unlock(one);
            sem_give(&late);
        }
    }
    barrier_wait(&all);
    if (T > 1 && id < 2) { // both come in
        sem_take(&two);
        mutex_lock(one);
        inside++;
        mutex_unlock(one);
        while (*(volatile uint32_t *)&inside != 2) {
        }
        sem_give(&two);
    }
}

static volatile unsigned spun, by;

static void spin(unsigned count) {
    while (count--)
        spun++;
}

PART counting(unsigned id) {
    barrier_wait(&all);
    if (id == 0) {
        perfcounter_config(COUNT_INSTRUCTIONS, true);
        spin(1000);
        counts[0] = perfcounter_get();
        spin(1000);
        counts[1] = perfcounter_config(COUNT_NOTHING, false);
        spin(1000);
        counts[2] = perfcounter_get();
        perfcounter_config(COUNT_INSTRUCTIONS, false);
        spin(1000);
        counts[3] = perfcounter_config(COUNT_SAME, true);
        counts[4] = perfcounter_get();
    }
    barrier_wait(&all);
}

static void add_one(unsigned char *byte, void *by) {
    *byte = (unsigned char)(*byte + *(unsigned char *)by);
}

void __mram_to_mram(__mram_ptr void *to, const __mram_ptr void *from, size_t size);
void __mram_to_wram(void *to, const __mram_ptr void *from, size_t size);
void __mram_set(__mram_ptr void *to, int byte, size_t size);

PART words(unsigned id) {
    unsigned char one_more = 1;
    for (unsigned i = 0; i < 20; i++) // all of them in the same words
        mram_update_byte_atomic(&bytes[id + 8], add_one, &one_more);
    mram_write_byte_atomic(&bytes[id + 32], (unsigned char)(id + 100));
    barrier_wait(&all);
    if (id)
        return;
    __dma_aligned uint8_t room[64];
    for (unsigned i = 0; i < 9; i++) { // text[3 i ...], i bytes
        uint8_t *found = mram_read_unaligned(text + 3 * i, room, i);
        for (unsigned j = 0; j < i; j++)
            seen[i * (i - 1) / 2 + j] = found[j];
    }
    __mram_to_mram(copy, text, 128);
    __mram_to_mram(copy + 5, copy, 30);     // overlapping, upwards
    __mram_to_mram(copy + 61, copy + 64, 40); // and downwards
    __mram_set(copy + 111, '#', 11);
    mram_write_unaligned(seen + 3, copy + 43, 14);
}

int main(void) {
    unsigned id = me();
    switch (mode) {
    case 0:
        barriers(id);
        mutexes(id);
        handshakes(id);
        semaphores(id);
        break;
    case 1: // what prints
        printf("%3d|%-6s|%.2s|%c|%5.2f|%lx|%hhu|%%|%s|%*d\n", -7, "left", "cut", 'c', 2.5,
               0x123456789abcdefUL, 300, id ? "other" : "first", 5, (int)id);
        if (id == 0)
            puts("end");
        break;
    case 2:
        handshake_wait_for(id);
        break;
    case 3:
        halt();
        break;
    case 4:
        while (1)
            printf("%s", "more and more");
    case 5:
        mram_write_unaligned(seen + (id | 1), copy, 8);
        break;
    case 6:
        for (unsigned i = 0; i <= id; i++) // one too many for the count of the barrier
            barrier_wait(&all);
        break;
    case 8:
        return 7 % (int)by;
    case 9:
        mutex_lock(one);
        mutex_lock(one);
        break;
    case 10:
        mutex_pool_lock(&pool, 2);
        mutex_pool_lock(&pool, 6);
        break;
    case 7:
        counting(id);
        words(id);
        break;
    }
    return check_stack() > 500 ? (int)id : -1;
}
