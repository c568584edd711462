"""Figures of docs/benchmarks.md: each with a peer in the same run. Not tests: nothing here asserts a time."""
