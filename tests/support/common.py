"""What several test files set up."""

import numpy as np

from mtreason.decoding import run
from mtreason.decoding.borders import EveryN
from mtreason.decoding.protocol import BoundTask, DecodingSettings
from mtreason.languages import Direction, parse_language
from mtreason.models.protocol import ROOT, TokenMask
from mtreason.rewards import REWARDS, Head, write_head
from mtreason.rewards.value import FEATURES
from mtreason.runs.translator import Translator

ZH, EN = parse_language("zh"), parse_language("en")
SENTENCES = ["今天天气很好。", "我们去公园吧。", "这双鞋的踩屎感太强了！", "你好", "公园里的鞋很好。", "她说天气好。"]


def translator(loaded, terms=(), human=None, **settings):
    return Translator(loaded, ZH, EN, terms=terms, human=human, **settings)


def head_for(loaded, path):
    """Write a head with random weights for the tiny model."""
    weights = np.random.default_rng(0).normal(size=3 * loaded.model.width).astype(np.float32)
    write_head(path, Head(weights, 0.25, loaded.digest, FEATURES, ("zh-en",), {"sources": 3}, "mtreason tune"))
    return path


def decode(t, sentences=SENTENCES, in_flight=16):
    tasks = (t.bind(t.task(i, s)) for i, s in enumerate(sentences))
    return sorted(run(t.decoder, tasks, t.decoding, t.model, in_flight, t.metric), key=lambda r: r.index)


def summary(results):
    return [(r.text, [(c.text, c.reward, c.count) for c in r.candidates], r.cost) for r in results]


def play(steps, model):
    """Answer a generator of calls, one at a time."""
    from mtreason.models.calls import Cut, Extend, Release, Score, TopK

    answer = None
    while True:
        try:
            call = steps.send(answer)
        except StopIteration as stop:
            return stop.value
        match call:
            case TopK():
                answer = model.top_k(call.prefixes, call.mask, call.count)
            case Extend():
                answer = model.extend(call.prefixes, call.tokens)
            case Score():
                answer = model.score(call.prefixes, call.targets)
            case Cut():
                answer = model.cut(call.prefix, call.length)
            case Release():
                answer = model.release(call.prefixes)


# A table model of six tokens: 0 ends a text, 1 to 5 are letters. Small enough to enumerate every translation.
LETTERS = " ABCDE"
LONGEST = 5


def spell(tokens) -> str:
    return "".join(LETTERS[t] for t in tokens)


def unspell(text) -> tuple[int, ...]:
    """Return the tokens of a text; letters that the model does not have are As."""
    return tuple(max(1, LETTERS.find(letter)) for letter in text)


def table_settings(reward="likelihood", budget=8.0, nodes=1, **more):
    return DecodingSettings(
        reward=REWARDS[reward],
        budget=budget,
        decode=spell,
        encode=unspell,
        inside=unspell,
        end=0,
        border=EveryN(nodes),
        **more,
    )


def table_tasks(model, count=1, seed=0, banned=(), hints=()):
    banned_mask = np.isin(np.arange(len(LETTERS)), banned)
    head, unconditional, back, chat = model.extend([ROOT] * 4, [(1, 2), (1, 2, 4), (2, 1), (1,)])
    mask = TokenMask(banned_mask, frozenset({0}), 1.0)
    return [
        BoundTask(
            index=i,
            source="源",
            head=head,
            prompt=(3, 1 + i % 5),
            unconditional=unconditional,
            back_head=back,
            back_tail=(4,),
            source_tokens=(5, 2, 0),
            chat_head=chat,
            verdict_prompt=(2, 3),
            verdict_tail=(4,),
            verdict_tokens=((5,), (1, 2)),
            hits=hints,
            direction=Direction(ZH, EN),
            mask=mask,
            seed=seed + i,
            max_new_tokens=LONGEST,
        )
        for i in range(count)
    ]


def text_units(*lines):
    from mtreason.documents import TextDocument

    return TextDocument(lines).units
