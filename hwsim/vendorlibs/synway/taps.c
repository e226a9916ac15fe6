/* Functions of the program that are called while a task runs: recorded data, received digits. */
#include "memory.h"
#include "shp.h"

#define FUNCTION(pointer) ((void (*)(void))(pointer))

int SsmRecToFileA(int ch, const char *path, int codec, unsigned int start, unsigned int bytes, unsigned int ms,
                  int mask, synway_tap_a tap)
{
    int token = shp_memory_add(SHP_TAP_A, ch, NULL, 0, FUNCTION(tap), NULL);

    if (!token)
        return -1;
    return shp_memory_settle(token,
                             shp_call("SsmRecToFileA", "igiuuuii", ch, path, codec, start, bytes, ms, mask, token));
}

int SsmRecToFileB(int ch, const char *path, int codec, unsigned int start, unsigned int bytes, unsigned int ms,
                  int mask, synway_tap_b tap, void *user)
{
    int token = shp_memory_add(SHP_TAP_B, ch, NULL, 0, FUNCTION(tap), user);

    if (!token)
        return -1;
    return shp_memory_settle(token,
                             shp_call("SsmRecToFileB", "igiuuuii", ch, path, codec, start, bytes, ms, mask, token));
}

int SpyRecToFileA(int cic, unsigned short direction, char *path, int codec, unsigned int start, unsigned int bytes,
                  unsigned int ms, int mask, synway_tap_a tap)
{
    int token = shp_memory_add(SHP_SPY_A, cic, NULL, 0, FUNCTION(tap), NULL);

    if (!token)
        return -1;
    return shp_memory_settle(
        token, shp_call("SpyRecToFileA", "iwgiuuuii", cic, direction, path, codec, start, bytes, ms, mask, token));
}

int SpyRecToFileB(int cic, unsigned short direction, char *path, int codec, unsigned int start, unsigned int bytes,
                  unsigned int ms, int mask, synway_tap_b tap, void *user)
{
    int token = shp_memory_add(SHP_SPY_B, cic, NULL, 0, FUNCTION(tap), user);

    if (!token)
        return -1;
    return shp_memory_settle(
        token, shp_call("SpyRecToFileB", "iwgiuuuii", cic, direction, path, codec, start, bytes, ms, mask, token));
}

/* NULL takes the handler away: token 0. */
int SsmSetRxDtmfHandler(int ch, synway_dtmf_handler handler, void *user)
{
    int token;

    if (!handler)
        return shp_memory_drop(SHP_DIGITS, ch, shp_call("SsmSetRxDtmfHandler", "ii", ch, 0));
    token = shp_memory_add(SHP_DIGITS, ch, NULL, 0, FUNCTION(handler), user);
    if (!token)
        return -1;
    return shp_memory_settle(token, shp_call("SsmSetRxDtmfHandler", "ii", ch, token));
}
