/* The part of the maker's interface that these programs use, declared from its documentation. */
#ifndef MAKER_H
#define MAKER_H

typedef unsigned short WORD;
#ifdef MAKER_2007
typedef unsigned long DWORD; /* as in the headers of 2004 to 2009, also where long has 64 bits */
#else
typedef unsigned int DWORD;
#endif
typedef unsigned char BYTE;

typedef struct {
    WORD wEventCode;
    int nReference;
    DWORD dwParam;
} MESSAGE_INFO;

typedef struct {
    DWORD dwWorkMode;
    void *lpHandlerParam;
    DWORD dwOutCondition;
    DWORD dwOutParamVal;
    DWORD dwUser;
} EVENT_SET_INFO;

enum { NO_EVENT = 0, EVENT_POLLING = 1, EVENT_CALLBACK = 2 };

enum {
    E_CHG_RcvDTMF = 0x0c,
    E_PROC_PlayEnd = 0x0f,
    E_PROC_RecordEnd = 0x13,
    E_CHG_ChState = 0x18,
    E_CHG_HookState = 0x24,
    ALL_EVENTS = 0xFFFF,
};

enum {
    S_CALL_STANDBY = 0,
    S_CALL_PICKUPED = 1,
    S_CALL_RINGING = 2,
    S_CALL_TALKING = 3,
    S_CALL_PENDING = 7,
    S_CALL_LOCKED = 12,
};

enum { PEND_WaitBckStpMsg = 10 };
enum { KB_FREE = 1 };
enum { CH_TYPE_FXO = 0, CH_TYPE_FXS = 2, CH_TYPE_TAP = 3 };
enum { DIAL_STANDBY = 0, DIAL_DIALING = 1, DIAL_ECHOTONE = 2, DIAL_VOICE = 7, DIAL_VOICEF2 = 9, DIAL_PROGRESS = 14 };
enum { TONE_BUSY = 1 };
enum { CODEC_FROM_FILE = -1, CODEC_ALAW = 6 };

#define UNLIMITED ((DWORD)0xFFFFFFFFu)

int SsmStartCti(const char *config, const char *index);
int SsmCloseCti(void);
void SsmGetLastErrMsg(char *text);
int SsmGetLastErrCode(void);
int SsmGetMaxCfgBoard(void);
int SsmGetMaxUsableBoard(void);
int SsmGetMaxCh(void);
int SsmGetChType(int ch);
int SsmSetEvent(WORD code, int reference, int enable, EVENT_SET_INFO *setting);
int SsmWaitForEvent(DWORD timeout_ms, MESSAGE_INFO *event);
int SsmGetChState(int ch);
int SsmGetPendingReason(int ch);
int SsmPickup(int ch);
int SsmHangup(int ch);
int SsmAutoDial(int ch, const char *number);
int SsmChkAutoDial(int ch);
int SsmGetAutoDialFailureReason(int ch);
int SsmEnableAutoSendKB(int ch, int enable);
int SsmSetKB(int ch, BYTE kb);
int SsmGetCallerId(int ch, char *number);
int SsmClearCallerId(int ch);
int SsmGetPhoNumStr(int ch, char *number);
int SsmPlayFile(int ch, const char *file, int codec, DWORD start, DWORD length);
int SsmStopPlayFile(int ch);
int SsmCheckPlay(int ch);
int SsmSetDtmfStopPlay(int ch, int enable);
int SsmRecToFile(int ch, const char *file, int codec, DWORD start, DWORD bytes, DWORD ms, int mask);
int SsmStopRecToFile(int ch);
int SsmChkRecToFile(int ch);
int SsmEnableRxDtmf(int ch, int enable);
int SsmClearRxDtmfBuf(int ch);
int SsmGetDtmfStr(int ch, char *digits);
int SsmTxDtmf(int ch, const char *digits);
int SsmChkTxDtmf(int ch);
int SsmSendTone(int ch, int tone);
int SsmStopSendTone(int ch);
int SsmGetHookState(int ch);
int SsmStartRingWithCIDStr(int ch, char *text, DWORD length, DWORD delay_ms);
int SsmStartRing(int ch);
int SsmStopRing(int ch);
int SsmSetASDT(int ch, int enable);
int SsmTalkWith(int ch1, int ch2);
int SsmStopTalkWith(int ch1, int ch2);
int SsmClearChBusLink(int ch);
int SsmCreateConfGroup(int max_members, int max_speakers, int max_speaking, int max_silence);
int SsmJoinConfGroup(int group, int ch, WORD mode, int mix_volume, int create_always, int exit_always);
int SsmExitConfGroup(int ch, int free_group);
int SsmFreeConfGroup(int group);

#endif
