/* DTMF and MF digits (declarations: media.h, media_more.h). */
#include "shp.h"

int SsmEnableRxDtmf(int ch, int enable)
{
    return (int)shp_call("SsmEnableRxDtmf", "ii", ch, enable);
}

int SsmClearRxDtmfBuf(int ch)
{
    return (int)shp_call("SsmClearRxDtmfBuf", "i", ch);
}

int SsmGetDtmfStr(int ch, char *digits)
{
    return (int)shp_call("SsmGetDtmfStr", "iS", ch, digits);
}

int SsmGetRxDtmfLen(int ch)
{
    return (int)shp_call("SsmGetRxDtmfLen", "i", ch);
}

int SsmGetRxDtmfBufSize(void)
{
    return (int)shp_call("SsmGetRxDtmfBufSize", "");
}

int SsmTxDtmf(int ch, const char *digits)
{
    return (int)shp_call("SsmTxDtmf", "is", ch, digits);
}

int SsmChkTxDtmf(int ch)
{
    return (int)shp_call("SsmChkTxDtmf", "i", ch);
}

int SsmStopTxDtmf(int ch)
{
    return (int)shp_call("SsmStopTxDtmf", "i", ch);
}

int SsmSetTxDtmfPara(int ch, unsigned short on_ms, unsigned short off_ms)
{
    return (int)shp_call("SsmSetTxDtmfPara", "iww", ch, on_ms, off_ms);
}

int SsmGet1stDtmf(int ch, char *digit)
{
    return (int)shp_call("SsmGet1stDtmf", "iC", ch, digit);
}

int SsmGet1stDtmfClr(int ch, char *digit)
{
    return (int)shp_call("SsmGet1stDtmfClr", "iC", ch, digit);
}

int SsmGetLastDtmf(int ch, char *digit)
{
    return (int)shp_call("SsmGetLastDtmf", "iC", ch, digit);
}

int SsmSetWaitDtmf(int ch, unsigned short timeout, unsigned short max_digits, char end, int with_end)
{
    return (int)shp_call("SsmSetWaitDtmf", "iwwci", ch, timeout, max_digits, end, with_end);
}

int SsmSetWaitDtmfEx(int ch, unsigned short timeout, unsigned short max_digits, char end, int with_end)
{
    return (int)shp_call("SsmSetWaitDtmfEx", "iwwci", ch, timeout, max_digits, end, with_end);
}

int SsmSetWaitDtmfExA(int ch, unsigned short timeout, unsigned short max_digits, char *ends, int with_end)
{
    return (int)shp_call("SsmSetWaitDtmfExA", "iwwsi", ch, timeout, max_digits, ends, with_end);
}

int SsmSetWaitDtmfExB(int ch, unsigned int timeout, unsigned short max_digits, char *ends, int with_end)
{
    return (int)shp_call("SsmSetWaitDtmfExB", "iuwsi", ch, timeout, max_digits, ends, with_end);
}

int SsmChkWaitDtmf(int ch, char *digits)
{
    return (int)shp_call("SsmChkWaitDtmf", "iS", ch, digits);
}

int SsmCancelWaitDtmf(int ch)
{
    return (int)shp_call("SsmCancelWaitDtmf", "i", ch);
}

int SsmEnableRxMF(int ch, int enable)
{
    return (int)shp_call("SsmEnableRxMF", "ii", ch, enable);
}

int SsmGetMFStr(int ch, char *digits)
{
    return (int)shp_call("SsmGetMFStr", "iS", ch, digits);
}

int SsmClearRxMFBuf(int ch)
{
    return (int)shp_call("SsmClearRxMFBuf", "i", ch);
}
