/* AF_UNIX SOCK_SEQPACKET sockets to hwsim, as hwsim/vendorlibs/wire.py wants them. */
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { PROTOCOL = 1, KIND_HELLO = 1, MAX_TEXT = 255 };

void shim_folder(char *folder, size_t room)
{
    const char *dir = getenv("HWSIM_DIR");
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    if (dir && *dir)
        snprintf(folder, room, "%s", dir);
    else if (access("/run/hwsim", X_OK) == 0 || !runtime || !*runtime)
        snprintf(folder, room, "/run/hwsim");
    else
        snprintf(folder, room, "%s/hwsim", runtime);
}

void shim_socket(char *path, size_t room, const char *library)
{
    char folder[4000];

    shim_folder(folder, sizeof folder);
    snprintf(path, room, "%s/%s.sock", folder, library);
}

int shim_send(int fd, const unsigned char *bytes, size_t size, const int *fds, int count)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * SHIM_MAX_FDS)];
        struct cmsghdr align;
    } control;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;

    if (count > 0) {
        struct cmsghdr *header;

        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * (size_t)count);
    }
    do
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size ? 0 : -1;
}

static size_t put_text(unsigned char *at, const char *text)
{
    size_t length = strnlen(text, MAX_TEXT);

    at[0] = (unsigned char)length;
    at[1] = 0;
    memcpy(at + 2, text, length);
    return length + 2;
}

static int say_hello(int fd, const struct shim_hello *hello)
{
    unsigned char bytes[600] = {KIND_HELLO, PROTOCOL, 0};
    unsigned pid = (unsigned)getpid(), tid = (unsigned)syscall(SYS_gettid);
    size_t size = 3;

    memcpy(bytes + size, &pid, 4);
    memcpy(bytes + size + 4, &tid, 4);
    size += 8;
    bytes[size++] = hello->layout;
    bytes[size++] = hello->role;
    size += put_text(bytes + size, hello->library);
    size += put_text(bytes + size, program_invocation_short_name);
    return shim_send(fd, bytes, size, NULL, 0);
}

int shim_dial(const struct shim_hello *hello)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[4096];
    int fd, result;

    shim_socket(path, sizeof path, hello->library);
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    do
        result = connect(fd, (struct sockaddr *)&address, sizeof address);
    while (result < 0 && errno == EINTR);
    if (result < 0 || say_hello(fd, hello) < 0) {
        int why = errno;

        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}
