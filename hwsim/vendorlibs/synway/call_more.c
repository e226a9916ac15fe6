/* Call control that a driver seldom needs (declarations: call_more.h). */
#include "shp.h"

int SsmSetChState(int ch, int state)
{
    return (int)shp_call("SsmSetChState", "ii", ch, state);
}

int SsmPickupANX(int ch, int anx)
{
    return (int)shp_call("SsmPickupANX", "ii", ch, anx);
}

int SsmSetPickupNow(int ch, int enable)
{
    return (int)shp_call("SsmSetPickupNow", "ii", ch, enable);
}

int SsmSetHangupReason(int ch, int reason)
{
    return (int)shp_call("SsmSetHangupReason", "ii", ch, reason);
}

int SsmAutoDialEx(int ch, const char *number, unsigned short param)
{
    return (int)shp_call("SsmAutoDialEx", "isw", ch, number, param);
}

int SsmSetTxOriginalCallerID(int ch, const unsigned char *number)
{
    return (int)shp_call("SsmSetTxOriginalCallerID", "is", ch, (const char *)number);
}

int SsmSetTxRedirectingNum(int ch, const unsigned char *number)
{
    return (int)shp_call("SsmSetTxRedirectingNum", "is", ch, (const char *)number);
}

int SsmISDNSetCallerIdPresent(int ch, unsigned char presentation)
{
    return (int)shp_call("SsmISDNSetCallerIdPresent", "ic", ch, presentation);
}

int SsmSetNumType(int ch, int number_class, int type)
{
    return (int)shp_call("SsmSetNumType", "iii", ch, number_class, type);
}

int SsmGetNumType(int ch, int number_class, int *type)
{
    return (int)shp_call("SsmGetNumType", "iiI", ch, number_class, type);
}

int SsmSetISUPCAT(int ch, unsigned char category)
{
    return (int)shp_call("SsmSetISUPCAT", "ic", ch, category);
}

int SsmSetCharge(int ch, int charge)
{
    return (int)shp_call("SsmSetCharge", "ii", ch, charge);
}

int SsmGetUserCallerId(int ch, char *number)
{
    return (int)shp_call("SsmGetUserCallerId", "iS", ch, number);
}

int SsmGetRedirectionInfReason(int ch)
{
    return (int)shp_call("SsmGetRedirectionInfReason", "i", ch);
}

int SsmGetRedirectionInfNum(int ch, char *number)
{
    return (int)shp_call("SsmGetRedirectionInfNum", "iS", ch, number);
}

int SsmSetKA(int ch, unsigned char ka)
{
    return (int)shp_call("SsmSetKA", "ic", ch, ka);
}

int SsmGetKA(int ch)
{
    return (int)shp_call("SsmGetKA", "i", ch);
}

int SsmSetKD(int ch, unsigned char kd)
{
    return (int)shp_call("SsmSetKD", "ic", ch, kd);
}

int SsmGetKD(int ch)
{
    return (int)shp_call("SsmGetKD", "i", ch);
}

int SsmSetCalleeHoldFlag(int ch, int hold)
{
    return (int)shp_call("SsmSetCalleeHoldFlag", "ii", ch, hold);
}

int SsmTxFlashEx(int ch, unsigned short ms, int state_after, int ignore_dial_tone)
{
    return (int)shp_call("SsmTxFlashEx", "iwii", ch, ms, state_after, ignore_dial_tone);
}

int SsmSetTxFlashCharTime(int ch, unsigned short ms)
{
    return (int)shp_call("SsmSetTxFlashCharTime", "iw", ch, ms);
}

int SsmSetASTOD(int ch, int enable)
{
    return (int)shp_call("SsmSetASTOD", "ii", ch, enable);
}

int SsmGetASTOD(int ch)
{
    return (int)shp_call("SsmGetASTOD", "i", ch);
}

int SsmStartPickupAnalyze(int ch)
{
    return (int)shp_call("SsmStartPickupAnalyze", "i", ch);
}

int SsmSetCalleeHookDetectP(int ch, int multiple, int valid_ms)
{
    return (int)shp_call("SsmSetCalleeHookDetectP", "iii", ch, multiple, valid_ms);
}

int SsmBlockRemotePCM(int pcm, unsigned int mode)
{
    return (int)shp_call("SsmBlockRemotePCM", "iu", pcm, mode);
}

int SsmUnblockRemotePCM(int pcm, unsigned int mode)
{
    return (int)shp_call("SsmUnblockRemotePCM", "iu", pcm, mode);
}

int SsmGetRemotePCMBlockStatus(int pcm)
{
    return (int)shp_call("SsmGetRemotePCMBlockStatus", "i", pcm);
}

int SsmGetBlockReason(int ch)
{
    return (int)shp_call("SsmGetBlockReason", "i", ch);
}
