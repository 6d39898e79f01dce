"""The DPU: processors in memory, each with a scratchpad, bulk memory and tasklets of its own."""
