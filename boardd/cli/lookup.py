"""From what a technician types to a channel or call, with the nearest known words when nothing fits.

The forms are those that the daemon accepts: e1a/1/17, #17, e1a#17, pcm0/17, the extension, the label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from boardd.contract.errors import ArgumentError, UnknownIdError
from boardd.contract.objects import Call, Channel, Snapshot
from boardd.contract.text import _

_NUMBER = re.compile(r"^([A-Za-z0-9_.-]*)#(\d+)$")
_PCM = re.compile(r"^pcm(\d+)[/:](?:ts)?(\d+)$", re.IGNORECASE)
LISTED = 5
CALL_ENDING = 4
"""So many last characters of a call id are enough when only one call ends with them."""


def nearest(text: str, known: Iterable[str]) -> list[str]:
    """The known words that `text` was probably meant to be, best first, at most three."""
    words = sorted({word for word in known if word})
    by_lower = {word.lower(): word for word in words}
    return [by_lower[found] for found in get_close_matches(text.lower(), by_lower, n=3, cutoff=0.6)]


def unknown(message: str, text: str, known: Iterable[str]) -> UnknownIdError:
    """The error for a word that fits nothing, with what was probably meant."""
    close = nearest(text, known)
    return UnknownIdError(message.format(id=text), id=text, nearest=close)


def find_channel(picture: Snapshot, text: str) -> Channel:
    """The channel that `text` means. Raises UnknownIdError (`data.nearest`), ArgumentError when several fit."""
    found = _matching(picture, text)
    if not found:
        raise unknown(_("there is no channel {id}"), text, _words(picture.channels))
    return _only(text, found, "channel")


def find_call(picture: Snapshot, text: str) -> Call:
    """The call of that id or ending, or the one on the channel that `text` means. Raises like `find_channel`."""
    exact = [call for call in picture.calls if call.id == text.upper()]
    if exact:
        return exact[0]
    ending = [c for c in picture.calls if len(text) >= CALL_ENDING and c.id.endswith(text.upper())]
    channels = _matching(picture, text)
    if not channels and not ending:
        known = [*(call.id for call in picture.calls), *(call.channel for call in picture.calls)]
        raise unknown(_("there is no call {id}"), text, known)
    if ending and not channels:
        ids = [call.id for call in ending]
        if len(ids) > 1:
            raise _several(text, ids, "call")
        return ending[0]
    channel = _only(text, channels, "channel")
    on_channel = [call for call in picture.calls if call.channel == channel.id]
    if not on_channel:
        raise UnknownIdError(_("there is no call on channel {id}").format(id=channel.id), id=text)
    if len(on_channel) > 1:
        raise _several(text, [call.id for call in on_channel], "call")
    return on_channel[0]


def _matching(picture: Snapshot, text: str) -> list[Channel]:
    channels = picture.channels
    exact = [channel for channel in channels if channel.id == text]
    if exact:
        return exact
    number = _NUMBER.match(text)
    if number:
        scope, wanted = number.group(1), int(number.group(2))
        return [c for c in channels if c.maker_channel == wanted and scope in ("", c.board, c.domain)]
    pcm = _PCM.match(text)
    if pcm:
        spans = {span.id for span in picture.spans if span.pcm == int(pcm.group(1))}
        return [c for c in channels if c.span in spans and c.timeslot == int(pcm.group(2))]
    return [c for c in channels if text and text in (c.extension, c.label)]


def _words(channels: Sequence[Channel]) -> Iterable[str]:
    for channel in channels:
        yield from (channel.id, f"#{channel.maker_channel}", channel.extension, channel.label, channel.group)


def _only(text: str, found: Sequence[Channel], argument: str) -> Channel:
    if len(found) > 1:
        raise _several(text, [channel.id for channel in found], argument)
    return found[0]


def _several(text: str, ids: Sequence[str], argument: str) -> ArgumentError:
    listed = ", ".join(ids[:LISTED]) + (" …" if len(ids) > LISTED else "")
    message = _("{text} may be any of: {ids}").format(text=text, ids=listed)
    return ArgumentError(message, argument=argument, candidates=list(ids[:LISTED]))
