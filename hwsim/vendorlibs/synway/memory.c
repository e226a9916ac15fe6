/* Memory and functions of the program that hwsim refers to by number. The memory itself never leaves the program: the
 * data thread copies from and into it when hwsim asks. */
#include "memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "shp.h"
#include "worker.h"

struct node {
    struct shp_item item;
    struct node *next;
};

typedef bool (*matcher)(const struct shp_item *item, const struct shp_item *with);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct node *first;
static int last_token;

static void drop_if(matcher match, const struct shp_item *with)
{
    struct node **at = &first;

    while (*at) {
        struct node *node = *at;

        if (match(&node->item, with)) {
            *at = node->next;
            free(node);
        } else {
            at = &node->next;
        }
    }
}

static bool any(const struct shp_item *item, const struct shp_item *with)
{
    (void)item;
    (void)with;
    return true;
}

static bool same(const struct shp_item *item, const struct shp_item *with)
{
    return item->token == with->token;
}

static bool of_owner(const struct shp_item *item, const struct shp_item *with)
{
    return item->use == with->use && item->owner == with->owner;
}

/* Blocks queue up behind each other; of everything else a channel has one at a time. */
static bool replaced(const struct shp_item *item, const struct shp_item *with)
{
    return item->use == with->use && item->owner == with->owner && item->token < with->token &&
           with->use != SHP_PLAY_BLOCK && with->use != SHP_REC_BLOCK;
}

int shp_memory_add(enum shp_use use, int owner, unsigned char *buffer, unsigned size, void (*function)(void),
                   void *user)
{
    struct node *node = malloc(sizeof *node);
    int token;

    if (!node) {
        shp_refuse(SHP_NO_MEMORY, "out of memory");
        return 0;
    }
    pthread_mutex_lock(&lock);
    token = ++last_token;
    node->item = (struct shp_item){token, use, owner, buffer, size, function, user};
    node->next = first;
    first = node;
    pthread_mutex_unlock(&lock);
    if (shp_started())
        shp_worker_start(SHP_DATA_WORKER);
    return token;
}

int shp_memory_settle(int token, long long result)
{
    struct shp_item item = shp_memory_find(token);

    pthread_mutex_lock(&lock);
    if (item.token)
        drop_if(result < 0 ? same : replaced, &item);
    pthread_mutex_unlock(&lock);
    return (int)result;
}

static struct shp_item *find(int token)
{
    for (struct node *node = first; node; node = node->next)
        if (node->item.token == token)
            return &node->item;
    return NULL;
}

struct shp_item shp_memory_find(int token)
{
    struct shp_item found = {.token = 0};
    struct shp_item *item;

    pthread_mutex_lock(&lock);
    item = find(token);
    if (item)
        found = *item;
    pthread_mutex_unlock(&lock);
    return found;
}

/* With the lock held: the place in the buffer, or NULL. */
static unsigned char *place(int token, unsigned offset, unsigned size)
{
    struct shp_item *item = find(token);

    if (!item || !item->buffer || offset > item->size || size > item->size - offset)
        return NULL;
    return item->buffer + offset;
}

int shp_memory_read(int token, unsigned offset, unsigned char *data, unsigned size)
{
    const unsigned char *from;

    pthread_mutex_lock(&lock);
    from = place(token, offset, size);
    if (from)
        memcpy(data, from, size);
    pthread_mutex_unlock(&lock);
    return from ? (int)size : -1;
}

int shp_memory_write(int token, unsigned offset, const unsigned char *data, unsigned size)
{
    unsigned char *to;

    pthread_mutex_lock(&lock);
    to = place(token, offset, size);
    if (to)
        memcpy(to, data, size);
    pthread_mutex_unlock(&lock);
    return to ? (int)size : -1;
}

static void drop(matcher match, const struct shp_item *with)
{
    pthread_mutex_lock(&lock);
    drop_if(match, with);
    pthread_mutex_unlock(&lock);
}

void shp_memory_forget(int token)
{
    drop(same, &(struct shp_item){.token = token});
}

int shp_memory_drop(enum shp_use use, int owner, long long result)
{
    if (result >= 0)
        drop(of_owner, &(struct shp_item){.use = use, .owner = owner});
    return (int)result;
}

void shp_memory_clear(void)
{
    drop(any, NULL);
}
