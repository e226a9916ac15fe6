#ifndef HWCORE_PUBLIC_H
#define HWCORE_PUBLIC_H

/* Includes the public header so that what it declares, and nothing else, leaves the library. */

#include <stdint.h>

#pragma GCC visibility push(default)
#include "hwcore.h"
#pragma GCC visibility pop

#endif
