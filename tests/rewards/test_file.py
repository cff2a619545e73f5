"""Rewards in files: what is read, what is written, and one line for every mistake."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtreason import rewards
from mtreason.errors import InputError, MtreasonError
from mtreason.rewards import PARTS, REWARDS, Reward, load_reward, write_reward
from mtreason.runs.settings import Settings
from mtreason.runs.translator import check_settings

NAMES = list(PARTS)


def reward_file(tmp_path, weights, name="own"):
    path = tmp_path / "own.toml"
    path.write_text(f'name = "{name}"\n\n[weights]\n{weights}\n', "utf-8")
    return path


def test_names_are_those_that_come_along() -> None:
    for name, reward in REWARDS.items():
        assert load_reward(name) is reward
        assert sum(reward.weights.values()) == pytest.approx(1, abs=1e-12)
        assert set(reward.weights) <= set(NAMES)


def test_file_is_read_and_weights_made_to_sum_to_one(tmp_path) -> None:
    reward = load_reward(str(reward_file(tmp_path, "likelihood = 0.2499\nconsensus = 0.75\nterms = 0")))
    assert reward.name == "own"
    assert sum(reward.weights.values()) == pytest.approx(1, abs=1e-12)
    assert reward.weights == pytest.approx({"likelihood": 0.2499 / 0.9999, "consensus": 0.75 / 0.9999, "terms": 0})
    other = tmp_path / "no-suffix"
    other.write_bytes((tmp_path / "own.toml").read_bytes())
    assert load_reward(str(other)) == reward


@given(
    shares=st.dictionaries(st.sampled_from(NAMES), st.floats(0.01, 1), min_size=1),
    command=st.text(),
    numbers=st.lists(st.floats(allow_nan=False) | st.integers(-5, 5)),
)
def test_what_is_written_is_read(tmp_path_factory, shares, command, numbers) -> None:
    path = tmp_path_factory.mktemp("reward") / "r.toml"
    weights = {part: share / sum(shares.values()) for part, share in shares.items()}
    write_reward(path, Reward("fitted", weights), {"command": command, "interval": numbers})
    reward = load_reward(str(path))
    assert reward.name == "fitted"
    assert reward.weights == pytest.approx(weights, abs=3e-4)
    written = tomllib.loads(path.read_text("utf-8"))
    assert sum(written["weights"].values()) == pytest.approx(1, abs=1e-9)
    assert written["fit"]["command"] == command
    assert written["fit"]["interval"] == numbers
    assert path.read_text("utf-8").startswith("# ")
    assert [p.name for p in path.parent.iterdir()] == ["r.toml"]


def test_file_that_cannot_be_written_is_left_as_it_was(tmp_path) -> None:
    (tmp_path / "dir.toml").mkdir()
    with pytest.raises(MtreasonError, match=r"dir\.toml cannot be written \(Is a directory\)"):
        write_reward(tmp_path / "dir.toml", REWARDS["mix"], {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'name = "x"\n[weights]\nlikelihood = 0.5\nchanel = 0.5\n', "no such part 'chanel', did you mean 'channel'?"),
        (b'name = "x"\n[weights]\nqqq = 1\n', f"there are {', '.join(NAMES)})"),
        (b'name = "x"\n[weights]\nlikelihood = 0.5\nchannel = 0.6\n', "the weights sum to 1.1: they must sum to 1"),
        (b'name = "x"\n[weights]\nlikelihood = 0\n', "sum to 0:"),
        (b'name = "x"\n[weights]\nlikelihood = 1.5\nchannel = -0.5\n', "the weight of channel is -0.5"),
        (b'name = "x"\n[weights]\nlikelihood = nan\n', "the weight of likelihood is nan: weights are finite"),
        (b'name = "x"\n[weights]\nlikelihood = inf\n', "the weight of likelihood is inf: weights are finite"),
        (b'name = "x"\n[weights]\nlikelihood = "1"\n', "the weight of likelihood is '1': expected a number"),
        (b'name = "x"\n[weights]\nlikelihood = true\n', "the weight of likelihood is True: expected a number"),
        (b'name = "x"\n[weights]\n', "[weights] is missing or empty"),
        (b'name = "x"\nweights = 1\n', "[weights] is missing or empty"),
        (b'name = "x"\n[weight]\nlikelihood = 1\n', "unknown key 'weight'"),
        (b"[weights]\nlikelihood = 1\n", "name must be a text"),
        (b'name = " "\n[weights]\nlikelihood = 1\n', "name must be a text"),
        (b'name = "x"\n[weights]\nlikelihood 1\n', "r.toml:3: not TOML"),
        (b'name = "x"\n[weights\n', "r.toml:2: not TOML"),
        (b'name = "x"\n\n[weights]\nlikelihood =', "r.toml:4: not TOML"),
        (b'name = "x"\n[weights]\nlikelihood = 1\nlikelihood = 1\n', "r.toml:4: not TOML"),
        (b'name = "x"\n# \xff\n', "r.toml:2: not UTF-8"),
        (b"", "name must be a text"),
    ],
)
def test_mistakes_are_named(tmp_path, content, message) -> None:
    path = tmp_path / "r.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_reward(str(path))
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_names_and_files_that_are_not_there(tmp_path) -> None:
    with pytest.raises(InputError, match="`reward` 'chanel': no such reward, did you mean 'channel'"):
        check_settings(Settings(reward="chanel"))
    with pytest.raises(InputError, match=r"none\.toml cannot be read \(No such file or directory\)"):
        check_settings(Settings(reward=str(tmp_path / "none.toml")))
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)"):
        check_settings(Settings(reward=str(tmp_path)))


def test_mix_stands_beside_its_command_line() -> None:
    text = (Path(rewards.__file__).parent / "mix.toml").read_text("utf-8")
    assert "# mtreason tune " in text
    assert tomllib.loads(text)["weights"] == pytest.approx(dict(REWARDS["mix"].weights), abs=1e-3)
