/* Under the name that older programs include. Surface references, which it once had, are gone from CUDA 12.
 */
#pragma once
#include "surface_indirect_functions.h"
