"""Help texts name what the registries hold: they are written by hand so that help need not load anything heavy."""

import re
import typing

from mtreason.cli import options
from mtreason.decoding import DECODERS
from mtreason.documents.formats import FORMATS, TEXT
from mtreason.models.load import DTYPES
from mtreason.rewards import REWARDS
from mtreason.runs.settings import EFFORTS


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
