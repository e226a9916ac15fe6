"""Makes the sound files in this folder: `python make_sounds.py` (needs espeak-ng and sox; see ORIGIN.md).

Speech comes from espeak-ng, which reads Chinese characters with the voice `cmn-latn-pinyin`; the tune is composed
below and computed by sox, note by note. Every file is WAVE format 6: 8 kHz, A-law, mono.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RATE_HZ = 8000
VOICE = "cmn-latn-pinyin"

GREETINGS = {
    # Spoken slowly: "wei" alone must last longer than the time after which a card calls a sound a voice.
    "greeting_1": ("喂,你好。", 110, 40),
    "greeting_2": ("喂,哪位?", 105, 65),
    "greeting_3": ("你好,请讲。", 105, 50),
}
ANNOUNCEMENTS = {
    "unallocated": "您好,您拨打的号码是空号,请核对后再拨。",
    "power_off": "您好,您拨打的用户已关机。",
    "busy": "您好,您拨打的用户正忙,请稍后再拨。",
    "failed": "您好,您拨打的电话暂时无法接通,请稍后再拨。",
    "no_service": "您好,您拨打的用户不在服务区,请稍后再拨。",
    "suspended": "您好,您拨打的电话已停机。",
    "changed": "您好,您拨打的号码已经更改,请查询后再拨。",
    "barred": "您好,您拨打的用户已设置呼入限制。",
    "no_answer": "您好,您拨打的电话暂时无人接听,请稍后再拨。",
    "wrong_number": "您好,您拨打的号码有误,请查证后再拨。",
    "wrong_zero": "您好,您拨打的号码不正确,请核对是否需要加拨零。",
}
MACHINE = "您好,我现在不在,请在嘀声后留言。"
"""What an answering machine says."""
# Ring-back tune (彩铃): pentatonic, in MIDI note numbers and eighth notes of 250 ms.
TUNE = ((67, 2), (69, 1), (72, 1), (74, 2), (72, 2), (69, 1), (67, 1), (64, 2), (67, 4))
EIGHTH_S = 0.25


def speak(text: str, words_per_minute: int, pitch: int, target: Path) -> None:
    """Speech with silence trimmed, peak at -7 dB of full scale: about -18 dBm0 on the average."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as raw:
        speed, height = str(words_per_minute), str(pitch)
        command = ["espeak-ng", "-b", "1", "-v", VOICE, "-s", speed, "-p", height, "-w", raw.name, text]
        subprocess.run(command, check=True)
        trim = ["silence", "1", "0.02", "0.5%", "reverse", "silence", "1", "0.02", "0.5%", "reverse"]
        shape = ["highpass", "200", "compand", "0.01,0.2", "-40,-20,-10,-10", "norm", "-7"]
        source = ["sox", "-D", "-v", "0.6", raw.name, "-r", str(RATE_HZ), "-c", "1"]
        subprocess.run([*source, "-e", "a-law", str(target), *trim, *shape], check=True)


def tune(target: Path) -> None:
    """The ring-back tune, plucked."""
    with tempfile.TemporaryDirectory() as folder:
        notes = []
        for index, (note, eighths) in enumerate(TUNE):
            path, seconds = Path(folder) / f"{index}.wav", str(eighths * EIGHTH_S)
            hertz = str(round(440 * 2 ** ((note - 69) / 12), 2))
            source = ["sox", "-D", "-n", "-r", str(RATE_HZ), "-c", "1", "-b", "16", str(path)]
            subprocess.run([*source, "synth", seconds, "pluck", hertz, "gain", "-6"], check=True)
            notes.append(str(path))
        subprocess.run(["sox", "-D", *notes, "-e", "a-law", str(target), "norm", "-9"], check=True)


def main() -> None:
    """Make every file."""
    for name, (text, words_per_minute, pitch) in GREETINGS.items():
        speak(text, words_per_minute, pitch, HERE / f"{name}.wav")
    for name, text in ANNOUNCEMENTS.items():
        speak(text, 160, 60, HERE / f"{name}.wav")
    speak(MACHINE, 150, 45, HERE / "machine.wav")
    tune(HERE / "ring_back_tune.wav")


if __name__ == "__main__":
    main()
