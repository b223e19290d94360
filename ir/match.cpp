// Backtracking in continuations, whose depth is that of the pattern.
#include "ir/match.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace actc::ir {
namespace {

constexpr FormId unbound = ~FormId{0};

class Matcher {
 public:
  Matcher(const Pattern& pattern, Forms& target)
      : pattern_(pattern),
        from_(pattern.forms()),
        to_(target),
        bound_(pattern.variable_count(), unbound) {}

  void run(FormId form, const std::function<bool(const Match&)>& accept) {
    const Form& pattern = from_[pattern_.root()];
    const auto whole = [&](const Term& factor, FormId rest) {
      const bool all = std::ranges::find(bound_, unbound) == bound_.end();
      return all && accept({bound_, factor, rest});
    };
    switch (pattern_.kind()) {
      case Pattern::Kind::application: {
        const Form target = to_[form];
        if (target.size() != 1 || target[0].factors.size() != 1) return;
        atoms(pattern[0].factors[0].atom, target[0].factors[0].atom,
              [&] { return whole(Term{}, Forms::zero); });
        return;
      }
      case Pattern::Kind::product:
        if (to_[form].size() != 1) return;
        term(pattern[0], Term(to_[form][0]), Mode::part,
             [&](const Term& factor) { return whole(factor, Forms::zero); });
        return;
      case Pattern::Kind::sum: {
        const Form target = to_[form];
        if (target.size() < pattern.size()) return;
        sum(pattern, target, [&](const Term& factor, const std::vector<bool>& used) {
          Form rest;
          for (std::size_t i = 0; i < target.size(); ++i) {
            if (!used[i]) rest.push_back(target[i]);
          }
          return whole(factor, to_.intern(std::move(rest)));
        });
        return;
      }
    }
  }

  int steps() const { return steps_; }

 private:
  // How much of a term a pattern's term must be: all; a part, where of a power of e something must
  // be taken; or a part up to any power of e.
  enum class Mode : std::uint8_t { whole, part, scaled };
  using Done = std::function<bool()>;
  using DoneTerm = std::function<bool(const Term& rest)>;
  using DoneSum = std::function<bool(const Term& factor, const std::vector<bool>& used)>;

  bool exhausted() { return ++steps_ > max_match_steps; }

  bool bind(std::uint32_t variable, FormId form, const Done& done) {
    bound_[variable] = form;
    const bool accepted = done();
    bound_[variable] = unbound;
    return accepted;
  }

  std::uint32_t open(std::uint32_t variables) const {
    std::uint32_t result = 0;
    for (std::size_t v = 0; v < bound_.size(); ++v) {
      if (bound_[v] == unbound) result |= variables & (1U << v);
    }
    return result;
  }

  // The form of a part of the pattern whose variables are bound; nothing where the target holds no
  // such function.
  std::optional<FormId> instance(FormId form) {
    FormId result = Forms::zero;
    for (const Term& t : from_[form]) {
      const auto value = instance(t);
      if (!value) return std::nullopt;
      result = to_.add(result, to_.of_term(*value));
    }
    return result;
  }

  std::optional<Term> instance(const Term& t) {
    Term result{t.coefficient, {}, Forms::zero};
    if (t.exponent != Forms::zero) {
      const auto exponent = instance(t.exponent);
      if (!exponent) return std::nullopt;
      result.exponent = *exponent;
    }
    for (const Factor& f : t.factors) {
      std::optional<Term> base;
      const Atom& atom = from_.atom(f.atom);
      if (atom.kind == Atom::Kind::root) {
        base = Term{1, {{to_.root_of(atom.payload), 1}}, Forms::zero};
      } else if (pattern_.is_variable(f.atom)) {
        base = to_.as_term(bound_[pattern_.variable(f.atom)]);
        if (base->coefficient == 0) return std::nullopt;
      } else if (atom.kind == Atom::Kind::sum) {
        const auto value = instance(atom.args[0]);
        if (!value || *value == Forms::zero) return std::nullopt;
        base = to_.as_term(*value);
      } else {
        Atom wanted = atom;
        for (FormId& a : wanted.args) {
          const auto value = instance(a);
          if (!value) return std::nullopt;
          a = *value;
        }
        const auto known = to_.find(wanted);
        if (!known) return std::nullopt;
        base = Term{1, {{*known, 1}}, Forms::zero};
      }
      result = to_.multiply(result, to_.power(*base, f.power));
    }
    return result;
  }

  // The value of the one variable for which the form (less a second one), which must be linear in
  // it, is `value`. Nothing where it is not.
  std::optional<FormId> solve(FormId form, std::uint32_t variable, FormId value,
                              FormId less = Forms::zero) {
    FormId slope = Forms::zero;
    std::size_t expected = to_[value].size();
    for (const auto& [part, sign] : {std::pair{form, 1}, std::pair{less, -1}}) {
      for (const Term& t : from_[part]) {
        if (open(pattern_.variables(t)) == 0) {
          const auto known = instance(t);
          if (!known) return std::nullopt;
          value = to_.add(value, to_.of_term(*known), -sign);
          if (less == Forms::zero) --expected;
          continue;
        }
        const auto constant = slope_of(t, variable);
        if (!constant) return std::nullopt;
        slope = to_.add(slope, to_.of_term(*constant), sign);
      }
    }
    // `log(1 + u)` is not every logarithm: what is added must be there to be taken away.
    if (less == Forms::zero && to_[value].size() != expected) return std::nullopt;
    const Term one = to_.as_term(slope);
    if (slope == Forms::zero || !to_.is_constant(one)) return std::nullopt;
    return to_.scaled(value, to_.power(one, -1));
  }

  // c of c·u, c a constant.
  std::optional<Term> slope_of(const Term& t, std::uint32_t variable) {
    if (t.exponent != Forms::zero) return std::nullopt;
    Term constant{t.coefficient, {}, Forms::zero};
    bool linear = false;
    for (const Factor& f : t.factors) {
      if (pattern_.is_variable(f.atom) && pattern_.variable(f.atom) == variable && f.power == 1) {
        linear = true;
        continue;
      }
      if (pattern_.variables_of(f.atom) != 0) return std::nullopt;
      const auto known = instance(Term{1, {f}, Forms::zero});
      if (!known || !to_.is_constant(*known)) return std::nullopt;
      constant = to_.multiply(constant, *known);
    }
    return linear ? std::optional(constant) : std::nullopt;
  }

  static std::optional<std::uint32_t> single(std::uint32_t variables) {
    if (variables == 0 || (variables & (variables - 1)) != 0) return std::nullopt;
    return static_cast<std::uint32_t>(std::countr_zero(variables));
  }

  bool atoms(AtomId pattern, AtomId target, const Done& done) {
    const Atom p = from_.atom(pattern);
    const Atom t = to_.atom(target);
    if (p.kind != t.kind || p.op != t.op || p.format != t.format || p.payload != t.payload ||
        p.args.size() != t.args.size()) {
      return false;
    }
    return arguments(p.args, t.args, 0, done);
  }

  bool arguments(const std::vector<FormId>& pattern, const std::vector<FormId>& target,
                 std::size_t k, const Done& done) {
    if (k == pattern.size()) return done();
    return form(pattern[k], target[k], [&] { return arguments(pattern, target, k + 1, done); });
  }

  // The whole of a form.
  bool form(FormId pattern, FormId target, const Done& done) {
    if (exhausted()) return false;
    const std::uint32_t free = open(pattern_.variables(pattern));
    if (free == 0) return instance(pattern) == target && done();
    if (const auto variable = single(free)) {
      if (const auto value = solve(pattern, *variable, target)) {
        return bind(*variable, *value, done);
      }
    }
    const Form parts = from_[pattern];
    if (parts.size() == 1) {
      if (target == Forms::zero) return false;
      const Term whole = to_.as_term(target);
      // A power of e taken out of a sum may overflow where no term does.
      if (to_[target].size() > 1 && whole.exponent != Forms::zero) return false;
      return term(parts[0], whole, Mode::whole, [&](const Term&) { return done(); });
    }
    const Form all = to_[to_.expanded(target)];
    if (all.size() != parts.size()) return false;
    return sum(parts, all, [&](const Term& factor, const std::vector<bool>&) {
      return factor.is_one() && done();
    });
  }

  // Pattern terms are found among the target's, times a factor.
  bool sum(const Form& pattern, const Form& target, const DoneSum& done) {
    const auto weight = [&](const Term& t) {
      const bool function = std::ranges::any_of(t.factors, [&](const Factor& f) {
        return !pattern_.is_variable(f.atom) && !from_.is_root(f.atom);
      });
      const bool bare =
          t.exponent == Forms::zero && t.factors.size() == 1 && t.factors[0].power == 1;
      return function ? 3 : open(pattern_.variables(t)) == 0 ? 2 : bare ? 0 : 1;
    };
    std::size_t anchor = 0;
    for (std::size_t i = 1; i < pattern.size(); ++i) {
      if (weight(pattern[i]) > weight(pattern[anchor])) anchor = i;
    }
    std::vector<bool> used(target.size(), false);
    if (weight(pattern[anchor]) <= 1 && pattern.size() == 2 && difference(pattern, target, done)) {
      return true;
    }
    for (std::size_t i = 0; i < target.size(); ++i) {
      const bool accepted = term(pattern[anchor], target[i], Mode::scaled, [&](const Term& factor) {
        used[i] = true;
        const bool found = others(pattern, target, anchor, 0, factor, used, done);
        used[i] = false;
        return found;
      });
      if (accepted) return true;
    }
    return false;
  }

  // The pattern's terms from k on, but for the anchor, times the factor.
  bool others(const Form& pattern, const Form& target, std::size_t anchor, std::size_t k,
              const Term& factor, std::vector<bool>& used, const DoneSum& done) {
    if (k == anchor) ++k;
    if (k >= pattern.size()) return done(factor, used);
    const Term inverse = to_.power(factor, -1);
    for (std::size_t i = 0; i < target.size(); ++i) {
      if (used[i]) continue;
      const bool accepted =
          term(pattern[k], to_.multiply(target[i], inverse), Mode::whole, [&](const Term&) {
            used[i] = true;
            const bool found = others(pattern, target, anchor, k + 1, factor, used, done);
            used[i] = false;
            return found;
          });
      if (accepted) return true;
    }
    return false;
  }

  // Two powers of e of one variable: their quotient does not know the factor.
  bool difference(const Form& pattern, const Form& target, const DoneSum& done) {
    const auto variable =
        single(open(pattern_.variables(pattern[0]) | pattern_.variables(pattern[1])));
    if (!variable) return false;
    std::vector<bool> used(target.size(), false);
    for (std::size_t i = 0; i < target.size(); ++i) {
      for (std::size_t j = 0; j < target.size(); ++j) {
        if (i == j || exhausted()) continue;
        const auto value =
            solve(pattern[0].exponent, *variable,
                  to_.add(target[i].exponent, target[j].exponent, -1), pattern[1].exponent);
        if (!value || *value == Forms::zero) continue;
        const bool accepted = bind(*variable, *value, [&] {
          const auto first = instance(pattern[0]);
          const auto second = instance(pattern[1]);
          if (!first || !second) return false;
          const Term factor = to_.multiply(target[i], to_.power(*first, -1));
          if (to_.multiply(*second, factor) != target[j]) return false;
          used[i] = used[j] = true;
          const bool found = done(factor, used);
          used[i] = used[j] = false;
          return found;
        });
        if (accepted) return true;
      }
    }
    return false;
  }

  bool term(const Term& pattern, const Term& target, Mode mode, const DoneTerm& done) {
    if (exhausted()) return false;
    Term constant{pattern.coefficient, {}, Forms::zero};
    std::vector<Factor> functions;
    std::vector<Factor> sums;
    std::vector<Factor> variables;
    for (const Factor& f : pattern.factors) {
      if (from_.is_root(f.atom)) {
        const auto root = instance(Term{1, {f}, Forms::zero});
        if (!root) return false;
        constant = to_.multiply(constant, *root);
      } else if (pattern_.is_variable(f.atom)) {
        variables.push_back(f);
      } else if (from_.atom(f.atom).kind == Atom::Kind::sum) {
        sums.push_back(f);
      } else {
        functions.push_back(f);
      }
    }
    functions.insert(functions.end(), sums.begin(), sums.end());
    const Term rest = to_.multiply(target, to_.power(constant, -1));
    return factors(functions, 0, rest, [&](const Term& after) {
      return power_of_e(pattern.exponent, after, mode, [&](const Term& left) {
        return take_variables(variables, left, mode, [&](const Term& last) {
          return (mode != Mode::whole || last.is_one()) && done(last);
        });
      });
    });
  }

  bool factors(const std::vector<Factor>& wanted, std::size_t k, const Term& rest,
               const DoneTerm& done) {
    if (k == wanted.size()) return done(rest);
    const Factor& w = wanted[k];
    const bool is_sum = from_.atom(w.atom).kind == Atom::Kind::sum;
    for (const Factor& f : std::vector<Factor>(rest.factors)) {
      if ((f.power > 0) != (w.power > 0) || std::abs(f.power) < std::abs(w.power)) continue;
      const Term without = to_.multiply(rest, Term{1, {{f.atom, -w.power}}, Forms::zero});
      bool accepted = false;
      if (!is_sum) {
        accepted = atoms(w.atom, f.atom, [&] { return factors(wanted, k + 1, without, done); });
      } else if (to_.atom(f.atom).kind == Atom::Kind::sum) {
        const Form pattern = from_[from_.atom(w.atom).args[0]];
        const Form target = to_[to_.atom(f.atom).args[0]];
        if (pattern.size() != target.size()) continue;
        accepted = sum(pattern, target, [&](const Term& factor, const std::vector<bool>&) {
          return factors(wanted, k + 1, to_.multiply(without, to_.power(factor, w.power)), done);
        });
      }
      if (accepted) return true;
    }
    return false;
  }

  bool power_of_e(FormId pattern, const Term& target, Mode mode, const DoneTerm& done) {
    if (pattern == Forms::zero) return done(target);
    Term rest = target;
    const std::uint32_t free = open(pattern_.variables(pattern));
    if (free == 0) {
      const auto known = instance(pattern);
      if (!known) return false;
      rest.exponent = to_.add(target.exponent, *known, -1);
      if (mode == Mode::part && to_.size(rest.exponent) >= to_.size(target.exponent)) return false;
      return done(rest);
    }
    if (target.exponent == Forms::zero) return false;
    rest.exponent = Forms::zero;
    return form(pattern, target.exponent, [&] { return done(rest); });
  }

  // Those that are known must be among the factors; one that is not takes what is left.
  bool take_variables(const std::vector<Factor>& variables, Term rest, Mode mode,
                      const DoneTerm& done) {
    const Factor* taker = nullptr;
    for (const Factor& v : variables) {
      const FormId value = bound_[pattern_.variable(v.atom)];
      if (value == unbound) {
        if (taker != nullptr) return false;
        taker = &v;
        continue;
      }
      if (value == Forms::zero) return false;
      const Term wanted = to_.power(to_.as_term(value), v.power);
      for (const Factor& f : wanted.factors) {
        if (to_.is_root(f.atom)) continue;
        const auto it = std::ranges::find(rest.factors, f.atom, &Factor::atom);
        if (it == rest.factors.end() || (it->power > 0) != (f.power > 0) ||
            std::abs(it->power) < std::abs(f.power)) {
          return false;
        }
      }
      rest = to_.multiply(rest, to_.power(wanted, -1));
    }
    if (taker == nullptr) return done(rest);
    if (mode != Mode::whole && to_.is_constant(rest)) return false;
    const auto root = to_.root(rest, taker->power);
    if (!root) return false;
    return bind(pattern_.variable(taker->atom), to_.of_term(*root), [&] { return done(Term{}); });
  }

  const Pattern& pattern_;
  const Forms& from_;
  Forms& to_;
  std::vector<FormId> bound_;
  int steps_ = 0;
};

}  // namespace

int for_each_match(const Pattern& pattern, Forms& target, FormId form,
                   const std::function<bool(const Match&)>& accept) {
  Matcher matcher(pattern, target);
  matcher.run(form, accept);
  return matcher.steps();
}

}  // namespace actc::ir
