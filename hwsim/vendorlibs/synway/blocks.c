/* Playing from and recording into the program's memory (fact sheet sections 12.1, 12.2). Circular buffers stay where
 * they are and the data thread copies from and into them; a play block does not change any more and travels as a
 * copy. */
#include "memory.h"
#include "shp.h"

/* A function of any type, as the registry keeps it. */
#define FUNCTION(pointer) ((void (*)(void))(pointer))

static int bad_pointer(void)
{
    return shp_refuse(SHP_BAD_PARAMETER, "a NULL pointer was passed");
}

int SsmPlayMem(int ch, int codec, unsigned char *buffer, unsigned int size, unsigned int start, unsigned int stop)
{
    int token;

    if (!buffer)
        return bad_pointer();
    token = shp_memory_add(SHP_PLAY_MEM, ch, buffer, size, NULL, NULL);
    if (!token)
        return -1;
    return shp_memory_settle(token, shp_call("SsmPlayMem", "iiiuuu", ch, codec, token, size, start, stop));
}

int SsmStopPlayMem(int ch)
{
    return shp_memory_drop(SHP_PLAY_MEM, ch, shp_call("SsmStopPlayMem", "i", ch));
}

int SsmRecToMem(int ch, int codec, unsigned char *buffer, unsigned int size, unsigned int start)
{
    int token;

    if (!buffer)
        return bad_pointer();
    token = shp_memory_add(SHP_REC_MEM, ch, buffer, size, NULL, NULL);
    if (!token)
        return -1;
    return shp_memory_settle(token, shp_call("SsmRecToMem", "iiiuu", ch, codec, token, size, start));
}

int SsmStopRecToMem(int ch)
{
    return shp_memory_drop(SHP_REC_MEM, ch, shp_call("SsmStopRecToMem", "i", ch));
}

int SsmPlayMemBlock(int ch, int codec, unsigned char *buffer, unsigned int size, synway_block_done done, void *user)
{
    int token;

    if (!buffer)
        return bad_pointer();
    token = shp_memory_add(SHP_PLAY_BLOCK, ch, buffer, size, FUNCTION(done), user);
    if (!token)
        return -1;
    return shp_memory_settle(token, shp_call("SsmPlayMemBlock", "iimi", ch, codec, buffer, size, token));
}

int SsmRecordMemBlock(int ch, int codec, unsigned char *buffer, unsigned int size, synway_block_done done, void *user)
{
    int token;

    if (!buffer)
        return bad_pointer();
    token = shp_memory_add(SHP_REC_BLOCK, ch, buffer, size, FUNCTION(done), user);
    if (!token)
        return -1;
    return shp_memory_settle(token, shp_call("SsmRecordMemBlock", "iiiu", ch, codec, token, size));
}

int SsmAddToPlayMemList(unsigned char *buffer, unsigned int size, int codec)
{
    if (!buffer)
        return bad_pointer();
    return (int)shp_call("SsmAddToPlayMemList", "mi", buffer, size, codec);
}

int SsmPlayMemList(int ch, unsigned short *entries, unsigned short count)
{
    if (!entries)
        return bad_pointer();
    return (int)shp_call("SsmPlayMemList", "ibw", ch, entries, (unsigned)(count * sizeof *entries), count);
}

int SsmPlayIndexList(int ch, unsigned short count, unsigned short *segments)
{
    if (!segments)
        return bad_pointer();
    return (int)shp_call("SsmPlayIndexList", "iwb", ch, count, segments, (unsigned)(count * sizeof *segments));
}
