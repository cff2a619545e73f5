"""`mtreason corpus` as another process."""

import signal
import time

import pytest
from support.commands import refused, run, start
from support.corpora import TEXTS, output_bytes, output_rows, rows_of, write_jsonl

OPTIONS = ["--from", "zh", "--to", "en", "--id-column", "id", "--decoder", "greedy", "--no-glossary"]


def command(source, out, model, *more):
    return ["corpus", source, "-o", out, *OPTIONS, "--rows-per-file", 2, "--model", model, *more]


def test_a_killed_run_goes_on(terse_model, tmp_path) -> None:
    """Each time it is killed as soon as it has finished another part."""
    source, out = write_jsonl(tmp_path / "in.jsonl", rows_of(TEXTS)), tmp_path / "out"
    assert run(command(source, tmp_path / "whole", terse_model), tmp_path / "cache")[0] in {0, 3}
    expected = output_bytes(tmp_path / "whole")
    assert [row["source"] for row in output_rows(tmp_path / "whole")] == TEXTS
    for number in (signal.SIGKILL, signal.SIGTERM):
        before = len(list(out.glob("part-*")))
        process = start(command(source, out, terse_model, "-q"), tmp_path / "cache")
        while len(list(out.glob("part-*"))) == before and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(number)
        _, err = process.communicate(timeout=300)
        assert process.returncode in {-number, 130, 0, 3}, err
        assert b"Traceback" not in err
        assert output_bytes(out).items() <= expected.items()
    assert run(command(source, out, terse_model), tmp_path / "cache")[0] in {0, 3}
    assert output_bytes(out) == expected


def test_failed_rows_are_named_at_the_end(terse_model, tmp_path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [{"id": "a", "text": "2024"}, {"id": "b"}])
    code, _, err = run(command(source, tmp_path / "out", terse_model, "-q"), tmp_path / "cache")
    assert code == 3
    assert err == "mtreason: 1 row failed, the first is b (there is no text): the same command tries again\n"
    assert [row["status"] for row in output_rows(tmp_path / "out")] == ["passed", "failed"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--column", "txt"], "no column 'txt' (there are id, text): name one with --column"),
        (["--rows-per-file", "0"], "--rows-per-file 0: must be at least 1 and at most 1000000"),
        (["--batch-size", "0"], "--batch-size 0: must be at least 1 and at most 1000000"),
        (["--format", "csv"], "--format 'csv': expected parquet or jsonl"),
        (["--decoder", "greedi"], "greedi"),
        (["--to", "klingonese"], "klingonese"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, more, said) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", rows_of(TEXTS))
    refused(command(source, tmp_path / "out", "none", *more), tmp_path / "cache", said)
    assert not list((tmp_path / "out").glob("part-*"))
