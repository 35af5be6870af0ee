// Which libraries OpenPPU answers for, and where ours are.
#pragma once

namespace ppu::audit {

/// Remembers the folder of OpenPPU's libraries, taken from LD_AUDIT (which names this library by absolute
/// path). False when it isn't there: then nothing is replaced.
bool find_own_folder();

/// The folder, without a slash at its end.
const char* own_folder();

/// The path of our library for `name` (a SONAME, development name or path); null when `name` is none of ours
/// to answer or this build has no such library. The text lives as long as the process.
const char* own_library(const char* name);

/// True for a library of NVIDIA's under the name that a wheel repair tool gave it (libcudart-9335f6a2.so.12).
bool is_hashed(const char* name);

/// Remembers the name by which NVRTC was asked for, if it is an absolute path and not ours.
void remember_asked_path(const char* name);

/// Writes that path into `room` (1024 bytes, null for nowhere): our NVRTC uses NVIDIA's, a compiler, from
/// there.
void tell_asked_path(char* room);

/// True for the names of NVIDIA's own libraries (libcublas, libcudnn, ...), whether or not this build has
/// ours.
bool is_nvidia_library(const char* name);

}  // namespace ppu::audit
