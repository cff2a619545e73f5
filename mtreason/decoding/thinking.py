"""Draws answers that reason first, in two stages, so that every thought ends and every answer has an output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mtreason.decoding.answers import Thinking, Tokens, foreign
from mtreason.decoding.protocol import BoundTask, Decode, DecodingSettings, derive_seed
from mtreason.models.calls import Calls, cut, extend, release, sample
from mtreason.models.protocol import Continuation, Draw, Prefix
from mtreason.models.sequences import running_away


@dataclass(frozen=True, slots=True)
class _Row:
    """An answer that is being drawn."""

    draw: Draw
    before: tuple[int, ...]
    """Tokens from the prompt to the place where this answer is drawn."""
    first: Continuation | None = None
    """What the first stage drew."""
    kept: int = 0
    """How many tokens of the first stage are kept."""
    given: tuple[int, ...] = ()
    """Tokens after those that were given, not drawn."""
    room: int = 0
    """How many tokens the second stage may draw; 0 if the first stage has drawn everything."""
    earlier: tuple[Prefix, ...] = ()
    """Handles to the tokens that are kept and given."""


def draw_answers(
    thinking: Thinking,
    settings: DecodingSettings,
    task: BoundTask,
    draws: Sequence[Draw],
    before: Sequence[tuple[int, ...]],
) -> Calls[list[Continuation]]:
    """Draw answers to their ends, each from where its `before` ends; the lengths in the draws are ignored.

    The first stage draws up to the limit of the thought. The second stage continues a translation that has begun, or
    begins it: a thought without an end is closed. A translation in a foreign script is drawn again. Where the second
    stage draws the translation, it uses the token mask of bare translations.
    """
    rows = [_Row(draw, path) for draw, path in zip(draws, before, strict=True)]
    begun = [Tokens(row.before, thinking.mask.stop, settings.decode).answer.begun for row in rows]
    stage = [
        replace(row.draw, max_new_tokens=max(1, thinking.limit - len(row.before)))
        for row, late in zip(rows, begun, strict=True)
        if not late
    ]
    drawn = iter((yield from sample(stage, thinking.mask)))
    rows = [row if late else replace(row, first=next(drawn)) for row, late in zip(rows, begun, strict=True)]
    rows = [_plan(thinking, settings.decode, task, row) for row in rows]
    rows = yield from _read(rows)
    later = [
        replace(
            row.draw,
            prefix=row.earlier[-1] if row.earlier else row.draw.prefix,
            seed=row.draw.seed if row.first is None else derive_seed(row.draw.seed, "output"),
            max_new_tokens=row.room,
            banned_first=() if row.kept or row.given else row.draw.banned_first,
        )
        for row in rows
        if row.room
    ]
    drawn = iter((yield from sample(later, task.mask)))
    whole = [_join(row, next(drawn) if row.room else None) for row in rows]
    return [_ended(thinking, settings.decode, row.before, piece) for row, piece in zip(rows, whole, strict=True)]


def _plan(thinking: Thinking, decode: Decode, task: BoundTask, row: _Row) -> _Row:
    """Decide what the second stage does with an answer."""
    path, piece = len(row.before), row.first
    tokens = Tokens(row.before + (piece.tokens if piece else ()), thinking.mask.stop, decode)
    answer = tokens.answer
    # The tags around a translation do not count as part of it.
    room = task.max_new_tokens + len(thinking.close)
    if piece is None:
        return replace(row, room=max(1, room - (len(tokens.tokens) - tokens.output_start)))
    ended = piece.finished or answer.complete or running_away(piece.tokens)
    kept, given = tokens.count, tuple[int, ...]()
    if not answer.closed and not answer.opened:
        given = thinking.close
    elif not answer.begun or not (answer.opened or ended):
        kept, given = max(path, tokens.covering(answer.thought_end)), thinking.open
    elif foreign(thinking, answer.output, task.hits) and tokens.parts_at_output:
        kept = tokens.output_start
    elif ended:
        return replace(row, kept=len(piece.tokens))
    else:
        room = max(1, room - (kept - tokens.output_start))
    return replace(row, kept=kept - path, given=given, room=room)


def _read(rows: Sequence[_Row]) -> Calls[list[_Row]]:
    """Read the tokens of all rows that continue, up to where they continue."""
    done, unread = [], []
    for row in rows:
        piece = row.first
        if piece is None or not row.room:
            done.append(row)
            continue
        covered = len(piece.tokens) - 1
        earlier: tuple[Prefix, ...] = (piece.prefix,)
        if row.kept < covered:
            earlier = ((yield from cut(piece.prefix, row.draw.prefix.length + row.kept)),) if row.kept else ()
            yield from release([piece.prefix])
        rest = piece.tokens[covered : row.kept] + row.given
        if rest:
            unread.append((len(done), earlier[-1] if earlier else row.draw.prefix, rest))
        done.append(replace(row, earlier=earlier))
    read = yield from extend([prefix for _, prefix, _ in unread], [rest for _, _, rest in unread])
    for (i, _, _), prefix in zip(unread, read, strict=True):
        done[i] = replace(done[i], earlier=(*done[i].earlier, prefix))
    return done


def _join(row: _Row, second: Continuation | None) -> Continuation:
    """Join what was kept, given and drawn; a given token was certain and had no alternatives."""
    if row.first is None or second is None:
        piece = row.first or second
        if piece is None:
            raise RuntimeError("nothing was drawn")
        return piece
    first, width = row.first, second.top_log_probs.shape[1]
    given = len(row.given)
    return Continuation(
        tokens=first.tokens[: row.kept] + row.given + second.tokens,
        log_probs=np.concatenate([first.log_probs[: row.kept], np.zeros(given, np.float32), second.log_probs]),
        top_log_probs=np.concatenate(
            [first.top_log_probs[: row.kept], np.full((given, width), np.nan, np.float32), second.top_log_probs]
        ),
        finished=second.finished,
        prefix=second.prefix,
        earlier=row.earlier,
    )


def _ended(thinking: Thinking, decode: Decode, before: tuple[int, ...], piece: Continuation) -> Continuation:
    """Mark the tokens after the translation as given: nothing was decided there, so there is nothing else to try."""
    tokens = Tokens(before + piece.tokens, thinking.mask.stop, decode)
    end = tokens.output_end - len(before)
    if end >= len(piece.tokens):
        return piece
    log_probs, top_log_probs = piece.log_probs.copy(), piece.top_log_probs.copy()
    log_probs[end:], top_log_probs[end:] = 0.0, np.nan
    return replace(piece, log_probs=log_probs, top_log_probs=top_log_probs)
