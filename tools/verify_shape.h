// What the formula does that its results are held to.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "tools/verify.h"

namespace actc::tools {

// Zeros away from 0: by a scan of `near`, an approximation at many places, over |x| < 64 and over
// the magnitudes up to 1, each confirmed by `exact`, which is 0 where the value is not known. At
// most 64: a periodic function has them without end.
std::vector<Crossing> crossings(
    const std::function<double(double)>& exact,
    const std::function<std::vector<double>(const std::vector<double>&)>& near);

// Must −0 give −0? Where the formula is a multiple of its input there (`multiple`), or where it is
// odd and grows from 0.
bool demands_negative_zero(const std::function<std::optional<double>(double)>& exact,
                           bool multiple);

}  // namespace actc::tools
