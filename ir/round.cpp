// Correct rounding of rationals: integer division with a guard and a sticky bit.
#include "ir/round.h"

#include <cmath>
#include <limits>

namespace actc::ir {
namespace {

using Integer = boost::multiprecision::cpp_int;

// `precision` bits of significand, the smallest subnormal being 2^min_exponent.
double round_to(const Rational& value, int precision, int min_exponent, double largest) {
  if (value == 0) return 0;
  const bool negative = value < 0;
  const Integer num = abs(numerator(value));
  const Integer den = denominator(value);

  // 2^e <= |value| < 2^(e+1)
  int e = static_cast<int>(msb(num)) - static_cast<int>(msb(den));
  if (e >= 0 ? num < (den << e) : (num << -e) < den) --e;
  // The weight of the last place kept.
  const int ulp = std::max(e - precision + 1, min_exponent);
  const Integer scaled_num = ulp < 0 ? Integer(num << -ulp) : num;
  const Integer scaled_den = ulp > 0 ? Integer(den << ulp) : den;
  Integer quotient;
  Integer remainder;
  divide_qr(scaled_num, scaled_den, quotient, remainder);
  const Integer twice = remainder << 1;
  if (twice > scaled_den || (twice == scaled_den && (quotient & 1) != 0)) ++quotient;
  double result = std::ldexp(static_cast<double>(static_cast<std::uint64_t>(quotient)), ulp);
  if (result > largest) result = std::numeric_limits<double>::infinity();
  return negative ? -result : result;
}

}  // namespace

float round_to_binary32(const Rational& value) {
  return static_cast<float>(round_to(value, 24, -149, std::numeric_limits<float>::max()));
}

double round_to_binary64(const Rational& value) {
  return round_to(value, 53, -1074, std::numeric_limits<double>::max());
}

Rational exact(double value) {
  int exponent = 0;
  const double significand = std::frexp(value, &exponent);
  // 53 bits make it an integer.
  const Integer integer = static_cast<std::int64_t>(std::ldexp(significand, 53));
  exponent -= 53;
  return exponent >= 0 ? Rational(integer << exponent) : Rational(integer, Integer(1) << -exponent);
}

std::optional<std::uint64_t> integer_bits(const Rational& value, Format format) {
  const int width = format == Format::int32 ? 32 : 64;
  const Integer limit = Integer(1) << width;
  if (denominator(value) != 1) return std::nullopt;
  const Integer n = numerator(value);
  if (n >= limit || n < -(limit >> 1)) return std::nullopt;
  return static_cast<std::uint64_t>(n < 0 ? Integer(n + limit) : n);
}

}  // namespace actc::ir
