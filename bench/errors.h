// How wrong each contender is, beside how fast.
#pragma once

#include <span>

#include "bench/contenders.h"
#include "bench/measure.h"

namespace bench {

// {"kind": "error", "function", "direction", "inputs", "largest": {name: [ULP, at]}}: the largest
// error over every 1009th finite binary32 number and every 251st between 2^-20 and 12 and between
// their negatives, dy = 1; -1 where a result is NaN or a wrong infinity. Reference: actc's kernel
// in binary64, whose own errors docs/accuracy.md has. An error is |result - exact| over the unit in
// the last place of the exact value, or within 0.25 of where that crosses zero, except at 0, over
// 2^-24 of the largest magnitude within 1 of there.
void print_errors(const Effort& effort, std::span<const Contender> all);

}  // namespace bench
