// What our libcudart looks up in a bridge, and nothing else: C names, so that either side can be replaced
// alone.
//
// A bridge is built for one minor version of PyTorch (libppu_torch-2.15.so). It gives the operators of
// PyTorch's CUDA device, whose kernels the wheel carries as machine code only, the CPU kernels of the same
// wheel on the same bytes.
#pragma once

extern "C" {

/// The version of PyTorch whose headers the bridge was compiled with, such as "2.15.0+cu132".
const char* ppu_torch_built_for();

/// Puts in place what PyTorch may call before it calls the runtime. Called while libtorch is loaded, its
/// operators not yet registered.
void ppu_torch_prepare();

/// Takes the operators over. Called once, when libtorch is loaded; null, or why nothing was changed.
const char* ppu_torch_install();

/// A stream's capture is about to begin: from now on operators ask whether theirs is captured.
void ppu_torch_capture_began();

/// A stream's capture has ended: what the operators ran for the capture wrote is put back as it was.
void ppu_torch_capture_ended();
}
