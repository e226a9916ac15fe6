"""A call distributor in forty lines on scripted card ends: answers, prompts, waits for a key, rings a free station."""

from __future__ import annotations

from worldkit import CardCircuit, FxoPort, FxsPort, Machine

from hwsim.core.events import Kind

PROMPT_MS = 2500


class Call:
    def __init__(self, pbx, leg, hang_up):
        self.pbx, self.sim, self.leg, self.hang_up = pbx, pbx.sim, leg, hang_up
        self.station = None
        self.over = False
        self.sim.engine.dtmf_detect(leg, True)
        self.sim.on_engine(leg, self._sound)
        prompt = self.sim.engine.chirp(leg, 0, 1, period_samples=960)
        self.sim.later(PROMPT_MS, lambda: None if self.over else self.sim.engine.stop(prompt))
        self.prompt = prompt

    def _sound(self, event):
        if event.kind is Kind.DTMF_ON and self.station is None:
            self._find_station()

    def _find_station(self):
        if self.over:
            return
        for station in self.pbx.stations:
            if station not in self.pbx.busy and not station.off_hook:
                self.pbx.busy[station] = self
                self.station = station
                station.ring(4)
                return
        self.sim.later(500, self._find_station)

    def talk(self):
        engine, far = self.sim.engine, self.station.line.office_leg
        engine.link(self.leg, far)
        engine.link(far, self.leg)

    def end(self):
        if self.over:
            return
        self.over = True
        self.sim.off_engine(self.leg, self._sound)
        self.sim.engine.dtmf_detect(self.leg, False)
        self.sim.engine.unlink_all(self.leg)
        if self.station:
            self.pbx.busy.pop(self.station, None)
            if self.station.off_hook:
                self.station.busy_tone()


class Circuit(CardCircuit):
    def __init__(self, pbx, circuit):
        super().__init__(circuit)
        self.pbx, self.call = pbx, None

    def on_setup(self, setup):
        self.circuit.net.on_alerting()
        self.sim.later(800, self._connect)

    def _connect(self):
        if self.circuit.busy:
            self.circuit.net.on_connect()
            self.call = Call(self.pbx, self.circuit.card_leg, lambda: self.circuit.net.on_release(16))

    def on_release(self, cause):
        if self.call:
            self.call.end()
            self.call = None
        self.circuit.net.on_released()


class Fxo(FxoPort):
    def __init__(self, pbx, line):
        super().__init__(line, answer_ring=2)
        self.pbx, self.call = pbx, None
        self.beeps = 0
        self.listen()

    def lift(self):
        if self.line.ringing:
            super().lift()
            self.call = Call(self.pbx, self.line.set_leg, self.drop)

    def on_ringing(self, on):
        if on and self.bursts and self.sim.now_us - self.bursts[-1][0] > 6_000_000:
            self.bursts.clear()
        super().on_ringing(on)

    def drop(self):
        if self.call:
            self.call.end()
            self.call = None
        self.hang_up()

    def _sound(self, event):
        if event.kind is Kind.TONE_OFF and event.id == self.detector:
            self.beeps = self.beeps + 1 if 300 < event.b < 400 else 0
            if self.beeps == 3 and self.call:
                self.drop()


class Station(FxsPort):
    def __init__(self, pbx, line):
        super().__init__(line)
        self.pbx = pbx

    def on_loop(self, closed):
        super().on_loop(closed)
        call = self.pbx.busy.get(self)
        if closed and call:
            call.talk()
        elif not closed and call:
            call.hang_up()
            call.end()


class SmallPbx:
    def __init__(self, machine: Machine):
        self.sim = machine.sim
        self.busy: dict[Station, Call] = {}
        for circuit in machine.spans["0/1"].circuits.values():
            Circuit(self, circuit)
        for port in range(8):
            Fxo(self, machine.analog_lines[f"1/{port}"])
        self.stations = [Station(self, machine.analog_lines[f"1/{port}"]) for port in range(8, 14)]
