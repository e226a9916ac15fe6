/* Puts calls into the messages of hwsim/vendorlibs/wire.py and takes answers out of them. */
#define _GNU_SOURCE
#include "call.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "link.h"

#define KIND_CALL 2
#define KIND_REPLY 4
#define MAX_WAITS 1024

/* A call while it is put together in the connection's buffer. */
struct request {
    struct link *link;
    size_t size;
    bool overflow;
    unsigned char *count;
};

static void put(struct request *request, const void *data, size_t size)
{
    if (request->overflow || size > LINK_ROOM - request->size) {
        request->overflow = true;
        return;
    }
    memcpy(request->link->bytes + request->size, data, size);
    request->size += size;
}

static void put_byte(struct request *request, unsigned char value)
{
    put(request, &value, 1);
}

static bool begin(struct request *request, const char *name)
{
    unsigned short length = (unsigned short)strlen(name);

    *request = (struct request){.link = link_own()};
    if (!request->link)
        return false;
    request->link->number++;
    put_byte(request, KIND_CALL);
    put(request, &request->link->number, 4);
    put(request, &length, 2);
    put(request, name, length);
    request->count = request->link->bytes + request->size;
    put_byte(request, 0);
    return true;
}

static void put_number(struct request *request, int value)
{
    put_byte(request, 'i');
    put(request, &value, 4);
    ++*request->count;
}

static void put_text(struct request *request, const char *text)
{
    size_t size = strlen(text);
    unsigned short length = (unsigned short)size;

    if (size > 4096)
        request->overflow = true;
    put_byte(request, 's');
    put(request, &length, 2);
    put(request, text, length);
    ++*request->count;
}

static void put_blob(struct request *request, const void *data, size_t size)
{
    unsigned length = (unsigned)size;

    put_byte(request, 'b');
    put(request, &length, 4);
    if (size)
        put(request, data, size);
    ++*request->count;
}

/* Sends the call, which wants a blob back when `out` is not NULL. */
static int finish(struct request *request, void *out, size_t out_size, int *fds)
{
    int ignored[LINK_FDS], fd_count = 0;
    unsigned char *bytes = request->link->bytes;
    unsigned answered, length;
    long long result;
    size_t size;

    if (out) {
        put_byte(request, 1);
        put_byte(request, 'b');
    } else {
        put_byte(request, 0);
    }
    if (request->overflow)
        return -EINVAL;
    size = link_exchange(request->link, request->size, fds ? fds : ignored, &fd_count);
    for (int i = fds ? LINK_FDS : 0; i < fd_count; i++)
        close(ignored[i]);
    if (size < 14 || bytes[0] != KIND_REPLY)
        return -ENODEV;
    memcpy(&answered, bytes + 1, 4);
    memcpy(&result, bytes + 5, 8);
    if (answered != request->link->number)
        return -ENODEV;
    if (fds && result >= 0 && fd_count != LINK_FDS) {
        for (int i = 0; i < fd_count; i++)
            close(fds[i]);
        return -ENODEV;
    }
    if (out && bytes[13] == 1 && size >= 19 && bytes[14] == 'b') {
        memcpy(&length, bytes + 15, 4);
        if (length <= size - 19)
            memcpy(out, bytes + 19, length < out_size ? length : out_size);
    }
    return (int)result;
}

int call_open(const char *path, int flags, int *fd, int *page)
{
    struct request request;
    int fds[LINK_FDS], result;

    if (!begin(&request, "open"))
        return -ENODEV;
    put_text(&request, path);
    put_number(&request, flags);
    result = finish(&request, NULL, 0, fds);
    if (result >= 0) {
        *fd = fds[0];
        *page = fds[1];
    }
    return result;
}

int call_close(unsigned number)
{
    struct request request;

    if (!begin(&request, "close"))
        return -ENODEV;
    put_number(&request, (int)number);
    return finish(&request, NULL, 0, NULL);
}

int call_ioctl(unsigned number, unsigned what, void *data, size_t in_size, size_t out_size, int nonblock, int taken)
{
    struct request request;

    if (!begin(&request, "ioctl"))
        return -ENODEV;
    put_number(&request, (int)number);
    put_number(&request, (int)what);
    put_blob(&request, data, in_size);
    put_number(&request, nonblock);
    put_number(&request, taken);
    return finish(&request, out_size ? data : NULL, out_size, NULL);
}

int call_kick(unsigned number)
{
    struct request request;

    if (!begin(&request, "kick"))
        return -ENODEV;
    put_number(&request, (int)number);
    return finish(&request, NULL, 0, NULL);
}

int call_wait(const unsigned *numbers, const unsigned *masks, unsigned count, int timeout_ms)
{
    struct request request;
    unsigned pairs[2 * MAX_WAITS];

    if (count > MAX_WAITS)
        return -EINVAL;
    for (unsigned i = 0; i < count; i++) {
        pairs[2 * i] = numbers[i];
        pairs[2 * i + 1] = masks[i];
    }
    if (!begin(&request, "wait"))
        return -ENODEV;
    put_blob(&request, pairs, sizeof *pairs * 2 * count);
    put_number(&request, timeout_ms);
    return finish(&request, NULL, 0, NULL);
}
