// OpenCL C has bool without a header.
#pragma once

#ifndef __OPENCL_VERSION__
#define bool _Bool
#define true 1
#define false 0
#endif
#define __bool_true_false_are_defined 1
