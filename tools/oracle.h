// The oracle of a definition: what its formula, as it is written, is over the reals.
//
// Independent of the compiler's rewriting: the text is parsed and lowered, calls are replaced by
// their meanings, and the operations that then stand there are evaluated in intervals (not
// simplified, not stabilized, no implementation, no symbolic derivative). Derivatives are those of
// forward-mode automatic differentiation, value and derivatives together, in the same arithmetic.
// At a kink: `max` and `min` of equal arguments share half and half, abs and the like have slope 0,
// `where` has that of the branch taken. A call of a function whose text has its derivative written,
// and whose meaning has kinks (or whose derivative is a surrogate), has the derivative that is
// written; everything else is differentiated through its meaning.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ir/function.h"
#include "tools/oracle_jet.h"

namespace actc::tools {

// Does stdlib/math.act define a function of this name?
bool is_math_function(std::string_view name);

// Does a formula choose by its data (abs, min, where, floor and the like)?
bool has_kinks(const ir::Graph& meaning);

class Oracle {
 public:
  // The function of this name in a text that compiles, or in the standard library; the text's last
  // definition where the name is empty. An empty text: the standard library's.
  Oracle(std::string_view text, std::string_view name);

  const ir::Function& function() const { return (*library_)[id_]; }
  const ir::Library& library() const { return *library_; }
  // A call of the function on its own inputs and parameters, and the same in operations alone.
  ir::Graph call() const;
  const ir::Graph& value() const { return value_; }
  // Where comparisons (where, min, max, floor, …) of an affine function of the input `variable`
  // with a constant, or of two of them, change their result, the other inputs being 0.
  std::vector<double> switching_points(std::span<const double> parameters,
                                       std::size_t variable) const;
  bool asks_isnan() const;
  // Is the formula at −0 the one input, or that times or divided by something positive?
  bool is_multiple_of_input_at_zero(std::span<const double> parameters) const;

 private:
  friend class Evaluator;
  friend class RowOracle;
  std::shared_ptr<const ir::Library> library_;
  ir::FunctionId id_ = 0;
  ir::Graph value_;   // operations alone
  ir::Graph slopes_;  // as well, and `joints`: see the source
};

// Evaluates an oracle; one for each thread.
class Evaluator {
 public:
  Evaluator(const Oracle& oracle, std::vector<double> parameters);

  // The value (order 0) and its derivatives up to order 1 or 2 by `variable`, at the precision in
  // force. `inputs` that are NaN are intervals defined nowhere.
  Jet at(std::span<const Interval> inputs, int order, std::size_t variable = 0);

 private:
  struct Plan {
    const ir::Graph* graph;
    std::vector<bool> needed;
    std::vector<bool> varies;  // depends on an input
    std::vector<Jet> jets;
    mpfr_prec_t constants_at = 0;  // the precision at which `jets` holds the constants
  };
  static Plan plan_of(const ir::Graph& graph);
  void evaluate(Plan& plan, ir::NodeId id, std::span<const Interval> inputs, int order,
                std::size_t variable);

  std::vector<double> parameters_;
  Plan value_;
  Plan slopes_;
};

}  // namespace actc::tools
