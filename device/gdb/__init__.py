"""A server for GDB's remote serial protocol: a debugger beside a run on simulated harts."""
