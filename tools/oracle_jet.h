// Forward-mode automatic differentiation in intervals.
#pragma once

#include <span>
#include <utility>

#include "ir/operation.h"
#include "tools/oracle_interval.h"

namespace actc::tools {

// A value and its derivatives with respect to one input.
struct Jet {
  Interval value;
  Interval first;
  Interval second;
  bool varies = false;  // false: the derivatives are 0
};

// What each operation over the reals makes of jets. A call is a joint: its arguments are a value,
// the derivatives that count with respect to each of some expressions, and these expressions.
class JetRules {
 public:
  // order: how many derivatives are wanted, 0 to 2.
  explicit JetRules(int order) : order_(order) {}

  Jet apply(ir::Operation op, std::span<const Jet* const> a) const;

 private:
  Jet neg(const Jet& a) const;
  Jet sum(const Jet& a, const Jet& b, bool minus) const;
  Jet product(const Jet& a, const Jet& b) const;
  Jet quotient(const Jet& a, const Jet& b) const;
  // f(u) with f′ and f″ at u.
  template <class First, class Second>
  Jet chain(const Jet& u, Interval value, First first, Second second) const;
  Jet root(const Jet& u) const;
  Jet magnitude(const Jet& u) const;
  Jet elementary(ir::Operation op, const Jet& u) const;  // exp, log, …: of one argument
  Jet power(const Jet& u, const Jet& v) const;
  // The value of one of two, by a condition that may be open.
  Jet choice(const Interval& condition, const Jet& a, const Jet& b) const;
  Jet extremum(ir::Operation op, const Jet& a, const Jet& b) const;
  Jet joined(std::span<const Jet* const> parts) const;

  int order_;
};

}  // namespace actc::tools
