"""Measures sound with C of its own, which knows nothing of the engine: how pure a tone is, where a click is."""

from pathlib import Path
from typing import Any

from cffi import FFI
from engine_native import compile_c

DECLARATIONS = """
void tone_fit(const short *sound, int count, double hz, double *sinad_db, double *hz_found, double *turns);
"""

SOURCE = r"""
#include <math.h>
#include <string.h>

/* Least squares of a sine plus a constant at one frequency: what is left is noise and distortion. */
static double residue(const short *sound, int count, double hz, double *power, double *turns)
{
    double m[3][4];
    memset(m, 0, sizeof m);
    double step = 2 * M_PI * hz / 8000, c = 1, s = 0, rc = cos(step), rs = sin(step);
    for (int n = 0; n < count; n++) {
        double v[3] = {c, s, 1}, x = sound[n], next = c * rc - s * rs;
        s = s * rc + c * rs;
        c = next;
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++)
                m[i][j] += v[i] * v[j];
            m[i][3] += v[i] * x;
        }
    }
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            if (i != j) {
                double f = m[j][i] / m[i][i];
                for (int k = 0; k < 4; k++)
                    m[j][k] -= f * m[i][k];
            }
    double a = m[0][3] / m[0][0], b = m[1][3] / m[1][1], d = m[2][3] / m[2][2], sum = 0;
    c = 1, s = 0;
    for (int n = 0; n < count; n++) {
        double r = sound[n] - a * c - b * s - d, next = c * rc - s * rs;
        s = s * rc + c * rs;
        c = next;
        sum += r * r;
    }
    *power = (a * a + b * b) / 2;
    *turns = atan2(a, b) / (2 * M_PI);
    return sum / count + d * d;
}

/* Golden section over +-0.5 Hz around the frequency asked for. */
void tone_fit(const short *sound, int count, double hz, double *sinad_db, double *hz_found, double *turns)
{
    double low = hz - 0.5, high = hz + 0.5, power, r = (sqrt(5) - 1) / 2;
    double x = high - r * (high - low), y = low + r * (high - low);
    double fx = residue(sound, count, x, &power, turns), fy = residue(sound, count, y, &power, turns);
    while (high - low > 1e-5)
        if (fx < fy) {
            high = y, y = x, fy = fx, x = high - r * (high - low);
            fx = residue(sound, count, x, &power, turns);
        } else {
            low = x, x = y, fx = fy, y = low + r * (high - low);
            fy = residue(sound, count, y, &power, turns);
        }
    *hz_found = (low + high) / 2;
    double rest = residue(sound, count, *hz_found, &power, turns);
    *sinad_db = 10 * log10((power + 1e-9) / (rest + 1e-9));
}
"""


class Judge:
    """The measurements."""

    def __init__(self, folder: Path) -> None:
        self._ffi = FFI()
        self._ffi.cdef(DECLARATIONS)
        source = DECLARATIONS + SOURCE
        self._lib: Any = self._ffi.dlopen(str(compile_c(folder, "judge", source, "-lm")))

    def tone(self, sound: bytes, hz: float) -> tuple[float, float, float]:
        """(SINAD in dB, frequency, phase at the first sample in turns) of 16-bit sound."""
        out = self._ffi.new("double[3]")
        data = self._ffi.from_buffer("short[]", sound)
        self._lib.tone_fit(data, len(data), hz, out, out + 1, out + 2)
        return out[0], out[1], out[2]
