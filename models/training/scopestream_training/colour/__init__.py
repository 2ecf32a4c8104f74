"""Colour super-resolution x4 for stained cells: 64x64 to 256x256."""
