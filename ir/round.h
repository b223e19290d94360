// Exact constants to number formats, rounded once to nearest, ties to even.
#pragma once

#include <cstdint>
#include <optional>

#include "ir/format.h"
#include "ir/graph.h"

namespace actc::ir {

// The nearest value of the format; ±inf beyond the largest; subnormals where they fall.
float round_to_binary32(const Rational& value);
double round_to_binary64(const Rational& value);

// Every finite float is a rational.
Rational exact(double value);

// The representation of an integer constant in int32 or int64 (zero-extended to 64 bits), signed or
// unsigned as it fits; nothing where it is not an integer or does not fit.
std::optional<std::uint64_t> integer_bits(const Rational& value, Format format);

}  // namespace actc::ir
