"""One IR transformation a file."""
