// What the oracle of rows computes with: a number, and to what size roundings count in it.
//
// Whoever computes a - b in a format rounds a and b first, and it is of their size what is lost: no
// error below that is a fault of the computation. So a term carries its `excess`: by how much the
// terms that it was made of, their magnitudes added, are larger than itself. It is carried through
// functions by their slopes, and is 0 where nothing cancels. The difference of two numbers that
// were computed of nothing (elements, parameters, the largest of them) is rounded once: no excess.
// The logarithm of a computed number near 1 cancels as the difference from 1 does, and what is
// computed below the smallest normal number is rounded as that is.
#pragma once

#include <span>
#include <utility>

#include "ir/operation.h"
#include "tools/mpfr.h"
#include "tools/oracle_judge.h"

namespace actc::tools {

struct Term {
  Mpfr value;
  long double excess = 0;
  bool given = false;  // an element or a parameter, or one of several, or its negative

  bool is_none() const { return value == 0 && excess == 0; }
};

// |value| + excess.
long double size_of(const Term& term);

// Computes at the precision in force what is judged by, of what is computed in a format.
class Terms {
 public:
  explicit Terms(const NumberFormat& computed) : computed_(computed) {}

  Term apply(ir::Operation op, std::span<const Term* const> args);
  Term add(const Term& a, const Term& b);
  Term multiply(const Term& a, const Term& b);

  // The slope at x of a function of one argument that is y there.
  Term slope(ir::Operation op, const Term& x, const Term& y);
  // The slopes of x ^ n = y by x and by n.
  std::pair<Term, Term> slopes_of_power(const Term& x, const Term& n, const Term& y);

  // Was there a comparison of computed numbers that differ by no more than some roundings?
  bool near_switch() const { return near_switch_; }

 private:
  void compare(const Term& a, const Term& b);

  Term term(Mpfr value, long double excess) const;

  NumberFormat computed_;
  bool near_switch_ = false;
};

}  // namespace actc::tools
