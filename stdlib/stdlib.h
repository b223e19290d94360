// The text of the standard library, embedded when actc is built.
#pragma once

#include <string_view>

namespace actc::stdlib {

std::string_view text();

// The part of it that a file of this name holds, the first where several have it (math.act,
// activations.act); empty where none does.
std::string_view file(std::string_view name);

}  // namespace actc::stdlib
