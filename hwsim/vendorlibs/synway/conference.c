/* Conferences on the card (declarations: conference.h, switching_more.h). */
#include "shp.h"

int SsmCreateConfGroup(int max_members, int max_speakers, int max_speaking, int max_silence)
{
    return (int)shp_call("SsmCreateConfGroup", "iiii", max_members, max_speakers, max_speaking, max_silence);
}

int SsmJoinConfGroup(int group, int ch, unsigned short mode, int mix_volume, int create_always, int exit_always)
{
    return (int)shp_call("SsmJoinConfGroup", "iiwiii", group, ch, mode, mix_volume, create_always, exit_always);
}

int SsmExitConfGroup(int ch, int free_group)
{
    return (int)shp_call("SsmExitConfGroup", "ii", ch, free_group);
}

int SsmFreeConfGroup(int group)
{
    return (int)shp_call("SsmFreeConfGroup", "i", group);
}

int SsmValidateGrpId(int group)
{
    return (int)shp_call("SsmValidateGrpId", "i", group);
}

int SsmGetTotalConfGroup(void)
{
    return (int)shp_call("SsmGetTotalConfGroup", "");
}

int SsmGetConfGrpInfo(int group, unsigned short *members, unsigned short *speakers, unsigned short *speaking)
{
    return (int)shp_call("SsmGetConfGrpInfo", "iWWW", group, members, speakers, speaking);
}

int SsmGetConfChInfo(int ch, int *group, int *member, unsigned short *mode, unsigned short *speaking,
                     unsigned int *silence)
{
    return (int)shp_call("SsmGetConfChInfo", "iIIWWU", ch, group, member, mode, speaking, silence);
}

int SsmSetContactInConf(int group, int from, int to, int enable)
{
    return (int)shp_call("SsmSetContactInConf", "iiii", group, from, to, enable);
}

int SsmSetListenVlmInConf(int ch, int volume)
{
    return (int)shp_call("SsmSetListenVlmInConf", "ii", ch, volume);
}

int SsmGetConfGrpId(int *groups)
{
    return (int)shp_call("SsmGetConfGrpId", "Z", groups);
}

int SsmGetConfCfgInfo(unsigned short *max_groups, unsigned short *max_members, unsigned short *max_speakers,
                      unsigned short *max_silence)
{
    return (int)shp_call("SsmGetConfCfgInfo", "WWWW", max_groups, max_members, max_speakers, max_silence);
}

int SsmGetConfGrpCfgInfo(int group, unsigned short *max_members, unsigned short *max_speakers,
                         unsigned short *max_speaking, unsigned short *max_silence)
{
    return (int)shp_call("SsmGetConfGrpCfgInfo", "iWWWW", group, max_members, max_speakers, max_speaking, max_silence);
}

int SsmGetConfGrpMmbrId(int group, int *members)
{
    return (int)shp_call("SsmGetConfGrpMmbrId", "iZ", group, members);
}

int SsmGetConfGrpMmbrInfo(int group, int member, int *ch, unsigned short *mode, unsigned short *speaking,
                          unsigned int *silence)
{
    return (int)shp_call("SsmGetConfGrpMmbrInfo", "iiIWWU", group, member, ch, mode, speaking, silence);
}
