"""Objects and a script to an ELF."""
