// The unaligned transfers, under the name that newer programs include.
#include <mram.h>
