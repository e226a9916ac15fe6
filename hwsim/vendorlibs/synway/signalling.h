/* Signalling-specific extras. Fact sheet sections 8, 14. */

/* China No.1. */
int SsmSendCAS(int ch, unsigned char code);
int SsmGetCAS(int ch);
int SsmGetSendingCAS(int ch);
int SsmSetSendCASFlag(int ch, int flag);
int SsmGetSendCASFlag(int ch, int *flag);
int SsmSetRxR2Mode(int ch, int mode, int enable);
int SsmGetR2(int ch);
int SsmSendR2(int ch, int mode, unsigned char code);
int SsmSendR2Ex(int ch, int mode, unsigned char code, unsigned int keep_ms);
int SsmStopSendR2(int ch);
int SsmGetSendingR2(int ch, int *mode, unsigned char *code);

/* ISDN. */
int SsmISDNGetStatus(int pcm, int *l3_start, int *l2d_status, int *l2d_to_l3, int *l3_to_l2d, int *reference);
int SsmISDNSetDialSubAddr(int ch, const char *address);
int SsmISDNSetTxSubAddr(int ch, const char *address);
int SsmISDNGetSubAddr(int ch, char *address);
int SsmISDNGetCallerSubAddr(int ch, char *address);
int SsmISDNGetTxCallerSubAddr(int ch, char *address);
int SsmISDNGetDisplayMsg(int ch, char *text);
int SsmCheckIsdnMsu(int pcm);

/* SS7. */
int SsmGetMtp3State(void);
int SsmGetMtp3StateEx(int dpc);
int SsmGetMtp2Status(int link);
int SsmGetMaxSs7link(void);
int SsmSendIsupMsg(int ch, unsigned short message);
int SsmGetIsupFlag(int ch, int type, unsigned int *value);
int SsmIsHaveCpg(int ch);
int SsmGetTupFlag(int ch, int type, unsigned int *value);

/* SIP. */
int SsmSipBoardRegister(int board, const char *server, const char *user, const char *password, const char *realm,
                        int expires_s);
int SsmSipGetBoardRegStatus(int board, char *status);
int SsmSipGetChRegStatus(int ch, char *status);
int SsmSipSetTxUserName(int ch, const char *name);
int SsmIpGetSessionCodecType(int ch);
int SsmIpInitiateTransfer(int ch, const char *target);
int SsmIpSetForwardNum(int ch, const char *number);
int SsmSipGetReferStatus(int ch);
