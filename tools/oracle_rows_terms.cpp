#include "tools/oracle_rows_terms.h"

#include <array>
#include <cmath>
#include <optional>

#include "ir/evaluate.h"

namespace actc::tools {
namespace {

using ir::Operation;

// Comparisons within this many units of the last place are left open.
constexpr int switch_units_log2 = 4;

long double magnitude(const Mpfr& a) { return std::fabs(mpfr_get_ld(a.get(), MPFR_RNDN)); }

// The first and the second derivative, of what has them.
struct Slopes {
  Mpfr first;
  Mpfr second;
};

std::optional<Slopes> slopes(Operation op, const Mpfr& x, const Mpfr& y) {
  const Mpfr one(1);
  switch (op) {
    case Operation::Sqrt:
      return Slopes{one / (y + y), one / (Mpfr(4) * x * y)};
    case Operation::RealExp:
      return Slopes{y, y};
    case Operation::RealExpm1:
      return Slopes{y + one, y + one};
    case Operation::RealLog:
      return Slopes{one / x, one / (x * x)};
    case Operation::RealLog1p:
      return Slopes{one / (one + x), one / ((one + x) * (one + x))};
    case Operation::RealTanh: {
      const Mpfr first = one - y * y;
      return Slopes{first, Mpfr(2) * y * first};
    }
    case Operation::RealErf:
    case Operation::RealErfc: {
      const Mpfr pi = Mpfr(4) * atan(one);
      const Mpfr first = Mpfr(2) / sqrt(pi) * exp(-(x * x));
      return Slopes{op == Operation::RealErf ? first : -first, Mpfr(2) * x * first};
    }
    case Operation::RealSin:
      return Slopes{cos(x), y};
    case Operation::RealCos:
      return Slopes{-sin(x), y};
    case Operation::RealAtan: {
      const Mpfr first = one / (one + x * x);
      return Slopes{first, Mpfr(2) * x * first * first};
    }
    default:
      return {};
  }
}

}  // namespace

long double size_of(const Term& term) { return magnitude(term.value) + term.excess; }

// With `excess` where it says something: infinite arguments make it NaN.
Term Terms::term(Mpfr value, long double excess) const {
  if (!isfinite(value) || value == 0)
    return {.value = value, .excess = isfinite(value) && excess > 0 ? excess : 0};
  const long double least = std::ldexp(1.0L, static_cast<int>(computed_.min_exponent));
  const long double missing = least - magnitude(value);
  return {.value = std::move(value), .excess = std::fmax(std::fmax(excess, missing), 0)};
}

void Terms::compare(const Term& a, const Term& b) {
  if ((a.given && b.given) || !isfinite(a.value) || !isfinite(b.value)) return;
  const long double distance = magnitude(a.value - b.value);
  const long double most =
      std::ldexp(size_of(a) + size_of(b), switch_units_log2 - computed_.digits);
  near_switch_ = near_switch_ || (distance > 0 && distance <= most);
}

Term Terms::add(const Term& a, const Term& b) {
  Mpfr sum = a.value + b.value;
  const long double excess = a.given && b.given ? 0 : size_of(a) + size_of(b) - magnitude(sum);
  return term(std::move(sum), excess);
}

// (a + ε A)(b + ε B), the last product with it: what is 0 but for roundings may be squared.
Term Terms::multiply(const Term& a, const Term& b) {
  const long double both = std::ldexp(a.excess * b.excess, -computed_.digits);
  return term(a.value * b.value,
              magnitude(a.value) * b.excess + magnitude(b.value) * a.excess + both);
}

Term Terms::slope(Operation op, const Term& x, const Term& y) {
  const std::optional<Slopes> s = slopes(op, x.value, y.value);
  if (!s) return {};
  return term(s->first, x.excess > 0 ? magnitude(s->second) * x.excess : 0);
}

std::pair<Term, Term> Terms::slopes_of_power(const Term& x, const Term& n, const Term& y) {
  const Mpfr one(1);
  const Mpfr by_base = n.value == 0 ? Mpfr(0) : n.value * pow(x.value, n.value - one);
  const Mpfr second = (n.value - one) * by_base / x.value;
  const Mpfr by_exponent = y.value == 0 ? Mpfr(0) : y.value * log(x.value);
  return {term(by_base, x.excess > 0 ? magnitude(second) * x.excess : 0), term(by_exponent, 0)};
}

Term Terms::apply(Operation op, std::span<const Term* const> args) {
  std::array<Mpfr, 3> values;
  for (std::size_t k = 0; k < args.size(); ++k) values[k] = args[k]->value;
  const auto value = [&] { return ir::detail::apply<Mpfr>(op, values.data()); };
  switch (op) {
    case Operation::Add:
      return add(*args[0], *args[1]);
    case Operation::Sub: {
      const Term negative = {-args[1]->value, args[1]->excess, args[1]->given};
      return add(*args[0], negative);
    }
    case Operation::Mul:
      return multiply(*args[0], *args[1]);
    case Operation::Fma:
      return add(multiply(*args[0], *args[1]), *args[2]);
    case Operation::Div: {
      Mpfr quotient = value();
      const long double relative = args[1]->excess > 0 ? magnitude(quotient) * args[1]->excess : 0;
      const long double excess = (args[0]->excess + relative) / magnitude(values[1]);
      return term(std::move(quotient), excess);
    }
    case Operation::Neg:
    case Operation::Abs:
    case Operation::CopySign:
      return {value(), args[0]->excess, args[0]->given};
    case Operation::Min:
    case Operation::Max: {
      compare(*args[0], *args[1]);
      const Mpfr chosen = value();
      return args[isnan(values[0]) || chosen == values[0] ? 0 : 1][0];
    }
    case Operation::Where:
    case Operation::Rarely:
      if (isnan(values[0])) return {.value = value()};
      return *args[values[0] != 0 ? 1 : 2];
    case Operation::Detach:
      return *args[0];
    case Operation::Less:
    case Operation::LessEqual:
    case Operation::Greater:
    case Operation::GreaterEqual:
    case Operation::Equal:
    case Operation::NotEqual:
      compare(*args[0], *args[1]);
      return {.value = value()};
    case Operation::Sqrt: {
      // Of what is 0 but for roundings the slope says nothing.
      Mpfr root = value();
      const long double excess = args[0]->excess;
      const long double most = std::sqrt(std::ldexp(excess, computed_.digits));
      return term(root, std::fmin(excess / (2 * magnitude(root)), most));
    }
    case Operation::RealPow: {
      Term power = term(value(), 0);
      const auto [by_base, by_exponent] = slopes_of_power(*args[0], *args[1], power);
      const auto part = [](const Term& slope, const Term& of) {
        return of.excess > 0 ? magnitude(slope.value) * of.excess : 0;
      };
      return term(power.value, part(by_base, *args[0]) + part(by_exponent, *args[1]));
    }
    case Operation::RealLog: {
      Mpfr log = value();
      const long double near_one = args[0]->given ? 0 : 1 - magnitude(log);
      const long double carried = args[0]->excess / magnitude(values[0]);
      return term(std::move(log), std::fmax(near_one, 0) + carried);
    }
    default: {
      Term result = term(value(), 0);
      if (args.size() == 1 && args[0]->excess > 0) {
        const long double by = magnitude(slope(op, *args[0], result).value);
        result = term(result.value, by * args[0]->excess);
      }
      return result;
    }
  }
}

}  // namespace actc::tools
