/* Analog trunks, stations, taps (declarations: analog.h). */
#include "shp.h"

int SsmCheckActualPickup(int ch)
{
    return (int)shp_call("SsmCheckActualPickup", "i", ch);
}

int SsmTxFlash(int ch, unsigned short ms)
{
    return (int)shp_call("SsmTxFlash", "iw", ch, ms);
}

int SsmChkTxFlash(int ch)
{
    return (int)shp_call("SsmChkTxFlash", "i", ch);
}

int SsmGetRingFlag(int ch)
{
    return (int)shp_call("SsmGetRingFlag", "i", ch);
}

int SsmGetRingCount(int ch)
{
    return (int)shp_call("SsmGetRingCount", "i", ch);
}

int SsmClearRingCount(int ch)
{
    return (int)shp_call("SsmClearRingCount", "i", ch);
}

int SsmGetPolarRvrsCount(int ch)
{
    return (int)shp_call("SsmGetPolarRvrsCount", "i", ch);
}

int SsmGetPolarState(int ch)
{
    return (int)shp_call("SsmGetPolarState", "i", ch);
}

int SsmSetPolarState(int ch, int state)
{
    return (int)shp_call("SsmSetPolarState", "ii", ch, state);
}

int SsmGetLineVoltage(int ch)
{
    return (int)shp_call("SsmGetLineVoltage", "i", ch);
}

int SsmSetDtrmLineVoltage(int ch, unsigned short volts)
{
    return (int)shp_call("SsmSetDtrmLineVoltage", "iw", ch, volts);
}

int SsmGetDtrmLineVoltage(int ch)
{
    return (int)shp_call("SsmGetDtrmLineVoltage", "i", ch);
}

int SsmSetIgnoreLineVoltage(int ch, int ignore)
{
    return (int)shp_call("SsmSetIgnoreLineVoltage", "ii", ch, ignore);
}

int SsmGetHookState(int ch)
{
    return (int)shp_call("SsmGetHookState", "i", ch);
}

int SsmGetFlashCount(int ch)
{
    return (int)shp_call("SsmGetFlashCount", "i", ch);
}

int SsmClearFlashCount(int ch)
{
    return (int)shp_call("SsmClearFlashCount", "i", ch);
}

int SsmSetLocalFlashTime(int ms)
{
    return (int)shp_call("SsmSetLocalFlashTime", "i", ms);
}

int SsmStartRing(int ch)
{
    return (int)shp_call("SsmStartRing", "i", ch);
}

int SsmStartRingWithCIDStr(int ch, char *text, unsigned int length, unsigned int delay_ms)
{
    return (int)shp_call("SsmStartRingWithCIDStr", "itu", ch, text, length, delay_ms);
}

int SsmStopRing(int ch)
{
    return (int)shp_call("SsmStopRing", "i", ch);
}

int SsmCheckSendRing(int ch, int *count)
{
    return (int)shp_call("SsmCheckSendRing", "iI", ch, count);
}

int SsmSetRingPeriod(int ch, unsigned short on_ms, unsigned short off_ms)
{
    return (int)shp_call("SsmSetRingPeriod", "iww", ch, on_ms, off_ms);
}

int SsmSetASDT(int ch, int enable)
{
    return (int)shp_call("SsmSetASDT", "ii", ch, enable);
}

int SsmGetASDT(int ch)
{
    return (int)shp_call("SsmGetASDT", "i", ch);
}
