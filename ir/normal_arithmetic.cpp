// Sums, products, powers and roots of forms.
#include <algorithm>
#include <cmath>
#include <map>

#include "ir/normal.h"

namespace actc::ir {
namespace {

using Integer = boost::multiprecision::cpp_int;

constexpr int largest_prime = 1'000;

// Most coefficients are 1, and rationals are slow.
Rational product(const Rational& a, const Rational& b) {
  if (a == 1) return b;
  if (b == 1) return a;
  return a * b;
}

// The order of terms within a form.
bool before(const Term& a, const Term& b) {
  if (a.exponent != b.exponent) return a.exponent < b.exponent;
  return a.factors < b.factors;
}

}  // namespace

double Forms::size(FormId form) const {
  double size = 0;
  for (const Term& t : forms_[form]) size += std::abs(static_cast<double>(t.coefficient));
  return size;
}

FormId Forms::add(FormId a, FormId b, const Rational& scale) {
  if (b == zero) return a;
  if (a == zero && scale == 1) return b;
  const Form& x = forms_[a];
  const Form& y = forms_[b];
  Form sum;
  auto i = x.begin();
  auto j = y.begin();
  while (i != x.end() || j != y.end()) {
    if (j == y.end() || (i != x.end() && before(*i, *j))) {
      sum.push_back(*i++);
    } else if (i == x.end() || before(*j, *i)) {
      sum.push_back(*j++);
      sum.back().coefficient = product(sum.back().coefficient, scale);
    } else {
      Rational c = i->coefficient + product(scale, j->coefficient);
      if (c != 0) {
        sum.push_back(*i);
        sum.back().coefficient = std::move(c);
      }
      ++i;
      ++j;
    }
  }
  return intern(std::move(sum));
}

FormId Forms::scaled(FormId a, const Term& factor) {
  if (factor.is_one() || a == zero) return a;
  Form product = forms_[a];
  for (Term& t : product) t = multiply(t, factor);
  std::ranges::sort(product, before);
  return intern(std::move(product));
}

FormId Forms::multiply(FormId a, FormId b) {
  if (a == zero || b == zero) return zero;
  for (const auto& [constant, other] : {std::pair{a, b}, std::pair{b, a}}) {
    const Form& form = forms_[constant];
    if (form.size() == 1 && form[0].exponent == zero && is_constant(form[0])) {
      return scaled(other, Term(form[0]));
    }
  }
  return of_term(multiply(as_term(a), as_term(b)));
}

FormId Forms::of_term(Term term) {
  if (term.coefficient == 0) return zero;
  // A constant times a sum is the sum, scaled.
  const Factor* sum = nullptr;
  bool alone = term.exponent == zero;
  for (const Factor& f : term.factors) {
    if (is_root(f.atom)) continue;
    alone = alone && sum == nullptr && f.power == 1 && atoms_[f.atom].kind == Atom::Kind::sum;
    sum = &f;
  }
  if (alone && sum != nullptr) {
    const FormId terms = atoms_[sum->atom].args[0];
    std::erase(term.factors, Factor(*sum));
    return scaled(terms, term);
  }
  return intern(Form{std::move(term)});
}

Term Forms::multiply(const Term& a, const Term& b) {
  Term result;
  result.coefficient = product(a.coefficient, b.coefficient);
  auto x = a.factors.begin();
  auto y = b.factors.begin();
  while (x != a.factors.end() || y != b.factors.end()) {
    if (y == b.factors.end() || (x != a.factors.end() && x->atom < y->atom)) {
      result.factors.push_back(*x++);
    } else if (x == a.factors.end() || y->atom < x->atom) {
      result.factors.push_back(*y++);
    } else {
      result.factors.push_back({x->atom, x->power + y->power});
      ++x;
      ++y;
    }
  }
  normalize_roots(result);
  result.exponent = add(a.exponent, b.exponent);
  return result;
}

// Of a root of a prime one power stays at most.
void Forms::normalize_roots(Term& term) {
  for (Factor& f : term.factors) {
    const Atom& atom = atoms_[f.atom];
    if (atom.kind != Atom::Kind::root || atom.payload == 0 || f.power == 0 || f.power == 1)
      continue;
    int pairs = (f.power - (f.power & 1)) / 2;
    f.power &= 1;
    const Rational prime(atom.payload);
    for (; pairs > 0; --pairs) term.coefficient *= prime;
    for (; pairs < 0; ++pairs) term.coefficient /= prime;
  }
  std::erase_if(term.factors, [](const Factor& f) { return f.power == 0; });
}

Term Forms::power(const Term& a, int n) {
  Term result;
  if (a.coefficient != 1) {
    const Rational base = n < 0 ? Rational(1 / a.coefficient) : a.coefficient;
    for (int i = 0; i < std::abs(n); ++i) result.coefficient *= base;
  }
  for (const Factor& f : a.factors) result.factors.push_back({f.atom, f.power * n});
  normalize_roots(result);
  result.exponent = scaled(a.exponent, Term{n, {}, zero});
  return result;
}

std::optional<Term> Forms::root(const Term& a, int n) {
  if (n == 1) return a;
  if (n == -1) return power(a, -1);
  if (n != 2 || a.exponent != zero) return std::nullopt;
  const FormId number = intern(Form{Term{a.coefficient, {}, zero}});
  const auto coefficient = square_root(number);
  if (!coefficient) return std::nullopt;
  Term result = as_term(*coefficient);
  Term rest;
  for (const Factor& f : a.factors) {
    if (f.power % 2 != 0) return std::nullopt;
    rest.factors.push_back({f.atom, f.power / 2});
  }
  return multiply(result, rest);
}

// Of a positive rational with squares of roots: sqrt(8 / pi) = 2 sqrt(2) / sqrt(pi).
std::optional<FormId> Forms::square_root(FormId arg) {
  if (arg == zero) return zero;
  const Form& form = forms_[arg];
  if (form.size() != 1 || form[0].exponent != zero || form[0].coefficient < 0) return std::nullopt;
  Term result;
  for (const Factor& f : form[0].factors) {
    if (!is_root(f.atom) || f.power % 2 != 0) return std::nullopt;
    result.factors.push_back({f.atom, f.power / 2});
  }
  const Integer den = denominator(form[0].coefficient);
  Integer rest = numerator(form[0].coefficient) * den;
  result.coefficient = Rational(1, den);
  std::vector<int> primes;
  for (int p = 2; p <= largest_prime && Integer(p) * p <= rest; ++p) {
    while (rest % (p * p) == 0) {
      rest /= p * p;
      result.coefficient *= p;
    }
    if (rest % p == 0) {
      rest /= p;
      primes.push_back(p);
    }
  }
  const Integer root = sqrt(rest);
  if (root * root == rest) {
    result.coefficient *= Rational(root);
  } else if (rest <= largest_prime * largest_prime) {
    primes.push_back(rest.convert_to<int>());
  } else {
    return std::nullopt;
  }
  for (const int p : primes) {
    const AtomId atom = root_of(static_cast<std::uint32_t>(p));
    result = multiply(result, Term{1, {{atom, 1}}, zero});
  }
  return of_term(std::move(result));
}

std::optional<FormId> Forms::power_of(FormId base, FormId exponent) {
  if (base == zero || exponent == zero) return std::nullopt;
  const Form& b = forms_[base];
  if (b.size() == 1 && b[0].factors.empty() && b[0].coefficient == 1 && b[0].exponent != zero) {
    return of_term(Term{1, {}, multiply(b[0].exponent, exponent)});
  }
  const Form& e = forms_[exponent];
  if (e.size() != 1 || !e[0].is_number() || denominator(e[0].coefficient) != 1 ||
      abs(e[0].coefficient) > max_power) {
    return std::nullopt;
  }
  const int n = static_cast<int>(numerator(e[0].coefficient));
  const Term term = as_term(base);
  const Integer num = abs(numerator(term.coefficient));
  if ((msb(num) + msb(Integer(denominator(term.coefficient)))) * static_cast<unsigned>(abs(n)) >
      2 * max_coefficient_bits) {
    return std::nullopt;
  }
  return of_term(power(term, n));
}

// The exponents' difference decides, that of what varies first, then that of the factors: the order
// of two terms stays when both are multiplied by a third, so that the first term of a sum stays the
// first.
std::strong_ordering Forms::compare_exponents(FormId a, FormId b) const {
  if (a == b) return std::strong_ordering::equal;
  const auto sign = [](const Rational& v) {
    return v < 0 ? std::strong_ordering::less : std::strong_ordering::greater;
  };
  const Form& x = forms_[a];
  const Form& y = forms_[b];
  auto constant = std::strong_ordering::equal;
  auto i = x.begin();
  auto j = y.begin();
  while (i != x.end() || j != y.end()) {
    const bool left = j == y.end() || (i != x.end() && before(*i, *j));
    const bool right = i == x.end() || (j != y.end() && before(*j, *i));
    const Term& term = left || !right ? *i : *j;
    const Rational difference = left    ? i->coefficient
                                : right ? Rational(-j->coefficient)
                                        : Rational(i->coefficient - j->coefficient);
    if (difference != 0) {
      if (!is_constant(term)) return sign(difference);
      if (constant == 0) constant = sign(difference);
    }
    if (!right) ++i;
    if (!left) ++j;
  }
  return constant;
}

std::strong_ordering Forms::compare(const Term& a, const Term& b) const {
  if (const auto c = compare_exponents(a.exponent, b.exponent); c != 0) return c;
  auto x = a.factors.begin();
  auto y = b.factors.begin();
  while (x != a.factors.end() || y != b.factors.end()) {
    if (y == b.factors.end() || (x != a.factors.end() && x->atom < y->atom)) return x->power <=> 0;
    if (x == a.factors.end() || y->atom < x->atom) return 0 <=> y->power;
    if (x->power != y->power) return x->power <=> y->power;
    ++x;
    ++y;
  }
  return std::strong_ordering::equal;
}

// The constant and the power of e of the first term, and the atoms that all terms have.
Term Forms::content(const Form& form) const {
  const Term& lead = *std::ranges::min_element(
      form, [&](const Term& a, const Term& b) { return compare(a, b) < 0; });
  Term result{lead.coefficient, {}, lead.exponent};
  std::map<AtomId, int> lowest;
  for (const Term& t : form) {
    for (const Factor& f : t.factors) {
      if (!is_root(f.atom)) lowest.try_emplace(f.atom, 0);
    }
  }
  for (auto& [atom, power] : lowest) {
    power = max_power * 4;
    for (const Term& t : form) {
      const auto it = std::ranges::find(t.factors, atom, &Factor::atom);
      power = std::min(power, it == t.factors.end() ? 0 : it->power);
    }
  }
  for (const Factor& f : lead.factors) {
    if (is_root(f.atom)) lowest.emplace(f.atom, f.power);
  }
  for (const auto& [atom, power] : lowest) {
    if (power != 0) result.factors.push_back({atom, power});
  }
  return result;
}

Term Forms::as_term(FormId form) {
  if (form == zero) return Term{0, {}, zero};
  if (forms_[form].size() == 1) return forms_[form][0];
  const Term common = content(forms_[form]);
  const FormId primitive = scaled(form, power(common, -1));
  return multiply(common, Term{1, {{sum_atom(primitive), 1}}, zero});
}

FormId Forms::expanded(FormId form) {
  if (forms_[form].size() != 1) return form;
  Term rest = forms_[form][0];
  const auto sum = std::ranges::find_if(rest.factors, [&](const Factor& f) {
    return atoms_[f.atom].kind == Atom::Kind::sum && f.power == 1;
  });
  if (sum == rest.factors.end()) return form;
  const FormId terms = atoms_[sum->atom].args[0];
  rest.factors.erase(sum);
  return scaled(terms, rest);
}

}  // namespace actc::ir
