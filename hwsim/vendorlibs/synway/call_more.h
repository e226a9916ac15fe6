/* Call control that a driver seldom needs. Fact sheet sections 8 to 11. */

/* What a channel does now and the bytes it has processed. */
struct synway_channel_activity {
    int activity;
    unsigned int processed_bytes;
    unsigned int recorded_bytes;
    unsigned int played_bytes;
};

int SsmGetChStateEx(int ch, struct synway_channel_activity *activity);
int SsmSetChState(int ch, int state);
int SsmPickupANX(int ch, int anx);
int SsmSetPickupNow(int ch, int enable);
int SsmSetHangupReason(int ch, int reason);
int SsmAutoDialEx(int ch, const char *number, unsigned short param);
int SsmSetTxOriginalCallerID(int ch, const unsigned char *number);
int SsmSetTxRedirectingNum(int ch, const unsigned char *number);
int SsmISDNSetCallerIdPresent(int ch, unsigned char presentation);
int SsmSetNumType(int ch, int number_class, int type);
int SsmGetNumType(int ch, int number_class, int *type);
int SsmSetISUPCAT(int ch, unsigned char category);
int SsmSetCharge(int ch, int charge);
int SsmGetUserCallerId(int ch, char *number);
int SsmGetRedirectionInfReason(int ch);
int SsmGetRedirectionInfNum(int ch, char *number);
int SsmSetKA(int ch, unsigned char ka);
int SsmGetKA(int ch);
int SsmSetKD(int ch, unsigned char kd);
int SsmGetKD(int ch);
int SsmSetCalleeHoldFlag(int ch, int hold);
int SsmTxFlashEx(int ch, unsigned short ms, int state_after, int ignore_dial_tone);
int SsmSetTxFlashCharTime(int ch, unsigned short ms);
int SsmStartRingWithFskCID(int ch, char *data, unsigned int bits, unsigned int delay_ms);
int SsmSetASTOD(int ch, int enable);
int SsmGetASTOD(int ch);
int SsmStartPickupAnalyze(int ch);
int SsmSetCalleeHookDetectP(int ch, int multiple, int valid_ms);
int SsmBlockRemotePCM(int pcm, unsigned int mode);
int SsmUnblockRemotePCM(int pcm, unsigned int mode);
int SsmGetRemotePCMBlockStatus(int pcm);
int SsmGetBlockReason(int ch);
