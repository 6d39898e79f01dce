"""Guest RISC-V code to host code."""
