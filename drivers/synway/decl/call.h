/* Synway SynCTI: call control. Fact sheet sections 8 to 11. Commands: 0 accepted, -1 refused; they complete by
 * events. */

int SsmGetChState(int ch);
int SsmGetChStateKeepTime(int ch);
/* -1 when the channel is not pending. */
int SsmGetPendingReason(int ch);
unsigned short SsmGetReleaseReason(int ch);

/* Any non-zero value is a failure. */
int SsmPickup(int ch);
int SsmHangup(int ch);
/* ISUP: Q.850 cause with bit 7 set. */
int SsmHangupEx(int ch, unsigned char cause);
int SsmISDNSetHangupRzn(int ch, int cause);

int SsmSearchIdleCallOutCh(unsigned short mode, unsigned int precedence);
int SsmAutoDial(int ch, const char *number);
int SsmAppendPhoNum(int ch, const char *digits);
int SsmChkAutoDial(int ch);
int SsmGetAutoDialFailureReason(int ch);
int SsmSetWaitAutoDialAnswerTime(unsigned short seconds);
int SsmSetWaitAutoDialAnswerTimeEx(int ch, int seconds);
int SsmGetWaitAutoDialAnswerTime(unsigned short *seconds);
/* direction: 0 incoming only, 1 outgoing only, 2 both. */
int SsmSetAutoCallDirection(int ch, int enable_auto, int direction);
int SsmGetAutoCallDirection(int ch, int *direction);

/* Incoming calls of digital trunks: 1 accepts, 2 to 5 refuse (section 11.2). */
int SsmEnableAutoSendKB(int ch, int enable);
int SsmGetAutoSendKBFlag(int ch);
int SsmSetKB(int ch, unsigned char kb);
int SsmGetKB(int ch);

int SsmSetTxCallerId(int ch, const char *number);
int SsmGetTxCallerId(int ch, char *number);
/* Text length, 0 empty, -1 failure; at least 128 bytes, SsmGetCallerIdEx 2048. */
int SsmGetCallerId(int ch, char *number);
char *SsmGetCallerIdA(int ch);
int SsmGetCallerIdEx(int ch, char *message);
int SsmGetCallerName(int ch, char *name);
int SsmClearCallerId(int ch);
int SsmClearCallerIdEx(int ch);
int SsmGetPhoNumStr(int ch, char *number);
char *SsmGetPhoNumStrA(int ch);
int SsmGetPhoNumLen(int ch);
int SsmGet1stPhoNumStr(int ch, char *number);
char *SsmGet1stPhoNumStrA(int ch);
int SsmGet1stPhoNumLen(int ch);

/* Blocking of circuits (section 8). */
int SsmBlockLocalCh(int ch);
int SsmUnblockLocalCh(int ch);
int SsmQueryLocalChBlockState(int ch, unsigned int *state);
int SsmBlockLocalPCM(int pcm);
int SsmUnblockLocalPCM(int pcm);
int SsmQueryLocalPCMBlockState(int pcm, unsigned int *state);
int SsmBlockRemoteCh(int ch);
int SsmUnblockRemoteCh(int ch);
int SsmGetRemoteChBlockStatus(int ch);
