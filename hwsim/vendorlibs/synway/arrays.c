/* Functions with arrays and structures among their parameters. */
#include "shp.h"

#define MAX_LISTENERS 4096

static int listeners_refused(const int *listeners, int count)
{
    if (listeners && count >= 0 && count <= MAX_LISTENERS)
        return 0;
    return shp_refuse(SHP_BAD_PARAMETER, "bad list of channels");
}

int SsmLinkFromAllCh(int ch, int volume, int *listeners, int count)
{
    if (listeners_refused(listeners, count))
        return -1;
    return (int)shp_call("SsmLinkFromAllCh", "iibi", ch, volume, listeners, (unsigned)(count * sizeof *listeners),
                         count);
}

int SsmUnLinkFromAllCh(int ch, int *listeners, int count)
{
    if (listeners_refused(listeners, count))
        return -1;
    return (int)shp_call("SsmUnLinkFromAllCh", "ibi", ch, listeners, (unsigned)(count * sizeof *listeners), count);
}

int SsmStartRingWithFskCID(int ch, char *data, unsigned int bits, unsigned int delay_ms)
{
    return (int)shp_call("SsmStartRingWithFskCID", "ibuu", ch, data, bits / 8 + (bits % 8 != 0), bits, delay_ms);
}

int SsmStartSendFSK(int ch, char *data, unsigned int bits)
{
    return (int)shp_call("SsmStartSendFSK", "ibu", ch, data, bits / 8 + (bits % 8 != 0), bits);
}

static int ask_activity(const char *name, int number, struct synway_channel_activity *activity)
{
    if (!activity)
        return shp_refuse(SHP_BAD_PARAMETER, "a NULL pointer was passed");
    return (int)shp_call(name, "iIIII", number, &activity->activity, &activity->processed_bytes,
                         &activity->recorded_bytes, &activity->played_bytes);
}

int SsmGetChStateEx(int ch, struct synway_channel_activity *activity)
{
    return ask_activity("SsmGetChStateEx", ch, activity);
}

int SpyGetStateEx(int cic, struct synway_channel_activity *activity)
{
    return ask_activity("SpyGetStateEx", cic, activity);
}
