"""What an actor of Ray Data holds: a model that is loaded once, and answers for batch after batch."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mtreason.corpus.output import Output
from mtreason.corpus.places import open_folder
from mtreason.errors import InputError
from mtreason.runs.settings import Settings
from mtreason.runs.spec import RunSpec, read_spec

if TYPE_CHECKING:
    import pyarrow as pa


class TranslateBatch:
    """Adds translations to batches of texts; for `Dataset.map_batches` with `batch_format="pyarrow"`.

        ds.map_batches(
            TranslateBatch,
            fn_constructor_kwargs={"source": "zh", "target": "en", "column": "text", "budget": 8},
            batch_format="pyarrow", batch_size=64, num_cpus=2, concurrency=(1, 8),
        )

    The columns that are added: translation, score, parts, status, error, terms_missed, tokens (see
    `mtreason.corpus.rows.Outcome`), and seconds. A text that cannot be translated has the status "failed".
    """

    def __init__(
        self,
        source: str,
        target: str,
        *,
        model: str | None = None,
        column: str = "text",
        dtype: str = "auto",
        tokenizer: str | None = None,
        trust_remote_code: bool = False,
        settings: Settings | None = None,
        expected: Mapping[str, Any] | None = None,
        **changes: Any,  # noqa: ANN401 - fields of `Settings`
    ) -> None:
        """Load the model, as `load_model` does; `changes` are settings by name.

        `expected` is the identity of a run, from `RunSpec.to_json`: `InputError` is raised where this machine would
        translate otherwise, with what differs.
        """
        from mtreason.models.load import load_model
        from mtreason.runs.translator import Translator

        loaded = load_model(model, dtype=dtype, tokenizer=tokenizer, trust_remote_code=trust_remote_code)
        self.column = column
        self.translator = Translator(loaded, source, target, settings, **changes)
        if expected is not None:
            self._check(read_spec(dict(expected), "the run"))

    def _check(self, run: RunSpec) -> None:
        found = self.translator.spec.differences(run)
        if found:
            said = "; ".join(f"{name} is {own!r}, but {wanted!r} elsewhere" for name, wanted, own in found)
            raise InputError(f"node {platform.node()} would translate otherwise: {said}")

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Return the table with more columns; raises `InputError` for a batch of another form, or without the column.

        A cell without a text is a failed row.
        """
        from mtreason.corpus.batches import add_outcomes

        names = getattr(batch, "column_names", None)
        if names is None:
            raise InputError(f"a batch is {type(batch).__name__}: call map_batches with batch_format='pyarrow'")
        if self.column not in names:
            raise InputError(f"no column {self.column!r} (there are {', '.join(names)}): name one with `column`")
        return add_outcomes(self.translator, batch, self.column)


class TranslateParts:
    """What the workers of `mtreason corpus` are: each is told which texts, and reads them where the run put them."""

    def __init__(self, folder: str, form: str, arguments: Mapping[str, Any]) -> None:
        """Open the folder of the output, and load the model; `arguments` are those of `TranslateBatch`."""
        self._output = Output(open_folder(folder), form)
        self._translate = TranslateBatch(**arguments)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Return the texts of pieces of parts (part, start, length) with their outcomes."""
        from pyarrow import concat_tables

        rows = batch.to_pylist()
        return concat_tables(
            self._translate(self._output.own(row["part"]).slice(row["start"], row["length"])) for row in rows
        )
