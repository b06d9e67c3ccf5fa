"""FilmTrust, Ciao and MovieLens 100K in their layouts."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from avgraph.datasets import Ciao, FilmTrust, MovieLens100K, fetched
from avgraph.datasets.ratings import movielens
from avgraph.errors import ConfigError, DataError
from avgraph.graph.ratings import RATES, TRUSTS
from avgraph.tools import catalog
from tests.datasets.rating_folder import write_ciao, write_filmtrust, write_movielens, write_recbole


def test_filmtrust_keeps_the_last_of_a_repeated_pair_and_links_of_raters(tmp_path: Path) -> None:
    write_filmtrust(tmp_path)
    data = FilmTrust(root=tmp_path, val_fraction=0.2, test_fraction=0.2).load()
    assert data[RATES].edge_index.shape == (2, 20)
    assert float(data[RATES].rating[0]) == 4.0
    assert data[TRUSTS].edge_index.tolist() == [[0, 1], [1, 2]]
    masks = torch.stack([data[RATES][f"{split}_mask"] for split in ("train", "val", "test")])
    assert masks.sum(0).tolist() == [1] * 20
    assert masks.sum(1).tolist() == [12, 4, 4]
    assert data.provenance["note"] == (
        "1 links of people who have rated nothing are left out; of 1 repeated pairs the last counts"
    )
    assert set(data.provenance["files"]) == {"ratings.txt", "trust.txt"}


def test_the_seed_makes_the_split(tmp_path: Path) -> None:
    write_filmtrust(tmp_path)
    first, again, other = (FilmTrust(root=tmp_path, seed=seed).load()[RATES].test_mask for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_ciao_and_its_variants(tmp_path: Path) -> None:
    write_ciao(tmp_path)
    full, core, paper = (Ciao(root=tmp_path, variant=v).load() for v in ("full", "5-core", "paper"))
    assert [data["item"].num_nodes for data in (full, core, paper)] == [7, 6, 6]
    assert full[RATES].edge_index.shape[1] == 37  # neither the zero nor the repeated pair
    assert float(full[RATES].rating[0]) == 5.0
    assert full[TRUSTS].edge_index.tolist() == [[0, 1], [1, 0]]
    assert "123456" in full["item"].name
    assert "123456" not in paper["item"].name
    assert full.provenance["variant"] == "full"
    note = catalog.describe("ciao", tmp_path).note
    assert "1 ratings of 0 and 1 links of strangers are left out; of 1 repeated pairs the last counts" in note
    assert "5-core: 36 ratings, 6 users, 6 items" in note


def test_a_matrix_that_is_none(tmp_path: Path) -> None:
    write_ciao(tmp_path)
    (tmp_path / "trustnetwork.mat").write_bytes((tmp_path / "rating.mat").read_bytes())
    with pytest.raises(DataError, match=r"trustnetwork.mat: has no matrix 'trustnetwork'"):
        Ciao(root=tmp_path).load()


@pytest.mark.parametrize("fold", [1, 5])
def test_movielens_folds_are_the_published_ones(tmp_path: Path, fold: int) -> None:
    write_movielens(tmp_path)
    data = MovieLens100K(root=tmp_path, fold=fold, val_fraction=0.25).load()
    assert data[RATES].edge_index[0][data[RATES].test_mask].unique().tolist() == [fold - 1]
    assert [int(data[RATES][f"{split}_mask"].sum()) for split in ("train", "val", "test")] == [12, 4, 4]
    assert "split" not in data.provenance


def test_movielens_attributes(tmp_path: Path) -> None:
    write_movielens(tmp_path)
    data = MovieLens100K(root=tmp_path).load()
    assert data["user"].x[0].tolist() == pytest.approx([0.21, 1.0, 1.0, 0.0])
    assert data["item"].x.shape == (4, 20)
    assert data["item"].x[2].nonzero().flatten().tolist() == [0, 3]
    assert data["item"].name[1] == "2 Café 1"
    assert RATES in data.edge_types
    assert TRUSTS not in data.edge_types


def test_movielens_out_of_the_wheel_of_recbole(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_recbole(tmp_path)
    wheel = tmp_path / "recbole.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in movielens.COPY:
            archive.write(tmp_path / name, f"recbole/dataset_example/ml-100k/{name}")

    def downloaded(url: str, target: Path, checksum: str) -> Path:
        assert hashlib.sha256(wheel.read_bytes()).hexdigest() != checksum.removeprefix("sha256:")  # a stand-in
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(wheel.read_bytes())
        return target

    monkeypatch.setattr(movielens, "download", downloaded)
    monkeypatch.setattr(fetched, "offline", lambda: False)
    folder = MovieLens100K.fetch()
    assert folder == own_cache / "movielens100k"
    assert sorted(path.name for path in folder.iterdir()) == sorted(movielens.COPY)
    assert MovieLens100K.fetch() == folder  # with nothing to download
    data = MovieLens100K(root=folder, val_fraction=0.0, test_fraction=0.4).load()
    assert data["item"].x[:, 0].tolist() == pytest.approx([0.95, 0.0])
    with pytest.raises(DataError, match=r"dataset.fold: no u1.base in .*GroupLens"):
        MovieLens100K(root=folder, fold=1).load()


def test_a_split_beside_a_published_fold_is_refused() -> None:
    with pytest.raises(ConfigError, match="split: not with fold 1, whose test ratings are published"):
        MovieLens100K(fold=1, split="by_time")


def test_what_was_not_changed_may_stand_beside_a_fold() -> None:
    """As of an experiment that is run over its folds."""
    assert MovieLens100K.model_validate({**MovieLens100K().model_dump(), "fold": 2}).fold == 2


def test_a_test_fraction_that_is_not_used_leaves_room_for_validation() -> None:
    assert MovieLens100K(fold=1, val_fraction=0.95).val_fraction == 0.95
    with pytest.raises(ConfigError, match="test_fraction: expected less than 1"):
        MovieLens100K(val_fraction=0.95)


@pytest.mark.parametrize("kind", [FilmTrust, Ciao])
def test_without_times_there_is_no_split_by_time(kind: type[FilmTrust]) -> None:
    with pytest.raises(ConfigError, match=r"split: .*'by_time'"):
        kind(split="by_time")  # type: ignore[arg-type]


@pytest.mark.usefixtures("no_shared_data", "own_cache")
def test_the_stand_in_has_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVGRAPH_OFFLINE", "1")
    tests = torch.stack([MovieLens100K(fold=fold).load()[RATES].test_mask for fold in range(1, 6)])
    assert tests.sum(0).unique().tolist() == [1]


def test_who_waited_for_another_download_does_not_repeat_it(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def waited(*_: object, wait: bool) -> Iterator[None]:
        assert wait
        write_recbole(own_cache / "movielens100k")
        yield

    monkeypatch.setattr(fetched, "offline", lambda: False)
    monkeypatch.setattr(fetched, "locked", waited)
    monkeypatch.setattr(movielens, "download", lambda *_: pytest.fail("was downloaded again"))
    assert MovieLens100K.fetch() == own_cache / "movielens100k"


def test_a_film_without_attributes(tmp_path: Path) -> None:
    write_movielens(tmp_path)
    with (tmp_path / "u.data").open("a", encoding="utf-8") as file:
        file.write("1\t77\t5\t0\n")
    with pytest.raises(DataError, match=r"u.data:21: item '77' has no attributes"):
        MovieLens100K(root=tmp_path).load()


@pytest.mark.usefixtures("no_shared_data", "own_cache")
@pytest.mark.parametrize("kind", [FilmTrust, Ciao, MovieLens100K])
def test_without_data_there_is_a_stand_in_that_says_so(kind: type[FilmTrust], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVGRAPH_OFFLINE", "1")
    data = kind().load()
    assert data.provenance["source"] == "synthetic"
    assert "synthetic stand-in" in data.provenance["note"]
    assert catalog.describe(kind.type_name()).source == "missing"
    with pytest.raises(DataError, match=f"{kind.type_name()}: not found in .*Expected"):
        kind(on_missing=[]).load()


@pytest.mark.data
@pytest.mark.usefixtures("data_root")
def test_the_counts_of_the_published_files() -> None:
    film, core = FilmTrust(on_missing=[]).load(), Ciao(on_missing=[], variant="5-core").load()
    assert (film["user"].num_nodes, film["item"].num_nodes, film[RATES].num_edges) == (1508, 2071, 35_494)
    assert film[TRUSTS].num_edges == 1632
    assert (core["user"].num_nodes, core["item"].num_nodes, core[RATES].num_edges) == (5858, 10_685, 141_893)
