"""What the product costs, each figure a ratio within one run, so that it means the same on any machine.

`uv run python -m benchmarks` runs all, `uv run python -m benchmarks credit` one. A benchmark is a module here with
`run() -> list[Figure]`. Peers that are measured against come with `uv sync --group bench`, and are imported
inside `run`.
"""
