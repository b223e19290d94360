// The text of the standard library, embedded when actc is built.
#pragma once

#include <string_view>

namespace actc::stdlib {

std::string_view text();

}  // namespace actc::stdlib
