"""Truth recordings: what one person heard (left) and said (right), stereo A-law, one file per time off-hook."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from hwsim.core.events import Format, What
from hwsim.core.sound import wav_header
from hwsim.kernel.sim import SAMPLE_US, Sim

CHANNELS = 2
HEADER_BYTES = len(wav_header(Format.ALAW, CHANNELS, 0))


@dataclass(slots=True)
class WavRecording:
    """One leg recorded into a WAV file; `close` stops it and completes the header."""

    sim: Sim
    leg: int
    path: Path
    start_sample: int
    _fd: int
    _recorder: int
    _samples: int = 0

    @classmethod
    def begin(cls, sim: Sim, leg: int, path: Path) -> WavRecording:
        """Record both directions of `leg` from now on. Raises OSError when the file cannot be made."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        os.pwrite(fd, wav_header(Format.ALAW, CHANNELS, 0), 0)
        recorder = sim.engine.record_fd(leg, fd, Format.ALAW, What.STEREO, offset_bytes=HEADER_BYTES)
        return cls(sim, leg, path, sim.engine.now, fd, recorder)

    def close(self) -> int:
        """Stop, complete the header; the number of samples per direction."""
        if self._fd < 0:
            return self._samples
        self._samples = self.sim.engine.position(self._recorder).samples
        self.sim.engine.stop(self._recorder)
        os.pwrite(self._fd, wav_header(Format.ALAW, CHANNELS, self._samples * CHANNELS), 0)
        os.close(self._fd)
        self._fd = -1
        return self._samples


class VoiceFiles:
    """The truth recordings of all people in one folder; noted as `recording` with file and exact start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, WavRecording] = {}
        self._count = 0

    def begin(self, sim: Sim, person: str, line: str, leg: int) -> None:
        """The person's telephone goes off-hook."""
        self._count += 1
        name = re.sub(r"[^\w-]", "_", f"{person}-{line}")
        path = self.folder / f"{self._count:05d}-{name}.wav"
        recording = WavRecording.begin(sim, leg, path)
        self._open[person] = recording
        start_us = recording.start_sample * SAMPLE_US
        sim.truth.note("recording", person=person, line=line, file=path.name, start_us=start_us)

    def end(self, person: str) -> None:
        """It goes on-hook."""
        recording = self._open.pop(person, None)
        if recording:
            samples = recording.close()
            recording.sim.truth.note("recorded", person=person, file=recording.path.name, samples=samples)

    def close(self) -> None:
        """Complete all files."""
        for person in tuple(self._open):
            self.end(person)
