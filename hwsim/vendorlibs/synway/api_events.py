"""Event functions (fact sheet section 6.2). The shim asks for callbacks by `ShimNextCallback`."""

from __future__ import annotations

from dataclasses import replace

from hwsim.vendorlibs.rpc import PARKED, Reply
from hwsim.vendorlibs.synway.api import Call, Result, accepted, api
from hwsim.vendorlibs.synway.codes import ErrorCode
from hwsim.vendorlibs.synway.events import FOREVER_MS, Notice, Setting
from hwsim.vendorlibs.synway.refusal import Refusal

WAITS = frozenset({"SsmWaitForEvent", "SsmWaitForEventA", "ShimNextCallback"})
MISUSE = -2


def setting_of(values: tuple[int | None, ...]) -> Setting | None:
    """EVENT_SET_INFO from its five fields, None for a NULL pointer."""
    numbers = [value for value in values if value is not None]
    return Setting(*numbers) if numbers and len(numbers) == len(values) else None


@api("SsmSetEvent")
def set_event(call: Call, code: int, ref: int, enable: int, *setting: int | None) -> int:
    """Choose mode (code 0xFFFF), or switch one event on or off."""
    done = call.driver.hub.set_event(code, ref, bool(enable), setting_of(setting))
    if not done:
        raise Refusal(ErrorCode.INVALID_PARAMETER, "event mode is refused")
    return 0


@api("SsmGetEventMode")
def event_mode(call: Call, code: int, ref: int) -> Reply:
    """Read back."""
    enabled, setting = call.driver.hub.mode_of(code, ref)
    return Reply(0, (int(enabled), setting.mode, setting.handler, setting.condition, setting.step, setting.user))


def outs_of(notice: Notice, extended: bool) -> tuple[int | bytes, ...]:
    """Code, reference, parameter; in the extended interface also user, sub-reason, extra, flags, data."""
    if not extended:
        return notice.code, notice.ref, notice.param
    return notice.code, notice.ref, notice.param, notice.cookie, 0, 0, int(notice.user), notice.data


def _usable(call: Call, extended: bool) -> None:
    if not call.driver.hub.usable(extended):
        raise Refusal(ErrorCode.OPERATION_UNOPENED, "event queue is not open in this mode", MISUSE)


@api("SsmWaitForEvent")
def wait(call: Call, timeout_ms: int) -> Result:
    """The next event, or -1 when the time is up."""
    return _wait(call, timeout_ms, extended=False)


@api("SsmWaitForEventA")
def wait_extended(call: Call, timeout_ms: int) -> Result:
    """The next event of the extended interface."""
    return _wait(call, timeout_ms, extended=True)


def _wait(call: Call, timeout_ms: int, extended: bool) -> Result:
    _usable(call, extended)
    hub = call.driver.hub
    notice = hub.take()
    if notice:
        return Reply(0, outs_of(notice, extended))
    if not timeout_ms:
        return -1
    conn = call.conn

    def done(found: Notice | None) -> None:
        conn.reply(Reply(0, outs_of(found, extended)) if found else Reply(-1))

    hub.wait(timeout_ms, done)
    return PARKED


@api("SsmGetEvent")
def get(call: Call) -> Result:
    """The oldest event without waiting."""
    return _get(call, extended=False)


@api("SsmGetEventA")
def get_extended(call: Call) -> Result:
    """The same for the extended interface."""
    return _get(call, extended=True)


def _get(call: Call, extended: bool) -> Result:
    _usable(call, extended)
    notice = call.driver.hub.take()
    return Reply(0, outs_of(notice, extended)) if notice else call.driver.personality.empty_queue_return


@api("ShimNextCallback")
def next_callback(call: Call, _result: int) -> Result:
    """The shim's event thread asks for its next callback; -1 ends the thread."""
    hub = call.driver.hub
    if not hub.calls_back:
        return -1
    conn = call.conn

    def answer(found: Notice) -> Reply:
        setting = hub.setting
        return Reply(0, (setting.mode, setting.handler, *outs_of(_with_user(found, setting.user), True)))

    notice = hub.take()
    if notice:
        return answer(notice)
    hub.wait(FOREVER_MS, lambda found: conn.reply(answer(found) if found else Reply(-1)))
    return PARKED


def _with_user(notice: Notice, user: int) -> Notice:
    return notice if notice.user else replace(notice, cookie=user)


@api("SsmPutUserEvent")
def put(call: Call, code: int, ref: int, param: int) -> int:
    """Post the application's own event."""
    return _put(call, Notice(code, ref, param & 0xFFFFFFFF, user=True))


@api("SsmPutUserEventA")
def put_extended(
    call: Call, code: int, ref: int, param: int, cookie: int, _reason: int, _extra: int, _flags: int, data: bytes | None
) -> int:
    """The same for the extended interface."""
    return _put(call, Notice(code, ref, param & 0xFFFFFFFF, user=True, data=data or b"", cookie=cookie))


def _put(call: Call, notice: Notice) -> int:
    hub = call.driver.hub
    if not hub.enabled_globally or not hub.fits(hub.setting.mode):
        raise Refusal(ErrorCode.OPERATION_UNOPENED, "events are not enabled")
    if not hub.post_user(notice):
        raise Refusal(ErrorCode.RESOURCE_USED_UP, "user event queue is full")
    return 0


@api("SsmStartTimer")
def start_timer(call: Call, delay_ms: int, mode: int) -> int:
    """The timer's id."""
    number = call.driver.hub.start_timer(delay_ms, bool(mode))
    if number < 0:
        raise Refusal(ErrorCode.INVALID_PARAMETER, "timer delay below 8 ms")
    return number


@api("SsmStopTimer")
def stop_timer(call: Call, number: int) -> int:
    """End a timer."""
    return accepted(call.driver.hub.stop_timer(number), f"no timer {number}")


@api("SsmGetInterEventType", before_start=False)
def interface(call: Call) -> int:
    """0 plain, 1 extended."""
    return call.driver.hub.interface


@api("SsmSetInterEventType")
def set_interface(call: Call, kind: int) -> int:
    """Choose the interface; refused for unknown values."""
    if kind not in (0, 1):
        raise Refusal(ErrorCode.INVALID_PARAMETER, "interface type must be 0 or 1")
    call.driver.hub.interface = kind
    return 0
