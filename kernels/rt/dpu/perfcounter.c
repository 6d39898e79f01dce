#include "state.h"

#include <perfcounter.h>

#define MASK ((1ul << 36) - 16)

// What the present kind of events has come to since the device began.
static unsigned long events(const struct dpu_state *state) {
    unsigned which = state->perf_config;
    return which == COUNT_CYCLES || which == COUNT_INSTRUCTIONS ? __dpu_counter(which) : 0;
}

perfcounter_t perfcounter_get(void) {
    const struct dpu_state *state = __dpu_state();
    return (events(state) - state->perf_start) & MASK;
}

perfcounter_t perfcounter_config(perfcounter_config_t config, bool reset) {
    struct dpu_state *state = __dpu_state();
    unsigned long count = events(state) - state->perf_start;
    if (config != COUNT_SAME)
        state->perf_config = config;
    state->perf_start = events(state) - (reset ? 0 : count);
    return count & MASK;
}
