#ifndef BENCH_DEVICE_H
#define BENCH_DEVICE_H

/* A line made of two files: what the card says is read from one, what it is told goes into the other. */

int device_open(const char *in, const char *out);
long device_read(int fd, void *to, unsigned long bytes);
long device_write(int fd, const void *from, unsigned long bytes);

#endif
