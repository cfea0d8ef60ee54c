"""Numba kernels: arrays and scalars in, arrays out. Import them from their own files."""
