// The library of DPUs under OpenCL kernels: a hart is a tasklet, with a heap of its own in the
// TCDM. HARTS: as many as there are groups.
#include <alloc.h>
#include <barrier.h>
#include <defs.h>
#include <errno.h>
#include <handshake.h>
#include <mram.h>
#include <mutex.h>
#include <mutex_pool.h>
#include <perfcounter.h>
#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <sem.h>
#include <seqread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmutex.h>

#define ALONE __attribute__((reqd_work_group_size(1, 1, 1)))

BARRIER_INIT(all, HARTS);
MUTEX_INIT(one);
MUTEX_POOL_INIT(pool, 2);
VMUTEX_INIT(many, 8, 2);
SEMAPHORE_INIT(token, 0);
uint counter, wrong, inside, round_of[HARTS], sums[HARTS], by_vmutex[8];

// out: of each hart 8 words. in: of each hart 64.
ALONE kernel void meet(global uint *out, const global uint *in) {
    uint id = me();
    for (uint round = 0; round < 20; round++) {
        round_of[id] = round;
        barrier_wait(&all);
        for (uint i = 0; i < HARTS; i++)
            wrong += round_of[i] != round;
        barrier_wait(&all);
    }
    for (uint i = 0; i < 100; i++) {
        mutex_lock(one);
        counter++;
        mutex_unlock(one);
        vmutex_lock(&many, i % 8);
        by_vmutex[i % 8]++;
        vmutex_unlock(&many, i % 8);
    }
    if (id)
        handshake_wait_for(id - 1);
    sums[id] = (id ? sums[id - 1] : 0) + id + 1;
    if (id < HARTS - 1)
        handshake_notify();
    if (id) { // the first lets the others go on
        sem_take(&token);
    } else {
        for (uint i = 1; i < HARTS; i++)
            sem_give(&token);
    }
    char *heap = mem_reset();
    uint *a = mem_alloc(256), *b = mem_alloc(30);
    perfcounter_config(COUNT_INSTRUCTIONS, true);
    mram_read(in + 64 * id, a, 256);
    for (int i = 0; i < 64; i++)
        b[0] = (i ? b[0] : 0) + a[i];
    bool counted = perfcounter_get() >= 64;
    b[1] = sums[id];
    b[2] = (uint)((char *)b - (char *)a);
    b[3] = wrong;
    b[4] = counted && check_stack() > 4096 && (char *)a == heap;
    b[5] = (uint)(uintptr_t)a;
    b[6] = by_vmutex[id];
    barrier_wait(&all);
    b[7] = counter;
    mram_write(b, out + 8 * id, 32);
}

// What does not wait is for any kernel; blocks come back, the last first.
kernel void blocks(global int *out) {
    mem_reset();
    fsb_allocator_t allocator = fsb_alloc(12, 3);
    char *first = fsb_get(allocator), *second = fsb_get(allocator);
    fsb_free(allocator, first);
    out[0] = (int)(second - first);
    out[1] = fsb_get(allocator) == first;
    buddy_init(1024);
    out[2] = buddy_alloc(2000) == 0 && errno == EINVAL;
    puts("done");
}

kernel void checksum(global uint *out, const global uchar *in, uint count) {
    mem_reset();
    seqreader_t reader;
    uchar *at = seqread_init(seqread_alloc(), (__mram_ptr void *)(in + 500), &reader);
    uint sum = 0;
    for (uint i = 0; i < count; i++) {
        sum += *at;
        at = seqread_get(at, 1, &reader);
    }
    assert(count == INT_MAX || sum >= in[500]);
    memcpy(out, &sum, sizeof sum);
    printf("%" PRIu32 "\n", sum);
}

kernel void full(void) {
    mem_reset();
    mem_alloc(60000);
    mem_alloc(6000);
}
