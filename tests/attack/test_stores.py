"""A sample of the attack on stores; `python tests/attack/stores.py` is the whole of it."""

import importlib.util
import sys
from pathlib import Path

import pytest

_FILE = Path(__file__).with_name("stores.py")
_SPEC = importlib.util.spec_from_file_location("attack_stores", _FILE)
stores = importlib.util.module_from_spec(_SPEC)
sys.modules["attack_stores"] = stores
_SPEC.loader.exec_module(stores)


def test_a_sample_of_damaged_stores() -> None:
    outcomes, faults = stores.attack_all(20 * len(stores.STORES), seed=10_000)
    assert faults == []
    assert sum(outcomes.values()) == 20 * len(stores.STORES)
    assert {name for name, _ in outcomes} == set(stores.STORES)


@pytest.mark.parametrize("name", stores.STORES)
def test_whole_stores_are_whole(name, tmp_path, monkeypatch) -> None:
    """Otherwise the attack would show nothing."""
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path))
    monkeypatch.setattr(stores.digests, "WORTH", 1)
    monkeypatch.setattr(stores.digests, "SETTLED", 0.0)
    store = stores.STORES[name]
    store.make(tmp_path)
    assert (tmp_path / store.file).is_file()
    assert store.read(tmp_path) == [True] * stores.NUMBER


def test_a_store_that_unpickles_would_be_seen(tmp_path) -> None:
    import pickle

    sys.addaudithook(stores._audit)
    stores._EXECUTED.clear()
    pickle.loads(pickle.dumps(stores.Bomb(tmp_path / "mark")))
    assert stores._EXECUTED
    assert (tmp_path / "mark").is_dir()
