/* Turns the arguments of an exported function into a CALL, and the REPLY into return value and out-parameters. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "link.h"
#include "shp.h"

#define MAX_OUTS 12
#define FOREVER_MS 0xFFFFFFFFu
#define LOST_POLL_MS 1000

enum outcome { ANSWERED, REFUSED, LOST };

/* An out-parameter: where it goes and how much room there is. */
struct cell {
    char type;
    void *at;
    unsigned room;
    unsigned *length;
};

/* A request while it is put together in the connection's buffer. */
struct request {
    unsigned char *bytes;
    size_t size;
    bool overflow;
    bool null_out;
    int fds[SHP_MAX_FDS];
    int fd_count;
    struct cell cells[MAX_OUTS];
    int cell_count;
};

/* -- putting together ---------------------------------------------------------------------------------------------- */

static void put(struct request *request, const void *data, size_t size)
{
    if (request->overflow || size > SHP_MAX_PACKET - request->size) {
        request->overflow = true;
        return;
    }
    memcpy(request->bytes + request->size, data, size);
    request->size += size;
}

static void put_byte(struct request *request, unsigned char value)
{
    put(request, &value, 1);
}

static void put_tagged(struct request *request, char tag, const void *value, size_t size)
{
    put_byte(request, (unsigned char)tag);
    put(request, value, size);
}

static void put_text_bytes(struct request *request, const char *text, size_t length)
{
    unsigned short size = (unsigned short)length;

    if (length > 0xFFFF)
        request->overflow = true;
    put(request, &size, sizeof size);
    put(request, text, length);
}

static void put_text(struct request *request, const char *text, size_t room)
{
    put_byte(request, text ? 's' : 'n');
    if (text)
        put_text_bytes(request, text, strnlen(text, room));
}

static void put_blob(struct request *request, const void *data, unsigned size)
{
    put_byte(request, data ? 'b' : 'n');
    if (data) {
        put(request, &size, sizeof size);
        put(request, data, size);
    }
}

static void put_fd(struct request *request, const char *path, int fd, int error)
{
    if (fd >= 0 && request->fd_count == SHP_MAX_FDS) {
        close(fd);
        request->overflow = true;
        return;
    }
    put_byte(request, 'f');
    put_text_bytes(request, path, strlen(path));
    put(request, &error, sizeof error);
    if (fd >= 0)
        request->fds[request->fd_count++] = fd;
}

static void put_file(struct request *request, const char *path, bool write)
{
    struct stat found;
    int fd, error = 0;

    if (!path) {
        put_byte(request, 'n');
        return;
    }
    do
        fd = write ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : open(path, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        error = errno ? errno : EIO;
    } else if (fstat(fd, &found) == 0 && S_ISDIR(found.st_mode)) {
        close(fd);
        fd = -1;
        error = EISDIR;
    }
    put_fd(request, path, fd, error);
}

static void put_memory(struct request *request, const unsigned char *data, unsigned size)
{
    unsigned done = 0;
    int fd;

    if (!data) {
        put_byte(request, 'n');
        return;
    }
    fd = memfd_create("shpa3", MFD_CLOEXEC);
    while (fd >= 0 && done < size) {
        ssize_t got = write(fd, data + done, size - done);

        if (got > 0) {
            done += (unsigned)got;
        } else if (errno != EINTR) {
            int why = errno;

            close(fd);
            fd = -1;
            errno = why;
        }
    }
    put_fd(request, "memory", fd, fd < 0 ? errno : 0);
}

static void want(struct request *request, char type, void *at, unsigned room, unsigned *length)
{
    if (!at || request->cell_count == MAX_OUTS) {
        request->null_out = true;
        return;
    }
    request->cells[request->cell_count++] = (struct cell){.type = type, .at = at, .room = room, .length = length};
}

/* One parameter. `all` is a pointer because a va_list is used up by the function that gets it. */
static void take(struct request *request, char type, va_list *all)
{
    switch (type) {
    case 'i':
        put_tagged(request, 'i', &(int){va_arg(*all, int)}, 4);
        break;
    case 'u':
        put_tagged(request, 'I', &(unsigned){va_arg(*all, unsigned)}, 4);
        break;
    case 'w':
        put_tagged(request, 'H', &(unsigned short){(unsigned short)va_arg(*all, int)}, 2);
        break;
    case 'c':
        put_tagged(request, 'B', &(unsigned char){(unsigned char)va_arg(*all, int)}, 1);
        break;
    case 'q':
        put_tagged(request, 'q', &(long long){va_arg(*all, long long)}, 8);
        break;
    case 's':
        put_text(request, va_arg(*all, const char *), 0x10000);
        break;
    case 't': {
        const char *text = va_arg(*all, const char *);
        unsigned length = va_arg(*all, unsigned);

        put_text(request, text, length);
        put_tagged(request, 'I', &length, 4);
        break;
    }
    case 'b': {
        const void *data = va_arg(*all, const void *);

        put_blob(request, data, va_arg(*all, unsigned));
        break;
    }
    case 'm': {
        const unsigned char *data = va_arg(*all, const unsigned char *);
        unsigned size = va_arg(*all, unsigned);

        put_memory(request, data, size);
        put_tagged(request, 'I', &size, 4);
        break;
    }
    case 'f':
    case 'g':
        put_file(request, va_arg(*all, const char *), type == 'g');
        break;
    case 'n':
        put_byte(request, 'n');
        break;
    case 'V': {
        char *text = va_arg(*all, char *);

        want(request, type, text, va_arg(*all, unsigned), NULL);
        break;
    }
    case 'X': {
        void *data = va_arg(*all, void *);
        unsigned room = va_arg(*all, unsigned);

        want(request, type, data, room, va_arg(*all, unsigned *));
        break;
    }
    default:
        want(request, type, va_arg(*all, void *), SHP_MAX_PACKET, NULL);
    }
}

static char wire_type(char type)
{
    switch (type) {
    case 'I':
        return 'i';
    case 'U':
        return 'I';
    case 'W':
        return 'H';
    case 'C':
        return 'B';
    case 'Q':
        return 'q';
    case 'S':
    case 'V':
        return 's';
    default:
        return 'b';
    }
}

/* How many arguments a signature makes: texts with length and memory make two. */
static unsigned char count_args(const char *signature)
{
    unsigned char count = 0;

    for (; *signature; signature++)
        if (*signature >= 'a')
            count += *signature == 't' || *signature == 'm' ? 2 : 1;
    return count;
}

static void build(struct request *request, unsigned number, const char *name, const char *signature, va_list *all)
{
    put_byte(request, SHP_CALL);
    put(request, &number, 4);
    put_text_bytes(request, name, strlen(name));
    put_byte(request, count_args(signature));
    for (; *signature; signature++)
        take(request, *signature, all);
    put_byte(request, (unsigned char)request->cell_count);
    for (int i = 0; i < request->cell_count; i++)
        put_byte(request, (unsigned char)wire_type(request->cells[i].type));
}

/* -- taking apart -------------------------------------------------------------------------------------------------- */

struct reply {
    const unsigned char *at;
    size_t left;
};

static bool get(struct reply *reply, void *value, size_t size)
{
    if (size > reply->left)
        return false;
    memcpy(value, reply->at, size);
    reply->at += size;
    reply->left -= size;
    return true;
}

static void fill_text(const struct cell *cell, const unsigned char *text, size_t length)
{
    char *to = cell->at;

    if (cell->room == 0)
        return;
    if (length >= cell->room)
        length = cell->room - 1;
    memcpy(to, text, length);
    to[length] = 0;
}

static void fill_blob(const struct cell *cell, const unsigned char *data, size_t length)
{
    if (cell->length)
        *cell->length = (unsigned)length;
    memcpy(cell->at, data, length < cell->room ? length : cell->room);
}

static bool fill_number(const struct cell *cell, struct reply *reply)
{
#ifdef SHPA3_LAYOUT_2007
    if (cell->type == 'U') {
        unsigned value;
        unsigned long wide;

        if (!get(reply, &value, sizeof value))
            return false;
        wide = value;
        memcpy(cell->at, &wide, sizeof wide);
        return true;
    }
#endif
    switch (cell->type) {
    case 'C':
        return get(reply, cell->at, 1);
    case 'W':
        return get(reply, cell->at, 2);
    case 'Q':
        return get(reply, cell->at, 8);
    default:
        return get(reply, cell->at, 4);
    }
}

static bool fill(const struct cell *cell, struct reply *reply)
{
    char tag;
    size_t length = 0;

    if (!get(reply, &tag, 1))
        return false;
    if (tag == 'n')
        return true;
    if (tag != wire_type(cell->type))
        return false;
    if (tag != 's' && tag != 'b')
        return fill_number(cell, reply);
    if (!get(reply, &length, tag == 's' ? 2 : 4) || length > reply->left)
        return false;
    if (tag == 's')
        fill_text(cell, reply->at, length);
    else
        fill_blob(cell, reply->at, length);
    reply->at += length;
    reply->left -= length;
    return true;
}

static bool read_reply(const struct request *request, size_t size, unsigned number, long long *result)
{
    struct reply reply = {.at = request->bytes, .left = size};
    unsigned char kind, count;
    unsigned answered;

    if (!get(&reply, &kind, 1) || !get(&reply, &answered, 4) || !get(&reply, result, 8) || !get(&reply, &count, 1))
        return false;
    if (kind != SHP_REPLY || answered != number || count != request->cell_count)
        return false;
    for (int i = 0; i < count; i++)
        if (!fill(&request->cells[i], &reply))
            return false;
    return true;
}

/* -- calling ------------------------------------------------------------------------------------------------------- */

static int refuse_lost(const char *why)
{
    char path[512], text[1024];

    shp_link_path(path, sizeof path);
    snprintf(text, sizeof text,
             "the simulated boards cannot be reached at %s: %s; start hwsim, or set HWSIM_DIR to its directory", path,
             why);
    return shp_refuse(shp_started() ? SHP_SYSTEM : SHP_INIT_FAILED, text);
}

static enum outcome ask(const char *name, const char *signature, va_list *all, long long *result)
{
    struct request request = {.size = 0};
    struct shp_link *link;
    enum outcome outcome;
    size_t size = 0;

    *result = -1;
    if (shp_link_is_lost()) {
        refuse_lost("the connection was lost; close and start the driver again");
        return LOST;
    }
    link = shp_link();
    if (!link) {
        refuse_lost(strerror(errno));
        if (shp_started())
            shp_link_lost(NULL);
        return LOST;
    }
    request.bytes = link->bytes;
    build(&request, ++link->number, name, signature, all);
    if (request.null_out || request.overflow) {
        shp_refuse(SHP_BAD_PARAMETER, request.null_out ? "a NULL pointer was passed" : "too much data was passed");
        outcome = REFUSED;
    } else {
        size = shp_link_exchange(link, request.size, request.fds, request.fd_count);
        outcome = size && read_reply(&request, size, link->number, result) ? ANSWERED : LOST;
    }
    for (int i = 0; i < request.fd_count; i++)
        close(request.fds[i]);
    if (outcome == LOST) {
        *result = -1;
        if (shp_link_lost(link))
            refuse_lost("the connection was lost");
    }
    return outcome;
}

long long shp_call_closed(const char *name, const char *signature, ...)
{
    enum outcome outcome;
    long long result;
    va_list all;

    va_start(all, signature);
    outcome = ask(name, signature, &all, &result);
    va_end(all);
    if (outcome == ANSWERED && result < 0)
        shp_error_is_theirs();
    return result;
}

long long shp_call(const char *name, const char *signature, ...)
{
    enum outcome outcome;
    long long result;
    va_list all;

    if (!shp_started())
        return shp_refuse(SHP_NOT_OPEN, "the driver has not been started (SsmStartCti)");
    va_start(all, signature);
    outcome = ask(name, signature, &all, &result);
    va_end(all);
    if (outcome == ANSWERED && result < 0)
        shp_error_is_theirs();
    return result;
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Lets the rest of a wait pass that hwsim cannot measure any more, so that the caller's loop does not spin. */
static void sit_out(long long until_ms)
{
    long long left_ms;

    while ((left_ms = until_ms - now_ms()) > 0) {
        struct timespec pause = {.tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000};

        nanosleep(&pause, NULL);
    }
}

long long shp_wait(unsigned timeout_ms, const char *name, const char *signature, ...)
{
    long long until_ms = now_ms() + (timeout_ms == FOREVER_MS ? LOST_POLL_MS : timeout_ms);
    long long result;
    enum outcome outcome;
    va_list all;

    if (!shp_started())
        return shp_refuse(SHP_NOT_OPEN, "the driver has not been started (SsmStartCti)");
    va_start(all, signature);
    outcome = ask(name, signature, &all, &result);
    va_end(all);
    if (outcome == ANSWERED && result < -1)
        shp_error_is_theirs();
    if (outcome == LOST && shp_started())
        sit_out(until_ms);
    return result;
}
