// Tasklets that sleep until others wake them, the first to come first: what barriers and
// semaphores are made of. Private to the library.
#pragma once

#include <dpu_primitives.h>
#include <stdbool.h>
#include <stdint.h>

// The last of a queue; its successor is the first, so that one byte is all a queue takes.
typedef uint8_t __dpu_wait_queue_t;
#define __DPU_NOBODY 0xff

// Queue up, give back the lock that guards the queue, and sleep.
void __dpu_wait(__dpu_wait_queue_t *queue, unsigned lock);
// Resume the one that has waited longest; false if there is none.
bool __dpu_wake(__dpu_wait_queue_t *queue);
