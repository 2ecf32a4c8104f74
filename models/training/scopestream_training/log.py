"""The progress of a run: `log.csv` in its folder, a line at a time."""

import csv
from pathlib import Path

FILE = "log.csv"


def append(run: Path, row: dict[str, float], decimals: int = 5) -> None:
    """The first row names the columns."""
    path = run / FILE
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row.keys())
        if fresh:
            writer.writeheader()
        writer.writerow({key: round(value, decimals) if isinstance(value, float) else value for key, value in row.items()})
