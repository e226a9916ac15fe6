"""The only place of the driver that touches cffi: declarations, features, typed functions, texts and structures.

`Native` methods run on the door thread, except `wait_event`, which runs on the event thread. No cdata leaves it.
"""
# ruff: noqa: N802 - the maker's spelling; each function is described where it is declared (decl/*.h)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, Protocol, cast

from boardd.native.library import Library, load_library
from boardd.native.strings import Cell, TextBuffer, encode_path
from drivers.synway._codes import EVENT_MODE_EXTENDED, EVENT_MODE_PLAIN, INTERFACE_EXTENDED
from drivers.synway._errors import device_error

P = ParamSpec("P")

DECLARATIONS = ("life", "inventory", "events", "call", "analog", "media", "switching", "conference", "fax")
"""In this order: later files use structures of earlier ones."""

FEATURES = {
    "start_with_events": ("SsmStartCtiEx",),
    "version": ("SsmGetDllVersion",),
    "interface_type": ("SsmGetInterEventType", "SsmSetInterEventType"),
    "extended_events": ("SsmWaitForEventA", "SsmGetEventA", "SsmPutUserEventA"),
    "accredit_ex": ("SsmGetAccreditIdEx",),
    "board_to_channel": ("SsmGetAppChId",),
    "caller_name": ("SsmGetCallerName",),
    "release_reason": ("SsmGetReleaseReason",),
    "isdn_cause": ("SsmISDNSetHangupRzn",),
    "isup_cause": ("SsmHangupEx",),
    "channel_answer_time": ("SsmSetWaitAutoDialAnswerTimeEx",),
    "played_time_ex": ("SsmGetPlayedTimeEx",),
    "stereo_record": ("SsmRecStereoToFile", "SsmStopRecStereoToFile", "SsmChkStereoToFile"),
    "truncate_tail": ("SsmSetTruncateTail",),
    "play_gain": ("SsmSetPlayGain", "SsmSetPlayDest"),
    "interrupt_count": ("SsmGetIntCount",),
    "local_block": (
        "SsmBlockLocalCh",
        "SsmUnblockLocalCh",
        "SsmQueryLocalChBlockState",
        "SsmBlockLocalPCM",
        "SsmUnblockLocalPCM",
        "SsmQueryLocalPCMBlockState",
    ),
    "remote_block": ("SsmBlockRemoteCh", "SsmUnblockRemoteCh", "SsmGetRemoteChBlockStatus"),
    "actual_pickup": ("SsmCheckActualPickup",),
    "play_listen": ("SsmListenToPlay", "SsmUnListenToPlay"),
    "conference_info": ("SsmGetConfChInfo", "SsmGetConfGrpInfo", "SsmGetTotalConfGroup", "SsmValidateGrpId"),
    "ties": (
        "SsmRecToFileB",
        "SsmRecordMemBlock",
        "SsmStopRecordMemBlock",
        "SsmPlayMemBlock",
        "SsmStopPlayMemBlock",
    ),
    "fax": (
        "SsmFaxStartSend",
        "SsmFaxStartSendEx",
        "SsmFaxStartReceive",
        "SsmFaxStop",
        "SsmFaxCheckEnd",
        "SsmFaxGetPages",
        "SsmFaxGetSpeed",
        "SsmFaxSetID",
        "SsmFaxGetID",
        "SsmFaxGetFailReason",
    ),
}
"""Functions that not every library version has (sections 1, 7, 19); without them the driver does less, and says so."""

ERROR_TEXT_BYTES = 300
NUMBER_BYTES = 128
DTMF_BYTES = 1024
EVENT_BYTES = 64
EVENT_DATA_BYTES = 512


class SynwayLib(Protocol):
    """The functions of libshpa3.so that the driver calls; `Any` stands for pointers."""

    def SsmStartCti(self, config: bytes, index: bytes, /) -> int: ...
    def SsmCloseCti(self) -> int: ...
    def SsmGetLastErrMsg(self, text: Any, /) -> None: ...
    def SsmGetLastErrCode(self) -> int: ...
    def SsmGetDllVersion(self, version: Any, /) -> int: ...
    def SsmGetIntCount(self) -> int: ...
    def SsmGetMaxCfgBoard(self) -> int: ...
    def SsmGetMaxUsableBoard(self) -> int: ...
    def SsmGetBoardName(self, board: int, name: Any, /) -> int: ...
    def SsmGetPciSerialNo(self, board: int, /) -> int: ...
    def SsmGetMaxCh(self) -> int: ...
    def SsmGetChType(self, ch: int, /) -> int: ...
    def SsmGetChHdInfo(self, ch: int, board: Any, board_ch: Any, /) -> int: ...
    def SsmGetMaxPcm(self) -> int: ...
    def SsmGetPcmInfo(self, pcm: int, /, *cells: Any) -> int: ...
    def SsmGetPcmLinkStatus(self, pcm: int, status: Any, /) -> int: ...
    def SsmPcmTsToCh(self, pcm: int, timeslot: int, /) -> int: ...
    def SsmChToPcmTs(self, ch: int, pcm: Any, timeslot: Any, /) -> int: ...
    def SsmSetEvent(self, code: int, ref: int, enable: int, setting: Any, /) -> int: ...
    def SsmGetInterEventType(self) -> int: ...
    def SsmWaitForEvent(self, timeout_ms: int, event: Any, /) -> int: ...
    def SsmWaitForEventA(self, timeout_ms: int, event: Any, /) -> int: ...
    def SsmGetChState(self, ch: int, /) -> int: ...
    def SsmGetPendingReason(self, ch: int, /) -> int: ...
    def SsmGetReleaseReason(self, ch: int, /) -> int: ...
    def SsmPickup(self, ch: int, /) -> int: ...
    def SsmHangup(self, ch: int, /) -> int: ...
    def SsmHangupEx(self, ch: int, cause: int, /) -> int: ...
    def SsmISDNSetHangupRzn(self, ch: int, cause: int, /) -> int: ...
    def SsmAutoDial(self, ch: int, number: bytes, /) -> int: ...
    def SsmChkAutoDial(self, ch: int, /) -> int: ...
    def SsmGetAutoDialFailureReason(self, ch: int, /) -> int: ...
    def SsmEnableAutoSendKB(self, ch: int, enable: int, /) -> int: ...
    def SsmSetKB(self, ch: int, kb: int, /) -> int: ...
    def SsmSetTxCallerId(self, ch: int, number: bytes, /) -> int: ...
    def SsmGetCallerId(self, ch: int, number: Any, /) -> int: ...
    def SsmGetCallerName(self, ch: int, name: Any, /) -> int: ...
    def SsmGetPhoNumStr(self, ch: int, number: Any, /) -> int: ...
    def SsmGet1stPhoNumStr(self, ch: int, number: Any, /) -> int: ...
    def SsmCheckActualPickup(self, ch: int, /) -> int: ...
    def SsmTxFlash(self, ch: int, ms: int, /) -> int: ...
    def SsmGetPolarRvrsCount(self, ch: int, /) -> int: ...
    def SsmGetLineVoltage(self, ch: int, /) -> int: ...
    def SsmGetHookState(self, ch: int, /) -> int: ...
    def SsmStartRing(self, ch: int, /) -> int: ...
    def SsmStartRingWithCIDStr(self, ch: int, text: bytes, length: int, delay_ms: int, /) -> int: ...
    def SsmStopRing(self, ch: int, /) -> int: ...
    def SsmSetASDT(self, ch: int, enable: int, /) -> int: ...
    def SsmSetDtmfStopPlay(self, ch: int, enable: int, /) -> int: ...
    def SsmSetBargeinStopPlay(self, ch: int, enable: int, /) -> int: ...
    def SsmSetHangupStopPlayFlag(self, ch: int, enable: int, /) -> int: ...
    def SsmSetHangupStopRecFlag(self, ch: int, enable: int, /) -> int: ...
    def SsmClearFileList(self, ch: int, /) -> int: ...
    def SsmAddToFileList(self, ch: int, path: bytes, codec: int, start: int, length: int, /) -> int: ...
    def SsmPlayFileList(self, ch: int, /) -> int: ...
    def SsmStopPlayFileList(self, ch: int, /) -> int: ...
    def SsmCheckPlay(self, ch: int, /) -> int: ...
    def SsmRecToFile(self, ch: int, path: bytes, codec: int, start: int, length: int, ms: int, mask: int, /) -> int: ...
    def SsmStopRecToFile(self, ch: int, /) -> int: ...
    def SsmStopRecordMemBlock(self, ch: int, /) -> int: ...
    def SsmStopPlayMemBlock(self, ch: int, /) -> int: ...
    def SsmCheckRecord(self, ch: int, /) -> int: ...
    def SsmGetDataBytesToRecord(self, ch: int, /) -> int: ...
    def SsmSetRecMixer(self, ch: int, enable: int, volume: int, /) -> int: ...
    def SsmEnableRxDtmf(self, ch: int, enable: int, /) -> int: ...
    def SsmClearRxDtmfBuf(self, ch: int, /) -> int: ...
    def SsmGetDtmfStr(self, ch: int, digits: Any, /) -> int: ...
    def SsmTxDtmf(self, ch: int, digits: bytes, /) -> int: ...
    def SsmChkTxDtmf(self, ch: int, /) -> int: ...
    def SsmStopTxDtmf(self, ch: int, /) -> int: ...
    def SsmSendTone(self, ch: int, tone: int, /) -> int: ...
    def SsmSendToneEx(self, ch: int, on_ms: int, off_ms: int, /) -> int: ...
    def SsmStopSendTone(self, ch: int, /) -> int: ...
    def SsmTalkWith(self, ch1: int, ch2: int, /) -> int: ...
    def SsmStopTalkWith(self, ch1: int, ch2: int, /) -> int: ...
    def SsmListenTo(self, source: int, listener: int, /) -> int: ...
    def SsmStopListenTo(self, source: int, listener: int, /) -> int: ...
    def SsmLinkFrom(self, source: int, listener: int, /) -> int: ...
    def SsmStopLinkFrom(self, source: int, listener: int, /) -> int: ...
    def SsmClearChBusLink(self, ch: int, /) -> int: ...
    def SsmCreateConfGroup(self, members: int, speakers: int, speaking: int, silence: int, /) -> int: ...
    def SsmJoinConfGroup(
        self, group: int, ch: int, mode: int, volume: int, create_always: int, exit_always: int, /
    ) -> int: ...
    def SsmExitConfGroup(self, ch: int, free_group: int, /) -> int: ...
    def SsmFreeConfGroup(self, group: int, /) -> int: ...


class EventWaitError(Exception):
    """The maker's wait refused to wait (-2: wrong mode or no queue, section 6.2)."""


@dataclass(frozen=True, slots=True)
class VendorEvent:
    """One event. `param` is unsigned; `high` and `low` are its halves."""

    code: int
    ref: int
    param: int

    @property
    def high(self) -> int:
        """Upper 16 bits."""
        return self.param >> 16

    @property
    def low(self) -> int:
        """Lower 16 bits."""
        return self.param & 0xFFFF


def open_library(path: Path, found_by: str) -> Library:
    """Load the maker's library. Raises ConfigurationError."""
    folder = Path(__file__).parent / "decl"
    return load_library(path, [folder / f"{name}.h" for name in DECLARATIONS], FEATURES, found_by)


class Native:
    """The library in plain Python: results are checked, failures are DeviceErrors with the maker's code and text."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.lib = cast(SynwayLib, library.functions)
        self._ffi = library.ffi
        self._text = TextBuffer(self._ffi, ERROR_TEXT_BYTES)
        self._waits: Callable[[int, Any], int] = self.lib.SsmWaitForEvent
        self._event: Any = None
        self._event_memory: list[Any] = []

    def has(self, feature: str) -> bool:
        """Whether the library has all functions of a feature."""
        return feature in self.library.features

    # -- calls --------------------------------------------------------------------------------------------------------
    def command(self, function: Callable[P, int], *args: P.args, **kwargs: P.kwargs) -> None:
        """A function that answers 0 when it accepted. Raises DeviceError."""
        result = function(*args, **kwargs)
        if result != 0:
            raise self.failure(name_of(function), result)

    def query(self, function: Callable[P, int], *args: P.args, **kwargs: P.kwargs) -> int:
        """A function that answers a value, or below 0 when it refused. Raises DeviceError."""
        result = function(*args, **kwargs)
        if result < 0:
            raise self.failure(name_of(function), result)
        return result

    def failure(self, name: str, result: int) -> Exception:
        """The error for a refused call; must follow the call directly (one slot for the whole process, section 5)."""
        code = self.lib.SsmGetLastErrCode()
        self.lib.SsmGetLastErrMsg(self._text.pointer)
        return device_error(name, result, code, self._text.text())

    def text(self, function: Callable[[int, Any], int], ref: int, size: int = NUMBER_BYTES) -> str:
        """A text function; empty when there is none or the library refuses."""
        buffer = TextBuffer(self._ffi, size)
        return buffer.text() if function(ref, buffer.pointer) >= 0 else ""

    # -- life ---------------------------------------------------------------------------------------------------------
    def start(self, config: str, index: str) -> None:
        """SsmStartCti. Blocks for seconds. Raises DeviceError."""
        self.command(self.lib.SsmStartCti, encode_path(config), encode_path(index))

    def close(self) -> None:
        """SsmCloseCti: only -1 is a failure (section 4)."""
        result = self.lib.SsmCloseCti()
        if result == -1:
            raise self.failure("SsmCloseCti", result)

    def version(self) -> str:
        """The driver's version, empty when it does not tell."""
        if not self.has("version"):
            return self.library.version
        memory = self._ffi.new("unsigned char[64]")
        version: Any = self._ffi.cast("struct synway_version *", memory)
        if self.lib.SsmGetDllVersion(version) != 0:
            return self.library.version
        return f"{version.major}.{version.minor}.{version.internal}.{version.build}"

    # -- inventory ----------------------------------------------------------------------------------------------------
    def place(self, ch: int) -> tuple[int, int] | None:
        """Board and channel on the board."""
        board, board_ch = Cell(self._ffi, "int"), Cell(self._ffi, "int")
        if self.lib.SsmGetChHdInfo(ch, board.pointer, board_ch.pointer) < 0:
            return None
        return board.value, board_ch.value

    def timeslot(self, ch: int) -> tuple[int, int] | None:
        """Logical span and timeslot."""
        pcm, slot = Cell(self._ffi, "int"), Cell(self._ffi, "int")
        if self.lib.SsmChToPcmTs(ch, pcm.pointer, slot.pointer) < 0:
            return None
        return pcm.value, slot.value

    def span_place(self, pcm: int) -> tuple[int, int] | None:
        """Board, and span on the board (from 0)."""
        cells = [Cell(self._ffi, "int") for _ in range(4)] + [Cell(self._ffi, "unsigned int") for _ in range(3)]
        if self.lib.SsmGetPcmInfo(pcm, *(cell.pointer for cell in cells)) < 0:
            return None
        return cells[1].value, cells[2].value

    def span_status(self, pcm: int) -> int | None:
        """The status word, None when the library does not tell."""
        cell = Cell(self._ffi, "unsigned short")
        return cell.value if self.lib.SsmGetPcmLinkStatus(pcm, cell.pointer) >= 0 else None

    def states(self, channels: list[int]) -> list[int]:
        """SsmGetChState of many channels in one go."""
        return [self.lib.SsmGetChState(ch) for ch in channels]

    # -- events -------------------------------------------------------------------------------------------------------
    def extended_interface(self) -> bool:
        """Whether the configuration chose the SSM_EVENT interface (section 6.3)."""
        return self.has("interface_type") and self.lib.SsmGetInterEventType() == INTERFACE_EXTENDED

    def enable_events(self) -> int:
        """Put all events of all channels into the queue in the mode that the configuration allows; the mode."""
        extended = self.extended_interface() and self.has("extended_events")
        mode = EVENT_MODE_EXTENDED if extended else EVENT_MODE_PLAIN
        memory = self._ffi.new("unsigned char[64]")
        setting: Any = self._ffi.cast("struct synway_event_setting *", memory)
        setting.work_mode = mode
        self.command(self.lib.SsmSetEvent, 0xFFFF, -1, 1, setting)
        self._prepare_wait(extended)
        return mode

    def _prepare_wait(self, extended: bool) -> None:
        memory = self._ffi.new("unsigned char[]", 2 * EVENT_BYTES)
        self._event_memory = [memory]
        if not extended:
            self._event = self._ffi.cast("struct synway_event *", memory)
            return
        data = self._ffi.new("unsigned char[]", EVENT_DATA_BYTES + EVENT_BYTES)
        self._event_memory.append(data)
        self._event = self._ffi.cast("struct synway_event_ex *", memory)
        self._event.buffer = data
        self._event.buffer_length = EVENT_DATA_BYTES
        self._waits = self.lib.SsmWaitForEventA

    def wait_event(self, timeout_ms: int) -> VendorEvent | None:
        """The next event, None when the time is up. Runs on the event thread alone. Raises EventWaitError."""
        result = self._waits(timeout_ms, self._event)
        if result == 0:
            return VendorEvent(self._event.code, self._event.ref, self._event.param)
        if result == -1:
            return None
        raise EventWaitError(f"{name_of(self._waits)} answered {result}")


def name_of(function: Callable[..., Any]) -> str:
    """The maker's name of a function."""
    return str(getattr(function, "name", getattr(function, "__name__", function)))
