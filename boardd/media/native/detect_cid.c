/*
 * Caller-ID bank: FSK of 1200 bit/s without carrier recovery.
 *
 * For each sample the power of mark and of space over the last bit's length; which is greater is the bit. A start bit is the
 * step from mark to space; it sets the clock for its byte, so that the sender may be a per cent off. A message begins with
 * a type after a run of marks, and ends with the checksum that its length announces.
 */

#include <stdlib.h>

#include "detect_lanes.h"

enum {
    MAX_MESSAGE = 258,       /* type, length, 255 bytes, checksum */
    MIN_MARK_BITS = 15,      /* no byte has so many */
    MAX_IDLE_BITS = 40,      /* of marks between bytes */
    MAX_BIT = 32,            /* samples; 1200 bit/s has 6.67 */
    LEVEL_SAMPLES = 160
};

#define MIN_SHARE 0.55f      /* of the sound that is mark or space; less is no modem */

typedef enum { HUNT, START, BYTE } cid_phase;

typedef struct {
    cid_options options;
    float min_peak2;
    double bit;              /* samples */
    int width;               /* samples that are correlated: the bit, rounded */
    float turn[2][2];        /* cos, sin of a sample's phase: mark, space */

    float phase[2][2];
    double product[MAX_BIT][4], sum[4];
    float soft[4];           /* newest first: share of mark less share of space */
    long samples;

    float carrier, all;      /* smoothed: power in mark and space, power of everything */
    cid_phase phase_of_byte;
    double mark_samples;     /* run of marks so far */
    double edge;             /* when the start bit began */
    int bit_index, value;
    double idle_until;

    int count;               /* bytes so far; 0: no message */
    long begin;
    int framing_errors;
    double level_sum;
    long level_count;
    unsigned char bytes[MAX_MESSAGE];

    unsigned char last[MAX_MESSAGE];
    int last_count;
} cid_lane;

struct cid_bank {
    int lanes;
    long lost;
    cid_lane *lane;
};

void cid_options_default(cid_options *options)
{
    *options = (cid_options){.mark_hz = 1200.0f, .space_hz = 2200.0f, .baud = 1200.0f, .min_level_dbm0 = -40.0f};
}

static int wanted(const cid_lane *self) { return self->count < 2 ? 2 : self->bytes[1] + 3; }

static void end_message(cid_lane *self, int number, int verdict, det_sink *sink)
{
    if (self->count >= 2) {
        memcpy(self->last, self->bytes, (size_t)self->count);
        self->last_count = self->count;
        float peak2 = self->level_count ? (float)(self->level_sum / (double)self->level_count) : 0;
        det_emit(sink, number, DET_CID_MESSAGE, verdict, self->begin, (double)det_dbm0(peak2), self->count,
                 self->framing_errors, 0);
    }
    self->count = 0;
    self->framing_errors = 0;
    self->mark_samples = 0;
    self->phase_of_byte = HUNT;
}

static bool is_type(int value) { return value == 0x04 || value == 0x06 || value == 0x80 || value == 0x82; }

static void take_byte(cid_lane *self, int number, bool stop, det_sink *sink)
{
    if (self->count == 0) {
        if (!is_type(self->value) || !stop) {
            self->mark_samples = 0;
            return;
        }
        self->begin = lrint(self->edge) - self->width;
        self->level_sum = 0;
        self->level_count = 0;
    }
    self->framing_errors += !stop;
    self->bytes[self->count++] = (unsigned char)self->value;
    self->idle_until = (double)self->samples + MAX_IDLE_BITS * self->bit;
    if (self->count < wanted(self))
        return;
    int sum = 0;
    for (int i = 0; i < self->count; i++)
        sum += self->bytes[i];
    end_message(self, number, sum & 0xFF ? DET_CID_BAD_CHECKSUM : DET_CID_GOOD, sink);
}

/* A bit is read in the middle; `soft` has the sample there and its neighbours. */
static void read_bits(cid_lane *self, int number, det_sink *sink)
{
    double middle = self->edge + (self->bit_index + 0.5) * self->bit;
    if ((double)self->samples < middle + 1.0)
        return;
    bool mark = self->soft[0] + self->soft[1] + self->soft[2] > 0;
    if (self->bit_index == 0) {
        if (mark) { /* a glitch, not a start bit */
            self->phase_of_byte = HUNT;
            return;
        }
        self->value = 0;
        self->phase_of_byte = BYTE;
    } else if (self->bit_index <= 8) {
        self->value |= mark << (self->bit_index - 1);
    } else {
        self->phase_of_byte = HUNT;
        take_byte(self, number, mark, sink);
    }
    self->bit_index++;
}

static void demodulate(cid_lane *self, float x)
{
    double *newest = self->product[self->samples % self->width];
    for (int k = 0; k < 4; k++)
        self->sum[k] -= newest[k];
    for (int tone = 0; tone < 2; tone++) {
        float c = self->phase[tone][0], s = self->phase[tone][1];
        newest[2 * tone] = (double)(x * c);
        newest[2 * tone + 1] = (double)(x * s);
        float next_c = c * self->turn[tone][0] - s * self->turn[tone][1];
        float next_s = s * self->turn[tone][0] + c * self->turn[tone][1];
        float right = 1.5f - 0.5f * (next_c * next_c + next_s * next_s); /* keeps the phasor's length */
        self->phase[tone][0] = next_c * right;
        self->phase[tone][1] = next_s * right;
    }
    float sum[4];
    for (int k = 0; k < 4; k++) {
        self->sum[k] += newest[k];
        sum[k] = (float)self->sum[k];
    }
    float mark = sum[0] * sum[0] + sum[1] * sum[1], space = sum[2] * sum[2] + sum[3] * sum[3];
    memmove(self->soft + 1, self->soft, 3 * sizeof *self->soft);
    self->soft[0] = (mark - space) / (mark + space + 1.0f);
    float scale = 2.0f / (float)self->width;
    self->carrier += (fmaxf(mark, space) * scale * scale - self->carrier) / LEVEL_SAMPLES;
    self->all += (2.0f * x * x - self->all) / LEVEL_SAMPLES;
}

static void sample(cid_lane *self, int number, short value, det_sink *sink)
{
    demodulate(self, value);
    self->samples++;
    bool carrier = self->carrier >= self->min_peak2 && self->carrier >= MIN_SHARE * self->all;
    if (!carrier) {
        if (self->count > 0)
            end_message(self, number, DET_CID_BROKEN, sink);
        self->mark_samples = 0;
        self->phase_of_byte = HUNT;
        return;
    }
    if (self->count > 0) {
        self->level_sum += (double)self->carrier;
        self->level_count++;
    }
    if (self->phase_of_byte != HUNT) {
        read_bits(self, number, sink);
        return;
    }
    if (self->soft[0] > 0) {
        self->mark_samples++;
        if (self->count > 0 && (double)self->samples > self->idle_until)
            end_message(self, number, DET_CID_BROKEN, sink);
    } else if (self->soft[1] > 0 && (self->count > 0 || self->mark_samples >= MIN_MARK_BITS * self->bit)) {
        self->edge = (double)self->samples - 1.0 - (double)(self->soft[0] / (self->soft[0] - self->soft[1]));
        self->bit_index = 0;
        self->phase_of_byte = START;
    } else {
        self->mark_samples = 0;
    }
}

/* A line at rest costs nothing: no message goes on and no sample is as loud as a carrier must be. */
static bool at_rest(const cid_lane *self, const short *in, int n_samples)
{
    int loudest = 0;
    for (int n = 0; n < n_samples; n++)
        loudest = abs(in[n]) > loudest ? abs(in[n]) : loudest;
    return self->count == 0 && (float)loudest * (float)loudest < self->min_peak2;
}

static void rest(cid_lane *self, int n_samples)
{
    memset(self->product, 0, sizeof self->product);
    memset(self->sum, 0, sizeof self->sum);
    memset(self->soft, 0, sizeof self->soft);
    self->carrier = self->all = 0;
    self->mark_samples = 0;
    self->phase_of_byte = HUNT;
    self->samples += n_samples;
}

int cid_bank_feed(cid_bank *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                  int n_samples, det_event *out, int max)
{
    (void)sent;
    if (!det_feed_ok(bank->lanes, lanes, n_lanes, n_samples))
        return -1;
    det_sink sink = {out, max, 0, &bank->lost};
    for (int i = 0; i < n_lanes; i++) {
        cid_lane *self = &bank->lane[lanes[i]];
        if (at_rest(self, in[i], n_samples))
            rest(self, n_samples);
        else
            for (int n = 0; n < n_samples; n++)
                sample(self, lanes[i], in[i][n], &sink);
    }
    return sink.count;
}

int cid_bank_read(const cid_bank *bank, int lane, unsigned char *bytes, int size)
{
    if (lane < 0 || lane >= bank->lanes || size < 0)
        return -1;
    const cid_lane *self = &bank->lane[lane];
    int count = self->last_count < size ? self->last_count : size;
    memcpy(bytes, self->last, (size_t)count);
    return self->last_count;
}

cid_bank *cid_bank_new(int lanes)
{
    cid_bank *bank = lanes > 0 ? calloc(1, sizeof *bank) : NULL;
    if (!bank || !(bank->lane = calloc((size_t)lanes, sizeof *bank->lane))) {
        free(bank);
        return NULL;
    }
    bank->lanes = lanes;
    for (int lane = 0; lane < lanes; lane++)
        cid_bank_set(bank, lane, NULL);
    return bank;
}

void cid_bank_free(cid_bank *bank)
{
    if (bank)
        free(bank->lane);
    free(bank);
}

int cid_bank_set(cid_bank *bank, int lane, const cid_options *options)
{
    if (lane < 0 || lane >= bank->lanes)
        return -1;
    cid_options chosen;
    cid_options_default(&chosen);
    if (options)
        chosen = *options;
    if (!(chosen.baud >= (float)RATE_HZ / MAX_BIT) || chosen.baud > 2400.0f)
        return -1;
    cid_lane *self = &bank->lane[lane];
    memset(self, 0, sizeof *self);
    self->options = chosen;
    self->min_peak2 = det_peak2(chosen.min_level_dbm0);
    self->bit = (double)(RATE_HZ / chosen.baud);
    self->width = (int)lrint(self->bit);
    for (int tone = 0; tone < 2; tone++) {
        double radians = 2 * M_PI * (double)(tone ? chosen.space_hz : chosen.mark_hz) / RATE_HZ;
        self->turn[tone][0] = (float)cos(radians);
        self->turn[tone][1] = (float)sin(radians);
        self->phase[tone][0] = 1.0f;
    }
    return 0;
}

int cid_bank_reset(cid_bank *bank, int lane)
{
    if (lane < 0 || lane >= bank->lanes)
        return -1;
    cid_options options = bank->lane[lane].options;
    return cid_bank_set(bank, lane, &options);
}

long cid_bank_lost(const cid_bank *bank) { return bank->lost; }
