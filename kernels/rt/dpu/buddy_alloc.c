// The buddy heap: a tree of blocks, each half of its parent, with one bit a block in front of the
// arena and nothing in the blocks themselves. A bit is 0 for a block that is handed out or split,
// else 1. So of two siblings
//     1 1   neither is in use by itself: the parent tells
//     1 0   the 1 is a free block of this very size
//     0 0   both are in use
// and a 0 whose children are both 1 is a block handed out, else a split one.
//
// Word 0 of the tree holds levels 0 (the whole heap) to 4, each below the one before it, level 0 at
// bit 30. Level k >= 5 begins at word 2^(k-5). Node i of a level is bit i of its field.
#include "state.h"

#include <buddy_alloc.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

// As documented. The runtime that DPU programs know is built with 4 and has no maximum.
#ifndef BUDDY_MIN_LOG2
#define BUDDY_MIN_LOG2 5
#endif
#ifndef BUDDY_MAX_LOG2
#define BUDDY_MAX_LOG2 12
#endif

#define WORD_LEVELS 5 // the levels that share word 0

static void *failed(int error) {
    errno = error;
    return 0;
}

static unsigned leaf_level(void) {
    return __dpu_state()->buddy_size_log2 - BUDDY_MIN_LOG2;
}

static unsigned long heap_size(void) {
    const struct dpu_state *state = __dpu_state();
    return state->buddy_tree ? 1ul << state->buddy_size_log2 : 0;
}

static unsigned tree_words(unsigned size_log2) {
    unsigned levels = size_log2 - BUDDY_MIN_LOG2 + 1;
    return levels > WORD_LEVELS ? 1u << (levels - WORD_LEVELS) : 1;
}

// Where the field of a level begins in its first word, and the words from there.
static unsigned field_shift(unsigned level) {
    return level < WORD_LEVELS ? 32 - (2u << level) : 0;
}

static uint32_t *field_words(unsigned level) {
    uint32_t *tree = __dpu_state()->buddy_tree;
    return level < WORD_LEVELS ? tree : tree + (1u << (level - WORD_LEVELS));
}

static bool is_set(unsigned level, unsigned node) {
    unsigned bit = node + field_shift(level);
    return field_words(level)[bit / 32] >> (bit % 32) & 1;
}

static void set(unsigned level, unsigned node) {
    unsigned bit = node + field_shift(level);
    field_words(level)[bit / 32] |= 1u << (bit % 32);
}

static void clear(unsigned level, unsigned node) {
    unsigned bit = node + field_shift(level);
    field_words(level)[bit / 32] &= ~(1u << (bit % 32));
}

static char *address_of(unsigned level, unsigned node) {
    const struct dpu_state *state = __dpu_state();
    return state->buddy_arena + ((unsigned long)node << (state->buddy_size_log2 - level));
}

static void free_all(void) {
    const struct dpu_state *state = __dpu_state();
    uint32_t *tree = state->buddy_tree;
    for (unsigned i = tree_words(state->buddy_size_log2); i > 1; i--)
        tree[i - 1] = 0xffffffff;
    tree[0] = 0x7fffffff;
}

// The level of the blocks that `size` bytes need, from 1 to the maximum.
static unsigned level_for(unsigned long size) {
    unsigned log2 = BUDDY_MIN_LOG2;
    while (size > 1ul << log2)
        log2++;
    return __dpu_state()->buddy_size_log2 - log2;
}

static bool size_is_valid(unsigned long size) {
    return size && size <= heap_size() && size <= 1ul << BUDDY_MAX_LOG2;
}

// The free block of this very level that has the highest address, or -1.
static int free_node(unsigned level) {
    if (level == 0)
        return is_set(0, 0) ? 0 : -1;
    const uint32_t *words = field_words(level);
    unsigned nodes = 1u << level;
    unsigned shift = field_shift(level);
    uint32_t field = nodes < 32 ? ((1u << nodes) - 1) << shift : 0xffffffff;
    for (unsigned i = nodes > 32 ? nodes / 32 : 1; i > 0; i--) {
        uint32_t word = words[i - 1];
        // Bit 2j of `pairs`: nodes 2j and 2j + 1 differ.
        uint32_t pairs = (word ^ word >> 1) & 0x55555555 & field;
        if (pairs) {
            unsigned bit = 31 - __builtin_clz(pairs);
            if (!(word >> bit & 1))
                bit++;
            return (i - 1) * 32 + bit - shift;
        }
    }
    return -1;
}

// A block of this level: of the smallest that are free the highest, of which the lower part.
static void *take(unsigned wanted) {
    unsigned level = wanted;
    int found = free_node(level);
    while (found < 0 && level > 0)
        found = free_node(--level);
    if (found < 0)
        return 0;
    unsigned node = found;
    clear(level, node);
    while (level < wanted) {
        level++;
        node *= 2;
        clear(level, node);
    }
    return address_of(level, node);
}

// The level of the block in use that `block` points into, or -1. Where it is free, that shows as a
// 1 beside a 0; an empty heap has none, its root stands for the block.
static int level_in_use(const void *block) {
    const struct dpu_state *state = __dpu_state();
    unsigned long offset = (unsigned long)block - (unsigned long)state->buddy_arena;
    if (offset >= heap_size() || (unsigned long)block & 7)
        return -1;
    unsigned level = leaf_level();
    unsigned node = offset >> BUDDY_MIN_LOG2;
    while (level > 0 && is_set(level, node)) {
        if (!is_set(level, node ^ 1))
            return -1;
        level--;
        node /= 2;
    }
    return level;
}

static unsigned node_of(const void *block, unsigned level) {
    const struct dpu_state *state = __dpu_state();
    return ((const char *)block - state->buddy_arena) >> (state->buddy_size_log2 - level);
}

// Two halves that are free become one block.
static void give(unsigned level, unsigned node) {
    set(level, node);
    while (level > 0 && is_set(level, node ^ 1)) {
        level--;
        node /= 2;
        set(level, node);
    }
}

// Makes a block in use one of another level, at the same address. A larger one needs the blocks
// behind it, up to its end, to be free.
static bool resize(void *block, unsigned level, unsigned wanted) {
    unsigned node = node_of(block, level);
    for (unsigned k = level, n = node; k > wanted; k--, n /= 2)
        if (n & 1 || !is_set(k, n ^ 1))
            return false;
    for (; level > wanted; level--, node /= 2)
        set(level, node);
    while (level < wanted) {
        level++;
        node *= 2;
        clear(level, node);
    }
    return true;
}

void buddy_init(size_t size) {
    struct dpu_state *state = __dpu_state();
    unsigned log2 = 0;
    while (log2 < 31 && size > 1ul << log2)
        log2++;
    bool valid = size == 1ul << log2 && log2 >= BUDDY_MIN_LOG2;
    __dpu_enter(__DPU_LOCK_BUDDY);
    bool first = !state->buddy_tree;
    if (!valid) {
        errno = EINVAL;
    } else if (first) {
        unsigned long tree_size = (tree_words(log2) * sizeof(uint32_t) + 7) & ~7ul;
        state->buddy_tree = __dpu_heap_take(tree_size + size, 8);
        state->buddy_arena = (char *)state->buddy_tree + tree_size;
        state->buddy_size_log2 = log2;
        free_all();
    }
    __dpu_leave(__DPU_LOCK_BUDDY);
    __dpu_note(DPU_NOTE_BUDDY_INIT, valid && first ? state->buddy_arena : 0, size);
}

void *buddy_alloc(size_t size) {
    if (!size_is_valid(size))
        return failed(EINVAL);
    __dpu_enter(__DPU_LOCK_BUDDY);
    void *block = take(level_for(size));
    __dpu_leave(__DPU_LOCK_BUDDY);
    if (!block)
        return failed(ENOMEM);
    __dpu_note(DPU_NOTE_BUDDY_ALLOC, block, size);
    return block;
}

void buddy_free(void *block) {
    __dpu_note(DPU_NOTE_BUDDY_FREE, block, 0);
    __dpu_enter(__DPU_LOCK_BUDDY);
    int level = level_in_use(block);
    if (level >= 0)
        give(level, node_of(block, level));
    __dpu_leave(__DPU_LOCK_BUDDY);
    if (level < 0)
        errno = EINVAL;
}

void *buddy_realloc(void *block, size_t size) {
    if (!block)
        return buddy_alloc(size);
    if (!size) {
        buddy_free(block);
        return 0;
    }
    __dpu_enter(__DPU_LOCK_BUDDY);
    int level = level_in_use(block);
    bool valid = level >= 0 && !is_set(level, node_of(block, level)) && size_is_valid(size) &&
                 address_of(level, node_of(block, level)) == block;
    bool resized = valid && resize(block, level, level_for(size));
    __dpu_leave(__DPU_LOCK_BUDDY);
    if (!valid)
        return failed(EINVAL);
    unsigned long kept = heap_size() >> level;
    if (resized) {
        __dpu_note(DPU_NOTE_BUDDY_FREE, block, 0);
        __dpu_note(DPU_NOTE_BUDDY_ALLOC, block, size);
        __dpu_note(DPU_NOTE_INIT_RANGE, block, kept < size ? kept : size);
        return block;
    }
    void *larger = buddy_alloc(size);
    if (!larger)
        return 0;
    // All of the block, for nothing says how much of it was asked for.
    __dpu_note(DPU_NOTE_LIBRARY, 0, 1);
    memcpy(larger, block, kept);
    __dpu_note(DPU_NOTE_LIBRARY, 0, 0);
    __dpu_note(DPU_NOTE_INIT_RANGE, larger, kept);
    buddy_free(block);
    return larger;
}

void buddy_reset(void) {
    if (!heap_size())
        return;
    __dpu_enter(__DPU_LOCK_BUDDY);
    free_all();
    __dpu_leave(__DPU_LOCK_BUDDY);
    __dpu_note(DPU_NOTE_BUDDY_RESET, 0, 0);
}
