// Exact decimals. The range is checked on the decimal exponent before any power of ten is made, so
// that `1e999999999` costs nothing.
#include "frontend/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "frontend/frontend.h"
#include "ir/round.h"

namespace actc::frontend {
namespace {

using Integer = boost::multiprecision::cpp_int;

constexpr int smallest_exponent = -400;  // a non-zero number is at least 1e-400

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_at(std::string_view text, std::size_t at) {
  const auto* const end = std::find_if_not(text.begin() + at, text.end(), is_digit);
  return static_cast<std::size_t>(end - (text.begin() + at));
}

Integer integer_of(std::string_view digits) {
  Integer value = 0;
  constexpr std::size_t chunk = 18;  // of decimal digits that fit 64 bits
  for (std::size_t at = 0; at < digits.size(); at += chunk) {
    const std::string_view part = digits.substr(at, chunk);
    std::uint64_t part_value = 0;
    std::uint64_t scale = 1;
    for (const char c : part) {
      part_value = part_value * 10 + static_cast<std::uint64_t>(c - '0');
      scale *= 10;
    }
    value = value * scale + part_value;
  }
  return value;
}

NumberReading wrong(std::string error, std::string suggestion = {}) {
  return {0, std::move(error), std::move(suggestion)};
}

NumberReading read_hexadecimal(std::string_view text) {
  const std::string_view digits = text.substr(2);
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error == std::errc::result_out_of_range) {
    return wrong("a hexadecimal number has at most 64 bits");
  }
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return wrong(fmt::format("`{}` is not a hexadecimal integer", text));
  }
  return {value, {}, {}};
}

}  // namespace

NumberReading read_number(std::string_view text) {
  if (text.size() >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    return read_hexadecimal(text);
  }
  std::size_t at = 0;
  std::string_view whole = text.substr(0, digits_at(text, 0));
  at += whole.size();
  std::string_view fraction;
  if (at < text.size() && text[at] == '.') {
    fraction = text.substr(at + 1, digits_at(text, at + 1));
    at += 1 + fraction.size();
  }
  const std::string_view mantissa = text.substr(0, at);

  std::int64_t exponent = 0;
  bool exponent_is_huge = false;
  bool negative_exponent = false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t digits = at + 1;
    if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
    const std::size_t count = digits_at(text, digits);
    if (count > 0) {
      negative_exponent = text[at + 1] == '-';
      const char* const first = text.data() + digits;
      // Past any source's number of digits: the sums below cannot overflow.
      exponent_is_huge = std::from_chars(first, first + count, exponent).ec != std::errc{} ||
                         exponent > 1'000'000'000;
      if (negative_exponent) exponent = -exponent;
      at = digits + count;
    }
  }
  if (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (rest == "e" || rest == "E") {
      return wrong(fmt::format("`{}` has no digits in its exponent", text),
                   fmt::format("for the product with e write `{} * e`", mantissa));
    }
    return wrong(fmt::format("`{}` is not a number", text));
  }

  // Zeros at both ends mean nothing, however many.
  std::string digits(whole);
  digits += fraction;
  const std::size_t leading = std::min(digits.find_first_not_of('0'), digits.size());
  if (leading == digits.size()) return {0, {}, {}};
  const std::size_t last = digits.find_last_not_of('0');
  const auto trailing = static_cast<std::int64_t>(digits.size() - last - 1);
  digits = digits.substr(leading, last + 1 - leading);
  if (digits.size() > max_number_digits) {
    return wrong(fmt::format("a number has at most {} digits", max_number_digits));
  }

  const auto too_large = [] { return wrong("the number is beyond the largest binary64 number"); };
  const auto too_small = [] {
    return wrong(fmt::format("a number other than 0 is at least 1e{}", smallest_exponent));
  };
  if (exponent_is_huge) return negative_exponent ? too_small() : too_large();
  // value = 0.digits × 10^magnitude
  const std::int64_t scale = exponent - static_cast<std::int64_t>(fraction.size()) + trailing;
  const std::int64_t magnitude = scale + static_cast<std::int64_t>(digits.size());
  if (magnitude > std::numeric_limits<double>::max_exponent10 + 1) return too_large();
  if (magnitude <= smallest_exponent) return too_small();

  const Integer ten_to = pow(Integer(10), static_cast<unsigned>(std::abs(scale)));
  const Integer mantissa_value = integer_of(digits);
  ir::Rational value = scale >= 0 ? ir::Rational(Integer(mantissa_value * ten_to))
                                  : ir::Rational(mantissa_value, ten_to);
  if (magnitude > std::numeric_limits<double>::max_exponent10 &&
      value > ir::exact(std::numeric_limits<double>::max())) {
    return too_large();
  }
  return {std::move(value), {}, {}};
}

}  // namespace actc::frontend
