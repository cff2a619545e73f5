"""The targets of an XLIFF file as translators see them: each is a piece, known by the names of its unit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from mtreason.documents.catalogues.xliff_inline import has_text, normal
from mtreason.documents.catalogues.xliff_scan import Scan, XliffUnit, place_of_target, written
from mtreason.documents.protocol import Unit
from mtreason.documents.spans import Fix, line_numbers, spliced
from mtreason.documents.views import Piece, PlainView, short_digest
from mtreason.documents.xml_tokens import with_attributes
from mtreason.records import parse_record

_STATES = ("state", "subState", "approved")
"""Attributes of a unit that belong to the translator."""


class XliffView(PlainView):
    """The targets of a file; implements `View`."""

    keyed = True

    def __init__(self, content: str, bom: bytes, found: Scan, owners: Sequence[int]) -> None:
        self._content, self._bom = content, bom
        self._units = found.units
        self._owners = owners
        line_of = line_numbers(content)
        seen: Counter[str] = Counter()
        self.pieces = []
        for unit in self._units:
            seen[unit.key] += 1
            self.pieces.append(self._piece(unit, line_of(unit.parts["source"].start), seen[unit.key]))

    def _piece(self, unit: XliffUnit, line: int, number: int) -> Piece:
        content, source, target = self._content, unit.parts["source"], unit.parts.get("target")
        states = [(a, unit.element.attributes[a]) for a in _STATES if a in unit.element.attributes]
        attributes = [] if target is None else sorted(target.attributes.items())
        return Piece(
            f"line {line}",
            f"{unit.key} {number}",
            normal(content, source.opened, source.closed),
            json.dumps([states, "" if target is None else content[target.start : target.end]]),
            repr((states, attributes, "" if target is None else normal(content, target.opened, target.closed))),
            target is not None and has_text(content, target),
        )

    @cached_property
    def frame(self) -> str:
        """See `View.frame`."""
        changes = []
        for unit in self._units:
            changes.append(self._with_states(unit, {}))
            if (target := unit.parts.get("target")) is not None:
                changes.append(Fix(target.start, target.end, ""))
        around = spliced(self._content, changes)
        return short_digest(normal(around, 0, len(around), frame=True))

    def put(self, raws: Mapping[int, str], more: Sequence[str] = ()) -> bytes:
        """See `View.put`."""
        del more
        changes = []
        for i, raw in raws.items():
            states, target = parse_record(raw)
            unit = self._units[i]
            changes.append(self._with_states(unit, dict(states)))
            if (old := unit.parts.get("target")) is not None:
                changes.append(Fix(old.start, old.end, target))
            elif target:
                place, indent = place_of_target(self._content, unit)
                changes.append(Fix(place, place, indent + target))
        return self._bom + written(self._content, changes)

    def _with_states(self, unit: XliffUnit, states: Mapping[str, str]) -> Fix:
        start, end = unit.element.start, unit.element.opened
        values = {name: states.get(name) for name in _STATES}
        return Fix(start, end, with_attributes(self._content[start:end], values))

    def owner(self, unit: Unit) -> int:
        """See `View.owner`."""
        return self._owners[unit.number - 1]
