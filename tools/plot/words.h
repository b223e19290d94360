// Words in pictures: UTF-8 that may hold anything that a user wrote.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tools/plot/scene.h"

namespace actc::tools::plot {

// "function", "derivative" or "second derivative".
std::string_view name_of(Line line);

std::size_t code_points(std::string_view text);

// At most so many code points, the last of them an ellipsis where some were left out.
std::string shortened(std::string_view text, std::size_t most);

// & < > " ' as XML has them. Control characters other than tab and newline are left out; bytes that
// are no UTF-8, and what no XML may hold, become U+FFFD.
std::string escape_xml(std::string_view text);

// ′ and ″ as apostrophes, '?' for all else that is not ASCII.
std::string in_ascii(std::string_view text);

// Without what would move a terminal's cursor, or give it orders.
std::string printable(std::string_view text);

}  // namespace actc::tools::plot
