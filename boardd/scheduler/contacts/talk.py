"""Conversations: recording on, bridge, bridge gone, recording off."""

from __future__ import annotations

from boardd.api import board_schema as schema
from boardd.contract.objects import Bridge, Instant, Link, RecordStatus
from boardd.contract.states import ChannelState
from boardd.scheduler.contacts.actor import Actor
from boardd.scheduler.contacts.model import ContactKind, Leg, Talk, Track

LEFT, RIGHT = "left", "right"


class Talking(Actor):
    """The part of a contact that bridges two of its legs."""

    async def begin_talk(self, left: Leg, right: Leg, answered: Instant | None) -> bool:
        """Record and bridge two legs; the left one is the caller's side of the file. Whether they are bridged.

        `answered` is None when the called party is not there yet (early media).
        """
        contact = self.contact
        number = len(contact.talks)
        talk = Talk(left=left.call, right=right.call, key=f"{contact.id}-b{number}", answered=answered)
        internal = contact.kind is ContactKind.INTERNAL
        if self.office.policy.wants(contact.queue, internal) and self.office.policy.has_room():
            for side, leg in ((LEFT, left), (RIGHT, right)):
                path = self.office.raw_dir / f"{contact.id}-{number}-{side}.alaw"
                talk.tracks.append(Track(side=side, call=leg.call, path=str(path)))
        contact.talks.append(talk)
        await self.save()
        await self._record(talk)
        return await self._bridge(talk)

    async def resume_talk(self) -> None:
        """After a restart: the bridge is still there, or is made again if both legs are."""
        talk = self.contact.talk()
        if talk is None:
            return
        bridge = self._standing(talk)
        if bridge is not None:
            talk.bridge, talk.began = bridge.id, talk.began or bridge.began or self.now()
            await self._record(talk)
            self.put()
            return
        calls = [self.office.boards.mirror.calls.get(call) for call in (talk.left, talk.right)]
        if all(call is not None and call.state is ChannelState.CONNECTED for call in calls):
            await self._record(talk)
            await self._bridge(talk)

    async def end_talk(self, at: Instant) -> None:
        """The bridge has ended, or ends now: stop the recording after it.

        A bridge that came and went while no scheduler was there is taken to have begun when it was asked for.
        """
        talk = self.contact.talk()
        if talk is None:
            return
        talk.ended = at
        if talk.began is None and self.joined:
            talk.began = talk.answered
        legs = [leg for leg in self.contact.legs if leg.call in (talk.left, talk.right) and not leg.ended]
        if len(legs) == 2 and talk.bridge:
            await self.ask("bridge.destroy", schema.BridgeIdParams(bridge=talk.bridge), schema.Nothing)
        for track in talk.tracks:
            if track.record and any(leg.call == track.call for leg in legs):
                params = schema.StopRecordParams(call=track.call, record=track.record)
                await self.ask("call.stop_record", params, RecordStatus)
        self.put()

    async def _record(self, talk: Talk) -> None:
        """Start the record tasks that do not run yet."""
        for i, track in enumerate(talk.tracks):
            known = self.office.boards.mirror.calls.get(track.call)
            running = [r for r in known.records if r.path == track.path] if known is not None else []
            if running:
                track.record, track.began = running[0].id, running[0].began
                continue
            params = schema.RecordParams(call=track.call, path=track.path, key=f"{talk.key}-r{i}")
            status = await self.ask("call.record", params, RecordStatus)
            if status is not None:
                track.record, track.began = status.id, status.began

    async def _bridge(self, talk: Talk) -> bool:
        links = [Link(source=talk.left, sink=talk.right), Link(source=talk.right, sink=talk.left)]
        key = talk.key if talk.began is None else ""
        bridge = await self.ask("bridge.create", schema.BridgeParams(links=links, key=key), Bridge)
        if bridge is None:
            bridge = self._standing(talk)
        if bridge is None:
            return False
        talk.bridge, talk.began = bridge.id, talk.began or bridge.began or self.now()
        self.put()
        return True

    def _standing(self, talk: Talk) -> Bridge | None:
        for bridge in self.office.boards.mirror.bridges.values():
            ends = {(link.source, link.sink) for link in bridge.links}
            if (talk.left, talk.right) in ends and (talk.right, talk.left) in ends:
                return bridge
        return None
