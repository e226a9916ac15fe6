/* Switching and conference: what a driver seldom needs. Fact sheet sections 13.1, 13.2. */

int SsmTalkWithEx(int ch1, int volume1, int ch2, int volume2);
int SsmListenToEx(int source, int volume, int listener);
int SsmLinkFromAllCh(int ch, int volume, int *listeners, int count);
int SsmUnLinkFromAllCh(int ch, int *listeners, int count);
int SsmLinkToBus(int ch, int timeslot);
int SsmUnLinkToBus(int ch, int timeslot);
int SsmLinkFromBus(int timeslot, int ch);
int SsmLinkFromBusEx(int timeslot, int ch, int volume);
int SsmUnLinkFromBus(int timeslot, int ch);
int SsmSetListenMode(int mode);

int SsmSetContactInConf(int group, int from, int to, int enable);
int SsmSetListenVlmInConf(int ch, int volume);
int SsmGetConfGrpId(int *groups);
int SsmGetConfCfgInfo(unsigned short *max_groups, unsigned short *max_members, unsigned short *max_speakers,
                      unsigned short *max_silence);
int SsmGetConfGrpCfgInfo(int group, unsigned short *max_members, unsigned short *max_speakers,
                         unsigned short *max_speaking, unsigned short *max_silence);
int SsmGetConfGrpMmbrId(int group, int *members);
int SsmGetConfGrpMmbrInfo(int group, int member, int *ch, unsigned short *mode, unsigned short *speaking,
                          unsigned int *silence);
