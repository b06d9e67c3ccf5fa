"""Published heads: the released layouts load and give what the released modules give; wrong files are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import avgraph
from avgraph.errors import DataError, GraphError
from avgraph.methods.cmcr import load_head
from tests.spaces import two_spaces


def released(width: int, *, half: bool) -> nn.ModuleDict:
    """The released modules, written out: net1 and net2, or net."""
    hidden = width if half else 2 * width
    first = nn.Sequential(nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.ReLU())
    if half:
        return nn.ModuleDict({"net": first})
    return nn.ModuleDict({"net1": first, "net2": nn.Sequential(nn.Linear(hidden, width), nn.BatchNorm1d(width))})


def published(folder: Path, *, half: bool = False, width: int = 6) -> tuple[Path, dict[str, nn.ModuleDict]]:
    heads = {name: released(width, half=half) for name in ("Head_A", "Head_B")}
    for head in heads.values():
        for part in head.values():
            part(torch.randn(50, width)) if "net2" not in head or part is head["net1"] else None  # running statistics
        head.eval()
    state = {f"{name}.{key}": value for name, head in heads.items() for key, value in head.state_dict().items()}
    torch.save(state, folder / "heads.pt")
    return folder / "heads.pt", heads


@pytest.mark.parametrize("half", [False, True])
def test_released_layouts(half: bool, tmp_path: Path) -> None:
    path, heads = published(tmp_path, half=half)
    x = torch.randn(7, 6)
    for name, head in heads.items():
        expected = x
        for part in head.values():
            expected = part(expected)
        torch.testing.assert_close(load_head(f"{path}:{name}").eval()(x), expected)
        torch.testing.assert_close(load_head(f"{path}:{name}.").eval()(x), expected)
    torch.save(heads["Head_A"].state_dict(), tmp_path / "bare.pt")
    first, second = (load_head(reference).eval()(x) for reference in (tmp_path / "bare.pt", f"{path}:Head_A"))
    assert torch.equal(first, second)
    old = {f"Head_A.mlp1.{key}": value for key, value in heads["Head_A"].state_dict().items()}  # an older release
    torch.save(old, tmp_path / "old.pt")
    assert torch.equal(load_head(f"{tmp_path}/old.pt:Head_A.mlp1").eval()(x), second)
    relu = load_head(f"{path}:Head_A", final_relu=True).eval()(x)
    torch.testing.assert_close(relu, second if half else second.relu())


def test_wrong_files_are_named(tmp_path: Path) -> None:
    path, heads = published(tmp_path)
    state: dict[str, Tensor] = torch.load(path, weights_only=True)

    def told(content: object, reference: str = "x.pt:Head_A") -> str:
        torch.save(content, tmp_path / "x.pt")
        with pytest.raises(DataError) as error:
            load_head(f"{tmp_path}/{reference}")
        return str(error.value)

    assert "no head 'Head_C'; did you mean 'Head_" in told(state, "x.pt:Head_C")
    assert told(state, "x.pt:Head_C").endswith("? it has: Head_A, Head_B")
    assert told(state, "x.pt").endswith("expected FILE.pt:HEAD; it has: Head_A, Head_B")
    assert told(state, "x.npy:Head_A").endswith("expected FILE.pt:HEAD, such as clap_clip.pt:Head_A")
    assert told(state, "absent.pt:Head_A").endswith("absent.pt: no such file")
    assert "net2.1.running_var" in told({k: v for k, v in state.items() if k != "Head_A.net2.1.running_var"})
    narrow = state | {"Head_A.net1.1.bias": torch.zeros(3)}
    assert told(narrow).endswith("Head_A.net1.1.bias: expected [12], got [3]")
    assert told(state | {"Head_A.net3.0.weight": torch.zeros(2)}).endswith("net3.0.weight: no such tensor in a head")
    assert "Head_A.net2.0.weight: expected a matrix" in told({k: v for k, v in state.items() if "net2.0" not in k})
    assert "(net1.0.weight … or net.0.weight …), got layer.weight" in told({"layer.weight": torch.zeros(2, 2)})
    assert "expected a state dict (name → tensor), got list" in told([1])
    assert "not a file of weights" in told(heads["Head_A"])  # a pickled module is refused, not run
    (tmp_path / "x.pt").write_bytes(b"junk")
    with pytest.raises(DataError, match=r"x\.pt: not a file of weights"):
        load_head(f"{tmp_path}/x.pt:Head_A")


def test_a_run_starts_from_published_heads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = released(12, half=False)
    state = {f"Head_A.{key}": value for key, value in first.state_dict().items()}
    torch.save(state, tmp_path / "heads.pt")
    given = {"method.channels": 12, "method.heads": {"clap": f"{tmp_path}/heads.pt:Head_A"}, "train.epochs": 0}
    run = avgraph.train(two_spaces(tmp_path), given)
    x = torch.from_numpy(np.load(tmp_path / "clap_audio.npy"))
    first.eval()
    expected = nn.functional.normalize(first["net2"](first["net1"](x)))
    torch.testing.assert_close(run.graph["audio"].embedding, expected)
    (tmp_path / "heads.pt").rename(tmp_path / "moved.pt")  # the checkpoint has what was in it
    assert avgraph.evaluate(run)["test/map_audio_to_image"] == run.metrics["test/map_audio_to_image"]
    (tmp_path / "moved.pt").rename(tmp_path / "heads.pt")
    with pytest.raises(GraphError, match="cmcr: expected heads of one width, got clap 12, clip 16"):
        avgraph.train(two_spaces(tmp_path), {**given, "method.channels": 16})
    with pytest.raises(GraphError, match=r"heads\.pt:Head_A takes 12 columns, but space 'clip' has 10"):
        avgraph.train(two_spaces(tmp_path), {**given, "method.heads": {"clip": f"{tmp_path}/heads.pt:Head_A"}})
