"""Start, stop, errors, version (fact sheet sections 4 and 5)."""

from __future__ import annotations

from hwsim.vendorlibs.rpc import PARKED, Parked, Reply
from hwsim.vendorlibs.synway.api import Call, Result, api
from hwsim.vendorlibs.synway.api_events import setting_of
from hwsim.vendorlibs.synway.codes import ErrorCode
from hwsim.vendorlibs.synway.refusal import Refusal

VERSION = (5, 4, 0, 3, 0, 0)
"""SSM_VERSION: major, minor, internal, build, release, feature."""
INTERRUPT_MS = 8


@api("SsmStartCti", before_start=True)
def start(call: Call, config: str, index: str) -> Parked:
    """Park the call for as long as a real start takes."""
    call.library.start(call.conn, (config, index), call.files, None)
    return PARKED


@api("SsmStartCtiEx", before_start=True)
def start_with_events(call: Call, config: str, index: str, enable: int, *setting: int | None) -> Parked:
    """Start and install the event mode before anything can happen."""
    wanted = setting_of(setting) if enable else None
    call.library.start(call.conn, (config, index), call.files, wanted)
    return PARKED


@api("SsmCloseCti")
def close(call: Call) -> Parked:
    """Park the call while the cards are being stopped."""
    call.library.close(call.conn)
    return PARKED


@api("SsmGetLastErrMsg", before_start=True)
def last_error_text(call: Call) -> Reply:
    """The text of the last error; the slot is not changed."""
    return Reply(0, (call.library.error_text.encode("gbk", "replace"),))


@api("SsmGetLastErrCode", before_start=True)
def last_error_code(call: Call) -> int:
    """The number of the last error."""
    return int(call.library.error_code)


@api("SsmGetDllVersion", before_start=True)
def version(call: Call) -> Reply:
    """The driver's version, field by field."""
    return Reply(0, VERSION)


@api("SsmGetIntCount")
def interrupts(call: Call) -> int:
    """Hardware interrupts since start: they move with simulated time while a card is there."""
    driver = call.driver
    if not any(card and card.plugged for card in driver.boards):
        return call.library.frozen_interrupts
    call.library.frozen_interrupts = (call.library.sim.now_us - call.library.started_us) // (INTERRUPT_MS * 1000)
    return call.library.frozen_interrupts


@api("SsmStartBoard", "SsmStopBoard")
def one_board(call: Call, board: int) -> Result:
    """Refused on PCI cards."""
    if not 0 <= board < len(call.driver.boards):
        raise Refusal(ErrorCode.INVALID_PARAMETER, f"no board {board}")
    raise Refusal(ErrorCode.UNSUPPORTED, f"{call.name} is not supported by board {board}")
