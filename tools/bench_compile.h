// What compiling a definition takes, for actc bench --compile.
#pragma once

#include <vector>

#include "tools/definition.h"
#include "tools/errors.h"
#include "tools/npy.h"

namespace actc::tools {

struct CompileBench {
  ElementType type;
  bool avx2;
  double library;  // what reading the standard library took, milliseconds
};

// Prints a row a definition: the steps of compiling forward and gradient, linking and calling both
// once, and the same from a cache of its own in the system's folder of temporary files. Throws
// ToolError of exit_bad_file where there can be none.
ExitCode bench_compilation(const std::vector<Definition>& definitions,
                           const std::vector<Parameters>& parameters, const CompileBench& options,
                           bool json);

}  // namespace actc::tools
