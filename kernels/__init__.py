"""Device library and example kernels: OpenCL C. Python is in derive/ alone, not installed."""
