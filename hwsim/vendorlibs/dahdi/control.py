"""ioctl requests of /dev/dahdi/ctl: spans, configuration of channels, zones, versions. As in `requests`."""

from __future__ import annotations

from collections.abc import Callable
from errno import E2BIG, EBUSY, EEXIST, EINVAL
from typing import TYPE_CHECKING

from hwsim.vendorlibs.dahdi import abi
from hwsim.vendorlibs.dahdi.abi import Law, Request
from hwsim.vendorlibs.dahdi.dynamic import MAX_CHANNELS, Cables
from hwsim.vendorlibs.dahdi.requests import Answer, number
from hwsim.vendorlibs.dahdi.zones import ZoneError, read_zone

if TYPE_CHECKING:
    from hwsim.vendorlibs.dahdi.kernel import Kernel

VERSION = "2.11.1.0.20170917"
ECHO_CANCELLERS = ("MG2", "KB1", "SEC", "SEC2", "JPAH", "OSLEC")
HARDWARE = "HWEC"
MAX_ZONE_OCTETS = 32768

Handler = Callable[["Kernel", bytes], "int | Answer"]
TABLE: dict[int, Handler] = {}


def request(what: Request) -> Callable[[Handler], Handler]:
    """Make a handler known."""

    def add(handler: Handler) -> Handler:
        TABLE[what] = handler
        return handler

    return add


@request(Request.GETVERSION)
def version(kernel: Kernel, _octets: bytes) -> Answer:
    """The version, and which echo cancellers are loaded."""
    return 0, abi.VERSION.pack(abi.text(VERSION, 80), abi.text(", ".join(kernel.echo_cancellers), 80))


@request(Request.SPANCONFIG)
def span_config(kernel: Kernel, octets: bytes) -> int:
    """Framing and clock of a span."""
    span_number, name, _build_out, line, sync = abi.LINE_CONFIG.unpack(octets)
    for span in kernel.spans:
        if span.number == span_number or (not span_number and span.name == abi.untext(name)):
            return span.configure(line, max(0, sync))
    return -EINVAL


@request(Request.STARTUP)
def startup(kernel: Kernel, octets: bytes) -> int:
    """Start a span: it has been running since its card was there."""
    return 0 if kernel.span(number(octets)) else -EINVAL


@request(Request.SHUTDOWN)
def shutdown(kernel: Kernel, octets: bytes) -> int:
    """Stop a span: without effect on the line."""
    return 0 if kernel.span(number(octets)) else -EINVAL


@request(Request.MAINT)
def maintenance(kernel: Kernel, octets: bytes) -> int:
    """Loops, inserted errors, counters."""
    span_number, command = abi.MAINTENANCE.unpack(octets)
    span = kernel.span(span_number)
    return span.maintain(command) if span else -EINVAL


@request(Request.CHANCONFIG)
def channel_config(kernel: Kernel, octets: bytes) -> int | Answer:
    """What a channel speaks."""
    channel_number, _name, sig, law, master, idle_bits, _netdev = abi.CHANNEL_CONFIG.unpack(octets)
    channel = kernel.channel(channel_number)
    if channel is None or channel.pseudo or not abi.known(Law, law) or master not in (0, channel_number):
        return -EINVAL
    return (0, octets) if channel.configure(sig & 0xFFFFFFFF, Law(law), idle_bits) else -EINVAL


@request(Request.ATTACH_ECHOCAN)
def attach_echo(kernel: Kernel, octets: bytes) -> int:
    """Which canceller a channel gets."""
    channel_number, name = abi.ECHO_ATTACH.unpack(octets)
    channel, wanted = kernel.channel(channel_number), abi.untext(name).upper()
    if channel is None or (wanted and wanted not in (*ECHO_CANCELLERS, HARDWARE)):
        return -EINVAL
    channel.echo_name = wanted
    if wanted and wanted not in kernel.echo_cancellers:
        kernel.echo_cancellers.append(wanted)
    return 0


# -- zones ------------------------------------------------------------------------------------------------------------
@request(Request.LOADZONE)
def load_zone(kernel: Kernel, octets: bytes) -> int:
    """A zone more."""
    if len(octets) > MAX_ZONE_OCTETS:
        return -E2BIG
    try:
        zone = read_zone(octets)
    except ZoneError:
        return -EINVAL
    return 0 if kernel.zones.add(zone) else -EINVAL


@request(Request.FREEZONE)
def free_zone(kernel: Kernel, octets: bytes) -> int:
    """A zone less; whoever uses it keeps it."""
    kernel.zones.free(number(octets))
    return 0


@request(Request.DEFAULTZONE)
def default_zone(kernel: Kernel, octets: bytes) -> int:
    """The zone of channels that are opened from now on."""
    return 0 if kernel.zones.make_default(number(octets)) else -EINVAL


@request(Request.GET_DIALPARAMS)
def get_lengths(kernel: Kernel, _octets: bytes) -> Answer:
    """Lengths of digits."""
    return 0, abi.DIAL_PARAMS.pack(*kernel.zones.told, 0, 0, 0)


@request(Request.SET_DIALPARAMS)
def set_lengths(kernel: Kernel, octets: bytes) -> int:
    """Lengths of digits."""
    kernel.zones.set_lengths(*abi.DIAL_PARAMS.unpack(octets)[:3])
    return 0


# -- dynamic spans ----------------------------------------------------------------------------------------------------
@request(Request.DYNAMIC_CREATE)
def create(kernel: Kernel, octets: bytes) -> int | Answer:
    """A local span."""
    driver, address_field, channels, timing, _span = abi.DYNAMIC_SPAN.unpack(octets)
    address = abi.untext(address_field)
    if not 1 <= channels <= MAX_CHANNELS or abi.untext(driver) != "loc" or not Cables.valid(address):
        return -EINVAL
    if kernel.cables.find(address):
        return -EEXIST
    span = kernel.add_dynamic(address, channels)
    if span is None:
        return -EINVAL
    return 0, abi.DYNAMIC_SPAN.pack(driver, address_field, channels, timing, span.number)


@request(Request.DYNAMIC_DESTROY)
def destroy(kernel: Kernel, octets: bytes) -> int:
    """A local span less; none of its channels may be open."""
    driver, address_field, *_rest = abi.DYNAMIC_SPAN.unpack(octets)
    span = kernel.cables.find(abi.untext(address_field)) if abi.untext(driver) == "loc" else None
    if span is None:
        return -EINVAL
    if any(channel.file for channel in span.channels):
        return -EBUSY
    kernel.remove_dynamic(span)
    return 0
