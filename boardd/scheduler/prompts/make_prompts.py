"""Makes the sound files in this folder: `python make_prompts.py` (needs espeak-ng and sox; see ORIGIN.md).

Speech comes from espeak-ng, which reads Chinese characters with the voice `cmn-latn-pinyin`; the tune is composed
below and computed sample by sample. Every file is WAVE format 6: 8 kHz, A-law, mono.
"""

from __future__ import annotations

import array
import math
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

HERE = Path(__file__).resolve().parent
RATE_HZ = 8000
VOICES = {"zh_CN": ("cmn-latn-pinyin", 175), "en": ("en-us", 165)}

TEXTS: dict[str, tuple[str, str]] = {
    "welcome": ("您好,欢迎致电。", "Welcome, and thank you for calling."),
    "menu": (
        "销售咨询请按一,技术支持请按二,人工服务请按零。",
        "For sales, press one. For support, press two. For an agent, press zero.",
    ),
    "no_input": ("您没有输入,请重新输入。", "You did not enter anything. Please try again."),
    "invalid": ("您的输入有误,请重新输入。", "That is not a valid choice. Please try again."),
    "goodbye": ("感谢您的来电,再见。", "Thank you for calling. Goodbye."),
    "queue_wait": ("座席全忙,请稍候。", "All agents are busy. Please hold."),
    "queue_ahead": ("您前面还有", "Callers before you:"),
    "queue_persons": ("位来电者。", "."),
    "queue_timeout": ("暂时无人接听,请稍后再拨。", "Nobody can answer at the moment. Please call again later."),
    "busy": ("您拨打的用户正忙,请稍后再拨。", "The person you are calling is busy. Please call again later."),
    "no_answer": ("您拨打的用户无人接听。", "The person you are calling does not answer."),
    "unreachable": ("您拨打的号码无法接通。", "The number you dialled cannot be reached."),
    "unallocated": ("您拨打的号码是空号。", "The number you dialled does not exist."),
    "hours_closed": (
        "现在是非工作时间,请在工作时间来电。",
        "We are closed at the moment. Please call again during business hours.",
    ),
    "enter_agent": ("请输入工号,按井号键结束。", "Please enter your agent number, followed by the hash key."),
    "agent_number": ("工号", "Agent"),
    "at_your_service": ("为您服务。", "at your service."),
    "logged_in": ("签入成功。", "Logged in."),
    "logged_out": ("签出成功。", "Logged out."),
    "ready": ("已示闲。", "You are ready."),
    "not_ready": ("已示忙。", "You are not ready."),
    "refused": ("操作不成功。", "That was refused."),
    "digit_0": ("零", "zero"),
    "digit_1": ("一", "one"),
    "digit_2": ("二", "two"),
    "digit_3": ("三", "three"),
    "digit_4": ("四", "four"),
    "digit_5": ("五", "five"),
    "digit_6": ("六", "six"),
    "digit_7": ("七", "seven"),
    "digit_8": ("八", "eight"),
    "digit_9": ("九", "nine"),
}
HOLD = ("请稍候。", "One moment, please.")

# A tune of eight bars in the pentatonic scale on G: (MIDI note or None for a rest, beats).
BEAT_S = 0.42
MELODY: list[tuple[int | None, float]] = [
    (67, 1), (69, 0.5), (71, 0.5), (74, 1.5), (71, 0.5),
    (69, 1), (71, 0.5), (69, 0.5), (67, 2),
    (64, 1), (67, 0.5), (69, 0.5), (71, 1.5), (69, 0.5),
    (67, 1), (69, 0.5), (71, 0.5), (69, 2),
    (74, 1), (76, 0.5), (74, 0.5), (71, 1.5), (69, 0.5),
    (71, 1), (74, 0.5), (71, 0.5), (69, 2),
    (67, 1), (64, 0.5), (67, 0.5), (69, 1), (71, 0.5), (69, 0.5),
    (67, 3), (None, 1),
]  # fmt: skip
BASS = [55, 52, 48, 50, 55, 47, 48, 55]
TUNE_PEAK = 0.11
"""About -16 dBm0 at the loudest: music must never be mistaken for DTMF or a supervisory tone."""


def _hertz(note: int) -> float:
    return 440.0 * 2 ** ((note - 69) / 12)


def _add_note(samples: list[float], note: int, start_s: float, length_s: float, gain: float) -> None:
    """Add a plucked sound: three partials, 12 ms attack, exponential decay."""
    first = int(start_s * RATE_HZ)
    for i in range(int((length_s + 0.25) * RATE_HZ)):
        t = i / RATE_HZ
        envelope = min(1.0, t / 0.012) * math.exp(-2.6 * t)
        if t > length_s:
            envelope *= max(0.0, 1 - (t - length_s) / 0.25)
        turn = 2 * math.pi * _hertz(note) * t
        value = math.sin(turn) + 0.35 * math.sin(2 * turn) + 0.12 * math.sin(3 * turn)
        samples[(first + i) % len(samples)] += gain * envelope * value


def tune() -> list[float]:
    """The tune, -1..1; its end runs into its beginning."""
    beats = sum(length for _note, length in MELODY)
    samples = [0.0] * int(beats * BEAT_S * RATE_HZ)
    at = 0.0
    for note, length in MELODY:
        if note is not None:
            _add_note(samples, note, at * BEAT_S, length * BEAT_S, 1.0)
        at += length
    for bar, note in enumerate(BASS):
        for half in (0, 2):
            _add_note(samples, note, (bar * 4 + half) * BEAT_S, 1.6 * BEAT_S, 0.45)
    peak = max(abs(value) for value in samples)
    return [value / peak * TUNE_PEAK for value in samples]


def write_linear(path: Path, samples: list[float]) -> None:
    """16-bit linear WAVE."""
    data = array.array("h", (round(value * 32767) for value in samples))
    if sys.byteorder == "big":
        data.byteswap()
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(data.tobytes())


def to_alaw(sources: list[Path], target: Path) -> None:
    """Join 8 kHz linear files into one A-law file without dither, so that every run makes the same bytes."""
    subprocess.run(["sox", "-D", *map(str, sources), "-e", "a-law", str(target)], check=True)


def speak(text: str, language: str, target: Path) -> None:
    """Linear 8 kHz speech, silence trimmed, peak at -5 dB of full scale."""
    voice, words_per_minute = VOICES[language]
    with tempfile.NamedTemporaryFile(suffix=".wav") as raw:
        command = ["espeak-ng", "-b", "1", "-v", voice, "-s", str(words_per_minute), "-w", raw.name, text]
        subprocess.run(command, check=True)
        trim = ["silence", "1", "0.02", "0.5%", "reverse", "silence", "1", "0.02", "0.5%", "reverse"]
        shape = ["highpass", "200", "norm", "-5", "pad", "0.03", "0.08"]
        subprocess.run(
            ["sox", "-D", "-v", "0.6", raw.name, "-r", str(RATE_HZ), "-c", "1", str(target), *trim, *shape], check=True
        )


def main() -> None:
    """Make every file."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        music = work / "music.wav"
        write_linear(music, tune())
        (HERE / "common").mkdir(exist_ok=True)
        to_alaw([music], HERE / "common" / "music.wav")
        for column, language in enumerate(VOICES):
            (HERE / language).mkdir(exist_ok=True)
            for name, texts in TEXTS.items():
                if texts[column] == ".":
                    write_linear(work / "speech.wav", [0.0] * (RATE_HZ // 10))
                else:
                    speak(texts[column], language, work / "speech.wav")
                to_alaw([work / "speech.wav"], HERE / language / f"{name}.wav")
            speak(HOLD[column], language, work / "speech.wav")
            to_alaw([work / "speech.wav", music], HERE / language / "hold.wav")


if __name__ == "__main__":
    main()
