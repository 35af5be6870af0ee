// Latent diffusion: text encoders, the denoising UNet that runs once a step, the decoder of the latent image.
#pragma once
#include "workload/config_fields.h"
#include "workload/model.h"

namespace ppu::workload {

/// A pipeline: `unet` and `vae` (diffusers' configs), `text_encoders` (CLIP's), `steps`, `guidance` (2: with
/// and without the prompt).
void read_diffusion(ConfigFields& fields, Model& model);

/// A UNet2DConditionModel alone: one denoising step.
void read_unet(ConfigFields& fields, Model& model);

}  // namespace ppu::workload
