// What the library needs of a device, on RefSi harts: locks and sleep by atomic words, DMA by the
// engine of the hart. Harts take turns, so that to spin is right, if slow.
#include "../../m1_dma.h"
#include "../state.h"

#include <atomic_bit.h>

// The execution state that a launcher leaves at the bottom of each hart's stack (ir/abi.py).
typedef struct {
    uint before[42];
    uint magic;
    uint size;
    uint flags;
    uint after[3];
} exec_state;

#define MAGIC 0x69536552

// Where stacks are: of an M1, of a G1.
#define M1_STACK 0x14000000ul
#define G1_STACK 0x20800000ul

static void fence(void) {
    atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE, memory_order_seq_cst,
                           memory_scope_device);
}

// -- stacks and heaps -----------------------------------------------------------------------------

extern char __dpu_arenas[], __dpu_arenas_end[]; // one after another, see hart.S
#define ARENA_BYTES 0x10000

static struct dpu_state states[__DPU_MAX_TASKLETS];

struct dpu_state *__dpu_state(void) {
    return &states[me()];
}

// Of a hart for which there is no arena, the heap is empty.
static char *arena(uint hart) {
    ulong at = (ulong)__dpu_arenas + (ulong)hart * ARENA_BYTES;
    return (char *)min(at, (ulong)__dpu_arenas_end);
}

char *__dpu_heap_start(void) {
    return arena(me());
}

char *__dpu_heap_end(void) {
    return arena(me() + 1);
}

static const exec_state *state_of_hart(void) {
    char here;
    ulong base = (ulong)&here < G1_STACK ? M1_STACK : G1_STACK;
    return (const exec_state *)base;
}

long __dpu_stack_left(void) {
    char here;
    return (long)&here - (long)(state_of_hart() + 1);
}

// -- transfers ------------------------------------------------------------------------------------

static void transfer(ulong to, ulong from, uint size) {
    const exec_state *state = state_of_hart();
    if (state->magic == MAGIC && (state->flags & HAS_DMA)) {
        fence();
        DMA[DST_ADDR] = to;
        DMA[SRC_ADDR] = from;
        DMA[XFER_SIZE0] = size;
        DMA[CTRL] = START_1D;
        DMA[DONE_SEQ] = DMA[START_SEQ];
        fence();
        return;
    }
    for (uint i = 0; i < size; i++)
        ((char *)to)[i] = ((const char *)from)[i];
}

void __dpu_ldma(const __mram_ptr void *from, void *to, unsigned size) {
    transfer((ulong)to, (ulong)from, size);
}

void __dpu_sdma(const void *from, __mram_ptr void *to, unsigned size) {
    transfer((ulong)to, (ulong)from, size);
}

// -- locks and sleep ------------------------------------------------------------------------------

static uint locks[256];
static uint resumed[__DPU_MAX_TASKLETS];

static uint exchange(uint *word, uint value) {
    fence();
    uint before = atomic_xchg((volatile global uint *)(ulong)word, value);
    fence();
    return before;
}

int __dpu_tas(unsigned bit) {
    return (int)exchange(&locks[bit & 255], 1);
}

void __dpu_clear(unsigned bit) {
    exchange(&locks[bit & 255], 0);
}

void __dpu_acquire(unsigned bit) {
    while (exchange(&locks[bit & 255], 1)) {
    }
}

void __dpu_stop(void) {
    while (!exchange(&resumed[me()], 0)) {
    }
}

void __dpu_resume(unsigned tasklet) {
    exchange(&resumed[tasklet], 1);
}

void __atomic_bit_acquire(__atomic_bit_t *bit) {
    while (exchange(bit, 1)) {
    }
}

bool __atomic_bit_try(__atomic_bit_t *bit) {
    return !exchange(bit, 1);
}

void __atomic_bit_release(__atomic_bit_t *bit) {
    exchange(bit, 0);
}
