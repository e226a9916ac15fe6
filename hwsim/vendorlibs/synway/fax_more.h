/* Fax: what a driver seldom needs. Fact sheet section 12.9. */

int SsmFaxSendMultiFile(int ch, const char *folder, const char *names);
int SsmFaxAppendSend(int ch, const char *path);
void SsmFaxSetMaxSpeed(int speed);
int SsmFaxSetChSpeed(int ch, int speed);
int SsmFaxSetHangup(int ch, int enable);
int SsmFaxSetCodeMode(int ch, int mode, unsigned int value);
int SsmFaxGetChState(int ch, unsigned short *state);
int SsmFaxGetChStateMsg(int ch, char *text);
int SsmFaxGetAllBytes(int ch);
int SsmFaxGetRcvBytes(int ch);
int SsmFaxGetSendBytes(int ch);
int SsmFaxGetMode(int ch, int *direction, int *resolution, int *transmission);
int SsmFaxGetDcnTag(int ch);
