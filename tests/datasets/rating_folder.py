"""Small folders in the layouts of the published sets of ratings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import savemat

GENRES = 19


def write_filmtrust(folder: Path, users: int = 5) -> None:
    """Everybody has rated four films; the first pair is rated twice, and a stranger trusts somebody."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{u} {i} {(u + i) % 8 / 2 + 0.5:g}" for u in range(1, users + 1) for i in range(u, u + 4)]
    (folder / "ratings.txt").write_text("\n".join([*rows, "1 1 4"]) + "\n", encoding="utf-8")
    (folder / "trust.txt").write_text("1 2 1\n2 3 1\n99 1 1\n", encoding="utf-8")


def write_ciao(folder: Path, users: int = 6) -> None:
    """Six products that everybody has rated, one of many digits that one has, a rating of 0, and a repeated pair."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(u, i, 1, (u + i) % 5 + 1, 1) for u in range(1, users + 1) for i in range(1, 7)]
    rows += [(1, 123_456, 1, 5, 1), (2, 7, 1, 0, 1), (1, 1, 2, 5, 1)]
    savemat(folder / "rating.mat", {"rating": np.array(rows)}, do_compression=True)
    savemat(folder / "trustnetwork.mat", {"trustnetwork": np.array([(1, 2), (2, 1), (1, 50)])})


def write_movielens(folder: Path, films: int = 4) -> None:
    """GroupLens' own layout: five people, every rating test in one fold."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{u}\t{i}\t{(u * i) % 5 + 1}\t{100 * i + u}" for u in range(1, 6) for i in range(1, films + 1)]
    _write(folder / "u.data", rows)
    for fold in range(1, 6):
        test = [row for row in rows if int(row.split("\t")[0]) == fold]
        _write(folder / f"u{fold}.test", test)
        _write(folder / f"u{fold}.base", [row for row in rows if row not in test])
    jobs = ("artist", "artist", "writer", "writer", "writer")
    _write(folder / "u.user", [f"{u}|{20 + u}|{'MF'[u % 2]}|{job}|000" for u, job in enumerate(jobs, 1)])
    flags = ["|".join("1" if g == i else "0" for g in range(GENRES)) for i in range(films)]
    _write(folder / "u.item", [f"{i + 1}|Café {i}|01-Jan-1995||http://x|{flags[i]}" for i in range(films)])


def write_recbole(folder: Path) -> None:
    """The layout of the copy in the wheel of recbole."""
    folder.mkdir(parents=True, exist_ok=True)
    head = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    _write(folder / "ml-100k.inter", [head, "1\t1\t3\t7", "2\t1\t4\t8", "2\t2\t5\t9"])
    head = "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token"
    _write(folder / "ml-100k.user", [head, "1\t24\tM\twriter\t0", "2\t50\tF\tartist\t0"])
    head = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq"
    _write(folder / "ml-100k.item", [head, "1\tToy Story\t1995\tAnimation Children's", "2\tM\t\tThriller"])


def _write(path: Path, rows: list[str]) -> None:
    path.write_text("\n".join(rows) + "\n", encoding="latin-1")
