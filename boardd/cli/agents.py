"""`boardctl agents`: who works where, and logging in, out, ready, not ready on somebody's behalf."""

from __future__ import annotations

import click

from boardd.api.board_schema import Nothing
from boardd.api.scheduler_schema import AgentInfo, AgentParams, LoginParams, NotReadyParams
from boardd.cli.lookup import unknown
from boardd.cli.output import emit_json, emit_table, moment_text, state_text
from boardd.cli.scheduler import Scheduler, ask_scheduler
from boardd.cli.session import Session, pass_session
from boardd.contract.objects import Wire
from boardd.contract.text import _
from boardd.terminal.helptext import verb_group


@verb_group(invoke_without_command=True)
@click.pass_context
def agents(context: click.Context) -> None:
    """List agents and what they do; subcommands change their state."""
    if context.invoked_subcommand is not None:
        return
    session: Session = context.obj
    _show(session, ask_scheduler(session, lambda scheduler: scheduler.agents()))


def _show(session: Session, found: list[AgentInfo]) -> None:
    if session.as_json:
        emit_json(found)
        return
    columns = [
        _("agent"),
        _("name"),
        _("state"),
        _("reason"),
        _("since"),
        _("then"),
        _("station"),
        _("contact"),
        _("queues"),
    ]
    emit_table(_("Agents"), columns, [_row(agent) for agent in found])


def _row(agent: AgentInfo) -> list[object]:
    engaged = agent.status in ("reserved", "ringing", "talking")
    return [
        agent.agent,
        agent.name,
        state_text(agent.status),
        agent.reason,
        moment_text(agent.since.wall_ms) if agent.since else "",
        agent.after if engaged else "",
        agent.station,
        agent.contact,
        " ".join(agent.queues),
    ]


@agents.command()
@click.argument("agent")
@click.argument("station", default="")
@pass_session
def login(session: Session, agent: str, station: str) -> None:
    """Log AGENT in at STATION, an extension; without it, at the agent's own."""
    _change(session, agent, "agent.login", LoginParams(agent=agent, station=station))


@agents.command()
@click.argument("agent")
@pass_session
def logout(session: Session, agent: str) -> None:
    """Log AGENT out, after the present call if there is one."""
    _change(session, agent, "agent.logout", AgentParams(agent=agent))


@agents.command()
@click.argument("agent")
@pass_session
def ready(session: Session, agent: str) -> None:
    """Make AGENT ready for calls from queues."""
    _change(session, agent, "agent.ready", AgentParams(agent=agent))


@agents.command("not-ready")
@click.argument("agent")
@click.argument("reason", default="")
@pass_session
def not_ready(session: Session, agent: str, reason: str) -> None:
    """Make AGENT not ready, with a REASON for the statistics."""
    _change(session, agent, "agent.not_ready", NotReadyParams(agent=agent, reason=reason))


@agents.command()
@click.argument("agent")
@pass_session
def hangup(session: Session, agent: str) -> None:
    """End AGENT's present call."""

    async def ask(scheduler: Scheduler) -> None:
        await _check(scheduler, agent)
        await scheduler.ask("agent.hangup", AgentParams(agent=agent), Nothing)

    ask_scheduler(session, ask)
    if session.as_json:
        emit_json({"agent": agent})
    else:
        click.echo(_("agent {agent}: call ended").format(agent=agent))


def _change(session: Session, agent: str, method: str, params: Wire) -> None:
    """Ask for a change and show the agent as it is then."""

    async def ask(scheduler: Scheduler) -> AgentInfo:
        await _check(scheduler, agent)
        return await scheduler.ask(method, params, AgentInfo)

    _show(session, [ask_scheduler(session, ask)])


async def _check(scheduler: Scheduler, agent: str) -> None:
    known = [found.agent for found in await scheduler.agents()]
    if agent not in known:
        raise unknown(_("there is no agent {id}"), agent, known)
