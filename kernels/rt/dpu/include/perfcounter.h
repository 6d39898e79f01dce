// The performance counter: one for all tasklets, so one of them configures it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// A multiple of 16 below 2^36, where it starts again from 0.
typedef uint64_t perfcounter_t;

typedef enum _perfcounter_config_t {
    COUNT_SAME = 0, // what it counted before
    COUNT_CYCLES = 1,
    COUNT_INSTRUCTIONS = 2,
    COUNT_NOTHING = 3,
} perfcounter_config_t;

// Not the clock of any device: a constant to divide by.
#define CLOCKS_PER_SEC 600000000

// What the counter is, before it counts something else, perhaps from 0.
perfcounter_t perfcounter_config(perfcounter_config_t config, bool reset);
perfcounter_t perfcounter_get(void);
