// The text of the standard library, embedded when actc is built.
#pragma once

#include <string_view>

namespace actc::stdlib {

std::string_view text();

// What a file of this name holds, the first where several have it (math.act, activations.act, and
// jax.act and its kin, which are not part of the text); empty where none does.
std::string_view file(std::string_view name);

}  // namespace actc::stdlib
