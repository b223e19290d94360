// Definitions of two inputs, at pairs of numbers that MPFR judges.
#pragma once

#include "tools/verify.h"

namespace actc::tools {

// All pairs of some special numbers; and random ones of all magnitudes, of middling ones, and of
// one near 1 with the other large, most of them where the value is neither 0 nor infinite: a
// hundred times `points_in_binade`.
VerifyReport verify_pairs(const VerifyRequest& request);

}  // namespace actc::tools
