// Arithmetic of expansions: the first terms exactly, the rest as a bound on a coefficient.
#include "tools/card/series.h"

#include <algorithm>
#include <cmath>

#include "tools/oracle_jet.h"

namespace actc::tools {
namespace {

using ir::Operation;

constexpr std::size_t most_terms = 6;
constexpr long exponent_bits = 3300;
// The largest t is 2^1024; its logarithm is below 710.
constexpr long largest_exponent = 1024;
constexpr double largest_logarithm = 710;
constexpr mpfr_prec_t bound_bits = 96;

Interval zero_to(const Interval& high) { return {Number(), high.high}; }
Interval half() { return Interval(0.5); }
Interval around_one(const Interval& bound) {
  return {(Interval(1) - bound).low, (Interval(1) + bound).high};
}
Interval upper_magnitude(const Interval& a) { return Interval(abs(a).high); }

// The nearest number that exponents may be.
Mpfr rounded_exponent(const Interval& value) {
  if (value.low.is_wide() || value.high.is_wide() || !mpfr_number_p(value.low.get())) {
    throw NoExpansion();
  }
  Mpfr result;
  mpfr_mul_2si(result.get(), value.low.get(), exponent_bits, MPFR_RNDN);
  mpfr_rint(result.get(), result.get(), MPFR_RNDN);
  mpfr_mul_2si(result.get(), result.get(), -exponent_bits, MPFR_RNDN);
  return result;
}

// The exponent at `degree` is known to be in `value`: it becomes `exponent`, and what the largest t
// makes of the difference is a factor.
Interval set_exponent(Monomial& m, std::size_t degree, const Interval& value) {
  Mpfr& exponent = m.exponents[degree];
  exponent = rounded_exponent(value);
  const Interval difference = abs(value - Interval(Number(exponent)));
  const Interval most = degree == 0
                            ? difference * Interval(largest_logarithm)
                            : scaled(difference, largest_exponent * static_cast<long>(degree));
  // exp(d) lies in 1 ± 2 d.
  if (most.high > Number(0x1p-64)) throw NoExpansion();
  return around_one(Interval((scaled(most, 1)).high));
}

}  // namespace

bool Monomial::is_one() const {
  return logarithms == 0 &&
         std::ranges::all_of(exponents, [](const Mpfr& e) { return mpfr_zero_p(e.get()) != 0; });
}

int compare_growth(const Monomial& a, const Monomial& b) {
  for (std::size_t k = a.exponents.size(); k-- > 0;) {
    const int c = mpfr_cmp(a.exponents[k].get(), b.exponents[k].get());
    if (c != 0) return c < 0 ? -1 : 1;
  }
  return a.logarithms == b.logarithms ? 0 : a.logarithms < b.logarithms ? -1 : 1;
}

Monomial operator*(const Monomial& a, const Monomial& b) {
  Monomial m;
  // Exact: multiples of 2^-3300 below 2^200.
  for (std::size_t k = 0; k < m.exponents.size(); ++k) {
    m.exponents[k] = a.exponents[k] + b.exponents[k];
    if (mpfr_regular_p(m.exponents[k].get()) && mpfr_get_exp(m.exponents[k].get()) > 200)
      throw NoExpansion();
  }
  m.logarithms = a.logarithms + b.logarithms;
  return m;
}

Monomial operator/(const Monomial& a, const Monomial& b) {
  Monomial inverse;
  for (std::size_t k = 0; k < inverse.exponents.size(); ++k) inverse.exponents[k] = -b.exponents[k];
  inverse.logarithms = -b.logarithms;
  return a * inverse;
}

Series Series::constant(double from, const Interval& value) {
  if (value.defined != Defined::everywhere || value.low.is_infinite() || value.high.is_infinite()) {
    throw NoExpansion();
  }
  Series s(from);
  s.add({value, {}});
  return s;
}

Series Series::variable(double from, bool negative) {
  Series s(from);
  SeriesTerm t{Interval(negative ? -1 : 1), {}};
  t.monomial.exponents[0] = Mpfr(1);
  s.terms_.push_back(std::move(t));
  return s;
}

// h(t) = p log t + l log log t + e1 t + e2 t² + e3 t³ falls from T on where t h′ is negative there:
// where its positive parts, against t^k with k the largest power, are at T below the negative lead.
Interval Series::supremum(const Monomial& m) const {
  if (m.is_one()) return Interval(1);
  const PrecisionScope scope(bound_bits);
  const Interval t(from_), log_t = log(t);
  std::array<Interval, 4> c;  // of t h′, without the logarithm's part
  std::size_t lead = 0;
  for (std::size_t k = 0; k < c.size(); ++k) {
    c[k] = Interval(Number(m.exponents[k]));
    if (k > 1) c[k] = c[k] * Interval(static_cast<int>(k));
    if (!c[k].is_zero()) lead = k;
  }
  Interval positive;
  if (m.logarithms > 0) {
    Interval part = Interval(m.logarithms) / log_t;
    for (std::size_t k = 0; k < lead; ++k) part = part / t;
    positive = positive + part;
  }
  for (std::size_t k = 0; k < lead; ++k) {
    if (c[k].high.sign() <= 0) continue;
    Interval part = c[k];
    for (std::size_t j = k; j < lead; ++j) part = part / t;
    positive = positive + part;
  }
  const bool falls = c[lead].is_zero() ? m.logarithms < 0 : (c[lead] + positive).high.sign() <= 0;
  if (!falls) throw NoExpansion();
  Interval h = Interval(m.logarithms) * log(log_t) + Interval(Number(m.exponents[0])) * log_t;
  Interval t_power = t;
  for (std::size_t k = 1; k < c.size(); ++k) {
    h = h + Interval(Number(m.exponents[k])) * t_power;
    t_power = t_power * t;
  }
  return exp(h);
}

Interval Series::share(const Monomial& small, const Monomial& large) const {
  return zero_to(supremum(small / large));
}

void Series::add(SeriesTerm term) {
  if (term.factor.is_zero()) return;
  const auto at = std::ranges::find_if(
      terms_, [&](const SeriesTerm& t) { return compare_growth(t.monomial, term.monomial) <= 0; });
  if (at != terms_.end() && compare_growth(at->monomial, term.monomial) == 0) {
    at->factor = at->factor + term.factor;
    if (at->factor.is_zero()) terms_.erase(at);
  } else {
    terms_.insert(at, std::move(term));
  }
}

void Series::cut() {
  while (terms_.size() > most_terms) {
    const SeriesTerm last = std::move(terms_.back());
    terms_.pop_back();
    SeriesTerm& to = terms_.back();
    to.factor = to.factor + last.factor * share(last.monomial, to.monomial);
  }
}

Interval Series::total() const {
  Interval sum;
  for (const SeriesTerm& t : terms_) {
    sum = sum + (&t == &terms_.front() ? t.factor
                                       : t.factor * share(t.monomial, terms_.front().monomial));
  }
  return sum;
}

int Series::sign() const {
  if (terms_.empty()) return 0;
  const Interval sum = total();
  if (sum.low.sign() >= 0) return 1;
  return sum.high.sign() <= 0 ? -1 : 2;
}

bool Series::tends_to_zero() const {
  return terms_.empty() || compare_growth(terms_.front().monomial, {}) < 0;
}
bool Series::grows() const {
  return !terms_.empty() && compare_growth(terms_.front().monomial, {}) > 0;
}

Interval Series::range() const {
  if (grows()) {
    const int s = sign();
    Interval all = Interval::unknown();
    all.defined = Defined::everywhere;
    if (s == 1) all.low = Number();
    if (s == -1) all.high = Number();
    return all;
  }
  Interval sum;
  for (const SeriesTerm& t : terms_)
    sum = sum + t.factor * (t.monomial.is_one() ? Interval(1) : zero_to(supremum(t.monomial)));
  return sum;
}

Interval Series::limit() const {
  if (tends_to_zero()) return Interval(0);
  if (!grows()) return terms_.front().factor;
  const int s = terms_.front().factor.low.sign();
  if (s == 0 || s != terms_.front().factor.high.sign()) return Interval::nowhere();
  return Interval(s * std::numeric_limits<double>::infinity());
}

Interval Series::magnitude_bound() const { return upper_magnitude(range()); }

Series Series::rest(Interval& bound) const {
  if (terms_.empty() || terms_.front().factor.holds_zero()) throw NoExpansion();
  const SeriesTerm& lead = terms_.front();
  Series r(from_);
  for (std::size_t k = 1; k < terms_.size(); ++k) {
    r.add({terms_[k].factor / lead.factor, terms_[k].monomial / lead.monomial});
  }
  bound = r.magnitude_bound();
  if (bound.high > Number(0.5)) throw NoExpansion();
  return r;
}

Series operator+(const Series& a, const Series& b) {
  Series s = a;
  for (const SeriesTerm& t : b.terms_) s.add(t);
  s.cut();
  return s;
}

Series operator-(const Series& a) { return Interval(-1) * a; }

Series operator*(const Interval& factor, const Series& a) {
  Series s(a.from_);
  for (const SeriesTerm& t : a.terms_) s.add({factor * t.factor, t.monomial});
  return s;
}

Series operator*(const Series& a, const Series& b) {
  Series s(a.from_);
  for (const SeriesTerm& t : a.terms_) {
    for (const SeriesTerm& u : b.terms_) s.add({t.factor * u.factor, t.monomial * u.monomial});
  }
  s.cut();
  return s;
}

// 1/(C m (1 + v)) = (1 − v + v² − v³ + v⁴/(1 + v)) / (C m)
Series reciprocal(const Series& a) {
  Interval bound;
  const Series v = a.rest(bound);
  const Series v2 = v * v;
  const Series one = Series::constant(a.from_, Interval(1));
  Series s = one + -v + v2 + -(v2 * v) + (Interval(1) / around_one(bound)) * (v2 * v2);
  const SeriesTerm& lead = a.terms_.front();
  Series inverse(a.from_);
  inverse.terms_.push_back({Interval(1) / lead.factor, Monomial{} / lead.monomial});
  return s * inverse;
}

// (C m (1 + v))^n = C^n m^n (1 + n v + n(n−1)/2 v² + n(n−1)(n−2)/6 v³ (1 + ξ)^(n−3))
Series power(const Series& a, const Interval& exponent) {
  if (exponent.is_point() && !exponent.low.is_wide() && mpfr_integer_p(exponent.low.get()) != 0 &&
      exponent.low >= Number(0) && exponent.low <= Number(8)) {
    Series s = Series::constant(a.from_, Interval(1));
    for (int k = 0; k < static_cast<int>(exponent.low.nearest()); ++k) s = s * a;
    return s;
  }
  Interval bound;
  const Series v = a.rest(bound);
  const SeriesTerm& lead = a.terms_.front();
  const bool whole =
      exponent.is_point() && !exponent.low.is_wide() && mpfr_integer_p(exponent.low.get()) != 0;
  if (lead.factor.low.sign() < 0 && !whole) throw NoExpansion();
  SeriesTerm head{pow(lead.factor, exponent), {}};
  if (lead.monomial.logarithms != 0) throw NoExpansion();
  for (std::size_t k = 0; k < head.monomial.exponents.size(); ++k) {
    head.factor =
        head.factor *
        set_exponent(head.monomial, k, exponent * Interval(Number(lead.monomial.exponents[k])));
  }
  const Interval n1 = exponent - Interval(1), n2 = exponent - Interval(2),
                 n3 = exponent - Interval(3);
  const Interval second = scaled(exponent * n1, -1);
  const Interval third = second * n2 / Interval(3) * pow(around_one(bound), n3);
  const Series v2 = v * v;
  const Series s =
      Series::constant(a.from_, Interval(1)) + exponent * v + second * v2 + third * (v2 * v);
  Series first(a.from_);
  first.terms_.push_back(std::move(head));
  return s * first;
}

Series exp(const Series& a) {
  SeriesTerm head{Interval(1), {}};
  Series v(a.from_);
  for (const SeriesTerm& t : a.terms_) {
    const Monomial& m = t.monomial;
    if (m.is_one()) {
      head.factor = head.factor * exp(t.factor);
      continue;
    }
    if (compare_growth(m, {}) < 0) {
      v.add(t);
      continue;
    }
    const bool plain =
        m.logarithms == 0 && std::all_of(m.exponents.begin() + 1, m.exponents.end(),
                                         [](const Mpfr& e) { return mpfr_zero_p(e.get()) != 0; });
    const double p = static_cast<double>(m.exponents[0]);
    Monomial log_t;
    log_t.logarithms = 1;
    if (compare_growth(m, log_t) == 0) {
      head.factor = head.factor * set_exponent(head.monomial, 0, t.factor);
    } else if (plain && (p == 1 || p == 2 || p == 3) && mpfr_integer_p(m.exponents[0].get()) != 0) {
      head.factor =
          head.factor * set_exponent(head.monomial, static_cast<std::size_t>(p), t.factor);
    } else {
      // Below −t it is below exp(−t), whatever it is.
      if ((a + Series::variable(a.from_, false)).sign() != -1) throw NoExpansion();
      Series s(a.from_);
      SeriesTerm bound{Interval(Number(), Number(1)), {}};
      bound.monomial.exponents[1] = Mpfr(-1);
      s.terms_.push_back(std::move(bound));
      return s;
    }
  }
  const Interval bound = v.magnitude_bound();
  if (bound.high > Number(1)) throw NoExpansion();
  const Interval third = exp(Interval(negative(bound.high), bound.high)) / Interval(6);
  const Series v2 = v * v;
  Series first(a.from_);
  first.terms_.push_back(std::move(head));
  return first * (Series::constant(a.from_, Interval(1)) + v + half() * v2 + third * (v2 * v));
}

Series log(const Series& a) {
  Interval bound;
  const Series v = a.rest(bound);
  const SeriesTerm& lead = a.terms_.front();
  if (lead.factor.low.sign() <= 0 || lead.monomial.logarithms != 0) throw NoExpansion();
  Series s = Series::constant(a.from_, log(lead.factor));
  for (std::size_t k = 0; k < lead.monomial.exponents.size(); ++k) {
    SeriesTerm t{Interval(Number(lead.monomial.exponents[k])), {}};
    if (k == 0) {
      t.monomial.logarithms = 1;
    } else {
      t.monomial.exponents[0] = Mpfr(static_cast<int>(k));
    }
    s.add(std::move(t));
  }
  // v − v²/2 + v³ / (3 (1 + ξ)³)
  const Interval w = around_one(bound);
  const Series v2 = v * v;
  return s + v + -(half() * v2) + (Interval(1) / (Interval(3) * w * w * w)) * (v2 * v);
}

Series Series::with_cube(const Interval& c) const { return *this + c * (*this * *this * *this); }

// f(c + v) = f(c) + f′(ξ) v
Series Series::at_constant(Operation op) const {
  Series v = *this;
  v.terms_.erase(v.terms_.begin());
  const Interval bound = v.magnitude_bound();
  const Interval c = terms_.front().factor;
  const Jet at{.value = c, .first = Interval(1), .second = {}, .varies = true};
  const Jet around{.value = {(c - bound).low, (c + bound).high},
                   .first = Interval(1),
                   .second = {},
                   .varies = true};
  const std::array<const Jet*, 1> of_at = {&at}, of_around = {&around};
  return constant(from_, JetRules(0).apply(op, of_at).value) +
         JetRules(1).apply(op, of_around).first * v;
}

Series function(Operation op, const Series& a) {
  const Series one = Series::constant(a.from_, Interval(1));
  if (a.terms_.empty() || a.tends_to_zero()) {
    const Interval bound = a.magnitude_bound();
    if (bound.high > Number(0.5)) throw NoExpansion();
    const Interval b2 = square(bound);
    // The next term of the alternating series bounds what is left: [c (1 − k v²), c].
    const auto cube = [&](int n, double k) {
      return Interval(1) / Interval(n) * Interval((Interval(1) - Interval(k) * b2).low, Number(1));
    };
    switch (op) {
      case Operation::RealTanh:
        return a.with_cube(-cube(3, 0.4));
      case Operation::RealAtan:
        return a.with_cube(-cube(3, 0.6));
      case Operation::RealSin:
        return a.with_cube(-cube(6, 0.05));
      case Operation::RealCos:
        return one + -(half() * Interval((Interval(1) - b2).low, Number(1))) * (a * a);
      case Operation::RealErf:
      case Operation::RealErfc: {
        const Series value = (Interval(2) / sqrt(pi())) * a.with_cube(-cube(3, 0.3));
        return op == Operation::RealErf ? value : one + -value;
      }
      default:
        throw NoExpansion();
    }
  }
  if (!a.grows()) return a.at_constant(op);
  const auto sign = [&] {
    const int s = a.sign();
    if (s == 2) throw NoExpansion();
    return s;
  };
  switch (op) {
    case Operation::RealSin:
    case Operation::RealCos:
      return Series::constant(a.from_, {Number(-1), Number(1)});
    case Operation::RealTanh: {
      // ± (1 − 2 w / (1 + w)), w = exp(−2 |u|)
      const int s = sign();
      const Series w = exp(Interval(-2 * s) * a);
      return Interval(s) * (one + Interval(-2) * (w * reciprocal(one + w)));
    }
    case Operation::RealAtan: {
      const int s = sign();
      return Series::constant(a.from_, Interval(s) * scaled(pi(), -1)) +
             -function(op, reciprocal(a));
    }
    case Operation::RealErf:
      return one + -function(Operation::RealErfc, a);
    case Operation::RealErfc: {
      // exp(−u²) / (u √π) (1 − 1/(2u²) + θ 3/(4u⁴)), 0 ≤ θ ≤ 1: Abramowitz and Stegun, 7.1.23.
      const int s = sign();
      if (s < 0) return Series::constant(a.from_, Interval(2)) + -function(op, -a);
      const Series r = reciprocal(a);
      const Series r2 = r * r;
      return (Interval(1) / sqrt(pi())) * (exp(-(a * a)) * r) *
             (one + -(half() * r2) + Interval(Number(), Number(0.75)) * (r2 * r2));
    }
    default:
      throw NoExpansion();
  }
}

}  // namespace actc::tools
