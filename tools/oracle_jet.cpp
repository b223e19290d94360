// The derivatives of a composition, operation by operation: where a part does not vary its
// derivatives are not computed, and where one has no value neither has what is made of it.
#include "tools/oracle_jet.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace actc::tools {
namespace {

using ir::Operation;

Jet constant(Interval value) { return {.value = std::move(value), .first = {}, .second = {}}; }

Interval no_slope() { return Interval(0); }

Interval truth(bool yes, bool no, Defined defined) {
  if (defined == Defined::nowhere) return Interval::nowhere();
  Interval result(Number(yes && !no ? 1 : 0), Number(yes ? 1 : 0));
  result.defined = defined;
  return result;
}

Interval compared(Operation op, const Interval& a, const Interval& b) {
  const Defined defined = std::max(a.defined, b.defined);
  if (defined == Defined::nowhere) return Interval::nowhere();
  switch (op) {
    case Operation::Less:
      return truth(a.low < b.high, a.high >= b.low, defined);
    case Operation::LessEqual:
      return truth(a.low <= b.high, a.high > b.low, defined);
    case Operation::Greater:
      return truth(b.low < a.high, b.high >= a.low, defined);
    case Operation::GreaterEqual:
      return truth(b.low <= a.high, b.high > a.low, defined);
    default: {
      const bool may = a.low <= b.high && b.low <= a.high;
      const bool must = may && a.is_point() && b.is_point();
      return op == Operation::Equal ? truth(may, !must, defined) : truth(!must, may, defined);
    }
  }
}

Interval is_nan(const Interval& a) {
  return truth(a.defined != Defined::everywhere, a.defined != Defined::nowhere,
               Defined::everywhere);
}

bool certainly(const Interval& c) { return c.low.sign() > 0; }
bool certainly_not(const Interval& c) { return c.high.sign() == 0; }

}  // namespace

template <class First, class Second>
Jet JetRules::chain(const Jet& u, Interval value, First first, Second second) const {
  Jet w = constant(std::move(value));
  w.varies = u.varies;
  if (!w.varies || order_ == 0) return w;
  const Interval& slope = first();
  w.first = slope * u.first;
  if (order_ >= 2) w.second = slope * u.second + second() * square(u.first);
  return w;
}

Jet JetRules::neg(const Jet& a) const {
  Jet w = constant(-a.value);
  w.varies = a.varies;
  if (w.varies) {
    if (order_ >= 1) w.first = -a.first;
    if (order_ >= 2) w.second = -a.second;
  }
  return w;
}

Jet JetRules::sum(const Jet& a, const Jet& b, bool minus) const {
  Jet w = constant(minus ? a.value - b.value : a.value + b.value);
  w.varies = a.varies || b.varies;
  if (!w.varies) return w;
  const auto part = [&](Interval Jet::* d) {
    if (!b.varies) return a.*d;
    if (!a.varies) return minus ? -(b.*d) : b.*d;
    return minus ? a.*d - b.*d : a.*d + b.*d;
  };
  if (order_ >= 1) w.first = part(&Jet::first);
  if (order_ >= 2) w.second = part(&Jet::second);
  return w;
}

Jet JetRules::product(const Jet& a, const Jet& b) const {
  if (&a == &b) {
    return chain(
        a, square(a.value), [&] { return scaled(a.value, 1); }, [] { return Interval(2); });
  }
  Jet w = constant(a.value * b.value);
  w.varies = a.varies || b.varies;
  if (!w.varies) return w;
  if (!a.varies || !b.varies) {
    const Jet& factor = a.varies ? b : a;
    const Jet& u = a.varies ? a : b;
    if (order_ >= 1) w.first = factor.value * u.first;
    if (order_ >= 2) w.second = factor.value * u.second;
    return w;
  }
  if (order_ >= 1) w.first = a.first * b.value + a.value * b.first;
  if (order_ >= 2) {
    w.second = a.second * b.value + scaled(a.first * b.first, 1) + a.value * b.second;
  }
  return w;
}

Jet JetRules::quotient(const Jet& a, const Jet& b) const {
  Jet w = constant(a.value / b.value);
  w.varies = a.varies || b.varies;
  if (!w.varies) return w;
  if (!b.varies) {
    if (order_ >= 1) w.first = a.first / b.value;
    if (order_ >= 2) w.second = a.second / b.value;
    return w;
  }
  const Interval zero;
  if (order_ >= 1) w.first = ((a.varies ? a.first : zero) - w.value * b.first) / b.value;
  if (order_ >= 2) {
    w.second = ((a.varies ? a.second : zero) - scaled(w.first * b.first, 1) - w.value * b.second) /
               b.value;
  }
  return w;
}

Jet JetRules::choice(const Interval& condition, const Jet& a, const Jet& b) const {
  if (condition.defined == Defined::nowhere) return constant(Interval::nowhere());
  Jet w;
  if (certainly(condition)) {
    w = a;
  } else if (certainly_not(condition)) {
    w = b;
  } else {
    w = constant(hull(a.value, b.value));
    w.varies = a.varies || b.varies;
    const Interval zero;
    const auto part = [&](Interval Jet::* d) {
      return hull(a.varies ? a.*d : zero, b.varies ? b.*d : zero);
    };
    if (w.varies && order_ >= 1) w.first = part(&Jet::first);
    if (w.varies && order_ >= 2) w.second = part(&Jet::second);
  }
  if (condition.defined == Defined::perhaps)
    w.value.defined = std::max(w.value.defined, Defined::perhaps);
  return w;
}

Jet JetRules::extremum(Operation op, const Jet& a, const Jet& b) const {
  Jet w;
  const bool tie = a.value.is_point() && b.value.is_point() && a.value.low == b.value.low;
  if (tie && order_ > 0) {
    w = sum(a, b, false);
    w.first = scaled(w.first, -1);
    w.second = scaled(w.second, -1);
  } else {
    const Operation first = op == Operation::Max ? Operation::Greater : Operation::Less;
    w = choice(compared(first, a.value, b.value), a, b);
  }
  w.value = op == Operation::Max ? max(a.value, b.value) : min(a.value, b.value);
  return w;
}

Jet JetRules::joined(std::span<const Jet* const> parts) const {
  const std::size_t n = parts.size() / 2;
  Jet w = constant(parts[0]->value);
  for (std::size_t k = 0; k < n; ++k) {
    const Jet& slope = *parts[1 + k];
    const Jet& u = *parts[1 + n + k];
    if (!u.varies) continue;
    w.varies = true;
    if (order_ >= 1) w.first = w.first + slope.value * u.first;
    if (order_ >= 2) {
      w.second = w.second + slope.value * u.second;
      if (slope.varies) w.second = w.second + slope.first * u.first;
    }
  }
  return w;
}

Jet JetRules::root(const Jet& u) const {
  const Interval value = sqrt(u.value);
  return chain(
      u, value, [&] { return Interval(1) / scaled(value, 1); },
      [&] { return Interval(-1) / scaled(value * u.value, 2); });
}

Jet JetRules::magnitude(const Jet& u) const {
  const auto slope = [&] {
    return Interval(Number(u.value.low.sign()), Number(u.value.high.sign()));
  };
  return chain(u, abs(u.value), slope, no_slope);
}

Jet JetRules::power(const Jet& u, const Jet& v) const {
  const Interval value = pow(u.value, v.value);
  // v u^(v - 1): whether v - 1 is odd decides the sign.
  const auto slope = [&] {
    constexpr mpfr_prec_t exact = 1200;  // enough for every binary64 number less 1
    const auto less_one = [&] {
      const PrecisionScope scope(exact);
      return v.value - Interval(1);
    };
    return v.value * pow(u.value, less_one());
  };
  if (!v.varies) {
    const Interval& n = v.value;
    return chain(u, value, slope,
                 [&] { return n * (n - Interval(1)) * pow(u.value, n - Interval(2)); });
  }
  // ∂/∂v = log(u) u^v, 0 where u = 0 and v > 0.
  const bool at_zero = u.value.is_zero() && v.value.low.sign() > 0;
  Jet w = constant(value);
  w.varies = true;
  if (order_ == 0) return w;
  const Interval slope_v = at_zero ? Interval(0) : log(u.value) * value;
  w.first = slope_v * v.first;
  if (u.varies) w.first = w.first + slope() * u.first;
  if (order_ >= 2) w.second = Interval::unknown();  // wanted of one input alone
  return w;
}

Jet JetRules::elementary(Operation op, const Jet& at) const {
  const Interval& u = at.value;
  switch (op) {
    case Operation::RealExp: {
      const Interval value = exp(u);
      const auto same = [&]() -> const Interval& { return value; };
      return chain(at, value, same, same);
    }
    case Operation::RealExpm1: {
      const auto slope = [&] { return exp(u); };
      return chain(at, expm1(u), slope, slope);
    }
    case Operation::RealLog:
      return chain(
          at, log(u), [&] { return Interval(1) / u; }, [&] { return Interval(-1) / square(u); });
    case Operation::RealLog1p:
      return chain(
          at, log1p(u), [&] { return Interval(1) / (Interval(1) + u); },
          [&] { return Interval(-1) / square(Interval(1) + u); });
    case Operation::RealTanh: {
      // tanh′ = 1/cosh², without the cancellation of 1 − tanh².
      const Interval value = tanh(u);
      const auto slope = [&] {
        const Interval e = exp(-abs(u));
        return square(scaled(e, 1) / (Interval(1) + square(e)));
      };
      return chain(at, value, slope, [&] { return Interval(-2) * value * slope(); });
    }
    case Operation::RealErf:
    case Operation::RealErfc: {
      const bool rest = op == Operation::RealErfc;
      const auto slope = [&] { return Interval(rest ? -2 : 2) / sqrt(pi()) * exp(-square(u)); };
      return chain(at, rest ? erfc(u) : erf(u), slope, [&] { return Interval(-2) * u * slope(); });
    }
    case Operation::RealSin: {
      const Interval value = sin(u);
      return chain(at, value, [&] { return cos(u); }, [&] { return -value; });
    }
    case Operation::RealCos: {
      const Interval value = cos(u);
      return chain(at, value, [&] { return -sin(u); }, [&] { return -value; });
    }
    case Operation::RealAtan: {
      const auto slope = [&] { return Interval(1) / (Interval(1) + square(u)); };
      return chain(at, atan(u), slope, [&] { return Interval(-2) * u * square(slope()); });
    }
    default:
      assert(false && "not a function of one argument");
      return constant(Interval::nowhere());
  }
}

Jet JetRules::apply(Operation op, std::span<const Jet* const> a) const {
  const auto u = [&]() -> const Interval& { return a[0]->value; };
  switch (op) {
    case Operation::Pi:
      return constant(pi());
    case Operation::E:
      return constant(euler());
    case Operation::Infinity:
      return constant(Interval(std::numeric_limits<double>::infinity()));
    case Operation::NotANumber:
      return constant(Interval::nowhere());
    case Operation::Add:
      return sum(*a[0], *a[1], false);
    case Operation::Sub:
      return sum(*a[0], *a[1], true);
    case Operation::Mul:
      return product(*a[0], *a[1]);
    case Operation::Div:
      return quotient(*a[0], *a[1]);
    case Operation::Neg:
      return neg(*a[0]);
    case Operation::Fma:
      return sum(product(*a[0], *a[1]), *a[2], false);
    case Operation::Sqrt:
      return root(*a[0]);
    case Operation::Abs:
      return magnitude(*a[0]);
    case Operation::Min:
    case Operation::Max:
      return extremum(op, *a[0], *a[1]);
    case Operation::Floor:
    case Operation::Ceil:
    case Operation::Round:
    case Operation::Trunc:
      return chain(*a[0], rounded(op, u()), no_slope, no_slope);
    case Operation::CopySign: {
      // |a| with the sign of b.
      const Interval unit = copysign(Interval(1), a[1]->value);
      Jet w = product(magnitude(*a[0]), constant(unit));
      w.value = copysign(u(), a[1]->value);
      return w;
    }
    case Operation::Less:
    case Operation::LessEqual:
    case Operation::Greater:
    case Operation::GreaterEqual:
    case Operation::Equal:
    case Operation::NotEqual:
      return constant(compared(op, u(), a[1]->value));
    case Operation::IsNan:
      return constant(is_nan(u()));
    case Operation::And:
      return constant(min(u(), a[1]->value));
    case Operation::Or:
      return constant(max(u(), a[1]->value));
    case Operation::Not:
      return constant(Interval(1) - u());
    case Operation::Where:
    case Operation::Rarely:
      return choice(u(), *a[1], *a[2]);
    case Operation::RealExp:
    case Operation::RealExpm1:
    case Operation::RealLog:
    case Operation::RealLog1p:
    case Operation::RealTanh:
    case Operation::RealErf:
    case Operation::RealErfc:
    case Operation::RealSin:
    case Operation::RealCos:
    case Operation::RealAtan:
      return elementary(op, *a[0]);
    case Operation::RealPow:
      return power(*a[0], *a[1]);
    case Operation::Detach:
      return constant(u());
    case Operation::Call:
      return joined(a);
    case Operation::Constant:
    case Operation::Input:
    case Operation::Parameter:
    case Operation::Columns:
    case Operation::ColumnIndex:
    case Operation::UnitRandom:
    case Operation::Sum:
    case Operation::Largest:
    case Operation::Smallest:
    case Operation::BitAnd:
    case Operation::BitOr:
    case Operation::BitXor:
    case Operation::ShiftLeft:
    case Operation::ShiftRight:
    case Operation::ShiftRightSigned:
    case Operation::Bits:
    case Operation::FromBits:
    case Operation::ToInteger:
    case Operation::ToFloat:
    case Operation::ToBinary32:
    case Operation::ToBinary64:
    case Operation::ToInt32:
    case Operation::ToInt64:
    case Operation::Table:
      break;
  }
  assert(false && "not an operation on reals");
  return constant(Interval::nowhere());
}

}  // namespace actc::tools
