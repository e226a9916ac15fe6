"""ULIDs sort by the order in which one source minted them, whatever the wall clock does."""

from hypothesis import given
from hypothesis import strategies as st

from boardd.contract.ids import UlidSource, valid_name


@given(st.lists(st.integers(min_value=0, max_value=2**47), min_size=1, max_size=50))
def test_minted_ids_grow_even_when_the_clock_jumps(times_ms: list[int]) -> None:
    source = UlidSource()
    minted = [source.mint(t) for t in times_ms]
    assert minted == sorted(minted)
    assert len(set(minted)) == len(minted)


def test_names() -> None:
    assert valid_name("e1a") and valid_name("pa.2-x_1")
    assert not any(valid_name(n) for n in ("", "-a", "a/b", "a b", "x" * 33, "分机"))
