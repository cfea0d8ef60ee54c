"""Run all benchmarks, or those that are named."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

from benchmarks._data import find_folder
from benchmarks._measure import MissingPeer, machine
from benchmarks._table import Report

NAMES = (
    "tables",
    "accuracy",
    "pairs",
    "choices",
    "hardness",
    "fit",
    "mining",
    "search",
    "judging",
    "growth",
    "approximate",
    "start",
    "network",
    "techniques",
    "uses",
    "searches",
)


def main() -> int:
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in NAMES}
    listing = "\n".join(f"  {name:13}{m.__doc__.splitlines()[0]}" for name, m in modules.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Run all benchmarks, or those that are named:\n\n" + listing,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="name", help="which to run; all by default")
    parser.add_argument(
        "--data",
        default=os.environ.get("SKHNM_DATA"),
        help="folder of data sets (.npz); by default the environment variable SKHNM_DATA",
    )
    parser.add_argument(
        "--docs", action="store_true", help="bring the results into the documentation"
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer repeats")
    options = parser.parse_args()
    for name in options.names:
        if name not in NAMES:
            parser.error(f"unknown benchmark {name!r}; known: {', '.join(NAMES)}")

    print(f"Benchmarks:\n{listing}\n")
    data = find_folder(options.data)
    described = machine()
    print("\n".join(f"{key}: {value}" for key, value in described.items()), "\n")
    if described.get("load at the start", 0.0) > 0.5 * described["cores"]:
        print(
            "The machine is busy: trust neither the times nor their ratios. Libraries with "
            "OpenMP threads, such as PyTorch, suffer most.\n",
            file=sys.stderr,
        )
    skipped = []
    for name in options.names or NAMES:
        report = Report(name, described, options.quick)
        try:
            for table in modules[name].run(data=data, quick=options.quick):
                print(table.as_text(), "\n", flush=True)
                report.add(table)
        except MissingPeer as error:
            skipped.append(name)
            print(f"{name}: {error}\n", file=sys.stderr)
            continue
        if options.docs:
            report.show_in(Path(__file__).parent.parent / "docs")
        print(f"Saved: {report.save()}\n")
    return 1 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
