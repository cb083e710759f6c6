"""What an import found more or less than the one before it."""

from pathlib import Path

import pandas as pd


def changes(folder: Path) -> pd.DataFrame:
    """Rules that found more or less than at the import before.

    Parameters
    ----------
    folder : Path
        Folder of the region; an import keeps the findings of the one it replaces in
        ``findings_before.parquet``.

    Returns
    -------
    changes : DataFrame
        `rule`, `table`, `before`, `now` [rows]; largest change first; no row at a
        first import.
    """
    names = ["rule", "table", "before", "now"]
    paths = [folder / f"{name}.parquet" for name in ("findings_before", "findings")]
    if not all(path.is_file() for path in paths):
        return pd.DataFrame(columns=names)
    before, now = (
        pd.read_parquet(path).groupby(["rule", "table"])["rows"].sum() for path in paths
    )
    both = pd.concat({"before": before, "now": now}, axis=1).fillna(0).astype("int64")
    size = (both["now"] - both["before"]).abs()
    order = size[size > 0].sort_values(ascending=False, kind="stable").index
    return both.loc[order].reset_index()[names]
