"""Standing alarms of the domain: raised once, cleared once, told to clients both times."""

from __future__ import annotations

from boardd import clock
from boardd.contract.events import EventType
from boardd.contract.objects import Alarm, Severity
from boardd.host.outlet import Outlet

SEVERITIES: dict[str, Severity] = {
    "journal_full": Severity.CRITICAL,
    "domain_broken": Severity.CRITICAL,
    "board_broken": Severity.CRITICAL,
    "board_missing": Severity.CRITICAL,
    "span_alarm": Severity.MAJOR,
    "span_down": Severity.MAJOR,
    "channel_broken": Severity.MAJOR,
    "host_died": Severity.CRITICAL,
    "licence": Severity.CRITICAL,
    "no_line_voltage": Severity.MAJOR,
    "line_in_use": Severity.WARNING,
    "max_call": Severity.WARNING,
    "busy_tone_unknown": Severity.WARNING,
    "releasing_stuck": Severity.MAJOR,
    "hangup_failed": Severity.MAJOR,
    "record_failed": Severity.MAJOR,
    "station_off_hook": Severity.WARNING,
}
"""Severity by alarm code; a code that a driver invents is `major`."""


class Alarms:
    """The alarms that stand now, by (code, subject)."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._standing: dict[tuple[str, str], Alarm] = {}

    def set(self, code: str, subject: str, text: str = "") -> None:
        """Raise the alarm; one that stands already only gets the new text."""
        alarm = self._standing.get((code, subject))
        if alarm is not None:
            alarm.text = text
            return
        severity = SEVERITIES.get(code, Severity.MAJOR)
        alarm = Alarm(code=code, subject=subject, severity=severity, text=text, raised=clock.instant())
        self._standing[(code, subject)] = alarm
        self._outlet.publish(EventType.ALARM_RAISED, alarm=alarm)

    def clear(self, code: str, subject: str) -> None:
        """Clear the alarm if it stands."""
        alarm = self._standing.pop((code, subject), None)
        if alarm is not None:
            self._outlet.publish(EventType.ALARM_CLEARED, alarm=alarm)

    def standing(self) -> list[Alarm]:
        """All alarms, oldest first."""
        return list(self._standing.values())
