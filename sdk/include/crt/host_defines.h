// The qualifiers are host_defines.h's.
#pragma once
#include "../host_defines.h"
