"""The Formosa device and its driver, shaped like an OpenCL runtime's device layer."""
