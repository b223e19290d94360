// Errors in units of the last place, against values in binary64: of many results at once, and of
// one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tools/oracle_judge.h"

namespace actc::tools {

// errors[i] = |results[i] − screen[i]| in units of the last place of the format at screen[i]; 0 for
// NaN and NaN, and for an infinity where the screen is beyond what rounds to it; infinity where
// only one is NaN, or an infinity is wrong. Returns the largest.
double errors_against(const float* results, const double* screen, double* errors, std::size_t n,
                      const NumberFormat& format);

// How many neighbours step against the direction (1: up, −1: down), and where the first does.
std::size_t steps_against(const float* results, std::size_t n, float direction, std::size_t& first);

// How many lie outside [low, high], and the first that does; NaN does not.
std::size_t outside(const float* results, std::size_t n, float low, float high, std::size_t& first);

// |a − exact| in units of the last place of `exact`: 0 where both are NaN, or both beyond the
// largest number of the format with the same sign; infinity where one is NaN.
double difference_in_units(double a, double exact, const NumberFormat& format);

}  // namespace actc::tools
