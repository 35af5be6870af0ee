// torch.cuda._sleep: the wheel's one kernel that users launch and that is no operator.
#pragma once

namespace ppu::bridge {

/// Gives at::cuda::sleep, whose kernel the wheel has as machine code only, a kernel of ours.
void install_sleep();

}  // namespace ppu::bridge
