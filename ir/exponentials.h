// Rational functions of e^t, t any expression: (e^2t - 2) / (e^t + 3) overflows where it has a
// value, and so does the logarithm of 1 + e^t + e^2t.
//
// Such sums are divided by their largest power of e, which for t > 0 is the first and else the
// last: with s = min(t, -t) all that is left are powers of e^s, which do not overflow and of which
// one term does not vanish. What no power is left of may still cancel, as the formula does.
#pragma once

#include <optional>

#include "ir/normal.h"
#include "ir/range.h"

namespace actc::ir {

class Exponentials {
 public:
  Exponentials(Graph& graph, const KnownFunctions& known, Forms& forms, Ranges& ranges)
      : graph_(graph), known_(known), forms_(forms), ranges_(ranges) {}

  // May parts of the term overflow where it does not? Those are sums of powers of e^t by which it
  // is divided, or that are multiplied with another: the power of e `written` as a factor.
  bool may_overflow(const Term& term, FormId written);
  // Is it such a product, but made by `quotient`?
  bool is_divided(const Term& term);
  // Does it have such a sum as a factor, not as a divisor?
  bool has_numerator(const Term& term);

  // The product with its sums divided by their largest powers.
  std::optional<NodeId> quotient(const Term& term);
  // Of a sum, its quotients with such a denominator as one: what cancels in the numerator does so
  // exactly. Of a sum with any denominators one quotient, if that leaves one term above.
  std::optional<NodeId> gathered(FormId sum);

  // The sum with its logarithms of such products taken of the divided ones, if they are positive;
  // the powers of e and multiples of t that are in it come together.
  std::optional<NodeId> logarithms(FormId sum);
  // Is it the logarithm of more than one sum of two terms?
  bool is_long_logarithm(FormId argument);

 private:
  static constexpr int max_depth = 3;  // of sums within sums

  // c · e^(rate · t)
  struct Part {
    Term coefficient;
    Rational rate;
  };
  struct Sum {
    std::vector<Part> parts;
    int power;
    Rational lowest, highest;  // rates
  };
  struct Product {
    FormId t;
    Term rest;  // with no power of e^t
    Rational rate;
    std::vector<Sum> sums;
    bool overflows = false;  // one of the sums may
  };
  // a · log of a positive product
  struct Logarithm {
    Rational factor;
    Product of;
  };
  // The product on one side of t = 0.
  struct Side {
    FormId growth;  // the exponent of a power of e
    Term rest;      // with sums that do not overflow
  };

  std::optional<Product> product(const Term& term);
  std::optional<Sum> sum(const Factor& factor, FormId t);
  std::optional<FormId> base(FormId exponent);
  std::optional<Part> part(const Term& term, FormId t);
  FormId sheltered(FormId t);
  std::optional<Product> logarithm(const Term& term);
  Side side(const Product& product, bool above);
  NodeId choose(FormId t, NodeId above, NodeId below);
  std::optional<NodeId> gathered_to_one_term(FormId sum);
  enum class Sums : std::uint8_t { of_powers, all };
  std::optional<FormId> multiplied_out(FormId form, Sums which);
  Term multiplied_out(Term term, Sums which = Sums::of_powers);
  double weight(const Term& term, int depth = max_depth);
  bool is_sum(const Factor& factor) const;
  bool is_sum_of_powers(const Factor& factor, int depth = max_depth);

  Graph& graph_;
  const KnownFunctions& known_;
  Forms& forms_;
  Ranges& ranges_;
};

}  // namespace actc::ir
