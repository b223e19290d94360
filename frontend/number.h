// Numbers as texts write them, exactly.
#pragma once

#include <string>
#include <string_view>

#include "ir/graph.h"

namespace actc::frontend {

struct NumberReading {
  ir::Rational value;  // 0 where there is an error
  std::string error;   // empty where there is none
  std::string suggestion;
};

// Reads `2`, `.5`, `2.`, `1e-3`, `0x3f800000`: the exact decimal, or what is wrong. Linear in the
// length of the text, whatever the exponent says.
NumberReading read_number(std::string_view text);

}  // namespace actc::frontend
