// What the commands print for programs to read.
#pragma once

#include <nlohmann/json.hpp>

#include "runtime/actc.h"

namespace actc::tools {

using Json = nlohmann::ordered_json;

// Name, source, documentation, inputs and parameters.
Json describe(const Function& function);
Json describe(const Diagnostic& diagnostic);

// To standard output, indented, with a newline. Bytes that are no UTF-8 are replaced.
void print_json(const Json& value);

}  // namespace actc::tools
