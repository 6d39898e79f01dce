"""The parts of a RefSi system on chip."""
