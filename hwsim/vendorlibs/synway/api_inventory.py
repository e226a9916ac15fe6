"""Boards, channels, spans, flags (fact sheet sections 7, 8 and 15)."""

from __future__ import annotations

from hwsim.line.digital import BEARER_SLOTS, Signalling
from hwsim.vendorlibs.rpc import Reply
from hwsim.vendorlibs.synway.api import Call, accepted, api, on_channel, text
from hwsim.vendorlibs.synway.cards import MODEL_IDS, Card
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import ChType, ErrorCode
from hwsim.vendorlibs.synway.digital import LOCAL_APP, DigitalChannel
from hwsim.vendorlibs.synway.refusal import Refusal
from hwsim.vendorlibs.synway.spans import SpanView

SS_MODES = {Signalling.SS1: 1, Signalling.TUP: 2, Signalling.ISUP: 2, Signalling.ISDN_USER: 3, Signalling.ISDN_NET: 3}
"""ssMode of SsmGetPcmInfo; the real codes are unknown [?]."""
MAX_FLAG = 28
NO_DONGLE = 0


@api("SsmGetMaxCfgBoard")
def configured_boards(call: Call) -> int:
    """Boards in the configuration."""
    return len(call.driver.boards)


@api("SsmGetMaxUsableBoard")
def usable_boards(call: Call) -> int:
    """Boards that initialised."""
    return sum(card is not None for card in call.driver.boards)


def _card(call: Call, board: int) -> Card:
    boards = call.driver.boards
    card = boards[board] if 0 <= board < len(boards) else None
    if card is None:
        raise Refusal(ErrorCode.INVALID_PARAMETER, f"no board {board}")
    return card


@api("SsmGetBoardModel")
def board_model(call: Call, board: int) -> int:
    """A number for the model."""
    return MODEL_IDS[_card(call, board).model.family]


@api("SsmGetBoardName")
def board_name(call: Call, board: int) -> Reply:
    """The model string."""
    return text(_card(call, board).model.name)


@api("SsmGetPciSerialNo")
def serial(call: Call, board: int) -> int:
    """The card's serial number."""
    return _card(call, board).serial


@api("SsmGetAccreditId", "SsmGetAccreditIdEx")
def accredit(call: Call, board: int) -> int:
    """The integrator's code, 0 on cards sold without one."""
    _card(call, board)
    return 0


@api("SsmGetUSBKeySerial")
def dongle(call: Call, board: int) -> int:
    """No dongle is needed by cards."""
    _card(call, board)
    return NO_DONGLE


@api("SsmGetMaxCh")
def channels(call: Call) -> int:
    """Application channels."""
    return len(call.driver.channels)


@api("SsmGetChType")
def channel_type(call: Call, number: int) -> int:
    """Table 7.2."""
    return int(call.channel(number).kind)


@api("SsmGetChHdInfo")
def place(call: Call, number: int) -> Reply:
    """Board, and channel on the board."""
    channel = call.channel(number)
    return Reply(0, (channel.board, channel.hardware.number))


@api("SsmGetAppChId")
def application_channel(call: Call, board: int, board_ch: int) -> Reply:
    """The channel of a place."""
    number = call.driver.channel_at(board, board_ch)
    if number < 0:
        raise Refusal(ErrorCode.INVALID_CHANNEL, f"board {board} channel {board_ch} is not mapped")
    return Reply(0, (number,))


# -- capability probes -------------------------------------------------------------------------------------------------
def _probe(call: Call, number: int) -> int:
    channel = call.channel(number)
    kind = channel.kind
    if kind is ChType.EMPTY:
        return 0
    able = {
        "SsmQueryOpSendTone": kind is not ChType.TAP,
        "SsmQueryOpToneAnalyze": True,
        "SsmQueryOpRingDetect": kind in (ChType.FXO, ChType.TAP),
        "SsmQueryOpRecMixer": kind is not ChType.TAP,
        "SsmQueryOpEchoCanceller": kind is not ChType.TAP,
        "SsmQueryOpPolarRvrs": kind is ChType.FXO,
        "SsmQueryOpSS1": kind is ChType.SS1,
        "SsmQueryOpBlockRemoteCh": isinstance(channel, DigitalChannel) and channel.protocol.blocks_remote,
        "SsmQueryOpADC": kind is ChType.TAP,
        "SsmQueryOpMicGain": kind is ChType.TAP,
        "SsmChkOpCallerId": kind in (ChType.FXO, ChType.TAP),
    }
    return int(able.get(call.name, False))


api(
    "SsmQueryOpSendTone",
    "SsmQueryOpToneAnalyze",
    "SsmQueryOpRingDetect",
    "SsmQueryOpPeakFrqDetect",
    "SsmQueryOpRecMixer",
    "SsmQueryOpEchoCanceller",
    "SsmQueryOpPolarRvrs",
    "SsmQueryOpSS1",
    "SsmQueryOpBlockRemoteCh",
    "SsmQueryOpADC",
    "SsmQueryOpMicGain",
    "SsmQueryOpPowerAmp",
    "SsmChkOpCallerId",
)(_probe)


# -- spans -------------------------------------------------------------------------------------------------------------
def _span(call: Call, pcm: int) -> SpanView:
    span = call.driver.span_of(pcm)
    if span is None:
        raise Refusal(ErrorCode.INVALID_PARAMETER, f"no PCM {pcm} is defined")
    return span


@api("SsmGetMaxPcm")
def spans(call: Call) -> int:
    """Spans that [PcmInfo] lists."""
    return len(call.driver.config.pcm)


@api("SsmGetPcmInfo")
def span_info(call: Call, pcm: int) -> Reply:
    """Signalling mode, board, span on board, timeslot 16 use, receiver mode, automatic call, its direction."""
    span = _span(call, pcm)
    return Reply(0, (SS_MODES[span.line.signalling], span.board, span.index, 0, 0, 1, 2))


@api("SsmGetPcmLinkStatus")
def span_status(call: Call, pcm: int) -> Reply:
    """The status word."""
    return Reply(0, (_span(call, pcm).word,))


@api("SsmPcmTsToCh")
def timeslot_channel(call: Call, pcm: int, timeslot: int) -> int:
    """The channel of a timeslot."""
    span = _span(call, pcm)
    if timeslot not in BEARER_SLOTS:
        raise Refusal(ErrorCode.INVALID_PARAMETER, f"time slot {timeslot} carries no voice")
    return call.driver.channel_at(span.board, span.index * len(BEARER_SLOTS) + BEARER_SLOTS.index(timeslot))


@on_channel("SsmChToPcmTs", only=DigitalChannel)
def channel_timeslot(call: Call, channel: DigitalChannel) -> Reply:
    """Span and timeslot of a channel."""
    for span in call.driver.spans:
        if channel in span.channels and span.number >= 0:
            return Reply(0, (span.number, channel.circuit.timeslot))
    raise Refusal(ErrorCode.INVALID_PARAMETER, "no PCM is defined")


@api("SsmSetPcmClockMode", "SsmSetPcmPowerDown")
def span_mode(call: Call, pcm: int, mode: int) -> int:
    """Accepted; clocks and line drivers are not modelled."""
    _span(call, pcm)
    if mode not in (0, 1, 2):
        raise Refusal(ErrorCode.INVALID_PARAMETER, f"mode {mode}")
    return 0


@api("SsmISDNGetStatus")
def isdn_status(call: Call, pcm: int) -> Reply:
    """Layer 3 started, layer 2 up (1), last primitives, reference."""
    span = _span(call, pcm)
    if span.line.signalling not in (Signalling.ISDN_USER, Signalling.ISDN_NET):
        raise Refusal(ErrorCode.UNSUPPORTED, f"PCM {pcm} is not ISDN")
    up = int(not span.lost)
    return Reply(0, (1, up, up, up, 0))


@api("SsmGetMtp3State", "SsmGetMtp3StateEx")
def mtp3(call: Call, *_dpc: int) -> int:
    """1 while a span with SS7 circuits is up (values are unknown [?])."""
    ss7 = [s for s in call.driver.spans if s.line.signalling in (Signalling.TUP, Signalling.ISUP)]
    if not ss7:
        raise Refusal(ErrorCode.UNSUPPORTED, "no SS7")
    return int(any(not span.lost for span in ss7))


# -- blocking ----------------------------------------------------------------------------------------------------------
@on_channel("SsmBlockLocalCh", "SsmUnblockLocalCh", only=DigitalChannel)
def block_channel(call: Call, channel: DigitalChannel) -> int:
    """Refuse to originate here, or allow it again."""
    channel.block(LOCAL_APP, call.name == "SsmBlockLocalCh")
    return 0


@on_channel("SsmQueryLocalChBlockState", only=DigitalChannel)
def block_state(call: Call, channel: DigitalChannel) -> Reply:
    """Block bits (section 8)."""
    return Reply(0, (channel.block_bits,))


@api("SsmBlockLocalPCM", "SsmUnblockLocalPCM")
def block_span(call: Call, pcm: int) -> int:
    """The same for a span."""
    _span(call, pcm).block(call.name == "SsmBlockLocalPCM")
    return 0


@api("SsmQueryLocalPCMBlockState")
def span_block_state(call: Call, pcm: int) -> Reply:
    """Whether the span is blocked by the application."""
    return Reply(0, (int(_span(call, pcm).blocked),))


@on_channel("SsmBlockRemoteCh", "SsmUnblockRemoteCh", only=DigitalChannel)
def block_remote(call: Call, channel: DigitalChannel) -> int:
    """Ask the far end not to use the circuit (TUP, ISUP)."""
    if not channel.protocol.blocks_remote:
        raise Refusal(ErrorCode.UNSUPPORTED, "remote blocking needs TUP or ISUP")
    channel.block_remote(call.name == "SsmBlockRemoteCh")
    return 0


@on_channel("SsmGetRemoteChBlockStatus", only=DigitalChannel)
def remote_status(call: Call, channel: DigitalChannel) -> int:
    """0 unblocked, 1 blocked, 2 and 3 waiting."""
    return int(channel.remote_block)


# -- flags -------------------------------------------------------------------------------------------------------------
@on_channel("SsmSetFlag")
def set_flag(call: Call, channel: Channel, flag: int, value: int) -> int:
    """Control flags are kept; those that change behaviour are read where it happens."""
    accepted(1 <= flag <= MAX_FLAG, f"no flag {flag}")
    channel.flags[flag] = value
    return 0


@on_channel("SsmGetFlag")
def get_flag(call: Call, channel: Channel, flag: int) -> Reply:
    """The value of a flag, 0 before it was set."""
    accepted(1 <= flag <= MAX_FLAG, f"no flag {flag}")
    return Reply(0, (channel.flags.get(flag, 0),))
