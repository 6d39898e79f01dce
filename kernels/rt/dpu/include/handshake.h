// Meetings of two: one tasklet notifies, another waits for it by its number.
#pragma once

#include <defs.h>
#include <errno.h>

// Sleeps until a tasklet waits for the caller, unless one does already.
void handshake_notify(void) __attribute__((blocking));

// Sleeps until `notifier` notifies, unless it does already. Only one can wait for it: for others
// the result is EALREADY, and errno as well; else it is 0.
int handshake_wait_for(sysname_t notifier) __attribute__((blocking));
