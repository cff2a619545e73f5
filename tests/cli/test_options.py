"""Help texts name what the registries hold: they are written by hand so that help need not load anything heavy."""

import re
import typing

import pytest

from mtreason.cli import options
from mtreason.decoding import DECODERS
from mtreason.documents.formats import FORMATS, TEXT
from mtreason.errors import SettingError
from mtreason.models.load import DTYPES
from mtreason.rewards import REWARDS
from mtreason.runs.checks import check_settings
from mtreason.runs.settings import EFFORTS, Settings, with_effort


def named(option) -> set[str]:
    """The names that an option's help lists, up to the remark after the semicolon."""
    [_, info] = typing.get_args(option)
    return set(re.findall(r"[a-z0-9][a-z0-9-]*", info.help.partition(";")[0]))


def test_every_name_of_a_registry_is_in_the_help_of_its_option() -> None:
    assert set(DECODERS) == named(options.Decoder) - {"or"}
    assert set(REWARDS) <= named(options.RewardName)
    assert {TEXT, *FORMATS} == named(options.FormatName) - {"or"}
    assert set(DTYPES) == named(options.Dtype) - {"or"}
    assert set(EFFORTS) <= named(options.Effort)


def test_no_name_that_is_gone_is_in_the_help_of_rewards() -> None:
    words = {"what", "hat", "is", "maximised", "or", "a", "file", "that", "tune", "wrote"}
    assert named(options.RewardName) - words == set(REWARDS)


@pytest.mark.parametrize("effort", EFFORTS)
def test_an_effort_is_settings_that_exist(effort) -> None:
    check_settings(Settings(**with_effort(effort, {"seed": 3, "nodes": None})))
    assert with_effort(effort, {"seed": 3})["seed"] == 3
    for name in EFFORTS[effort]:
        with pytest.raises(SettingError, match=f"`effort` {effort} sets `{name}` itself: leave one of them out"):
            with_effort(effort, {name: EFFORTS[effort][name]})


def test_no_effort_and_an_unknown_one() -> None:
    assert with_effort(None, {"budget": None, "decoder": "greedy"}) == {"decoder": "greedy"}
    with pytest.raises(SettingError, match="`effort` 'hgih': expected one of low, medium, high, did you mean 'high'"):
        with_effort("hgih", {})
