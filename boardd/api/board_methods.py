"""The requests of `boardd.sock` as typed methods; `Client` sends them.

Each method raises what the daemon answered (`boardd.contract.errors`), DisconnectedError when the connection ended and
the request may not be repeated, DeadlineError when no answer came in time. `call` is a call id, or any unambiguous form
of a channel that has one.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import TypeVar

from boardd.api import board_schema as schema
from boardd.contract.capabilities import Maintenance, Tone
from boardd.contract.objects import (
    Board,
    Bridge,
    Call,
    Channel,
    Link,
    OrphanTreatment,
    PlayStatus,
    RecordStatus,
    Snapshot,
    Span,
    Wire,
)

T = TypeVar("T")
_NOTHING = schema.Nothing()


class BoardMethods(abc.ABC):
    """Mixed into `Client`."""

    @abc.abstractmethod
    async def call(self, method: str, params: Wire, kind: type[T]) -> T:
        """Send one request and return its answer as `kind`."""

    # -- reading ------------------------------------------------------------------------------------------------------
    async def status(self) -> schema.StatusResult:
        """Daemon, clients, claims, domains."""
        return await self.call("status", _NOTHING, schema.StatusResult)

    async def fetch_snapshot(self) -> Snapshot:
        """Everything at this moment, asked afresh (`Client.snapshot` is the copy that events keep current)."""
        return await self.call("snapshot", _NOTHING, Snapshot)

    async def boards(self) -> list[Board]:
        """All boards."""
        return await self.call("boards", _NOTHING, list[Board])

    async def spans(self) -> list[Span]:
        """All spans."""
        return await self.call("spans", _NOTHING, list[Span])

    async def channels(self) -> list[Channel]:
        """All channels."""
        return await self.call("channels", _NOTHING, list[Channel])

    async def calls(self) -> list[Call]:
        """All present calls."""
        return await self.call("calls", _NOTHING, list[Call])

    async def bridges(self) -> list[Bridge]:
        """All bridges."""
        return await self.call("bridges", _NOTHING, list[Bridge])

    async def scan(self) -> schema.ScanResult:
        """Cards as the running libraries report them."""
        return await self.call("scan", _NOTHING, schema.ScanResult)

    # -- calls --------------------------------------------------------------------------------------------------------
    async def dial(
        self,
        number: str = "",
        *,
        group: str = "",
        channel: str = "",
        caller: str = "",
        caller_name: str = "",
        tag: str = "",
        orphan: OrphanTreatment | None = None,
    ) -> Call:
        """Dial `number` on a trunk group or a channel; on a station channel without a number, ring its telephone."""
        params = schema.DialParams(
            group=group,
            channel=channel,
            number=number,
            caller=caller,
            caller_name=caller_name,
            tag=tag,
            orphan=orphan,
        )
        return await self.call("call.dial", params, Call)

    async def take(self, call: str, *, orphan: OrphanTreatment | None = None, tag: str = "") -> Call:
        """Become the controller of a call without answering it."""
        return await self.call("call.take", schema.TakeParams(call=call, orphan=orphan, tag=tag), Call)

    async def alert(self, call: str) -> None:
        """Tell the network that the call rings."""
        await self.call("call.alert", schema.CallParams(call=call), schema.Nothing)

    async def answer(self, call: str, *, orphan: OrphanTreatment | None = None, tag: str = "") -> None:
        """Answer an offered call; `orphan` says what the host does with it while we are away."""
        await self.call("call.answer", schema.AnswerParams(call=call, orphan=orphan, tag=tag), schema.Nothing)

    async def reject(self, call: str, cause: int = 21) -> None:
        """Refuse an offered call with a Q.850 cause."""
        await self.call("call.reject", schema.HangupParams(call=call, cause=cause), schema.Nothing)

    async def hangup(self, call: str, cause: int = 16) -> None:
        """End a call in whatever state it is, with a Q.850 cause."""
        await self.call("call.hangup", schema.HangupParams(call=call, cause=cause), schema.Nothing)

    async def play(
        self,
        call: str,
        files: Sequence[str],
        *,
        loop: bool = False,
        digit_stops: bool = False,
        voice_stops: bool = False,
    ) -> PlayStatus:
        """Play sound files (absolute paths on the daemon's machine); returns when it has begun."""
        params = schema.PlayParams(
            call=call, files=list(files), loop=loop, digit_stops=digit_stops, voice_stops=voice_stops
        )
        return await self.call("call.play", params, PlayStatus)

    async def stop_play(self, call: str) -> None:
        """Stop playing."""
        await self.call("call.stop_play", schema.CallParams(call=call), schema.Nothing)

    async def tone(self, call: str, tone: Tone | None) -> None:
        """Give a supervisory tone, or silence."""
        await self.call("call.tone", schema.ToneParams(call=call, tone=tone), schema.Nothing)

    async def send_digits(self, call: str, digits: str) -> None:
        """Send DTMF."""
        await self.call("call.send_digits", schema.DigitsParams(call=call, digits=digits), schema.Nothing)

    async def flash(self, call: str) -> None:
        """Send a hook flash."""
        await self.call("call.flash", schema.CallParams(call=call), schema.Nothing)

    async def record(self, call: str, path: str) -> RecordStatus:
        """Record what the call's channel hears into `path` (raw A-law, 8 kHz, mono)."""
        return await self.call("call.record", schema.RecordParams(call=call, path=path), RecordStatus)

    async def stop_record(self, call: str, record: str) -> RecordStatus:
        """Stop one recording."""
        return await self.call("call.stop_record", schema.StopRecordParams(call=call, record=record), RecordStatus)

    # -- bridges ------------------------------------------------------------------------------------------------------
    async def create_bridge(self, links: Sequence[Link]) -> Bridge:
        """Link calls; those of other domains than the owner come in through ties."""
        return await self.call("bridge.create", schema.BridgeParams(links=list(links)), Bridge)

    async def change_bridge(self, bridge: str, links: Sequence[Link]) -> Bridge:
        """Replace the links of a bridge."""
        return await self.call("bridge.change", schema.ChangeBridgeParams(bridge=bridge, links=list(links)), Bridge)

    async def destroy_bridge(self, bridge: str) -> None:
        """Drop all links of a bridge."""
        await self.call("bridge.destroy", schema.BridgeIdParams(bridge=bridge), schema.Nothing)

    # -- records and boards -------------------------------------------------------------------------------------------
    async def ack_facts(self, keys: Sequence[tuple[str, str, str]]) -> None:
        """Tell the hosts that facts (`Fact.key()`) are safely stored."""
        await self.call("facts.ack", schema.AckParams(keys=list(keys)), schema.Nothing)

    async def reset_board(self, domain: str) -> None:
        """Forget the crashes of a broken domain and start its library again."""
        await self.call("board.reset", schema.BoardResetParams(domain=domain), schema.Nothing)

    async def maintain_span(self, span: str, what: Maintenance) -> None:
        """Loop an E1, take the loop back (`Maintenance.NONE`), or send a single error to its line."""
        await self.call("span.maintain", schema.SpanMaintainParams(span=span, what=what), schema.Nothing)
