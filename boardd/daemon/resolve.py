"""From what people type to a channel: any unambiguous form is accepted.

e1a/1/17        the id
#17  e1a#17     the maker's channel number, with board or domain in front when several makers count from 0
pcm0/17         the maker's span number and the timeslot
801             the extension
Reception       the label
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from boardd.api.mirror import Mirror
from boardd.contract.errors import ArgumentError, UnknownIdError
from boardd.contract.objects import Call, Channel

_NUMBER = re.compile(r"^([A-Za-z0-9_.-]*)#(\d+)$")
_PCM = re.compile(r"^pcm(\d+)[/:](?:ts)?(\d+)$", re.IGNORECASE)
LISTED = 5


def resolve_channel(mirror: Mirror, text: str) -> Channel:
    """The channel that `text` means. Raises UnknownIdError, or ArgumentError when several fit."""
    exact = mirror.channels.get(text)
    if exact is not None:
        return exact
    found = list(_matches(mirror, text))
    if not found:
        raise UnknownIdError(f"there is no channel {text!r}", id=text)
    if len(found) > 1:
        ids = [channel.id for channel in found]
        more = " …" if len(ids) > LISTED else ""
        what = f"{text!r} may be any of {', '.join(ids[:LISTED])}{more}"
        raise ArgumentError(what, argument="channel", candidates=ids[:LISTED])
    return found[0]


def _matches(mirror: Mirror, text: str) -> Iterable[Channel]:
    number = _NUMBER.match(text)
    if number:
        scope, maker_channel = number.group(1), int(number.group(2))
        return [
            channel
            for channel in mirror.channels.values()
            if channel.maker_channel == maker_channel and scope in ("", channel.board, channel.domain)
        ]
    pcm = _PCM.match(text)
    if pcm:
        spans = {span.id for span in mirror.spans.values() if span.pcm == int(pcm.group(1))}
        timeslot = int(pcm.group(2))
        return [c for c in mirror.channels.values() if c.span in spans and c.timeslot == timeslot]
    return [c for c in mirror.channels.values() if text and text in (c.extension, c.label)]


def resolve_call(mirror: Mirror, text: str) -> Call:
    """The call of that id, or the call on the channel that `text` means. Raises UnknownIdError, ArgumentError."""
    call = mirror.calls.get(text)
    if call is not None:
        return call
    try:
        channel = resolve_channel(mirror, text)
    except UnknownIdError:
        raise UnknownIdError(f"there is no call {text!r}", id=text) from None
    on_channel = [call for call in mirror.calls.values() if call.channel == channel.id]
    if not on_channel:
        raise UnknownIdError(f"there is no call on channel {channel.id}", id=text, channel=channel.id)
    if len(on_channel) > 1:
        ids = [call.id for call in on_channel]
        raise ArgumentError(f"channel {channel.id} has several calls: name one", argument="call", candidates=ids)
    return on_channel[0]
