#ifndef MEDIA_MEDIA_PUBLIC_H
#define MEDIA_MEDIA_PUBLIC_H

/* Includes the public headers so that what they declare, and nothing else, leaves the library. */

#include <stdint.h>

#include "detect_public.h"

#pragma GCC visibility push(default)
#include "media.h"
#pragma GCC visibility pop

#endif
