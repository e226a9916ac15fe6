/* A recording's file: sound, silence for what was lost, the header, the list of gaps. */

#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

enum { SILENCE_BYTES = 4096, MAX_LINE = 96, HEADER_EVERY_NS = 1000000000 };

static int64_t file_offset(const recording *self)
{
    return (self->format == ME_WAV_ALAW ? WAV_HEADER_BYTES : 0) + atomic_load(&self->written) * self->width;
}

/* All of it at the end of the file, or what fits; the number of whole frames is counted. 0 or an errno. */
static int append(recording *self, const uint8_t *bytes, uint64_t size)
{
    while (size > 0) {
        ssize_t n = pwrite(self->fd, bytes, size, file_offset(self));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < self->width)
            return n < 0 ? errno : ENOSPC;
        n -= n % self->width;
        atomic_fetch_add(&self->written, n / self->width);
        bytes += n;
        size -= (uint64_t)n;
    }
    return 0;
}

static int append_silence(recording *self, int64_t frames)
{
    uint8_t silence[SILENCE_BYTES];
    memset(silence, SILENCE_ALAW, sizeof silence);
    int failed = 0;
    while (frames > 0 && !failed) {
        int64_t count = frames < SILENCE_BYTES / self->width ? frames : SILENCE_BYTES / self->width;
        failed = append(self, silence, (uint64_t)(count * self->width));
        frames -= count;
    }
    return failed;
}

static void little(uint8_t *to, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

/* The same header as boardd/media/wav.py writes: RIFF, 18 bytes of fmt, fact, data. */
static int write_header(recording *self, int64_t frames)
{
    uint8_t header[WAV_HEADER_BYTES];
    int64_t limit = (0xFFFFFFFFLL - WAV_HEADER_BYTES) / self->width;
    uint32_t data = (uint32_t)((frames < limit ? frames : limit) * self->width), width = (uint32_t)self->width;
    memcpy(header, "RIFF....WAVEfmt ", 16);
    little(header + 4, WAV_HEADER_BYTES - 8 + data + (data & 1), 4);
    little(header + 16, 18, 4);
    little(header + 20, 6, 2); /* A-law */
    little(header + 22, width, 2);
    little(header + 24, ME_RATE_HZ, 4);
    little(header + 28, ME_RATE_HZ * width, 4);
    little(header + 32, width, 2);
    little(header + 34, 8, 2);
    little(header + 36, 0, 2);
    memcpy(header + 38, "fact", 4);
    little(header + 42, 4, 4);
    little(header + 46, data / width, 4);
    memcpy(header + 50, "data", 4);
    little(header + 54, data, 4);
    return pwrite(self->fd, header, sizeof header, 0) == (ssize_t)sizeof header ? 0 : errno ? errno : EIO;
}

/* What the ring holds, with silence where frames were lost. */
static int drain(recording *self)
{
    uint64_t produced = atomic_load_explicit(&self->produced, memory_order_acquire);
    uint64_t consumed = atomic_load_explicit(&self->consumed, memory_order_relaxed);
    int failed = 0;
    for (;;) {
        uint32_t out = atomic_load_explicit(&self->inserts_out, memory_order_relaxed);
        bool waits = out != atomic_load_explicit(&self->inserts_in, memory_order_acquire);
        const insert *lost = &self->inserts[out % MAX_INSERTS];
        if (waits && lost->at == consumed) {
            failed = append_silence(self, lost->frames);
            atomic_store_explicit(&self->inserts_out, out + 1, memory_order_release);
            if (failed)
                break;
            continue;
        }
        if (consumed == produced)
            break;
        uint64_t end = waits && lost->at < produced ? lost->at : produced, at = consumed % self->capacity;
        uint64_t count = end - consumed < self->capacity - at ? end - consumed : self->capacity - at;
        failed = append(self, self->ring + at, count);
        if (failed)
            break;
        consumed += count;
        atomic_store_explicit(&self->consumed, consumed, memory_order_release);
    }
    return failed;
}

static void save_gaps(me_engine *engine, recording *self)
{
    me_gap gaps[16];
    int count;
    do {
        engine_lock(engine);
        count = recording_new_gaps(self, gaps, 16);
        engine_unlock(engine);
        int fd = count ? open(self->gaps_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640) : -1;
        for (int i = 0; i < count && fd >= 0; i++) {
            static const char *const reasons[] = {"", "hole", "overrun", "held"};
            static const char *const sides[] = {"left", "right", "both"};
            char line[MAX_LINE];
            int size = snprintf(line, sizeof line, "%lld %lld %s %s\n", (long long)gaps[i].at,
                                (long long)gaps[i].samples, reasons[gaps[i].reason], sides[gaps[i].side]);
            if (write(fd, line, (size_t)size) != size)
                break; /* the list is in the events, too */
        }
        if (fd >= 0)
            close(fd);
    } while (count == 16);
}

int64_t write_one(me_engine *engine, recording *self, int64_t now_ns)
{
    bool closing = atomic_load_explicit(&self->closing, memory_order_acquire);
    int64_t before = atomic_load(&self->written);
    bool begun = self->last_write_ns != 0;
    self->last_write_ns = now_ns;
    int failed = atomic_load(&self->failed);
    errno = 0;
    if (!failed && !begun && self->format == ME_WAV_ALAW) {
        failed = write_header(self, 0);
        self->last_header_ns = now_ns;
    }
    if (!failed)
        failed = drain(self);
    bool tell = closing || now_ns - self->last_header_ns >= HEADER_EVERY_NS;
    if (self->format == ME_WAV_ALAW && tell) {
        self->last_header_ns = now_ns;
        int64_t frames = atomic_load(&self->written);
        errno = 0;
        int bad = write_header(self, frames);
        if (!bad && closing && frames * self->width & 1 && pwrite(self->fd, "", 1, file_offset(self)) != 1)
            bad = errno ? errno : EIO;
        failed = failed ? failed : bad;
    }
    if (failed)
        atomic_store(&self->failed, failed);
    if (self->gaps_path)
        save_gaps(engine, self);
    self->finished = closing;
    return (atomic_load(&self->written) - before) * self->width;
}

void sync_one(recording *self)
{
    int64_t frames = atomic_load(&self->written);
    if (frames == atomic_load(&self->synced))
        return;
    if (fdatasync(self->fd) == 0)
        atomic_store(&self->synced, frames);
    else if (!atomic_load(&self->failed))
        atomic_store(&self->failed, errno);
}
