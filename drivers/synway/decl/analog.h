/* Synway SynCTI: analog trunks, stations, taps. Fact sheet sections 10.1 to 10.3 and 11.1. */

/* 0 on-hook, 1 off-hook, -1 failure. */
int SsmCheckActualPickup(int ch);
int SsmTxFlash(int ch, unsigned short ms);
int SsmChkTxFlash(int ch);

int SsmGetRingFlag(int ch);
int SsmGetRingCount(int ch);
int SsmClearRingCount(int ch);
int SsmGetPolarRvrsCount(int ch);
int SsmGetPolarState(int ch);
int SsmSetPolarState(int ch, int state);

/* Volts. */
int SsmGetLineVoltage(int ch);
int SsmSetDtrmLineVoltage(int ch, unsigned short volts);
int SsmGetDtrmLineVoltage(int ch);
int SsmSetIgnoreLineVoltage(int ch, int ignore);

int SsmGetHookState(int ch);
int SsmGetFlashCount(int ch);
int SsmClearFlashCount(int ch);
int SsmSetLocalFlashTime(int ms);
int SsmStartRing(int ch);
int SsmStartRingWithCIDStr(int ch, char *text, unsigned int length, unsigned int delay_ms);
int SsmStopRing(int ch);
int SsmCheckSendRing(int ch, int *count);
int SsmSetRingPeriod(int ch, unsigned short on_ms, unsigned short off_ms);
/* Automatic dial tone on off-hook. */
int SsmSetASDT(int ch, int enable);
int SsmGetASDT(int ch);
