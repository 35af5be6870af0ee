// Networks that run step by step through a sequence (LSTM). Not here: transformers (config_transformers.cpp),
// state-space layers, which aren't modelled.
#pragma once
#include "workload/config_fields.h"
#include "workload/model.h"

namespace ppu::workload {

/// A transducer: an encoder of `frames` that joins `stack` of them half way, a prediction network that runs
/// once a symbol, a joint network once a frame and symbol.
void read_rnnt(ConfigFields& fields, Model& model);

/// A translator: encoder and decoder of `num_layers`, attention over the source, beam search.
void read_gnmt(ConfigFields& fields, Model& model);

}  // namespace ppu::workload
