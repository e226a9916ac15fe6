"""boardctl config check."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

SITE = """\
domains:
  synway: {driver: synway}
groups:
  e1: {channels: ["e1a/1/*"], direktion: in}
scheduler:
  config: scheduler.yaml
"""


def test_the_demo_is_good(ctl):
    answer = ctl("config", "check", str(ROOT / "config" / "demo" / "boardd.yaml"))
    assert (answer.code, answer.err) == (0, "")
    assert "good" in answer.out


def test_problems_name_file_line_key_and_the_nearest_word(ctl, tmp_path):
    file = tmp_path / "boardd.yaml"
    file.write_text(SITE)
    answer = ctl("config", "check", str(file))
    assert answer.code == 1
    assert f"{file}:4: groups.e1.direktion: unknown key (did you mean direction?)" in answer.err
    assert "是不是 direction" in ctl("--lang", "zh_CN", "config", "check", str(file)).err
    (problem,) = ctl("config", "check", str(file), "--json").json
    assert problem == {
        "file": str(file),
        "line": 4,
        "key": "groups.e1.direktion",
        "what": "unknown key",
        "nearest": "direction",
    }


def test_the_schedulers_file_is_checked_too(ctl, tmp_path):
    file = tmp_path / "boardd.yaml"
    file.write_text(SITE.replace("direktion", "direction"))
    answer = ctl("config", "check", str(file))
    assert answer.code == 1 and "scheduler.yaml" in answer.err


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", b"domains: [", b"- a\n- b\n", b"", b"domains: &a\n  x: *a\n", b"\x00", b"a: 1\na: 2\n"],
)
def test_broken_files(ctl, tmp_path, content):
    file = tmp_path / "boardd.yaml"
    file.write_bytes(content)
    answer = ctl("config", "check", str(file))
    assert answer.code == 1
    assert str(file) in answer.err and "internal error" not in answer.err


def test_what_is_no_file(ctl, tmp_path):
    assert ctl("config", "check", str(tmp_path)).code == 1
    assert ctl("config", "check", str(tmp_path / "none")).code == 1
