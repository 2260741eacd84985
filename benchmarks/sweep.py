"""How long `selector sweep` takes over the full catalogue, and what memory, from 10 points to 1,000.

    python benchmarks/sweep.py [--most 1000] [--jobs N]

Every run is a whole process with those that it starts. `budgets` varies ten rates and the budget, so that
points share their candidates; `rates` varies what every point has to be sized anew for. Memory is that
of the largest process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from recommend import AS_OF, ENTRY, NEED, NEEDS, run

GRIDS = {
    "budgets": lambda n: (
        f"budget.per_month_usd=4000..40000:{n // 10}" if n >= 20 else "budget.per_month_usd=20000",
        "workload.peak_requests_per_second=log:1..100:10",
    ),
    "rates": lambda n: (
        f"workload.peak_requests_per_second=log:1..100:{n // 2}",
        "availability.spare_replicas=0,1",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--most", type=int, default=1000, help="points of the largest sweep")
    parser.add_argument("--jobs", help="processes; default one a processor")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        need = Path(folder) / "reqs.yaml"
        need.write_text(NEED % NEEDS["1M"])
        run([sys.executable, "-c", ENTRY, "recommend", str(need), "--as-of", AS_OF])
        print(f"{'points':<16}{'clock':>10}{'processor':>12}{'a point':>11}{'peak':>10}")
        for name, grid in GRIDS.items():
            for points in (n for n in (10, 100, 1000, 10_000) if n <= flags.most):
                vary = [x for text in grid(points) for x in ("--vary", text)]
                more = ["--force", *(["--jobs", flags.jobs] if flags.jobs else [])]
                base = [sys.executable, "-c", ENTRY, "sweep", str(need), "--as-of", AS_OF, "--format", "json"]
                found = run([*base, *vary, *more])
                each = found.cpu / points
                print(
                    f"{name:<8}{points:>8}{found.wall:>8.1f} s{found.cpu:>10.1f} s{each:>9.2f} s"
                    f"{found.megabytes:>7.0f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()
