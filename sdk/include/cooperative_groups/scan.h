// The scans are declared with the reductions.
#pragma once
#include <cooperative_groups/reduce.h>
