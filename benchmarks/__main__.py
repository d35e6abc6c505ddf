"""Run the benchmarks that are named, or all of them, one after another: ``python -m benchmarks [NAME ...]``."""

from __future__ import annotations

import sys
from importlib import import_module

from benchmarks.record import missed

NAMES = (
    "memory",
    "richardson_lucy",
    "device",
    "evaluation",
    "sources",
    "processes",
    "fields",
    "equal_time",
    "realism",
    "unrolled",
    "pairs",
    "scans",
    "specialists",
    "translation",
    "posterior",
    "half_hour",
)
"""About from the quickest to the slowest."""


def main(names: list[str]) -> int:
    """Run benchmarks; 1 if a bound was missed."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"{unknown[0]}: no such benchmark; take {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in names or NAMES:
        benchmark = import_module(f"benchmarks.{name}")
        print(f"== {name}: {(benchmark.__doc__ or '').splitlines()[0]}", flush=True)
        benchmark.run()
    return 1 if missed() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
