/* Passive taps of spans and of digital stations. Fact sheet section 13.4. */

int SpyGetMaxCic(void);
int SpyGetState(int cic);
int SpyGetStateEx(int cic, struct synway_channel_activity *activity);
int SpyGetCallerId(int cic, char *number);
int SpyGetCalleeId(int cic, char *number);
int SpyGetCallerType(int cic);
int SpyGetCalleeType(int cic);
int SpyGetConId(int cic, char *number);
unsigned int SpyGetHangupInfo(int cic);
int SpyGetCallInCh(int cic);
int SpyGetCallOutCh(int cic);
int SpyChToCic(int ch);
int SpyCicToCh(int cic, int *in_ch, int *out_ch);
int SpyRecToFile(int cic, unsigned short direction, char *path, int codec, unsigned int start, unsigned int bytes,
                 unsigned int ms, int mask);
int SpyRecToFileA(int cic, unsigned short direction, char *path, int codec, unsigned int start, unsigned int bytes,
                  unsigned int ms, int mask, synway_tap_a tap);
int SpyRecToFileB(int cic, unsigned short direction, char *path, int codec, unsigned int start, unsigned int bytes,
                  unsigned int ms, int mask, synway_tap_b tap, void *user);
int SpyStopRecToFile(int cic);
int SpySetRecVolume(int cic, unsigned short direction, int volume);
int SpySetRecMixer(int cic, int enable, int volume);
int SpyGetLinkStatus(int pcm, unsigned char flag);

int DTRGetLCDStr(int ch, char *text);
char *DTRGetLCDStrA(int ch);
int DTRGetDKeyStr(int ch, char *keys);
int DTRClearDKeyStr(int ch);
int DTRSetMixerVolume(int ch, int group, int down, int up);
int DTRGetMixerVolume(int ch, int group, int *down, int *up);
