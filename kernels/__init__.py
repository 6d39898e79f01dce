"""Device library and example kernels: OpenCL C, no Python."""
