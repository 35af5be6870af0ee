/* Under the name that older programs include. Texture references, which it once had, are gone from CUDA 12.
 */
#pragma once
#include "texture_indirect_functions.h"
