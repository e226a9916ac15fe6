"""The end of a contact: its record, made once, from what its calls say at their end."""

from __future__ import annotations

from boardd.contract.causes import Cause
from boardd.contract.objects import Call, Instant
from boardd.contract.states import AnswerEvidence
from boardd.scheduler.contacts.model import Contact, ContactKind, Leg, LegRole
from boardd.scheduler.records.record import Record, RecordingState

_DIRECTIONS = {
    ContactKind.INBOUND: "in",
    ContactKind.OUTBOUND: "out",
    ContactKind.INTERNAL: "internal",
    ContactKind.FEATURE: "internal",
}


def talk_ms(contact: Contact) -> int:
    """Time in conversation: from both sides there until the bridge ended."""
    total = 0
    for talk in contact.talks:
        began = talk.answered if talk.answered is not None else None
        if began is None or talk.ended is None or talk.began is None:
            continue
        total += max(0, talk.ended.mono_ms - max(began.mono_ms, talk.began.mono_ms))
    return total


def principal(contact: Contact) -> Leg:
    """The leg whose line, answer and cause the record shows: the outside one if there is one."""
    if contact.kind in (ContactKind.OUTBOUND, ContactKind.INTERNAL):
        party = contact.newest(LegRole.PARTY)
        if party is not None and party.last is not None:
            return party
    return contact.first


def make_record(contact: Contact, ended: Instant, recording: str) -> Record:
    """The record of a contact whose calls have all ended; `recording` is the file to be made, or empty."""
    leg = principal(contact)
    call = leg.last
    calls = [other.last for other in contact.legs if other.last is not None]
    tracked = any(talk.tracks for talk in contact.talks)
    return Record(
        id=contact.id,
        contact=contact.id,
        kind=str(contact.kind),
        direction=_DIRECTIONS[contact.kind],
        caller=contact.caller,
        called=contact.called,
        line=leg.channel or contact.line,
        group=leg.group or contact.group,
        digits=contact.first.last.digits if contact.first.last is not None else "",
        queue=contact.queue,
        wait_ms=contact.wait_ms,
        agent=contact.agent,
        station=contact.station,
        talk_ms=talk_ms(contact),
        outcome=str(contact.outcome),
        cause=call.cause if call is not None and call.cause is not None else Cause.TEMPORARY_FAILURE,
        cause_origin=call.cause_origin if call is not None else "",
        maker_code=call.maker_code if call is not None else "",
        answer_evidence=call.evidence if call is not None else AnswerEvidence.NONE,
        interrupted=any(other.interrupted for other in calls),
        began=contact.began,
        answered=call.answered if call is not None else None,
        ended=_latest(calls) or ended,
        line_free=call.line_free if call is not None else None,
        calls=[other.call for other in contact.legs if other.call],
        variables=dict(contact.position.variables) if contact.position is not None else {},
        recording_state=RecordingState.PENDING if tracked else RecordingState.NONE,
        recording=recording if tracked else "",
    )


def _latest(calls: list[Call]) -> Instant | None:
    ends = [call.released for call in calls if call.released is not None]
    return max(ends, key=lambda at: at.mono_ms) if ends else None
