"""The metastore's tables: the event log, and the projection that its readers query.

The law: ``events`` is the truth and only ever grows, until a run is deleted as a whole; every other
table is made of events in the same transaction and could be made again from them
(``cancel_requested_at`` alone is also set by a request that no runner has seen yet, ``leases`` tells
who may append, ``roles`` who serves, and ``cache_entries`` may be thrown away at any time).
``schedules``, ``fires``, ``backfills`` and ``missed`` are truths of their own; events change nothing in them but
that a fire waits no longer as its run is created, and ``successes`` outlive the runs they are of. Times are UTC; JSON
is text; nothing is pickled.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"A time without a zone cannot be stored: {value!r}")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        """From the database: SQLite forgets the zone."""
        if value is None:
            return None
        at: datetime = value
        return at.replace(tzinfo=timezone.utc) if at.tzinfo is None else at.astimezone(timezone.utc)


class DisplayText(TypeDecorator[str]):
    """Text for people, which may come from anywhere: what UTF-8 cannot say is escaped."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """To the database."""
        if value is None:
            return None
        return value.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("pipeline", DisplayText, nullable=False),
    Column("notebook", DisplayText, nullable=False),
    Column("source_digest", String),
    Column("state", String, nullable=False),
    Column("trigger", String, nullable=False),
    Column("logical_date", UtcDateTime),
    Column("parameters", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("cancel_requested_at", UtcDateTime),
    Index("ix_runs_created_at", "created_at", "run_id"),
    Index("ix_runs_pipeline", "pipeline", "created_at", "run_id"),
    Index("ix_runs_state", "state", "created_at", "run_id"),
)

events = Table(
    "events",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("type", String, nullable=False),
    Column("body", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id"), primary_key=True),
    Column("token", Integer, nullable=False),
    Column("owner", Text),
    Column("beat", Integer, nullable=False),
)

task_runs = Table(
    "task_runs",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id"), primary_key=True),
    Column("task", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("queued_at", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("duration_s", Float),
    Column("cells_s", Float),
    Column("cached", Boolean, nullable=False),
    Column("failure", Text),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id"), primary_key=True),
    Column("task", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("type", DisplayText, nullable=False),
    Column("shape", Text),
    Column("preview", DisplayText, nullable=False),
    Column("value", Text),
    Column("version", Integer, nullable=False, server_default="0"),
    Index("ix_artifacts_digest", "digest"),
)

metrics = Table(
    "metrics",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("task", String, nullable=False),
    Column("value", Text, nullable=False),
)

durations = Table(
    "durations",
    metadata,
    Column("pipeline", DisplayText, primary_key=True),
    Column("task", String, primary_key=True),
    Column("duration_s", Float, nullable=False),
)

observed = Table(
    "observed",
    metadata,
    Column("code", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("other", String, primary_key=True),
    Column("observed_at", UtcDateTime, nullable=False),
)

cache_entries = Table(
    "cache_entries",
    metadata,
    Column("entry_id", String, primary_key=True),
    Column("recipe", String, nullable=False),
    Column("place", DisplayText, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_cache_entries_recipe", "recipe", "used_at"),
    Index("ix_cache_entries_place", "place", "used_at"),
)

roles = Table(
    "roles",
    metadata,
    Column("role", String, primary_key=True),
    Column("token", Integer, nullable=False),
    Column("owner", Text),
    Column("beat", Integer, nullable=False),
)

# A schedule that was removed has no name; its fires and what it missed stay. What it follows is in its body, too; of
# the successes there it has taken all up to the number ``followed``.
schedules = Table(
    "schedules",
    metadata,
    Column("schedule_id", Integer, primary_key=True),
    Column("name", String, unique=True),
    Column("edition", Integer, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("resumed_at", UtcDateTime),
    Column("added_at", UtcDateTime, nullable=False),
    Column("wake_at", UtcDateTime),
    Column("body", Text, nullable=False),
    Column("prunes", Boolean, nullable=False, server_default=false()),
    Column("after", String),
    Column("followed", Integer, nullable=False, server_default="0"),
    Index("ix_schedules_wake_at", "wake_at"),
    Index("ix_schedules_after", "after"),
)

# No foreign key to runs: a fire is recorded before its run is created, and outlives one that is deleted.
# What is of no backfill has 0 for its number, and so is there once for an interval.
fires = Table(
    "fires",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("schedule_id", Integer, ForeignKey("schedules.schedule_id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("interval_start", UtcDateTime, nullable=False),
    Column("interval_end", UtcDateTime, nullable=False),
    Column("backfill_id", Integer, nullable=False, server_default="0"),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("waits", Boolean, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("templates", Text, nullable=False, server_default="{}"),
    Index(
        "ix_fires_interval",
        *("schedule_id", "kind", "interval_start", "interval_end", "backfill_id"),
        unique=True,
    ),
    Index("ix_fires_backfill", "backfill_id", "waits", "interval_start"),
    Index("ix_fires_waits", "waits", "schedule_id"),
    Index("ix_fires_recorded_at", "schedule_id", "recorded_at"),
)

successes = Table(
    "successes",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("schedule_id", Integer, ForeignKey("schedules.schedule_id"), nullable=False),
    Column("interval_start", UtcDateTime, nullable=False),
    Column("interval_end", UtcDateTime, nullable=False),
    Column("succeeded_at", UtcDateTime, nullable=False),
    Index("ix_successes_interval", "schedule_id", "interval_start", "interval_end", unique=True),
    Index("ix_successes_number", "schedule_id", "number"),
)

backfills = Table(
    "backfills",
    metadata,
    Column("backfill_id", Integer, primary_key=True),
    Column("schedule_id", Integer, ForeignKey("schedules.schedule_id"), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
)

missed = Table(
    "missed",
    metadata,
    Column("schedule_id", Integer, ForeignKey("schedules.schedule_id"), primary_key=True),
    Column("first_start", UtcDateTime, primary_key=True),
    Column("first_end", UtcDateTime, primary_key=True),
    Column("last_start", UtcDateTime, nullable=False),
    Column("last_end", UtcDateTime, nullable=False),
    Column("count", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)
