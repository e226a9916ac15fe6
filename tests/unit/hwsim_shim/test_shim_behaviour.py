"""What the shim sends is what the behaviour takes: number of arguments, read from the C sources and the handlers."""

import inspect
import re

import pytest
from shimkit import SHIM

from hwsim.vendorlibs.synway import library
from hwsim.vendorlibs.synway.api import TABLE

CALL = re.compile(r'shp_(?:call|wait|call_closed)\((?:\w+,\s*)?"(\w+)",\s*"(\w*)"')


def sent():
    """(function, signature) of every call in the C sources."""
    found = {match for source in sorted(SHIM.glob("*.c")) for match in CALL.findall(source.read_text())}
    return sorted((name, signature) for name, signature in found if name in TABLE)


def unwrapped(handler):
    """The function behind `on_channel`."""
    inner = dict(zip(handler.__code__.co_freevars, handler.__closure__ or (), strict=True)).get("handler")
    return inner.cell_contents if inner else handler


@pytest.mark.parametrize(("name", "signature"), sent())
def test_handlers_take_the_arguments_that_the_shim_sends(name, signature):
    count = sum(2 if letter in "tm" else 1 for letter in signature if letter.islower())
    inspect.signature(unwrapped(TABLE[name])).bind(None, *range(count))


def test_the_shims_own_questions_are_answered_and_are_waits():
    assert {"ShimNextCallback", "ShimNextWork"} <= set(TABLE)
    assert {"ShimNextCallback", "ShimNextWork", "SsmWaitForEvent", "SsmWaitForEventA"} <= (
        library.api_events.WAITS | library.api_memory.WAITS
    )
