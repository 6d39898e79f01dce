"""Typed tree to LLVM IR with one entry per kernel."""
