"""Results and pools, which other programs read too: a flipped bit is noticed, lines without checksums are read."""

import json
import random

import pytest

from mtreason.benchmark.results import open_results, read_config, read_results
from mtreason.decoding.wordings import named_wording
from mtreason.errors import InputError
from mtreason.evaluation.learned.scores import KeptScores
from mtreason.languages import Direction, parse_language
from mtreason.report import build_report, read_benchmark, to_markdown
from mtreason.rewards import REWARDS
from mtreason.runs.settings import Settings
from mtreason.runs.spec import describe_run, read_spec
from mtreason.storage.sums import sum_fits, with_sum
from mtreason.tuning.pools import PoolFile

CONFIG = {
    "model": {"name": "tiny", "digest": "0", "dtype": "fp32", "device": "cpu"}, "seed": 0,
    "glossary": {"terms": 0, "digest": ""},
    "systems": {"greedy": {}, "mcts": {"decoder": "mcts", "reward": "mix", "budget": 4.0}},
}  # fmt: skip
NUMBER = 4
RUN = describe_run(
    Settings(), Direction(parse_language("zh"), parse_language("en")), named_wording("short"), REWARDS["mix"], ()
).to_json()


def result(i, system="greedy"):
    return {
        "system": system, "pair": "zh-en", "id": f"r{i}", "src_lang": "zh", "tgt_lang": "en", "domain": "news",
        "src": f"第{i}天", "refs": [f"It is day {i}."], "translation": f"day {i}", "reward": -1.5,
        "parts": {"likelihood": -0.5}, "cost": {"prompt_tokens": 5, "sampled_tokens": 9, "scored_tokens": 4},
        "cost_tokens": 18, "budget_tokens": 20, "distinct": 3, "candidates": 4, "fell_back": False, "seconds": 0.1,
    }  # fmt: skip


def flipped(data, place):
    damaged = bytearray(data)
    damaged[place // 8] ^= 1 << place % 8
    return bytes(damaged)


@pytest.mark.parametrize("name", ["results.jsonl", "config.json"])
def test_a_flipped_bit_of_a_benchmark_is_noticed(tmp_path, name) -> None:
    with open_results(tmp_path, CONFIG) as writer:
        for i in range(NUMBER):
            writer.write(result(i))
    whole = (tmp_path / name).read_bytes()
    for place in random.Random(1).sample(range(8 * len(whole)), 150):
        (tmp_path / name).write_bytes(flipped(whole, place))
        try:
            found = [*read_results(tmp_path), read_config(tmp_path)]
        except InputError:
            continue
        # What is cut off at the end is made again.
        assert [r for r in found if r not in [*map(result, range(NUMBER)), CONFIG]] == []
    lines = whole.splitlines(keepends=True)
    if name == "results.jsonl":
        (tmp_path / name).write_bytes(b"".join([lines[0], lines[1].replace(b"day", b"dax"), *lines[2:]]))
        with pytest.raises(InputError, match=r"results\.jsonl:2: damaged .*: delete the line to have it made again"):
            read_results(tmp_path)
        (tmp_path / name).write_bytes(b"".join([lines[0], *lines[2:]]))
        with open_results(tmp_path, CONFIG) as writer:
            assert len(writer.done) == NUMBER - 1
            writer.write(result(1))
        assert len(read_results(tmp_path)) == NUMBER


def test_results_without_checksums_are_read(tmp_path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG), "utf-8")
    (tmp_path / "results.jsonl").write_text(json.dumps(result(0)) + "\n", "utf-8")
    assert read_results(tmp_path) == [result(0)]
    with open_results(tmp_path, CONFIG) as writer:
        writer.write(result(1))
    assert read_results(tmp_path) == [result(0), result(1)]


@pytest.mark.parametrize("name", [".results.jsonl.sums", "results.jsonl"])
def test_a_link_in_a_benchmark_overwrites_nothing(tmp_path, name) -> None:
    victim, directory = tmp_path / "victim", tmp_path / "bench"
    victim.write_text("", "utf-8")
    directory.mkdir()
    with open_results(directory, CONFIG):
        pass
    (directory / name).unlink()
    (directory / name).symlink_to(victim)
    with pytest.raises(InputError), open_results(directory, CONFIG) as writer:
        writer.write(result(0))
    assert victim.read_text("utf-8") == ""


def paths(value, path=()):
    if path:
        yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from paths(value[key], (*path, key))


def changed(value, path, to):
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    if to is Ellipsis:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return copy


ODD = (..., None, [], {}, "x", 3, True)


@pytest.mark.parametrize("odd", ODD, ids=map(str, ODD))
def test_a_benchmark_with_odd_values_is_one_line_or_a_report(tmp_path, odd) -> None:
    rows = [*map(result, range(2)), result(0, "mcts"), result(1, "mcts")]
    cases = [(CONFIG, [changed(rows[0], path, odd), *rows[1:]]) for path in paths(rows[0])]
    cases += [(changed(CONFIG, path, odd), rows) for path in paths(CONFIG)]
    for config, own in cases:
        (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
        (tmp_path / "results.jsonl").write_text("".join(json.dumps(r) + "\n" for r in own), "utf-8")
        try:
            assert to_markdown(build_report(read_benchmark(tmp_path)))
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017 - a report is right as well


@pytest.mark.parametrize("odd", ODD, ids=map(str, ODD))
def test_an_identity_with_odd_values_is_refused_or_compared(odd) -> None:
    same = read_spec(RUN, "lock")
    for path in paths(RUN):
        try:
            same.differences(read_spec(changed(RUN, path, odd), "lock"))
        except InputError as error:
            assert str(error).startswith("lock: ")  # noqa: PT017


def pool(i):
    candidate = {"text": f"day {i}", "count": 1, "parts": {"likelihood": -0.5}}
    return {"id": f"r{i}", "src": f"第{i}天", "greedy": f"day {i}", "candidates": [candidate]}


def test_a_flipped_bit_of_a_pool_is_noticed(tmp_path) -> None:
    path = tmp_path / "pools.jsonl"
    file = PoolFile(path)
    file.begin({"pair": "zh-en", "candidates": "decoded", "parts": ["likelihood"], "run": RUN})
    for i in range(NUMBER):
        file.add(pool(i))
    whole = path.read_bytes()
    expected = PoolFile(path)
    assert {k: v for k, v in expected.records["r1"].items() if k != "sum"} == pool(1)
    for place in random.Random(2).sample(range(8 * len(whole)), 150):
        path.write_bytes(flipped(whole, place))
        try:
            found = PoolFile(path)
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017
            continue
        own = [{k: v for k, v in record.items() if k in pool(0)} for record in found.records.values()]
        assert [record for record in own if record not in map(pool, range(NUMBER))] == []
        assert found.config is None or {k: found.config[k] for k in ("pair", "run")} == {"pair": "zh-en", "run": RUN}
    lines = whole.split(b"\n")
    path.write_bytes(b"\n".join([*lines[:2], lines[2].replace(b"day", b"dax"), *lines[3:]]))
    with pytest.raises(InputError, match=r"pools\.jsonl:3: damaged .*: delete the line to have it made again"):
        PoolFile(path)


def test_a_line_with_its_checksum_is_a_line_of_json() -> None:
    line = with_sum({"a": '\ud800, "sum": "0123"}', "b": [1]})
    assert json.loads(line)["a"] == '\ud800, "sum": "0123"}'
    assert sum_fits(line)
    assert sum_fits(b'{"a": 1}')
    assert not sum_fits(line.replace(b"[1]", b"[2]"))


def test_scores_that_are_kept(tmp_path) -> None:
    said = []
    KeptScores(tmp_path, said.append).put({"a": 0.25, "b": -1.0})
    again = KeptScores(tmp_path, said.append)
    assert again.get(["a", "b", "c"]) == {"a": 0.25, "b": -1.0}
    again._cache.put({b"a": b"pickle", b"b": with_sum({"b": 1})})
    assert again.get(["a", "b"]) == {}
    again._cache.close()
    for file in tmp_path.iterdir():
        file.unlink()
    (tmp_path / "cache.db").write_bytes(b"no database" * 500)
    broken = KeptScores(tmp_path, said.append)
    assert broken.get(["a"]) == {}
    broken.put({"a": 1.0})
    [line] = said
    assert line.endswith("going on without")
