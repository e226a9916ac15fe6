/* Synway SynCTI: fax. Fact sheet section 12.9. A fax channel must be linked to a voice channel first. */

int SsmFaxStartSend(int ch, const char *path);
int SsmFaxStartSendEx(int ch, const char *path, int first_page, int last_page);
int SsmFaxStartReceive(int ch, const char *path);
int SsmFaxStop(int ch);
int SsmFaxCheckEnd(int ch);
int SsmFaxGetPages(int ch);
int SsmFaxGetSpeed(int ch);
int SsmFaxSetID(int ch, const char *id);
int SsmFaxGetID(int ch, char *id);
int SsmFaxGetFailReason(int ch);
