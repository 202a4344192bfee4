"""Benches, one a file: each exposes `run(options) -> Iterable[Figure]`; its docstring's first line stands in the list."""
