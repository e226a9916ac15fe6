/* Memory and functions of the program that hwsim refers to by number. */
#ifndef SHP_MEMORY_H
#define SHP_MEMORY_H

enum shp_use {
    SHP_PLAY_MEM,
    SHP_REC_MEM,
    SHP_PLAY_BLOCK,
    SHP_REC_BLOCK,
    SHP_DIGITS,
    SHP_TAP_A,
    SHP_TAP_B,
    SHP_SPY_A,
    SHP_SPY_B,
};

/* What stands behind a number; `function` has the type that belongs to `use`. */
struct shp_item {
    int token;
    enum shp_use use;
    int owner;
    unsigned char *buffer;
    unsigned size;
    void (*function)(void);
    void *user;
};

/* Remembers an item of channel or circuit `owner` and starts the data thread; the number, or 0 without memory. */
int shp_memory_add(enum shp_use use, int owner, unsigned char *buffer, unsigned size, void (*function)(void),
                   void *user);

/* The call that announced `token` returned `result`: forget the item, or else earlier ones that it replaces. */
int shp_memory_settle(int token, long long result);

/* A copy of the item, or token 0. */
struct shp_item shp_memory_find(int token);

/* Copies between the item's buffer and `data`; the number of bytes, or -1 when they do not lie inside the buffer. While
 * this runs the buffer cannot be dropped. */
int shp_memory_read(int token, unsigned offset, unsigned char *data, unsigned size);
int shp_memory_write(int token, unsigned offset, const unsigned char *data, unsigned size);

/* Forget one item; those of one use and owner (when `result` says that the task has been stopped); all of them. */
void shp_memory_forget(int token);
int shp_memory_drop(enum shp_use use, int owner, long long result);
void shp_memory_clear(void);

#endif
