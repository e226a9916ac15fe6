"""What every contact works with: configuration, boards, store, agents, queues, sounds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from boardd.contract.objects import OrphanTreatment
from boardd.scheduler.acd.distributor import Distributor
from boardd.scheduler.agents.roster import Roster
from boardd.scheduler.boards import Boards
from boardd.scheduler.config import SchedulerConfig
from boardd.scheduler.contacts.model import Contact
from boardd.scheduler.ivr.machine import Machine
from boardd.scheduler.recording.policy import RecordingPolicy
from boardd.scheduler.records.record import Record
from boardd.scheduler.records.store import Store
from boardd.scheduler.sounds import SoundLibrary


class Listener(Protocol):
    """Who is told what happens to contacts."""

    def contact_changed(self, contact: Contact) -> None:
        """A contact has taken a step."""

    def contact_claims(self, contact: Contact, call_id: str) -> None:
        """A contact has a new call."""

    def contact_closed(self, contact: Contact, record: Record) -> None:
        """A contact's record has been put into the store."""


@dataclass(slots=True)
class Office:
    """See the module text."""

    config: SchedulerConfig
    boards: Boards
    store: Store
    roster: Roster
    distributor: Distributor
    sounds: SoundLibrary
    machine: Machine
    policy: RecordingPolicy
    raw_dir: Path
    listener: Listener

    def treatment(self) -> OrphanTreatment:
        """What the host does with an unbridged call of ours while we are away."""
        section = self.config.sections.treatment
        media = self.sounds.find(section.media) if section.media else None
        return OrphanTreatment(media=str(media or ""), max_s=section.max_s, cause=section.cause)
