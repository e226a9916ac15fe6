/* Synway SynCTI: the card's switch. Fact sheet section 13.1. In the one-way functions the first channel is the
 * source. */

int SsmTalkWith(int ch1, int ch2);
int SsmStopTalkWith(int ch1, int ch2);
int SsmListenTo(int source, int listener);
int SsmStopListenTo(int source, int listener);
int SsmLinkFrom(int source, int listener);
int SsmLinkFromEx(int source, int volume, int listener);
int SsmStopLinkFrom(int source, int listener);
int SsmListenToPlay(int source, int volume, int listener);
int SsmUnListenToPlay(int source, int listener);
int SsmClearChBusLink(int ch);
