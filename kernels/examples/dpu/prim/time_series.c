// Time series: where a query is most like what a series does, as matrix profiles say it: by
// correlation, which neither height nor scale of a window changes. In integers: with n the query's
// length, q and w the query and a window, a score is c|c| / v of c = n sum(qw) - sum(q) sum(w), and
// v = n sum(ww) - sum(w)^2; windows that are flat have none. Values are -127 to 127 (int32),
// queries of up to 128: no product is above 63 bits.
// MRAM: the query (an even number of values), then the series.
#include "prim.h"

__host struct {
    uint32_t windows, length; // how many begin here; of the query
} DPU_INPUT_ARGUMENTS;

// The first of a tasklet's best windows; no index: it has none.
__host struct {
    int64_t score;
    int64_t index;
} DPU_RESULTS[NR_TASKLETS];

static int32_t *volatile shared_query;

static int64_t product(const int32_t *a, const int32_t *b, uint32_t count) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

static int64_t sum_of_int32(const int32_t *values, uint32_t count) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

int main(void) {
    prologue();
    const uint32_t windows = DPU_INPUT_ARGUMENTS.windows, length = DPU_INPUT_ARGUMENTS.length;
    if (me() == 0) {
        shared_query = mem_alloc(length * sizeof(int32_t));
        mram_read(mram_at(0), shared_query, length * sizeof(int32_t));
    }
    barrier_wait(&everybody);
    const int32_t *query = shared_query;
    const uint32_t block = BLOCK / sizeof(int32_t);
    int32_t *values = mem_alloc(BLOCK + length * sizeof *values);
    __mram_ptr uint8_t *series = mram_at(length * sizeof *values);
    const int64_t query_sum = sum_of_int32(query, length);
    int64_t best = INT64_MIN, best_index = -1;
    for (uint32_t first = me() * block; first < windows; first += NR_TASKLETS * block) {
        const uint32_t count = least(block, windows - first);
        // Even, for whole 8 bytes; of the last window only what is behind its first value.
        const uint32_t needed = (count + length) & ~1u;
        mram_read(series + first * sizeof *values, values, needed * sizeof *values);
        int64_t sum = sum_of_int32(values, length), squares = product(values, values, length);
        for (uint32_t i = 0; i < count; i++) {
            const int64_t c = length * product(query, values + i, length) - query_sum * sum;
            const int64_t v = length * squares - sum * sum;
            if (v != 0) {
                const int64_t score = c * (c < 0 ? -c : c) / v;
                if (score > best) {
                    best = score;
                    best_index = first + i;
                }
            }
            if (i + 1 < count) {
                const int32_t out = values[i], in = values[i + length];
                sum += in - out;
                squares += in * in - out * out;
            }
        }
    }
    DPU_RESULTS[me()].score = best;
    DPU_RESULTS[me()].index = best_index;
    return 0;
}
