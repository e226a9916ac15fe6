"""Tables of the store. SCHEMA_VERSION goes into SQLite's user_version; `upgrade` brings older files up to it."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA_VERSION = 1

metadata = sa.MetaData()

call_facts = sa.Table(
    "call_facts",
    metadata,
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("fact", sa.Text, nullable=False),
    sa.Column("wall_ms", sa.Integer, nullable=False),
    sa.Column("mono_ms", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("host", "call_id", "fact"),
)
"""Journal entries of hosts as they came; inserted once, acknowledged after commit."""

contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("began_wall_ms", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("contacts_open", "state", sqlite_where=sa.text("state != 'closed'")),
)
"""A contact as the scheduler needs it after a restart (JSON of contacts.model.Contact)."""

contact_calls = sa.Table(
    "contact_calls",
    metadata,
    sa.Column("call_id", sa.Text, primary_key=True),
    sa.Column("contact_id", sa.Text, nullable=False, index=True),
    sa.Column("role", sa.Text, nullable=False),
)
"""Which contact claims a call."""

contact_records = sa.Table(
    "contact_records",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("contact_id", sa.Text, unique=True),
    sa.Column("call_id", sa.Text, unique=True),
    sa.Column("began_wall_ms", sa.Integer, nullable=False, index=True),
    sa.Column("caller", sa.Text, nullable=False, index=True),
    sa.Column("called", sa.Text, nullable=False, index=True),
    sa.Column("agent", sa.Text, nullable=False, index=True),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("recording_state", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.CheckConstraint("(contact_id IS NULL) != (call_id IS NULL)"),
    sa.Index("records_unfinished", "recording_state", sqlite_where=sa.text("recording_state = 'pending'")),
)
"""Records (话单): one per contact, and one for each call that no contact claimed. `body` is the JSON of `Record`."""

agent_states = sa.Table(
    "agent_states",
    metadata,
    sa.Column("agent", sa.Text, primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
"""The present state of each agent."""

agent_events = sa.Table(
    "agent_events",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("agent", sa.Text, nullable=False),
    sa.Column("wall_ms", sa.Integer, nullable=False, index=True),
    sa.Column("mono_ms", sa.Integer, nullable=False),
    sa.Column("old", sa.Text, nullable=False),
    sa.Column("new", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("station", sa.Text, nullable=False),
    sa.Column("contact_id", sa.Text, nullable=False),
)
"""Every change of an agent's state, the raw material of every report."""
