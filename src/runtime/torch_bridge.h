// PyTorch's wheel carries its own operators as machine code only. When its libraries are in the process, the
// runtime opens our bridge for their version (src/bridges/torch), which has the wheel's CPU kernels do the
// work on the device's memory.
#pragma once

namespace ppu::runtime {

/// Opens the bridge if PyTorch is loaded; once it has been looked for, costs a load. PPU_TORCH=off keeps it
/// closed, PPU_TORCH=/path/to/libppu_torch-2.15.so names one. Where there is none for this version, one
/// warning says so.
void open_torch_bridge();

/// When code has been registered: has the bridge for a PyTorch that is being loaded put in place what PyTorch
/// may call first of all, torch.cuda._sleep. Says nothing; what is wrong is said when the bridge is opened
/// for work.
void prepare_torch_bridge();

/// A stream's capture has ended, well or not.
void tell_torch_bridge_of_capture_end();

/// Before a stream is captured: from then on operators ask whether theirs is.
void tell_torch_bridge_of_capture_begin();

}  // namespace ppu::runtime
