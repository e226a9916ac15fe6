/* The card's switch (declarations: switching.h, switching_more.h). */
#include "shp.h"

int SsmTalkWith(int ch1, int ch2)
{
    return (int)shp_call("SsmTalkWith", "ii", ch1, ch2);
}

int SsmStopTalkWith(int ch1, int ch2)
{
    return (int)shp_call("SsmStopTalkWith", "ii", ch1, ch2);
}

int SsmListenTo(int source, int listener)
{
    return (int)shp_call("SsmListenTo", "ii", source, listener);
}

int SsmStopListenTo(int source, int listener)
{
    return (int)shp_call("SsmStopListenTo", "ii", source, listener);
}

int SsmLinkFrom(int source, int listener)
{
    return (int)shp_call("SsmLinkFrom", "ii", source, listener);
}

int SsmLinkFromEx(int source, int volume, int listener)
{
    return (int)shp_call("SsmLinkFromEx", "iii", source, volume, listener);
}

int SsmStopLinkFrom(int source, int listener)
{
    return (int)shp_call("SsmStopLinkFrom", "ii", source, listener);
}

int SsmListenToPlay(int source, int volume, int listener)
{
    return (int)shp_call("SsmListenToPlay", "iii", source, volume, listener);
}

int SsmUnListenToPlay(int source, int listener)
{
    return (int)shp_call("SsmUnListenToPlay", "ii", source, listener);
}

int SsmClearChBusLink(int ch)
{
    return (int)shp_call("SsmClearChBusLink", "i", ch);
}

int SsmTalkWithEx(int ch1, int volume1, int ch2, int volume2)
{
    return (int)shp_call("SsmTalkWithEx", "iiii", ch1, volume1, ch2, volume2);
}

int SsmListenToEx(int source, int volume, int listener)
{
    return (int)shp_call("SsmListenToEx", "iii", source, volume, listener);
}

int SsmLinkToBus(int ch, int timeslot)
{
    return (int)shp_call("SsmLinkToBus", "ii", ch, timeslot);
}

int SsmUnLinkToBus(int ch, int timeslot)
{
    return (int)shp_call("SsmUnLinkToBus", "ii", ch, timeslot);
}

int SsmLinkFromBus(int timeslot, int ch)
{
    return (int)shp_call("SsmLinkFromBus", "ii", timeslot, ch);
}

int SsmLinkFromBusEx(int timeslot, int ch, int volume)
{
    return (int)shp_call("SsmLinkFromBusEx", "iii", timeslot, ch, volume);
}

int SsmUnLinkFromBus(int timeslot, int ch)
{
    return (int)shp_call("SsmUnLinkFromBus", "ii", timeslot, ch);
}

int SsmSetListenMode(int mode)
{
    return (int)shp_call("SsmSetListenMode", "i", mode);
}
