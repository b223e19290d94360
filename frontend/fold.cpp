// Constants stay exact as long as they are rational: what is folded here is never rounded.
#include "frontend/fold.h"

namespace actc::frontend {
namespace {

using ir::Operation;
using ir::Rational;
using Integer = boost::multiprecision::cpp_int;

constexpr std::size_t max_bits = 8'192;  // of numerator and denominator together

std::size_t bits(const Rational& value) {
  const Integer num = abs(numerator(value));
  return (num == 0 ? 0 : msb(num)) + msb(denominator(value)) + 2;
}

Integer floor_of(const Rational& value) {
  Integer quotient;
  Integer remainder;
  divide_qr(numerator(value), denominator(value), quotient, remainder);
  return remainder < 0 ? Integer(quotient - 1) : quotient;
}

Rational round_half_even(const Rational& value) {
  const Integer below = floor_of(value);
  const Rational twice = (value - Rational(below)) * 2;
  if (twice < 1) return below;
  if (twice > 1) return Integer(below + 1);
  return (below & 1) == 0 ? below : Integer(below + 1);
}

std::optional<Rational> power(const Rational& base, const Rational& exponent) {
  if (denominator(exponent) != 1 || abs(exponent) > Rational(max_bits)) return std::nullopt;
  const int n = numerator(exponent).convert_to<int>();
  if (base == 0 && n <= 0) return std::nullopt;
  const auto magnitude = static_cast<unsigned>(n < 0 ? -n : n);
  if (bits(base) * magnitude > max_bits + 2 * magnitude) return std::nullopt;
  const Integer num = pow(Integer(numerator(base)), magnitude);
  const Integer den = pow(Integer(denominator(base)), magnitude);
  if (n >= 0) return Rational(num, den);
  return num < 0 ? Rational(-den, -num) : Rational(den, num);
}

std::optional<Rational> compute(Operation op, std::span<const Rational> a) {
  switch (op) {
    case Operation::Add:
      return Rational(a[0] + a[1]);
    case Operation::Sub:
      return Rational(a[0] - a[1]);
    case Operation::Mul:
      return Rational(a[0] * a[1]);
    case Operation::Div:
      if (a[1] == 0) return std::nullopt;
      return Rational(a[0] / a[1]);
    case Operation::Neg:
      return Rational(-a[0]);
    case Operation::Fma:
      return Rational(a[0] * a[1] + a[2]);
    case Operation::Abs:
      return a[0] < 0 ? Rational(-a[0]) : a[0];
    case Operation::Min:
      return a[1] < a[0] ? a[1] : a[0];
    case Operation::Max:
      return a[1] > a[0] ? a[1] : a[0];
    case Operation::Floor:
      return Rational(floor_of(a[0]));
    case Operation::Ceil:
      return Rational(-floor_of(-a[0]));
    case Operation::Trunc:
      return a[0] < 0 ? Rational(-floor_of(-a[0])) : Rational(floor_of(a[0]));
    case Operation::Round:
      return round_half_even(a[0]);
    case Operation::RealPow:
      return power(a[0], a[1]);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Rational> fold(Operation op, std::span<const Rational> arguments) {
  std::optional<Rational> value = compute(op, arguments);
  if (value && bits(*value) > max_bits) return std::nullopt;
  return value;
}

std::optional<bool> fold_comparison(Operation op, std::span<const Rational> a) {
  switch (op) {
    case Operation::Less:
      return a[0] < a[1];
    case Operation::LessEqual:
      return a[0] <= a[1];
    case Operation::Greater:
      return a[0] > a[1];
    case Operation::GreaterEqual:
      return a[0] >= a[1];
    case Operation::Equal:
      return a[0] == a[1];
    case Operation::NotEqual:
      return a[0] != a[1];
    case Operation::IsNan:
      return false;
    default:
      return std::nullopt;
  }
}

}  // namespace actc::frontend
