/* See socket.h. The size of the send buffer makes POLLOUT: Linux calls a stream socket writable while the memory of
 * what is unread is at most a quarter of it; how much a block takes is measured. */
#define _GNU_SOURCE
#include "socket.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "file.h"
#include "law.h"

#define HEADER 4
#define MAX_BLOCK 8192
#define MAX_FRAME 65536

static long receive(int fd, void *to, size_t size, int flags)
{
    long got;

    do
        got = recv(fd, to, size, flags | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    return got;
}

/* The next message's octets; -1 when there is none. */
static long next_length(struct file *file)
{
    unsigned char header[HEADER] = {file->ahead};
    int has = file->has_ahead;

    if (receive(file->fd, header + has, HEADER - (size_t)has, 0) != HEADER - has)
        return -1;
    file->has_ahead = 0;
    return header[0] | header[1] << 8;
}

static void discard(int fd, long octets)
{
    unsigned char nowhere[1024];

    while (octets > 0) {
        long got = receive(fd, nowhere, octets > (long)sizeof nowhere ? sizeof nowhere : (size_t)octets, 0);

        if (got <= 0)
            return;
        octets -= got;
    }
}

/* The place of a mark that was taken stays in the socket, and keeps it readable for epoll, until somebody reads past it:
 * at least one octet must be asked for. Should a block come at this very moment, its first octet is kept. No other mark
 * may be in the socket: reading would lose it. */
static void pass_mark(struct file *file)
{
    if (!file->spent_mark || file->has_ahead || peek(&file->page->rx_sent) != file->page->rx_taken)
        return;
    file->has_ahead = receive(file->fd, &file->ahead, 1, 0) == 1;
    file->spent_mark = 0;
}

int socket_take_mark(struct file *file)
{
    char mark;

    if (receive(file->fd, &mark, 1, MSG_OOB) != 1)
        return 0;
    file->spent_mark = 1;
    pass_mark(file);
    return 1;
}

static void decode(short *to, const unsigned char *from, long samples, int mulaw)
{
    for (long i = 0; i < samples; i++)
        to[i] = law_decode(from[i], mulaw);
}

long socket_take(struct file *file, void *to, unsigned long n)
{
    struct shared_page *page = file->page;
    unsigned flags = peek(&page->flags);
    unsigned char law[MAX_BLOCK];
    long length, wanted;

    socket_follow(file);
    if (peek(&page->rx_sent) == peek(&page->rx_taken))
        return -EAGAIN;
    length = next_length(file);
    if (length < 0)
        return -EAGAIN;
    wanted = flags & FLAG_LINEAR ? (long)n / 2 : (long)n;
    if (wanted > length)
        wanted = length;
    if (flags & FLAG_LINEAR && wanted > MAX_BLOCK)
        wanted = MAX_BLOCK;
    if (receive(file->fd, flags & FLAG_LINEAR ? law : to, (size_t)wanted, 0) != wanted)
        wanted = 0;
    discard(file->fd, length - wanted);
    poke(&page->rx_taken, page->rx_taken + 1);
    if (!peek(&page->events))
        pass_mark(file);
    if (!(flags & FLAG_LINEAR))
        return wanted;
    decode(to, law, wanted, flags & FLAG_MULAW);
    return wanted * 2;
}

long socket_put(struct file *file, const void *from, unsigned long n)
{
    struct shared_page *page = file->page;
    unsigned flags = peek(&page->flags), size = peek(&page->block_size);
    unsigned char message[HEADER + MAX_BLOCK] = {0};
    unsigned long samples = flags & FLAG_LINEAR ? n / 2 : n;
    long sent;

    socket_follow(file);
    if (size > MAX_BLOCK || page->tx_put - peek(&page->tx_taken) >= peek(&page->block_count))
        return -EAGAIN;
    if (samples > size)
        samples = size;
    message[0] = (unsigned char)samples;
    message[1] = (unsigned char)(samples >> 8);
    if (flags & FLAG_LINEAR) {
        const short *linear = from;

        for (unsigned long i = 0; i < samples; i++)
            message[HEADER + i] = law_encode(linear[i], flags & FLAG_MULAW);
    } else {
        memcpy(message + HEADER, from, samples);
    }
    do
        sent = send(file->fd, message, HEADER + size, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EAGAIN ? -EAGAIN : -ENODEV;
    poke(&page->tx_put, page->tx_put + 1);
    return (long)(flags & FLAG_LINEAR ? samples * 2 : samples);
}

/* Memory that one block takes in a socket; 0 when that cannot be found out. */
static int footprint(unsigned size)
{
    static const unsigned char message[HEADER + MAX_BLOCK];
    int pair[2], room = 1 << 20, used = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return 0;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (send(pair[0], message, HEADER + size, MSG_DONTWAIT | MSG_NOSIGNAL) != (long)(HEADER + size) ||
        ioctl(pair[0], SIOCOUTQ, &used) < 0)
        used = 0;
    close(pair[0]);
    close(pair[1]);
    return used;
}

static void set_up(struct file *file)
{
    unsigned size = peek(&file->page->block_size), count = peek(&file->page->block_count);
    int used = size && size <= MAX_BLOCK ? footprint(size) : 0, room = (int)(count * (unsigned)used * 4 - 8) / 2;

    if (used)
        setsockopt(file->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

void socket_follow(struct file *file)
{
    struct shared_page *page = file->page;

    while ((int)(peek(&page->rx_flushed) - page->rx_taken) > 0) {
        long length = next_length(file);

        if (length < 0)
            break;
        discard(file->fd, length);
        poke(&page->rx_taken, page->rx_taken + 1);
        if (!peek(&page->events))
            pass_mark(file);
    }
    if (file->config != peek(&page->config)) {
        file->config = peek(&page->config);
        set_up(file);
    }
}
