"""LLVM IR to RISC-V objects; the instruction table."""
