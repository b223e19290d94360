// Formula, kernels and the store of sweeps to one card.
#include "tools/show_card.h"

#include "tools/prove.h"
#include "tools/sweep_store.h"

namespace actc::tools {

Card card_with_sweeps(const Definition& definition, const Parameters& given,
                      const KernelCache& cache, const CardOptions& options) {
  const Function& function = definition.function;
  const Parameters own = parameters_of(definition, given);
  Card card = card_of({.function = function,
                       .label = definition.label,
                       .text = definition.text,
                       .parameters = own,
                       .stabilize = definition.stabilize,
                       .cache = cache,
                       .seconds = options.seconds,
                       .timed = options.timed});
  if (function.is_over_rows() || function.is_random()) return card;
  const std::string key = sweep_key(function, own, "f32", definition.stabilize);
  const StoredSweeps stored = stored_sweeps(key);
  card.cost.errors = stored.errors;
  if (!card.shape) return card;
  if (stored.binary32) card.binary32 = stored.binary32;
  if (options.prove && !stored.binary32) {
    card.binary32 = prove({.function = function,
                           .label = definition.label,
                           .parameters = own,
                           .stabilize = definition.stabilize,
                           .cache = cache,
                           .shape = *card.shape});
    store_proof(key, definition.label, *card.binary32);
  }
  return card;
}

}  // namespace actc::tools
