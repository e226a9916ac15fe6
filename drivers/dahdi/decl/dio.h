/* The one way to DAHDI: files, requests, sound. Two libraries have these functions under the soname libdahdiio.so:
 * the real one makes system calls, the simulated one talks to hwsim.
 *
 * Every function returns >= 0, or -errno. A handle is a file descriptor that poll and epoll accept in both: POLLIN a
 * block or frame can be read, POLLOUT one can be written, POLLPRI an event waits. While an event waits, dio_read and
 * dio_write return -ELAST (-500) until DAHDI_GETEVENT has taken it. Nothing here waits when the file was opened with
 * O_NONBLOCK. Handles must be closed with dio_close. All functions may be called from any thread. */

/* As struct pollfd. */
struct dio_pollfd {
    int fd;
    short events;
    short revents;
};

/* 0: real, 1: simulated. */
int dio_build(void);

/* Writes what must stand before /sys and /proc to find this DAHDI's files there: empty for the real one, a folder for
 * the simulated one. Returns the length; -ENAMETOOLONG when `room` octets do not hold it. */
int dio_root(char *to, unsigned room);

/* `path` is a file of /dev/dahdi: ctl, channel, pseudo, timer, or a channel number. `flags` as open(2) has them. */
int dio_open(const char *path, int flags);
int dio_close(int fd);

/* `argument` may be NULL for requests that have none; else it is as long as the request says. */
int dio_ioctl(int fd, unsigned long request, void *argument);

/* One block of sound or one frame; what of it does not fit into `n` octets is lost. */
long dio_read(int fd, void *to, unsigned long n);

/* At most one block of sound, or one frame with room for its check sequence in its last two octets. */
long dio_write(int fd, const void *from, unsigned long n);

/* As poll(2), interruptions by signals left out. */
int dio_poll(struct dio_pollfd *fds, unsigned n, int timeout_ms);
