// What compilers we support is ppucc's business.
#pragma once
