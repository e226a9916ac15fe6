/* Passive taps of spans and digital stations (declarations: spy.h). */
#include "shp.h"

int SpyGetMaxCic(void)
{
    return (int)shp_call("SpyGetMaxCic", "");
}

int SpyGetState(int cic)
{
    return (int)shp_call("SpyGetState", "i", cic);
}

int SpyGetCallerId(int cic, char *number)
{
    return (int)shp_call("SpyGetCallerId", "iS", cic, number);
}

int SpyGetCalleeId(int cic, char *number)
{
    return (int)shp_call("SpyGetCalleeId", "iS", cic, number);
}

int SpyGetCallerType(int cic)
{
    return (int)shp_call("SpyGetCallerType", "i", cic);
}

int SpyGetCalleeType(int cic)
{
    return (int)shp_call("SpyGetCalleeType", "i", cic);
}

int SpyGetConId(int cic, char *number)
{
    return (int)shp_call("SpyGetConId", "iS", cic, number);
}

unsigned int SpyGetHangupInfo(int cic)
{
    return (unsigned)shp_call("SpyGetHangupInfo", "i", cic);
}

int SpyGetCallInCh(int cic)
{
    return (int)shp_call("SpyGetCallInCh", "i", cic);
}

int SpyGetCallOutCh(int cic)
{
    return (int)shp_call("SpyGetCallOutCh", "i", cic);
}

int SpyChToCic(int ch)
{
    return (int)shp_call("SpyChToCic", "i", ch);
}

int SpyCicToCh(int cic, int *in_ch, int *out_ch)
{
    return (int)shp_call("SpyCicToCh", "iII", cic, in_ch, out_ch);
}

int SpyRecToFile(int cic, unsigned short direction, char *path, int codec, unsigned int start, unsigned int bytes,
                 unsigned int ms, int mask)
{
    return (int)shp_call("SpyRecToFile", "iwgiuuui", cic, direction, path, codec, start, bytes, ms, mask);
}

int SpyStopRecToFile(int cic)
{
    return (int)shp_call("SpyStopRecToFile", "i", cic);
}

int SpySetRecVolume(int cic, unsigned short direction, int volume)
{
    return (int)shp_call("SpySetRecVolume", "iwi", cic, direction, volume);
}

int SpySetRecMixer(int cic, int enable, int volume)
{
    return (int)shp_call("SpySetRecMixer", "iii", cic, enable, volume);
}

int SpyGetLinkStatus(int pcm, unsigned char flag)
{
    return (int)shp_call("SpyGetLinkStatus", "ic", pcm, flag);
}

int DTRGetLCDStr(int ch, char *text)
{
    return (int)shp_call("DTRGetLCDStr", "iS", ch, text);
}

int DTRGetDKeyStr(int ch, char *keys)
{
    return (int)shp_call("DTRGetDKeyStr", "iS", ch, keys);
}

int DTRClearDKeyStr(int ch)
{
    return (int)shp_call("DTRClearDKeyStr", "i", ch);
}

int DTRSetMixerVolume(int ch, int group, int down, int up)
{
    return (int)shp_call("DTRSetMixerVolume", "iiii", ch, group, down, up);
}

int DTRGetMixerVolume(int ch, int group, int *down, int *up)
{
    return (int)shp_call("DTRGetMixerVolume", "iiII", ch, group, down, up);
}
