/* A file's socket. Towards the program: u16 length, u16 0, so many octets. Towards hwsim: u16 length, u16 0, and as
 * many octets as a block has, whatever of them counts: so every block takes the same room of the socket, and the
 * socket is writable just as long as a block is free. One octet out of band marks that events wait. All with the
 * file's lock held. */
#ifndef DIO_SOCKET_H
#define DIO_SOCKET_H

struct file;

/* One block out of the socket, decoded when the channel is linear: its octets, or -EAGAIN. */
long socket_take(struct file *file, void *to, unsigned long n);

/* One block into it: octets taken, or -EAGAIN when all blocks are full. */
long socket_put(struct file *file, const void *from, unsigned long n);

/* Whether the mark was there; it is out now. */
int socket_take_mark(struct file *file);

/* Does what hwsim has changed: throws flushed blocks away, sets the socket up for another size of blocks. */
void socket_follow(struct file *file);

#endif
