"""An ELF and arguments to results; knows nothing of the compiler."""
