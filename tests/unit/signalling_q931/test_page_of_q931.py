"""What docs/signalling.md says of PRI is what the code has."""

import re
from pathlib import Path

from boardd.signalling.q931.profile import TIMERS, Q931Profile, Side

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/signalling.md").read_text(encoding="utf-8").split("## ISDN PRI")[1]


def rows(heading):
    return re.findall(r"^\| (`.*) \|$", PAGE.split(heading)[1].split("\n#")[0], re.M)


def test_timers():
    user, network = Q931Profile(), Q931Profile(side=Side.NETWORK)
    table = re.findall(r"^\| `(T\d+)` \| (\d+) \| (\d+) \|$", PAGE, re.M)
    assert [name for name, _, _ in table] == list(TIMERS)
    assert all((user.ms(name), network.ms(name)) == (int(u), int(n)) for name, u, n in table)


def test_troubles():
    sources = "".join(path.read_text() for path in (ROOT / "boardd/signalling/q931").glob("*.py"))
    raised = set(re.findall(r'trouble\(\s*"(\w+)"', sources))
    assert {row.split("`")[1] for row in rows("### Troubles")} == raised


def test_words_of_the_profile_exist():
    known = set(Q931Profile.__dataclass_fields__)
    for name in ("overlap_receiving", "ddi", "keep_in_band", "restart_patience_ms", "service_messages", "timers_ms"):
        assert f"`{name}`" in PAGE and name in known
