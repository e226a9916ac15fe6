"""The SQLite file, used from one thread only: opening, transactions, every statement.

WAL with synchronous=FULL: what was committed survives a power cut. Every write may be done twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import StaticPool

from boardd.contract.errors import ConfigurationError
from boardd.contract.objects import Fact, FactKind
from boardd.scheduler.records.record import Record, RecordingState, unclaimed_record
from boardd.scheduler.records.tables import (
    SCHEMA_VERSION,
    agent_events,
    agent_states,
    call_facts,
    contact_calls,
    contact_records,
    contacts,
    metadata,
)


class AgentEvent(msgspec.Struct, frozen=True):
    """One change of an agent's state."""

    agent: str
    wall_ms: int
    mono_ms: int
    old: str
    new: str
    reason: str = ""
    station: str = ""
    contact_id: str = ""


class ContactRow(msgspec.Struct, frozen=True):
    """A contact to be stored: its JSON, and the calls it claims as (call id, role)."""

    id: str
    state: str
    began_wall_ms: int
    body: bytes
    calls: tuple[tuple[str, str], ...] = ()


class Batch(msgspec.Struct):
    """What one transaction writes. For contacts and agents the last version wins; the rest is appended."""

    contacts: dict[str, ContactRow] = {}
    agents: dict[str, bytes] = {}
    records: dict[str, Record] = {}
    events: list[AgentEvent] = []
    facts: dict[tuple[str, str, str], Fact] = {}

    def __bool__(self) -> bool:
        return bool(self.contacts or self.agents or self.records or self.events or self.facts)


class Database:
    """One connection to the store. Raises sqlalchemy.exc.SQLAlchemyError when the disk does."""

    def __init__(self, path: Path, max_pages: int = 0) -> None:
        self.path = path
        self._max_pages = max_pages
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = sa.create_engine(
            f"sqlite+pysqlite:///{path}", poolclass=StaticPool, connect_args={"isolation_level": None}
        )
        sa.event.listen(self._engine, "connect", self._prepare)
        sa.event.listen(self._engine, "begin", _begin_immediate)
        try:
            self._create()
        except BaseException:
            self._engine.dispose()
            raise

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def _prepare(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA busy_timeout=5000")
        if self._max_pages:
            connection.execute(f"PRAGMA max_page_count={self._max_pages}")

    def _create(self) -> None:
        with self._engine.begin() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version > SCHEMA_VERSION:
                text = f"{self.path}: made by a newer boardd (schema {version}, this one knows {SCHEMA_VERSION})"
                raise ConfigurationError(text, path=str(self.path))
            metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")

    # -- writing ------------------------------------------------------------------------------------------------------
    def write(self, batch: Batch) -> None:
        """Everything in one transaction."""
        with self._engine.begin() as connection:
            for row in batch.contacts.values():
                _write_contact(connection, row)
            for agent, body in batch.agents.items():
                statement = insert(agent_states).values(agent=agent, body=body)
                connection.execute(statement.on_conflict_do_update(index_elements=["agent"], set_={"body": body}))
            for event in batch.events:
                connection.execute(sa.insert(agent_events).values(**msgspec.structs.asdict(event)))
            for record in batch.records.values():
                _write_record(connection, record)
            for fact in batch.facts.values():
                _write_fact(connection, fact)

    def finish_recording(self, record_id: str, changes: dict[str, Any]) -> None:
        """Change the recording fields of a record."""
        with self._engine.begin() as connection:
            body = connection.execute(
                sa.select(contact_records.c.body).where(contact_records.c.id == record_id)
            ).scalar_one_or_none()
            if body is None:
                return
            record = msgspec.structs.replace(msgspec.json.decode(body, type=Record), **changes)
            connection.execute(
                sa.update(contact_records)
                .where(contact_records.c.id == record_id)
                .values(body=msgspec.json.encode(record), recording_state=str(record.recording_state))
            )

    # -- reading ------------------------------------------------------------------------------------------------------
    def open_contacts(self) -> list[bytes]:
        """JSON of every contact that is not closed, oldest first."""
        statement = sa.select(contacts.c.body).where(contacts.c.state != "closed").order_by(contacts.c.id)
        return self._bodies(statement)

    def contact(self, contact_id: str) -> bytes | None:
        """JSON of one contact."""
        return next(iter(self._bodies(sa.select(contacts.c.body).where(contacts.c.id == contact_id))), None)

    def agents(self) -> dict[str, bytes]:
        """JSON of every agent's state."""
        with self._engine.connect() as connection:
            return {row.agent: row.body for row in connection.execute(sa.select(agent_states))}

    def end_facts(self, call_ids: Sequence[str]) -> dict[str, Fact]:
        """The END facts that are there for some calls."""
        statement = sa.select(call_facts.c.body).where(
            call_facts.c.call_id.in_(call_ids), call_facts.c.fact == str(FactKind.END)
        )
        facts = [msgspec.json.decode(body, type=Fact) for body in self._bodies(statement)]
        return {fact.call_id: fact for fact in facts}

    def record(self, record_id: str) -> Record | None:
        """One record by its id (contact id, or call id of an unclaimed call)."""
        bodies = self._bodies(sa.select(contact_records.c.body).where(contact_records.c.id == record_id))
        return msgspec.json.decode(bodies[0], type=Record) if bodies else None

    def unfinished_records(self) -> list[str]:
        """Ids of records whose recording still waits to be finished, oldest first."""
        with self._engine.connect() as connection:
            statement = sa.select(contact_records.c.id).where(
                contact_records.c.recording_state == str(RecordingState.PENDING)
            )
            return [str(row.id) for row in connection.execute(statement.order_by(contact_records.c.began_wall_ms))]

    def records(
        self, *, from_wall_ms: int, to_wall_ms: int, number: str, agent: str, queue: str, limit: int, offset: int
    ) -> list[Record]:
        """Records that began in [from, to), newest first; empty strings and 0 do not filter."""
        table = contact_records.c
        statement = sa.select(table.body).order_by(table.began_wall_ms.desc(), table.id.desc())
        if from_wall_ms:
            statement = statement.where(table.began_wall_ms >= from_wall_ms)
        if to_wall_ms:
            statement = statement.where(table.began_wall_ms < to_wall_ms)
        if number:
            statement = statement.where(sa.or_(table.caller.endswith(number), table.called.endswith(number)))
        if agent:
            statement = statement.where(table.agent == agent)
        if queue:
            statement = statement.where(table.queue == queue)
        bodies = self._bodies(statement.limit(limit).offset(offset))
        return [msgspec.json.decode(body, type=Record) for body in bodies]

    def agent_events(self, agent: str, limit: int) -> list[AgentEvent]:
        """The newest changes of an agent's state (all agents when empty), newest first."""
        statement = sa.select(agent_events).order_by(agent_events.c.number.desc()).limit(limit)
        if agent:
            statement = statement.where(agent_events.c.agent == agent)
        with self._engine.connect() as connection:
            return [
                AgentEvent(**{k: v for k, v in row._asdict().items() if k != "number"})
                for row in connection.execute(statement)
            ]

    def _bodies(self, statement: sa.Select[Any]) -> list[bytes]:
        with self._engine.connect() as connection:
            return [row[0] for row in connection.execute(statement)]


def _begin_immediate(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _write_contact(connection: sa.Connection, row: ContactRow) -> None:
    values = {"state": row.state, "began_wall_ms": row.began_wall_ms, "body": row.body}
    statement = insert(contacts).values(id=row.id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
    _claim(connection, row.id, row.calls)


def _claim(connection: sa.Connection, contact_id: str, calls: Iterable[tuple[str, str]]) -> None:
    for call_id, role in calls:
        statement = insert(contact_calls).values(call_id=call_id, contact_id=contact_id, role=role)
        connection.execute(statement.on_conflict_do_nothing())


def _write_record(connection: sa.Connection, record: Record) -> None:
    """Insert unless there: the first record of a contact or call is the only one."""
    began = record.began.wall_ms if record.began is not None else 0
    statement = insert(contact_records).values(
        id=record.id,
        contact_id=record.contact or None,
        call_id=None if record.contact else record.id,
        began_wall_ms=began,
        caller=record.caller,
        called=record.called,
        agent=record.agent,
        queue=record.queue,
        recording_state=str(record.recording_state),
        body=msgspec.json.encode(record),
    )
    connection.execute(statement.on_conflict_do_nothing())


def _write_fact(connection: sa.Connection, fact: Fact) -> None:
    """Insert unless there; the end of a call that no contact claims makes its record."""
    statement = insert(call_facts).values(
        host=fact.host,
        call_id=fact.call_id,
        fact=str(fact.fact),
        wall_ms=fact.at.wall_ms,
        mono_ms=fact.at.mono_ms,
        body=msgspec.json.encode(fact),
    )
    connection.execute(statement.on_conflict_do_nothing())
    if fact.fact is not FactKind.END:
        return
    claimed = connection.execute(
        sa.select(contact_calls.c.contact_id).where(contact_calls.c.call_id == fact.call_id)
    ).scalar_one_or_none()
    if claimed is None and fact.call.tag:
        claimed = connection.execute(
            sa.select(contacts.c.id).where(contacts.c.id == fact.call.tag)
        ).scalar_one_or_none()
        if claimed is not None:
            _claim(connection, claimed, [(fact.call_id, "unseen")])
    if claimed is None:
        _write_record(connection, unclaimed_record(fact.call, fact.at))
