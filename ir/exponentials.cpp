#include "ir/exponentials.h"

#include <algorithm>
#include <cmath>

#include "ir/algebra.h"

namespace actc::ir {
namespace {

// exp of less overflows in no format that is computed in.
constexpr double safe_exponent = 64;
constexpr std::size_t max_terms = 16;

}  // namespace

// t of an exponent r·t + c: what varies of it, its first coefficient 1.
std::optional<FormId> Exponentials::base(FormId exponent) {
  Form varying = forms_[exponent];
  std::erase_if(varying, [&](const Term& t) { return forms_.is_constant(t); });
  if (varying.empty()) return std::nullopt;
  const Term scale{1 / varying.front().coefficient, {}, Forms::zero};
  return forms_.scaled(forms_.intern(std::move(varying)), scale);
}

std::optional<Exponentials::Part> Exponentials::part(const Term& term, FormId t) {
  const auto own = base(term.exponent);
  if (!own) return Part{term, 0};
  if (*own != t) return std::nullopt;
  const auto first = std::ranges::find_if(forms_[term.exponent],
                                          [&](const Term& e) { return !forms_.is_constant(e); });
  Part result{term, first->coefficient};
  result.coefficient.exponent = forms_.add(term.exponent, t, -result.rate);
  return result;
}

std::optional<Exponentials::Sum> Exponentials::sum(const Factor& factor, FormId t) {
  if (!is_sum_of_powers(factor)) return std::nullopt;
  Sum result{{}, factor.power, 0, 0};
  for (const Term& term : Form(forms_[forms_.atom(factor.atom).args[0]])) {
    auto p = part(term, t);
    if (!p) return std::nullopt;
    const bool first = result.parts.empty();
    result.lowest = first ? p->rate : std::min(result.lowest, p->rate);
    result.highest = first ? p->rate : std::max(result.highest, p->rate);
    result.parts.push_back(std::move(*p));
  }
  if (result.lowest == result.highest) return std::nullopt;
  return result;
}

std::optional<Exponentials::Product> Exponentials::product(const Term& term) {
  const Term whole = multiplied_out(term);
  std::optional<FormId> t;
  for (const Factor& f : whole.factors) {
    if (!is_sum_of_powers(f)) continue;
    for (const Term& each : Form(forms_[forms_.atom(f.atom).args[0]])) {
      if (!t) t = base(each.exponent);
    }
  }
  if (!t) return std::nullopt;
  Product result{*t, whole, 0, {}, false};
  if (auto own = part(whole, *t)) {
    result.rest = std::move(own->coefficient);
    result.rate = own->rate;
  }
  const Interval range = ranges_.of(forms_.node(*t));
  std::erase_if(result.rest.factors, [&](const Factor& f) {
    auto s = sum(f, *t);
    if (!s) return false;
    const auto reaches = [&](const Rational& rate) {
      const auto r = static_cast<double>(rate);
      return r > 0 ? r * range.high > safe_exponent : r < 0 && r * range.low > safe_exponent;
    };
    result.overflows = result.overflows || reaches(s->lowest) || reaches(s->highest);
    result.sums.push_back(std::move(*s));
    return true;
  });
  if (result.sums.empty()) return std::nullopt;
  return result;
}

bool Exponentials::may_overflow(const Term& term, FormId written) {
  const auto p = product(term);
  if (!p || !p->overflows) return false;
  const bool raised = written != Forms::zero;
  return (raised && written != term.exponent) || std::ranges::any_of(p->sums, [&](const Sum& s) {
           return s.power < 0 || (raised && (p->rate * s.highest < 0 || p->rate * s.lowest < 0));
         });
}

bool Exponentials::is_divided(const Term& term) {
  const auto p = product(term);
  return p && !p->overflows && graph_[forms_.node(p->t)].op == Operation::Min;
}

bool Exponentials::has_numerator(const Term& term) {
  const auto p = product(term);
  return p && p->overflows &&
         std::ranges::any_of(p->sums, [](const Sum& s) { return s.power > 0; });
}

// min(t, -t): -abs(t) would be a negative multiple, and normal forms take the power of e with the
// lowest coefficient out of a sum.
FormId Exponentials::sheltered(FormId t) {
  Algebra algebra(graph_, known_.library);
  const NodeId node = forms_.node(t);
  const NodeId args[] = {node, algebra.neg(node)};
  return forms_.of(algebra.make(Operation::Min, Format::real, args));
}

Exponentials::Side Exponentials::side(const Product& product, bool above) {
  const FormId s = sheltered(product.t);
  const auto times = [&](FormId form, const Rational& rate) {
    return rate == 0 ? Forms::zero : forms_.scaled(form, Term{rate, {}, Forms::zero});
  };
  Side result{Forms::zero, product.rest};
  Rational growth = product.rate;
  for (const Sum& sum : product.sums) {
    growth += sum.power * (above ? sum.highest : sum.lowest);
    FormId terms = Forms::zero;
    for (const Part& p : sum.parts) {
      const Rational below_largest = above ? sum.highest - p.rate : p.rate - sum.lowest;
      const Term power{1, {}, times(s, below_largest)};
      terms = forms_.add(terms, forms_.of_term(forms_.multiply(p.coefficient, power)));
    }
    const Term divided = forms_.as_term(terms);
    result.rest = forms_.multiply(result.rest, forms_.power(divided, sum.power));
  }
  // On its side t is s or -s.
  const bool vanishes = above ? growth < 0 : growth > 0;
  result.growth = vanishes ? times(s, abs(growth)) : times(product.t, growth);
  return result;
}

NodeId Exponentials::choose(FormId t, NodeId above, NodeId below) {
  if (above == below) return above;
  Algebra algebra(graph_, known_.library);
  const NodeId positive = algebra.compare(Operation::Greater, forms_.node(t), algebra.number(0));
  const NodeId args[] = {positive, above, below};
  return algebra.make(Operation::Where, Format::real, args);
}

std::optional<NodeId> Exponentials::quotient(const Term& term) {
  const auto p = product(term);
  if (!p) return std::nullopt;
  const auto node = [&](bool above) {
    const Side s = side(*p, above);
    return forms_.node(forms_.multiply(s.rest, Term{1, {}, s.growth}));
  };
  return choose(p->t, node(true), node(false));
}

// v of a multiple of log(v), v a positive product that may overflow.
std::optional<Exponentials::Product> Exponentials::logarithm(const Term& term) {
  if (term.exponent != Forms::zero || term.factors.size() != 1 || term.factors[0].power != 1) {
    return std::nullopt;
  }
  const Atom atom = forms_.atom(term.factors[0].atom);
  if (atom.kind != Atom::Kind::application || atom.op != Operation::Call) return std::nullopt;
  const bool one_more = known_.is(Operation::RealLog1p, atom.payload);
  if (!one_more && !known_.is(Operation::RealLog, atom.payload)) return std::nullopt;
  const FormId one = forms_.intern(Form{Term{}});
  const FormId argument = one_more ? forms_.add(atom.args[0], one) : atom.args[0];
  auto p = product(forms_.as_term(argument));
  const auto positive = [&](const Term& t) { return t.coefficient > 0 && forms_.is_constant(t); };
  const bool usable =
      p && p->overflows && positive(p->rest) && std::ranges::all_of(p->sums, [&](const Sum& s) {
        return std::ranges::all_of(s.parts,
                                   [&](const Part& part) { return positive(part.coefficient); });
      });
  return usable ? p : std::nullopt;
}

std::optional<NodeId> Exponentials::logarithms(FormId sum) {
  if (!known_.log) return std::nullopt;
  std::vector<Logarithm> found;
  Form rest;
  for (const Term& term : Form(forms_[sum])) {
    auto p = logarithm(term);
    if (p && (found.empty() || p->t == found.front().of.t)) {
      found.push_back({term.coefficient, std::move(*p)});
    } else {
      rest.push_back(term);
    }
  }
  if (found.empty()) return std::nullopt;
  const FormId others = forms_.intern(std::move(rest));
  Algebra algebra(graph_, known_.library);
  const auto node = [&](bool above) {
    FormId linear = others;
    std::vector<std::pair<Rational, NodeId>> logs;
    for (const auto& [factor, of] : found) {
      const Side s = side(of, above);
      linear = forms_.add(linear, forms_.add(s.growth, s.rest.exponent), factor);
      Term constant{s.rest.coefficient, {}, Forms::zero};
      for (const Factor& f : s.rest.factors) {
        if (forms_.is_root(f.atom)) {
          constant.factors.push_back(f);
        } else {
          logs.emplace_back(factor * f.power, forms_.node(forms_.atom(f.atom).args[0]));
        }
      }
      if (!constant.is_one()) logs.emplace_back(factor, forms_.node(constant));
    }
    NodeId result = forms_.node(linear);
    for (const auto& [factor, argument] : logs) {
      const NodeId log = graph_.call(*known_.log, std::span(&argument, 1));
      result = algebra.add(result, algebra.mul(algebra.number(factor), log));
    }
    return result;
  };
  return choose(found.front().of.t, node(true), node(false));
}

bool Exponentials::is_long_logarithm(FormId argument) {
  const auto p = product(forms_.as_term(argument));
  return p && p->overflows && (p->sums.size() > 1 || p->sums[0].parts.size() > 2);
}

bool Exponentials::is_sum(const Factor& factor) const {
  return forms_.atom(factor.atom).kind == Atom::Kind::sum;
}

// Powers of e in the sum itself or in sums that are factors of its terms.
bool Exponentials::is_sum_of_powers(const Factor& factor, int depth) {
  return is_sum(factor) &&
         std::ranges::any_of(forms_[forms_.atom(factor.atom).args[0]], [&](const Term& t) {
           return t.exponent != Forms::zero ||
                  (depth > 0 && std::ranges::any_of(t.factors, [&](const Factor& f) {
                     return is_sum_of_powers(f, depth - 1);
                   }));
         });
}

// Sums of powers of e within the terms, multiplied out: a difference of such products may have
// fewer terms. Nothing where there are too many.
std::optional<FormId> Exponentials::multiplied_out(FormId form, Sums which) {
  constexpr int max_rounds = 8;
  for (int round = 0; round < max_rounds; ++round) {
    FormId result = Forms::zero;
    bool changed = false;
    for (Term term : Form(forms_[form])) {
      const auto sum = std::ranges::find_if(term.factors, [&](const Factor& f) {
        return f.power > 0 && (which == Sums::all ? is_sum(f) : is_sum_of_powers(f));
      });
      if (sum == term.factors.end()) {
        result = forms_.add(result, forms_.intern(Form{std::move(term)}));
        continue;
      }
      changed = true;
      const FormId terms = forms_.atom(sum->atom).args[0];
      if (--sum->power == 0) term.factors.erase(sum);
      for (const Term& each : Form(forms_[terms])) {
        result = forms_.add(result, forms_.intern(Form{forms_.multiply(term, each)}));
      }
    }
    if (forms_[result].size() > max_terms) return std::nullopt;
    if (!changed) return form;
    form = result;
  }
  return std::nullopt;
}

Term Exponentials::multiplied_out(Term term, Sums which) {
  for (const Factor& f : std::vector<Factor>(term.factors)) {
    if (which == Sums::all ? !is_sum(f) : !is_sum_of_powers(f)) continue;
    const FormId terms = forms_.atom(f.atom).args[0];
    const auto out = multiplied_out(terms, which);
    if (!out || *out == terms) continue;
    if (*out == Forms::zero && f.power < 0) continue;
    term = forms_.multiply(term, Term{1, {{f.atom, -f.power}}, Forms::zero});
    term = forms_.multiply(term, forms_.power(forms_.as_term(*out), f.power));
  }
  return term;
}

// The magnitudes of its coefficients, its numerator multiplied out with nothing cancelled.
double Exponentials::weight(const Term& term, int depth) {
  double result = std::abs(static_cast<double>(term.coefficient));
  for (const Factor& f : term.factors) {
    if (f.power < 0 || depth < 0 || !is_sum(f)) continue;
    double sum = 0;
    for (const Term& t : forms_[forms_.atom(f.atom).args[0]]) sum += weight(t, depth - 1);
    result *= std::pow(sum, f.power);
  }
  return result;
}

std::optional<NodeId> Exponentials::gathered(FormId sum) {
  // Those with the same other factors: (e^t - 1) / (e^t + 1) + x e^t / (e^t + 1)^2 keeps its
  // difference.
  std::optional<Product> first;
  Form quotients;
  Form others;
  for (const Term& term : Form(forms_[sum])) {
    auto p = product(term);
    const bool overflows = p && p->overflows;
    if (overflows && !first) first = p;
    const bool joins = overflows && p->t == first->t && p->rest.factors == first->rest.factors;
    (joins ? quotients : others).push_back(term);
  }
  if (!first) return gathered_to_one_term(sum);
  const auto together = [&](const Form& terms) { return forms_.as_term(forms_.intern(terms)); };
  const auto with = [&](const Term& quotient, const Form& rest) {
    const NodeId node = forms_.node(quotient);
    if (rest.empty()) return node;
    return Algebra(graph_, known_.library).add(forms_.node(forms_.intern(rest)), node);
  };
  // Other terms join them where something cancels: e^t / (e^t + 2) - 1 is -2 / (e^t + 2).
  Form all;
  Form rest;
  for (const Term& term : forms_[sum]) {
    const bool apart = term.factors != first->rest.factors &&
                       std::ranges::find(quotients, term) == quotients.end();
    (apart ? rest : all).push_back(term);
  }
  if (all.size() > quotients.size()) {
    const Term before = together(all);
    const Term after = multiplied_out(before);
    if (weight(after) < weight(before)) return with(after, rest);
  }
  if (quotients.size() < 2) return std::nullopt;
  return with(multiplied_out(together(quotients)), others);
}

// 1 / (x + 1) - x / (x + 1)^2 is 1 / (x + 1)^2.
std::optional<NodeId> Exponentials::gathered_to_one_term(FormId sum) {
  const Term before = forms_.as_term(sum);
  if (std::ranges::none_of(before.factors,
                           [&](const Factor& f) { return f.power < 0 && is_sum(f); })) {
    return std::nullopt;
  }
  const Term after = multiplied_out(before, Sums::all);
  const bool one_term = std::ranges::none_of(
      after.factors, [&](const Factor& f) { return f.power > 0 && is_sum(f); });
  return one_term ? std::optional(forms_.node(after)) : std::nullopt;
}

}  // namespace actc::ir
