"""Which systems can be compared: names, and any decoder with any reward."""

import itertools
from pathlib import Path

import pytest

from mtreason.benchmark.systems import SYSTEMS, family, optimised, own_settings, pick_systems, read_system, settings_of
from mtreason.decoding import DECODERS
from mtreason.errors import InputError
from mtreason.rewards import PARTS, REWARDS
from mtreason.runs.checks import check_settings
from mtreason.runs.settings import Settings

CHOOSING = [name for name, decoder in DECODERS.items() if "reward" in decoder.options]


@pytest.mark.parametrize("system", [*SYSTEMS, *DECODERS])
def test_every_name_is_one_that_can_run(system) -> None:
    check_settings(settings_of(system, Settings(budget=8.0)))


@pytest.mark.parametrize(("decoder", "reward"), list(itertools.product(CHOOSING, REWARDS)))
def test_any_decoder_goes_with_any_reward(decoder, reward) -> None:
    settings = settings_of(f"{decoder}:{reward}", Settings(qe="own.ckpt", head=Path("own.safetensors")))
    assert (settings.decoder, settings.reward) == (decoder, reward)
    asks = any(PARTS[part].checkpoint for part in REWARDS[reward].weights)
    assert settings.qe == ("own.ckpt" if asks else None), "a metric is asked where the reward does"
    reads = "value" in REWARDS[reward].weights
    assert settings.head == (Path("own.safetensors") if reads else None), "and so is a head"
    assert settings.full_budget == ("full_budget" in DECODERS[decoder].options), "at equal cost nobody stops early"


def test_a_reward_in_a_file(tmp_path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\n[weights]\nlikelihood = 0.5\nconsensus = 0.5\n', "utf-8")
    own = own_settings(f"mcts:{file}", Settings())
    assert own["weights"] == {"likelihood": 0.5, "consensus": 0.5}
    assert optimised(own) == ["consensus", "likelihood", "chrf"]


@pytest.mark.parametrize(
    ("system", "marked"),
    [
        ("greedy", []),
        ("sample", []),
        ("beam-5", ["likelihood"]),
        ("mbr", ["consensus", "chrf"]),
        ("best-of-n:two-way", ["reward", "channel", "likelihood"]),
        ("best-of-n:reference", ["reference", "chrf"]),
        ("mcts:confidence", ["confidence"]),
    ],
)
def test_what_a_system_maximised_is_marked(system, marked) -> None:
    assert optimised(own_settings(system, Settings())) == marked


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mtcs", "--systems 'mtcs': no such system, did you mean 'mcts'"),
        ("best-of-n:mixx", "`reward` 'mixx': no such reward, did you mean 'mix'"),
        ("greedy:mix", None),
        ("mcts@shrt", "no such wording, did you mean 'short'"),
    ],
)
def test_names_that_are_none(name, message) -> None:
    if message is None:
        with pytest.raises(InputError, match="`reward` does nothing for `decoder` greedy"):
            check_settings(settings_of(name, Settings()))
        return
    with pytest.raises(InputError, match=message):
        read_system(name)


def test_a_system_may_have_a_wording_of_its_own() -> None:
    for name, prompt in (("beam-5@short", "short"), ("mcts:channel@into", "into"), ("mcts", "labelled")):
        own = settings_of(name, Settings(prompt="labelled"))
        assert own.prompt == prompt
    assert settings_of("beam-5@short", Settings()).beam_width == 5
    assert settings_of("mcts:channel@into", Settings()).reward == "channel"


def test_doubles_are_left_out() -> None:
    assert pick_systems(["mcts", "greedy", "mcts"], [8.0]) == ["mcts", "greedy"]


def test_budgets_multiply_the_systems_that_spend_them() -> None:
    names = ["greedy", "beam-5", "beam", "mcts:channel@into", "mcts/3"]
    assert pick_systems(names, [4.0, 2.5]) == [
        "greedy", "beam-5", "beam/4", "beam/2.5", "mcts:channel@into/4", "mcts:channel@into/2.5", "mcts/3",
    ]  # fmt: skip
    assert read_system("mcts:channel@into/2.5") == {
        "decoder": "mcts", "reward": "channel", "full_budget": True, "prompt": "into", "budget": 2.5,
    }  # fmt: skip
    assert [family(name) for name in ("mcts@into/2.5", "greedy", "mcts@a/b.toml/16")] == [
        "mcts@into", "greedy", "mcts@a/b.toml",
    ]  # fmt: skip
