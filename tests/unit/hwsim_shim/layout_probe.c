/* Prints size and offsets of the structures as the library sees them. */
#include <stdio.h>

#include "setting.h"

#define SIZE(type) printf(#type " %zu\n", sizeof(struct type))
#define AT(type, field) printf(#type "." #field " %zu\n", offsetof(struct type, field))

int main(void)
{
    printf("event %zu %zu %zu %zu\n", sizeof(struct shp_event_layout), offsetof(struct shp_event_layout, code),
           offsetof(struct shp_event_layout, ref), offsetof(struct shp_event_layout, param));
    printf("setting %zu %zu %zu %zu %zu %zu\n", sizeof(struct shp_setting_layout),
           offsetof(struct shp_setting_layout, work_mode), offsetof(struct shp_setting_layout, handler),
           offsetof(struct shp_setting_layout, out_condition), offsetof(struct shp_setting_layout, out_param),
           offsetof(struct shp_setting_layout, user));
    SIZE(synway_event);
    SIZE(synway_event_ex);
    SIZE(synway_event_setting);
    SIZE(synway_version);
    SIZE(synway_channel_activity);
    AT(synway_event, code);
    AT(synway_event, ref);
    AT(synway_event, param);
    AT(synway_event_setting, work_mode);
    AT(synway_event_setting, handler);
    AT(synway_event_setting, out_condition);
    AT(synway_event_setting, out_param);
    AT(synway_event_setting, user);
    AT(synway_event_ex, code);
    AT(synway_event_ex, ref);
    AT(synway_event_ex, param);
    AT(synway_event_ex, user);
    AT(synway_event_ex, sub_reason);
    AT(synway_event_ex, extra);
    AT(synway_event_ex, buffer);
    AT(synway_event_ex, buffer_length);
    AT(synway_event_ex, data_length);
    AT(synway_event_ex, flags);
    AT(synway_event_ex, reserved1);
    AT(synway_event_ex, reserved2);
    AT(synway_version, major);
    AT(synway_version, minor);
    AT(synway_version, internal);
    AT(synway_version, build);
    AT(synway_version, release);
    AT(synway_version, feature);
    AT(synway_channel_activity, played_bytes);
    return 0;
}
