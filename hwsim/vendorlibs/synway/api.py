"""How API functions are modelled: a table from function name to handler, and the context a handler gets.

Handlers take the C in-parameters in order (out pointers left out) and return the C result, a Reply with outs, or
PARKED; `Refusal` sets the last error. `on_channel` handlers get the channel object instead of its number.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hwsim.vendorlibs.rpc import Connection, Parked, Reply
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import ErrorCode
from hwsim.vendorlibs.synway.refusal import Refusal
from hwsim.vendorlibs.wire import File

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.driver import Driver
    from hwsim.vendorlibs.synway.library import SynwayLibrary

Result = int | Reply | Parked
Handler = Callable[..., Result]

TABLE: dict[str, Handler] = {}
"""Every modelled function."""
BEFORE_START: set[str] = set()
"""Functions that work while the library is not started."""
DSP_COMMANDS: set[str] = set()
"""Functions that need the card's licence."""


@dataclass
class Call:
    """One call in progress."""

    library: SynwayLibrary
    conn: Connection
    name: str
    files: dict[int, File]

    @property
    def driver(self) -> Driver:
        """The started library."""
        driver = self.library.driver
        if driver is None:
            raise Refusal(ErrorCode.API_UNOPENED, "API is not opened")
        return driver

    def channel(self, number: int) -> Channel:
        """The channel with this number; Refusal (code 2) outside the range or on a board that is not there."""
        channels = self.driver.channels
        channel = channels[number] if 0 <= number < len(channels) else None
        if channel is None:
            raise Refusal(ErrorCode.INVALID_CHANNEL, f"invalid channel number {number}")
        return channel

    def file(self, position: int) -> File:
        """The file argument at a position; Refusal when the program could not open it."""
        file = self.files.get(position)
        if file is None or file.fd < 0:
            name = file.path if file else ""
            raise Refusal(ErrorCode.FILE, f"can not open file {name}")
        return file


def api(*names: str, before_start: bool = False, dsp: bool = False) -> Callable[[Handler], Handler]:
    """Register a handler under one or more function names."""

    def register(handler: Handler) -> Handler:
        for name in names:
            TABLE[name] = handler
            if before_start:
                BEFORE_START.add(name)
            if dsp:
                DSP_COMMANDS.add(name)
        return handler

    return register


def on_channel(
    *names: str, only: type[Channel] | tuple[type[Channel], ...] = Channel, dsp: bool = False
) -> Callable[[Handler], Handler]:
    """Register a handler that gets the channel named by its first argument; other channel classes get error 3."""

    def register(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def run(call: Call, number: int, *args: Any) -> Result:
            channel = call.channel(number)
            if not isinstance(channel, only) or not channel.leg:
                raise Refusal(ErrorCode.UNSUPPORTED, f"{call.name} is not supported by channel {number}")
            return handler(call, channel, *args)

        api(*names, dsp=dsp)(run)
        return handler

    return register


def accepted(done: bool, text: str = "operation failed", value: int = -1) -> int:
    """0 for a command that was taken; Refusal (code 14) otherwise."""
    if not done:
        raise Refusal(ErrorCode.FAILED, text, value)
    return 0


def text(value: str | bytes) -> Reply:
    """A text result: its length, and the text."""
    data = value.encode("gbk", "replace") if isinstance(value, str) else value
    return Reply(len(data), (data,))
