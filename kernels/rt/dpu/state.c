#include "state.h"

#include <errno.h>

#ifdef __dpu__
struct dpu_state __dpu_shared_state;
#endif

int *__errno_location(void) {
    return &__dpu_state()->error_number;
}
