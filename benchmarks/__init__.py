"""Benchmarks: ``python -m benchmarks --help`` lists them."""
