"""The record (话单) of a contact or of an unclaimed call."""

from __future__ import annotations

from enum import StrEnum

from boardd.contract.causes import Cause
from boardd.contract.objects import Call, Instant, Wire
from boardd.contract.states import AnswerEvidence


class RecordingState(StrEnum):
    """Where the recording of a contact stands."""

    NONE = "none"
    """Nothing was recorded."""
    PENDING = "pending"
    """Raw legs wait to be finished; `recording` names the file to be."""
    DONE = "done"
    """The file is there."""
    LOST = "lost"
    """Recorded, but no leg's file was found."""


class Gap(Wire):
    """Where a leg of the recording has no sound, in milliseconds from the beginning of the file."""

    side: str
    from_ms: int
    to_ms: int


class Record(Wire, omit_defaults=False):
    """One line of the call detail records.

    `wait_ms` runs from entering the queue until an agent answered or the wait ended, `talk_ms` is the time bridged;
    both from monotonic clocks. `coverage` is recorded samples / samples of the bridged interval over both legs on the
    card's clock, None when never bridged or not recorded. `cause` is Q.850; `interrupted`: the machine was restarted.
    """

    id: str
    contact: str = ""
    kind: str = ""
    direction: str = ""
    caller: str = ""
    called: str = ""
    line: str = ""
    group: str = ""
    digits: str = ""
    queue: str = ""
    wait_ms: int | None = None
    agent: str = ""
    station: str = ""
    talk_ms: int = 0
    outcome: str = ""
    cause: int = Cause.NORMAL_UNSPECIFIED
    cause_origin: str = ""
    maker_code: str = ""
    answer_evidence: AnswerEvidence = AnswerEvidence.NONE
    interrupted: bool = False
    began: Instant | None = None
    answered: Instant | None = None
    ended: Instant | None = None
    line_free: Instant | None = None
    calls: list[str] = []
    variables: dict[str, str] = {}
    recording_state: RecordingState = RecordingState.NONE
    recording: str = ""
    recording_began: Instant | None = None
    coverage: float | None = None
    gaps: list[Gap] = []


def unclaimed_record(call: Call, began: Instant) -> Record:
    """The record of a call that no contact claimed, made from its last fact."""
    return Record(
        id=call.id,
        kind="observed" if call.observed else "unclaimed",
        direction=str(call.direction),
        caller=call.caller,
        called=call.called,
        line=call.channel,
        group=call.group,
        digits=call.digits,
        outcome="answered" if call.answered is not None else "unanswered",
        cause=Cause.NORMAL_UNSPECIFIED if call.cause is None else call.cause,
        cause_origin=call.cause_origin,
        maker_code=call.maker_code,
        answer_evidence=call.evidence,
        interrupted=call.interrupted,
        began=call.began or began,
        answered=call.answered,
        ended=call.released or began,
        line_free=call.line_free,
        calls=[call.id],
    )
