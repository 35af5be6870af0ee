// Python's end, and autograd's threads.
#pragma once

namespace ppu::bridge {

/// Lets autograd's threads finish before the interpreter ends, if this process has one.
void let_threads_finish_before_python();

}  // namespace ppu::bridge
