"""Benchmarks: `python -m benchmarks` (or `make bench`). See docs/performance.md for what each figure means."""
