// host_config.h by its inner name.
#pragma once
#include "../host_config.h"
