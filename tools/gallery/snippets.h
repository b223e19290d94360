// Programs that use a definition, to be copied.
#pragma once

#include <string>

#include "tools/gallery/entry.h"

namespace actc::tools::gallery {

// A C++ program of some ten lines: forward and backward through the API (runtime/actc.h).
std::string cpp_program(const Entry& entry);

// The same as a shell command.
std::string shell_command(const Entry& entry);

}  // namespace actc::tools::gallery
