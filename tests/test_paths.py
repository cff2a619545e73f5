"""Small files: whatever cannot be read is one line with advice."""

import pytest

from mtreason import files
from mtreason.errors import InputError
from mtreason.files import check_output, followed, is_pipe, read_bytes, resolved


def test_what_cannot_be_read(tmp_path, monkeypatch) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    for path in (loop, tmp_path, tmp_path / ("n" * 300), tmp_path / "a\0b", tmp_path / "none"):
        with pytest.raises(InputError, match=r"cannot be read \(.+\): check it$"):
            read_bytes(path, "check it")
    monkeypatch.setattr(files, "MOST_BYTES", 1 << 20)
    (tmp_path / "large").write_bytes(b"a" * ((1 << 20) + 1))
    with pytest.raises(InputError, match="large: larger than 1 MB: check it"):
        read_bytes(tmp_path / "large", "check it")


def test_paths_that_lead_nowhere(tmp_path) -> None:
    loop, link = tmp_path / "loop", tmp_path / "link"
    loop.symlink_to("loop")
    link.symlink_to("there")
    assert resolved(link) == followed(link) == (tmp_path / "there").resolve()
    assert followed(tmp_path / "x") == tmp_path / "x"
    with pytest.raises(InputError, match="leads nowhere"):
        resolved(loop)
    with pytest.raises(InputError, match="name another"):
        followed(tmp_path / ("n" * 300))
    assert not is_pipe(loop)
    assert not is_pipe(tmp_path / ("n" * 300))
    with pytest.raises(InputError, match="is also an input and would be overwritten"):
        check_output(link, tmp_path / "x", tmp_path / "there")
