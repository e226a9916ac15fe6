"""Sound that is no signal: recorded prompts, synthesised speech in Mandarin and English, music.

Recorded: Debian's asterisk-core-sounds-*-wav (studio speech) and asterisk-moh-opsound-wav (music on hold). Synthesised:
espeak-ng, voices and speeds by a seed, sentences as they are said on a telephone. All 8 kHz, 16 bit; one array for each
piece.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

RATE_HZ = 8000
SOUNDS = Path("/usr/share/asterisk/sounds")
MUSIC = Path("/usr/share/asterisk/moh")

MALE = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8")
FEMALE = ("f1", "f2", "f3", "f4", "f5")

CHINESE = (
    "您好,欢迎致电客户服务中心。普通话请按一,英语请按二,查询账单请按三,故障申报请按四,人工服务请按零。",
    "您拨打的号码是空号,请核对后再拨。",
    "您拨打的用户正在通话中,请稍后再拨。",
    "您拨打的电话暂时无法接通,请稍后再拨。",
    "您拨打的用户已关机。",
    "喂,你好,请问是哪位?我现在不太方便,等一下给你打回去好吗?",
    "我想查一下上个月的话费,为什么比平时多了这么多?",
    "好的,请您稍等,我帮您看一下。您的号码是一三八零零一三八零零零,对吗?",
    "宽带从昨天晚上开始就上不去了,重启了好几次路由器也没有用。",
    "师傅大概什么时候能过来?我下午三点以后在家。",
    "请问您还有其他问题吗?如果没有,请对我的服务作出评价,谢谢您的来电,再见。",
    "对不起,坐席全忙,请不要挂机,您前面还有五位客户在等待。",
    "请输入您的身份证号码后六位,按井号键结束。",
    "今天天气不错,晚上一起去吃火锅怎么样?顺便把那份合同带给我。",
    "这个价格不能再便宜了,要不我给您打个九五折,再送您两年的保修。",
    "啊?你说什么?我这边信号不好,听不清楚,你大声一点。",
    "嗯,嗯,对,是的,没错,就是这样,行,那就这么定了。",
    "一二三四五六七八九十,百千万亿,零点五,百分之二十。",
)
ENGLISH = (
    "Hello, thank you for calling customer service. For billing press one, for repairs press two, or press zero.",
    "The number you have dialled is not in service. Please check the number and dial again.",
    "Hello? Yes, speaking. Who is this? Sorry, the line is very bad, could you say that again?",
    "I would like to know why my bill is so much higher than last month.",
    "Please hold the line, all our agents are busy. There are five callers ahead of you.",
    "Okay, let me look. Your number is one three eight double zero, one three eight, treble zero, is that right?",
    "The internet has been down since last night, and I have restarted the router several times.",
    "When will the engineer arrive? I shall be at home after three in the afternoon.",
    "Well, I do not know, really. Maybe. Let me ask my wife, she usually deals with these things.",
    "Is there anything else that I can help you with? Thank you for calling, and goodbye.",
)


def read(path: Path) -> np.ndarray:
    """An 8 kHz 16-bit WAVE file."""
    with wave.open(str(path)) as file:
        if file.getframerate() != RATE_HZ or file.getsampwidth() != 2:
            raise ValueError(f"{path}: {file.getparams()}")
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)[:: file.getnchannels()]


def resample(x: np.ndarray, rate_hz: int) -> np.ndarray:
    """To 8 kHz, by the spectrum; band-limited to 3.4 kHz as a telephone line is."""
    spectrum = np.fft.rfft(x.astype(float))
    f = np.fft.rfftfreq(len(x), 1 / rate_hz)
    spectrum *= np.clip((3600 - f) / 200, 0, 1) * np.clip((f - 150) / 100, 0, 1)
    count = int(len(x) * RATE_HZ / rate_hz)
    bins = count // 2 + 1
    padded = np.zeros(bins, complex)
    padded[: min(bins, len(spectrum))] = spectrum[: min(bins, len(spectrum))]
    return np.clip(np.fft.irfft(padded, count) * count / len(x), -32768, 32767).astype(np.int16)


def missing() -> list[str]:
    """Packages that are not there."""
    found = {
        "asterisk-core-sounds-en-wav": any(SOUNDS.glob("en*")),
        "asterisk-moh-opsound-wav": any(MUSIC.glob("*.wav")),
        "espeak-ng": shutil.which("espeak-ng") is not None,
    }
    return [name for name, there in found.items() if not there]


def recorded(language: str = "en", seconds: float = 1e9) -> np.ndarray:
    """Studio prompts one after the other, half a second between them."""
    parts: list[np.ndarray] = []
    left = seconds * RATE_HZ
    for path in sorted(path for folder in SOUNDS.glob(f"{language}*") for path in folder.rglob("*.wav")):
        if left <= 0:
            break
        parts += [read(path), np.zeros(RATE_HZ // 2, np.int16)]
        left -= sum(map(len, parts[-2:]))
    return np.concatenate(parts)[: int(min(seconds, 1e6) * RATE_HZ)]


def say(text: str, voice: str, words_per_minute: int, pitch: int) -> np.ndarray:
    """One sentence by espeak-ng."""
    command = ["espeak-ng", "-v", voice, "-s", str(words_per_minute), "-p", str(pitch), "--stdout", text]
    sound = subprocess.run(command, check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(sound)) as file:
        rate = file.getframerate()
        # The length in the header is not filled in on a pipe.
        return resample(np.frombuffer(sound[44 : len(sound) & ~1], np.int16), rate)


def spoken(language: str, seconds: float, seed: int = 1) -> np.ndarray:
    """Synthesised speech: sentences, voices, speeds and pitches by the seed."""
    rng = np.random.default_rng((seed, len(language)))
    texts = CHINESE if language == "cmn" else ENGLISH
    parts: list[np.ndarray] = []
    left = seconds * RATE_HZ
    while left > 0:
        voice = f"{language}+{rng.choice(MALE + FEMALE)}"
        text = " ".join(rng.permutation(texts)[:4])
        sound = say(text, voice, int(rng.integers(140, 260)), int(rng.integers(20, 85)))
        level = 10 ** (rng.uniform(-12, 0) / 20)
        parts += [(sound * level).astype(np.int16), np.zeros(int(rng.uniform(0.2, 1.5) * RATE_HZ), np.int16)]
        left -= sum(map(len, parts[-2:]))
    return np.concatenate(parts)[: int(seconds * RATE_HZ)]


def music() -> Iterator[tuple[str, np.ndarray]]:
    """Recorded music, piece by piece."""
    for path in sorted(MUSIC.glob("*.wav")):
        yield path.stem, read(path)


SCALE = (0, 2, 4, 7, 9)  # pentatonic, as in many a ring-back tune


def tune(seconds: float, seed: int) -> np.ndarray:
    """A ring-back tune (彩铃): plucked or held notes of a pentatonic melody over chords."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int(seconds * RATE_HZ))
    beat = rng.uniform(0.18, 0.6)
    root = rng.uniform(180, 420)
    harmonics = rng.integers(1, 7)
    decay = rng.uniform(0.5, 6)
    at = 0.0
    while at < seconds:
        length = beat * rng.choice((0.5, 1, 1, 1, 2))
        if rng.random() < 0.9:
            for _ in range(1 + (rng.random() < 0.4) * 2):
                semitones = rng.choice(SCALE) + 12 * rng.integers(0, 2)
                f = root * 2 ** (semitones / 12)
                first, count = int(at * RATE_HZ), int(length * RATE_HZ)
                t = np.arange(min(count, len(out) - first)) / RATE_HZ
                if not len(t):
                    break
                envelope = np.exp(-decay * t) * np.minimum(1, t / 0.005) * np.minimum(1, (length - t) / 0.01)
                for h in range(1, harmonics + 1):
                    if h * f < 3400:
                        out[first : first + len(t)] += envelope * np.sin(2 * np.pi * h * f * t) / h**1.2
        at += length
    return (out / max(1e-9, np.abs(out).max()) * 32000 * 10 ** (rng.uniform(-20, -4) / 20)).astype(np.int16)
