#ifndef MEDIA_DETECT_PUBLIC_H
#define MEDIA_DETECT_PUBLIC_H

/* Includes the public header so that what it declares, and nothing else, leaves the library. */

#pragma GCC visibility push(default)
#include "detect.h"
#pragma GCC visibility pop

#endif
