// What full sweeps have found, kept by what decides it: `actc verify` and `actc show --prove` write
// here, and cards read. Beside it stands what comes with the program: the sweeps of the built-ins
// that scripts/accuracy has made (docs/accuracy-sweeps.json).
//
// A file a definition, NAME.json, NAME being its key, in $ACTC_DATA_DIR (nothing is kept where that
// is empty), else $XDG_DATA_HOME/actc/sweeps, else ~/.local/share/actc/sweeps. Files are written
// beside and renamed; what is damaged is ignored with a warning, and what cannot be written is no
// error.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/actc.h"
#include "tools/card/card.h"

namespace actc::tools {

// A digest of the formulas of value and gradients, of the graph that the kernel computes in this
// number format, and of the parameters as they are bound. Empty for what is too large. `dtype` is
// "f32", "f64", "f16" or "bf16".
std::string sweep_key(const Function& function, const Parameters& parameters,
                      const std::string& dtype, bool stabilize);

struct StoredSweeps {
  std::vector<KnownError> errors;  // forward, then gradients
  std::optional<Binary32> binary32;
};

// The user's own, and where there are none the program's.
StoredSweeps stored_sweeps(const std::string& key);

// Adds to what is kept under the key, or replaces what is of the same kind.
void store_error(const std::string& key, const std::string& label, const KnownError& error);
void store_proof(const std::string& key, const std::string& label, const Binary32& found);

// "2026-11-20", by the clock of the machine, in UTC.
std::string today();

}  // namespace actc::tools
