"""ioctl requests of open channels. Each takes the channel and the octets that came, and returns 0 or more, or -errno,
and the octets that go back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from errno import E2BIG, EBUSY, EINVAL, ENODATA, ENOTTY
from typing import TYPE_CHECKING

from hwsim.vendorlibs.dahdi import abi
from hwsim.vendorlibs.dahdi.abi import DialOp, Flush, Law, Policy, Request, Sig
from hwsim.vendorlibs.dahdi.channel import HOOKED, DahdiChannel
from hwsim.vendorlibs.dahdi.hooks import Times

if TYPE_CHECKING:
    from hwsim.vendorlibs.dahdi.kernel import Kernel

MAX_SIZE, MIN_SIZE, MAX_SPACE, MAX_COUNT, MIN_COUNT = 8192, 16, 32768, 32, 2
MAX_TRAIN_MS = 1000
MAX_ECHO_PARAMS = 8
DEFAULT_TAPS = 64
TAPS = (32, 64, 128, 256, 512, 1024)

Answer = tuple[int, bytes]
Handler = Callable[["Kernel", DahdiChannel, bytes], "int | Answer"]
TABLE: dict[int, Handler] = {}


def request(*numbers: Request) -> Callable[[Handler], Handler]:
    """Make a handler known."""

    def add(handler: Handler) -> Handler:
        TABLE.update(dict.fromkeys(numbers, handler))
        return handler

    return add


def number(octets: bytes) -> int:
    """The int of a request."""
    return int(abi.INT.unpack_from(octets)[0])


def answer(value: int) -> Answer:
    """An int back."""
    return 0, abi.INT.pack(value)


# -- buffers ----------------------------------------------------------------------------------------------------------
@request(Request.GET_BUFINFO)
def get_buffers(_kernel: Kernel, channel: DahdiChannel, _octets: bytes) -> Answer:
    """Sizes; how full they are the kernel does not say."""
    file, sending = channel.file, channel.sending
    assert file is not None and sending is not None  # noqa: S101 - only open channels get here
    return 0, abi.BUFFERS.pack(sending.policy, Policy.IMMEDIATE, file.block_count, file.block_size, -1, -1)


@request(Request.SET_BUFINFO)
def set_buffers(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Sizes and policy; the buffers are empty afterwards."""
    tx_policy, _rx_policy, count, size = abi.BUFFERS.unpack(octets)[:4]
    if not MIN_SIZE <= size <= MAX_SIZE or size * count > MAX_SPACE:
        return -EINVAL
    channel.set_buffers(size, max(MIN_COUNT, min(count, MAX_COUNT)))
    if channel.sending:
        wanted = tx_policy & 3
        channel.sending.policy = Policy(wanted) if abi.known(Policy, wanted) else Policy.IMMEDIATE
    return 0


@request(Request.GET_BLOCKSIZE)
def get_size(_kernel: Kernel, channel: DahdiChannel, _octets: bytes) -> Answer:
    """Octets of a block."""
    return answer(channel.file.block_size if channel.file else 0)


@request(Request.SET_BLOCKSIZE)
def set_size(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Octets of a block."""
    size = number(octets)
    if not MIN_SIZE <= size <= MAX_SIZE:
        return -EINVAL
    channel.set_buffers(size, channel.file.block_count if channel.file else MIN_COUNT)
    return 0


@request(Request.FLUSH)
def flush(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Throw away what waits."""
    what, file = Flush(number(octets) & 7), channel.file
    if file and channel.receiving and what & Flush.READ:
        file.flush_rx()
        channel.receiving.clear()
    if file and what & Flush.WRITE:
        channel.drop_written()
    if file and what & Flush.EVENT:
        file.events.clear()
        file.pending(0)
    return 0


@request(Request.BUFFER_EVENTS)
def buffer_events(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Whether lost sound is an event."""
    channel.settings.buffer_events = bool(number(octets))
    return 0


# -- events and state -------------------------------------------------------------------------------------------------
@request(Request.GETEVENT)
def get_event(_kernel: Kernel, channel: DahdiChannel, _octets: bytes) -> Answer:
    """The oldest event."""
    return answer(channel.file.take_event() if channel.file else 0)


@request(Request.CHANNO)
def get_number(_kernel: Kernel, channel: DahdiChannel, _octets: bytes) -> Answer:
    """The channel's number."""
    return answer(channel.number)


@request(Request.GETRXBITS)
def get_bits(_kernel: Kernel, channel: DahdiChannel, _octets: bytes) -> Answer:
    """Line bits as the driver read them."""
    return answer(channel.rx_bits)


@request(Request.SETTXBITS)
def set_bits(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Line bits to send."""
    if channel.sig != Sig.CAS:
        return -EINVAL
    channel.send_bits(number(octets))
    return 0


@request(Request.GETSIGFREEZE)
def get_freeze(_kernel: Kernel, channel: DahdiChannel, _octets: bytes) -> Answer:
    """Whether received signalling is held."""
    return answer(int(channel.hooks.frozen))


@request(Request.SETSIGFREEZE)
def set_freeze(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Hold received signalling."""
    channel.hooks.frozen = bool(number(octets))
    return 0


@request(Request.CHANDIAG, Request.CONFDIAG)
def diagnose(_kernel: Kernel, _channel: DahdiChannel, _octets: bytes) -> int:
    """Text for the machine's console."""
    return 0


def get_params(channel: DahdiChannel) -> bytes:
    """What GET_PARAMS says of a channel."""
    bits = channel.span is not None and channel.module is None and not channel.clear
    hooks = channel.span is not None and not channel.clear
    times = channel.hooks.times
    return abi.PARAMS.pack(
        *(channel.number, channel.span.number if channel.span else 0, channel.position),
        *(_signed(channel.sig), _signed(channel.capable), int(channel.rx_offhook)),
        *(channel.rx_bits if bits else -1, channel.tx_bits if bits else -1),
        *(channel.hooks.tx if hooks else -1, channel.hooks.rx if hooks else -1),
        Law.ALAW if _law(channel) is Law.ALAW else Law.MULAW,
        channel.idle_bits if bits else 0,
        abi.text(channel.name, 40),
        *(times.prewink_ms, times.preflash_ms, times.wink_ms, times.flash_ms, times.start_ms),
        *(times.rxwink_ms, times.rxflash_ms, times.debounce_ms),
        *(times.pulse_break_ms, times.pulse_make_ms, times.pulse_after_ms),
        channel.alarms,
    )


def _law(channel: DahdiChannel) -> Law:
    return channel.settings.law if channel.file else channel.default_law


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def set_params(channel: DahdiChannel, octets: bytes) -> int:
    """SET_PARAMS: the times."""
    values = abi.PARAMS.unpack(octets)[13:24]
    names = ("prewink", "preflash", "wink", "flash", "start", "rxwink", "rxflash", "debounce")
    fields = dict(zip((*names, "pulse_break", "pulse_make", "pulse_after"), values, strict=True))
    channel.hooks.times = replace(Times(), **{f"{name}_ms": max(0, ms) for name, ms in fields.items()})
    return 0


# -- modes ------------------------------------------------------------------------------------------------------------
@request(Request.AUDIOMODE)
def audio_mode(kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Sound on a clear channel."""
    if channel.sig != Sig.CLEAR:
        return -EINVAL
    settings = channel.settings
    settings.audio = bool(number(octets))
    if settings.audio:
        if settings.frames:
            channel.set_frames(False)
    else:
        kernel.conferences.leave(channel)
        settings.conf_mute = settings.echo_taps = 0
        settings.rx_gain = settings.tx_gain = bytes(range(256))
    return 0


@request(Request.HDLCFCSMODE, Request.HDLCRAWMODE)
def frame_mode(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Frames on a clear channel."""
    if channel.sig != Sig.CLEAR:
        return -EINVAL
    channel.settings.audio = False
    channel.set_frames(bool(number(octets)))
    return 0


@request(Request.SETLAW)
def set_law(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """The law of the kernel's conversions."""
    law = number(octets)
    if not abi.known(Law, law):
        return -EINVAL
    channel.settings.law = Law(law) or channel.default_law
    channel.follow_settings()
    return 0


@request(Request.SETLINEAR)
def set_linear(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """16-bit samples instead of octets."""
    if not channel.settings.audio:
        return -EINVAL
    channel.settings.linear = bool(number(octets))
    channel.follow_settings()
    return 0


@request(Request.LOOPBACK)
def loop(kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Send back what comes in."""
    on = bool(number(octets))
    if channel.leg is not None and on != channel.settings.looped:
        engine = kernel.sim.engine
        (engine.link if on else engine.unlink)(channel.leg, channel.leg)
    channel.settings.looped = on
    return 0


def get_gains(channel: DahdiChannel) -> bytes:
    """What GETGAINS says."""
    return abi.GAINS.pack(channel.number, channel.settings.rx_gain, channel.settings.tx_gain)


def set_gains(channel: DahdiChannel, octets: bytes) -> int:
    """SETGAINS: octets become others, both ways."""
    if not channel.settings.audio:
        return -EINVAL
    _number, rx, tx = abi.GAINS.unpack(octets)
    channel.settings.rx_gain, channel.settings.tx_gain = rx, tx
    return 0


# -- hooks, tones, digits ---------------------------------------------------------------------------------------------
@request(Request.HOOK)
def hook(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """The hook."""
    if channel.clear or channel.sig == Sig.CAS:
        return -EINVAL
    if channel.pseudo:
        return 0
    channel.tones.stop()
    return channel.hooks.command(number(octets)) if channel.sig in HOOKED else -EINVAL


@request(Request.SETCADENCE)
def set_cadence(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Ringing: on, off, on, off; a negative time is where it begins again."""
    times = list(abi.CADENCE.unpack(octets))
    first = next((index for index in range(0, len(times), 2) if times[index] < 0), 0)
    channel.hooks.cadence_ms, channel.hooks.cadence_first = [abs(ms) for ms in times], first
    return 0


@request(Request.SENDTONE)
def send_tone(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """A tone without end."""
    return channel.tones.send(number(octets))


@request(Request.GETTONEZONE)
def get_zone(_kernel: Kernel, channel: DahdiChannel, _octets: bytes) -> Answer:
    """The zone's number."""
    return answer(channel.tones.zone.number if channel.tones.zone else 0)


@request(Request.SETTONEZONE)
def set_zone(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Another zone, with its cadence."""
    result = channel.tones.set_zone(number(octets))
    if channel.tones.zone:
        channel.hooks.cadence_ms = list(channel.tones.zone.ring_ms)
    return result


@request(Request.DIALING)
def dialing(_kernel: Kernel, channel: DahdiChannel, _octets: bytes) -> Answer:
    """Whether it dials."""
    return answer(int(channel.tones.dialing))


@request(Request.DIAL)
def dial(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Dial, add, or stop."""
    operation, digits = abi.DIAL.unpack(octets)
    if channel.tones.zone is None:
        return -ENODATA
    string = abi.untext(digits[:255]).upper()
    match operation:
        case DialOp.CANCEL:
            channel.tones.stop()
        case DialOp.REPLACE:
            channel.tones.dial(string, append=False)
        case DialOp.APPEND:
            return 0 if channel.tones.dial(string, append=True) else -EBUSY
        case _:
            return -EINVAL
    return 0


# -- echo and conferences ---------------------------------------------------------------------------------------------
@request(Request.ECHOCANCEL)
def echo_cancel(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """An echo canceller, if one was attached."""
    return _echo(channel, number(octets), 0)


@request(Request.ECHOCANCEL_PARAMS)
def echo_params(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """The same with parameters for it; none of the free ones takes any."""
    taps, count = abi.ECHO_PARAMS.unpack_from(octets)
    return _echo(channel, taps, count)


def _echo(channel: DahdiChannel, taps: int, count: int) -> int:
    if not channel.settings.audio:
        return -EINVAL
    if count > MAX_ECHO_PARAMS:
        return -E2BIG
    if taps and count and channel.echo_name:
        return -EINVAL
    channel.settings.echo_taps = 0 if not taps or not channel.echo_name else taps if taps in TAPS else DEFAULT_TAPS
    return 0


@request(Request.ECHOTRAIN)
def echo_train(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Let it learn the line."""
    return 0 if channel.settings.echo_taps and 0 <= number(octets) < MAX_TRAIN_MS else -EINVAL


@request(Request.ECHOCANCEL_FAX_MODE)
def echo_fax(_kernel: Kernel, channel: DahdiChannel, _octets: bytes) -> int:
    """Let it rest during a fax."""
    return 0 if channel.settings.echo_taps else -EINVAL


@request(Request.CONFMUTE)
def conf_mute(_kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int:
    """Whether the channel is left out of its conference."""
    if not channel.settings.audio:
        return -EINVAL
    channel.settings.conf_mute = number(octets)
    return 0


@request(Request.GETCONFMUTE)
def get_conf_mute(_kernel: Kernel, channel: DahdiChannel, _octets: bytes) -> int | Answer:
    """The same, asked."""
    return answer(channel.settings.conf_mute) if channel.settings.audio else -EINVAL


@request(Request.GETCONF)
def get_conference(kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int | Answer:
    """What it is in."""
    target = kernel.channel(abi.CONFERENCE.unpack(octets)[0]) if abi.CONFERENCE.unpack(octets)[0] else channel
    if target is None or not target.settings.audio:
        return -EINVAL
    return 0, abi.CONFERENCE.pack(target.number, target.conference, target.conference_mode)


@request(Request.SETCONF)
def set_conference(kernel: Kernel, channel: DahdiChannel, octets: bytes) -> int | Answer:
    """Into one, or out of it."""
    which, conference, mode = abi.CONFERENCE.unpack(octets)
    target = kernel.channel(which) if which else channel
    if target is None or not target.settings.audio:
        return -EINVAL
    result = kernel.conferences.set(target, conference, mode)
    return result if result < 0 else (0, abi.CONFERENCE.pack(target.number, result, mode))


def of_card(channel: DahdiChannel, what: int, octets: bytes) -> int:
    """A request that only the card's driver may know."""
    return channel.module.ioctl(what, octets) if channel.module else -ENOTTY
