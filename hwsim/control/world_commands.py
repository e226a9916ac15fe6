"""What the side door can do with a world: look, listen, break things, dial, and take people's telephones in hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boardd.contract.text import _
from hwsim.control.commands import Args, CommandError, Commands, integer, number, text, words
from hwsim.people.person import Person
from hwsim.people.process import Acts
from hwsim.people.voice_file import WavRecording
from hwsim.scenario.faults import AtRandom, FaultError
from hwsim.scenario.world import World

TRUTH_LIMIT = 400
DIALLABLE = re.compile(r"[0-9*#A-D,]+")
NUMBER = re.compile(r"\+?[0-9]+")
MAX_NAME = 25
"""Characters; a message of caller ID has room for 50 octets of name."""


class WorldCommands:
    """Registers `status`, `truth`, `callers`, `people`, `lines`, `listen`, `fault`, `fault_end`, `faults`, `dial`,
    `station` and `stop`. Recordings go into `folder`; `stop` calls `stop()`."""

    def __init__(self, world: World, folder: Path, stop: Callable[[], None]) -> None:
        self.world = world
        self.folder = folder
        self._stop = stop
        self._listening: dict[str, WavRecording] = {}
        self._recordings = 0

    def register(self, commands: Commands) -> None:
        """Make the commands known."""
        commands.register("help", lambda _args: commands.names)
        for name in ("status", "truth", "callers", "people", "lines", "listen", "faults", "dial", "station", "stop"):
            commands.register(name, getattr(self, name))
        commands.register("fault", self.fault)
        commands.register("fault_end", self.fault_end)

    # -- looking ----------------------------------------------------------------------------------------------------
    def status(self, args: Args) -> dict[str, Any]:
        """Time, seed and counts."""
        world, sim = self.world, self.world.sim
        return {
            "site": world.scenario.file.site,
            "now_us": sim.now_us,
            "seed": sim.seed,
            "finished": world.finished,
            "facts": len(sim.truth.facts),
            "calls": len(world.exchange.calls),
            "visitors": len(world.people.visitors),
            "arrived": {stream.section.name: stream.arrived for stream in world.streams},
            "faults": len(world.faults.active),
        }

    def truth(self, args: Args) -> dict[str, Any]:
        """Facts from index `since` on: `what` (one kind) and `match` (equal fields) filter; at most `limit` (400).

        `next` is the index to go on from.
        """
        since, limit = integer(args, "since", 0), integer(args, "limit", TRUTH_LIMIT)
        if since < 0 or not 1 <= limit <= TRUTH_LIMIT:
            raise CommandError(
                "bad_argument", _("since is not negative, limit is 1 to {most}").format(most=TRUTH_LIMIT)
            )
        what, match = text(args, "what", ""), args.get("match", {})
        if not isinstance(match, dict):
            raise CommandError("bad_argument", _("match must be an object"))
        facts, index = self.world.sim.truth.facts, since
        found: list[dict[str, Any]] = []
        while index < len(facts) and len(found) < limit:
            fact = facts[index]
            if (not what or fact["what"] == what) and all(fact.get(k) == v for k, v in match.items()):
                found.append(fact)
            index += 1
        return {"facts": found, "next": index}

    def callers(self, args: Args) -> dict[str, Any]:
        """What became of the callers, from number `since` on, at most 400 at a time."""
        since = integer(args, "since", 0)
        found = self.world.callers()[since : since + TRUTH_LIMIT]
        return {"callers": [caller.as_dict() for caller in found], "next": since + len(found)}

    def people(self, args: Args) -> list[dict[str, Any]]:
        """Everybody at a station or on the telephone."""
        everybody = [*self.world.people.stations.values(), *self.world.people.visitors.values()]
        return [_describe(person) for person in everybody]

    def lines(self, args: Args) -> list[dict[str, Any]]:
        """Analogue lines, and circuits that are not idle."""
        exchange = self.world.exchange
        found: list[dict[str, Any]] = [
            {
                "line": name,
                "off_hook": line.loop_closed,
                "ringing": line.ringing,
                "reversed": line.reversed,
                "pair": str(line.pair),
                "volts": line.volts,
                "exchange": str(exchange.lines[name].state) if name in exchange.lines else None,
            }
            for name, line in self.world.machine.analog_lines.items()
        ]
        found += [
            {"line": name, "exchange": str(circuit.state), "busy": circuit.circuit.busy}
            for name, circuit in exchange.circuits.items()
            if circuit.circuit.busy
        ]
        return found

    def listen(self, args: Args) -> dict[str, Any]:
        """`line`: begin to record what the card's or set's end hears (left) and says (right); with `on` false, end.

        `file` is where (an absolute path); without it a numbered file in the truth folder.
        """
        line, on = text(args, "line"), args.get("on", True)
        if on is not False:
            return self._begin_listening(line, text(args, "file", ""))
        recording = self._listening.pop(line, None)
        if recording is None:
            raise CommandError("refused", _("{line} is not being recorded").format(line=line))
        return {"file": str(recording.path), "samples": recording.close()}

    def close(self) -> None:
        """Complete all recordings."""
        for recording in self._listening.values():
            recording.close()
        self._listening.clear()

    # -- acting -----------------------------------------------------------------------------------------------------
    def fault(self, args: Args) -> dict[str, Any]:
        """Begin the fault `kind` at `where` with `args`, for `for_s` seconds or until `fault_end`.

        With `per_hour` it comes so often at random, each time at one of the places that `where` names (`a|b`, `a/1-8`,
        `kind:fxo`), until `fault_end`.
        """
        kind, where, more = text(args, "kind"), text(args, "where", ""), words(args, "args")
        for_s, per_hour, faults = number(args, "for_s", 0), number(args, "per_hour", 0), self.world.faults
        if min(for_s, per_hour) < 0:
            raise CommandError("bad_argument", _("for_s and per_hour must not be negative"))
        try:
            if per_hour:
                coming = AtRandom(faults, kind, self.world.places(where), more, for_s or None, per_hour)
                return {"fault": faults.inject_at_random(coming)}
            return {"fault": faults.inject(kind, where, more, for_s or None)}
        except FaultError as error:
            raise CommandError("bad_argument", str(error)) from error

    def fault_end(self, args: Args) -> dict[str, Any]:
        """Take the fault with this number back."""
        try:
            self.world.faults.end(integer(args, "fault"))
        except FaultError as error:
            raise CommandError("refused", str(error)) from error
        return {}

    def faults(self, args: Args) -> dict[str, Any]:
        """All kinds, and what is broken now."""
        active = [{"fault": f.number, "kind": f.kind, "where": f.where} for f in self.world.faults.active.values()]
        return {"kinds": self.world.faults.kinds, "active": active}

    def dial(self, args: Args) -> dict[str, Any]:
        """Let the subscriber `from` call `to` now, following `script` (else: waits for an answer and talks);
        caller ID shows `name`."""
        caller, called = text(args, "from"), text(args, "to")
        if not NUMBER.fullmatch(caller) or not NUMBER.fullmatch(called):
            raise CommandError("bad_argument", _("from and to are telephone numbers"))
        try:
            behaviour, choice, shown = (text(args, key, "") for key in ("script", "choice", "name"))
            name = self.world.dial(caller, called, behaviour, choice, shown[:MAX_NAME])
        except FaultError as error:
            raise CommandError("refused", str(error)) from error
        return {"person": name}

    def station(self, args: Args) -> dict[str, Any]:
        """Take the telephone of `station` (person, extension or line) in hand: `act` is lift, hang_up, dial (with
        `digits`), speak, quiet, flash (with `ms`), or resume (the person goes on as the scenario says)."""
        name, act = text(args, "station"), text(args, "act")
        person = self.world.people.at_station(name)
        if person is None:
            raise CommandError("bad_argument", _("there is nobody at {name}").format(name=name))
        if act == "resume":
            self.world.people.resume(person.name)
            return _describe(person)
        acts: dict[str, Callable[[], None]] = {
            "lift": person.lift,
            "hang_up": person.hang_up,
            "dial": lambda: _dial(person, text(args, "digits")),
            "speak": person.mouth.speak,
            "quiet": person.mouth.silence,
            "flash": lambda: person.flash(number(args, "ms", 300)),
        }
        if act not in acts:
            raise CommandError("bad_argument", _("act is one of {words}").format(words=", ".join([*acts, "resume"])))
        if act in ("dial", "speak", "flash") and not person.handset.off_hook:
            raise CommandError("refused", _("{name} is on-hook").format(name=name))
        person.stop()
        acts[act]()
        return _describe(person)

    def stop(self, args: Args) -> dict[str, Any]:
        """End the simulation."""
        self._stop()
        return {}

    # -- inside -----------------------------------------------------------------------------------------------------
    def _begin_listening(self, line: str, file: str) -> dict[str, Any]:
        if line in self._listening:
            raise CommandError("refused", _("{line} is being recorded already").format(line=line))
        machine = self.world.machine
        if line in machine.analog_lines:
            leg = machine.analog_lines[line].set_leg
        elif line in self.world.exchange.circuits:
            leg = self.world.exchange.circuits[line].circuit.card_leg
        else:
            raise CommandError("bad_argument", _("there is no line {line}").format(line=line))
        self._recordings += 1
        name = f"listen-{self._recordings:03d}-{re.sub(r'[^0-9A-Za-z]', '_', line)}.wav"
        path = Path(file) if file else self.folder / name
        if not path.is_absolute():
            raise CommandError("bad_argument", _("file must be an absolute path"))
        try:
            recording = WavRecording.begin(self.world.sim, leg, path)
        except OSError as error:
            raise CommandError("refused", f"{path}: {error.strerror}") from error
        self._listening[line] = recording
        return {"file": str(path), "start_sample": recording.start_sample}


def _dial(person: Person, digits: str) -> None:
    if not DIALLABLE.fullmatch(digits):
        raise CommandError("bad_argument", _("digits are 0-9 * # A-D and , for a pause"))

    def acts() -> Acts:
        yield from person.send_digits(digits)

    person.run(acts())


def _describe(person: Person) -> dict[str, Any]:
    level = person.sim.engine.level(person.handset.leg)
    return {
        "person": person.name,
        "line": person.handset.line,
        "hears_dbm0": level.rx_mb / 100,
        "says_dbm0": level.tx_mb / 100,
        "party": person.party,
        "off_hook": person.handset.off_hook,
        "ringing": person.handset.ringing,
        "tone": str(person.ear.tone) if person.ear.tone else None,
        "voice": person.ear.voice,
        "speaking": person.mouth.speaking,
    }
