/* Signalling extras (declarations: signalling.h). */
#include "shp.h"

int SsmSendCAS(int ch, unsigned char code)
{
    return (int)shp_call("SsmSendCAS", "ic", ch, code);
}

int SsmGetCAS(int ch)
{
    return (int)shp_call("SsmGetCAS", "i", ch);
}

int SsmGetSendingCAS(int ch)
{
    return (int)shp_call("SsmGetSendingCAS", "i", ch);
}

int SsmSetSendCASFlag(int ch, int flag)
{
    return (int)shp_call("SsmSetSendCASFlag", "ii", ch, flag);
}

int SsmGetSendCASFlag(int ch, int *flag)
{
    return (int)shp_call("SsmGetSendCASFlag", "iI", ch, flag);
}

int SsmSetRxR2Mode(int ch, int mode, int enable)
{
    return (int)shp_call("SsmSetRxR2Mode", "iii", ch, mode, enable);
}

int SsmGetR2(int ch)
{
    return (int)shp_call("SsmGetR2", "i", ch);
}

int SsmSendR2(int ch, int mode, unsigned char code)
{
    return (int)shp_call("SsmSendR2", "iic", ch, mode, code);
}

int SsmSendR2Ex(int ch, int mode, unsigned char code, unsigned int keep_ms)
{
    return (int)shp_call("SsmSendR2Ex", "iicu", ch, mode, code, keep_ms);
}

int SsmStopSendR2(int ch)
{
    return (int)shp_call("SsmStopSendR2", "i", ch);
}

int SsmGetSendingR2(int ch, int *mode, unsigned char *code)
{
    return (int)shp_call("SsmGetSendingR2", "iIC", ch, mode, code);
}

int SsmISDNGetStatus(int pcm, int *l3_start, int *l2d_status, int *l2d_to_l3, int *l3_to_l2d, int *reference)
{
    return (int)shp_call("SsmISDNGetStatus", "iIIIII", pcm, l3_start, l2d_status, l2d_to_l3, l3_to_l2d, reference);
}

int SsmISDNSetDialSubAddr(int ch, const char *address)
{
    return (int)shp_call("SsmISDNSetDialSubAddr", "is", ch, address);
}

int SsmISDNSetTxSubAddr(int ch, const char *address)
{
    return (int)shp_call("SsmISDNSetTxSubAddr", "is", ch, address);
}

int SsmISDNGetSubAddr(int ch, char *address)
{
    return (int)shp_call("SsmISDNGetSubAddr", "iS", ch, address);
}

int SsmISDNGetCallerSubAddr(int ch, char *address)
{
    return (int)shp_call("SsmISDNGetCallerSubAddr", "iS", ch, address);
}

int SsmISDNGetTxCallerSubAddr(int ch, char *address)
{
    return (int)shp_call("SsmISDNGetTxCallerSubAddr", "iS", ch, address);
}

int SsmISDNGetDisplayMsg(int ch, char *text)
{
    return (int)shp_call("SsmISDNGetDisplayMsg", "iS", ch, text);
}

int SsmCheckIsdnMsu(int pcm)
{
    return (int)shp_call("SsmCheckIsdnMsu", "i", pcm);
}

int SsmGetMtp3State(void)
{
    return (int)shp_call("SsmGetMtp3State", "");
}

int SsmGetMtp3StateEx(int dpc)
{
    return (int)shp_call("SsmGetMtp3StateEx", "i", dpc);
}

int SsmGetMtp2Status(int link)
{
    return (int)shp_call("SsmGetMtp2Status", "i", link);
}

int SsmGetMaxSs7link(void)
{
    return (int)shp_call("SsmGetMaxSs7link", "");
}

int SsmSendIsupMsg(int ch, unsigned short message)
{
    return (int)shp_call("SsmSendIsupMsg", "iw", ch, message);
}

int SsmGetIsupFlag(int ch, int type, unsigned int *value)
{
    return (int)shp_call("SsmGetIsupFlag", "iiU", ch, type, value);
}

int SsmIsHaveCpg(int ch)
{
    return (int)shp_call("SsmIsHaveCpg", "i", ch);
}

int SsmGetTupFlag(int ch, int type, unsigned int *value)
{
    return (int)shp_call("SsmGetTupFlag", "iiU", ch, type, value);
}

int SsmSipBoardRegister(int board, const char *server, const char *user, const char *password, const char *realm,
                        int expires_s)
{
    return (int)shp_call("SsmSipBoardRegister", "issssi", board, server, user, password, realm, expires_s);
}

int SsmSipGetBoardRegStatus(int board, char *status)
{
    return (int)shp_call("SsmSipGetBoardRegStatus", "iS", board, status);
}

int SsmSipGetChRegStatus(int ch, char *status)
{
    return (int)shp_call("SsmSipGetChRegStatus", "iS", ch, status);
}

int SsmSipSetTxUserName(int ch, const char *name)
{
    return (int)shp_call("SsmSipSetTxUserName", "is", ch, name);
}

int SsmIpGetSessionCodecType(int ch)
{
    return (int)shp_call("SsmIpGetSessionCodecType", "i", ch);
}

int SsmIpInitiateTransfer(int ch, const char *target)
{
    return (int)shp_call("SsmIpInitiateTransfer", "is", ch, target);
}

int SsmIpSetForwardNum(int ch, const char *number)
{
    return (int)shp_call("SsmIpSetForwardNum", "is", ch, number);
}

int SsmSipGetReferStatus(int ch)
{
    return (int)shp_call("SsmSipGetReferStatus", "i", ch);
}
