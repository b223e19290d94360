// Patterns are matched against normal forms.
//
// A sum is found among the terms of a sum up to a common factor, a product among the factors of a
// product; a sum within a product is matched up to a factor too. A variable that is the argument of
// a function, alone or with constants, takes whatever solves for it; one that is a factor takes the
// factors that are left.
#pragma once

#include <functional>
#include <vector>

#include "ir/pattern.h"

namespace actc::ir {

struct Match {
  std::vector<FormId> variables;
  Term factor;      // what is left of the product, or the common factor of the sum's terms
  FormId rest = 0;  // the terms of the sum that are left
};

// Where a match takes more work, no more is looked for.
inline constexpr int max_match_steps = 500;

// All ways in which the pattern is found in a form, until `accept` returns true. Returns how much
// work it was: more than max_match_steps where it was given up.
int for_each_match(const Pattern& pattern, Forms& target, FormId form,
                   const std::function<bool(const Match&)>& accept);

}  // namespace actc::ir
