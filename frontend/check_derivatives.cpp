// A written derivative is held against the formula: both in double, at points where neither is
// likely to have a kink.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "frontend/frontend.h"
#include "ir/evaluate.h"
#include "ir/passes.h"

namespace actc::frontend {
namespace {

constexpr std::array samples = {-7.3417, -4.1931, -2.7713, -1.6179, -0.8653, -0.3307, -0.0719,
                                0.0613,  0.2939,  0.7411,  1.4159,  2.3861,  3.8377,  6.2671};

// Doubles lose digits in naive formulas; a wrong derivative is wrong by far more than this.
constexpr double tolerance = 1e-4;

struct Disagreement {
  double at = 0;
  double written = 0;
  double derived = 0;
};

std::optional<Disagreement> disagreement(const ir::Function& f, const ir::Library& library,
                                         std::size_t variable) {
  const std::size_t inputs = f.inputs.size();
  const ir::Graph formula = ir::expand_meaning(f.meaning, library);
  const std::array wanted = {variable};
  const ir::Graph derived = ir::derive(formula, library, inputs, wanted);
  const ir::Graph written = ir::expand_meaning(f.derivatives[variable]->body, library);
  std::vector<double> parameters;
  for (const ir::Parameter& p : f.parameters) {
    parameters.push_back(p.default_value ? ir::round_to_binary64(*p.default_value) : 0.7);
  }
  std::vector<double> at(inputs);
  for (std::size_t s = 0; s < samples.size(); ++s) {
    for (std::size_t k = 0; k < inputs; ++k) at[k] = samples[(s + 5 * k) % samples.size()];
    const double w = ir::evaluate<double>(written, at, parameters)[0];
    const double d = ir::evaluate<double>(derived, at, parameters)[0];
    // NaN is agreement: outside the domain there is nothing to compare.
    if (std::abs(w - d) > tolerance * std::max({1.0, std::abs(w), std::abs(d)})) {
      return Disagreement{at[variable < inputs ? variable : 0], w, d};
    }
  }
  return std::nullopt;
}

}  // namespace

void check_derivatives(const SyntaxTree& tree, const ir::Library& library,
                       std::vector<Diagnostic>& diagnostics) {
  for (const Item& item : tree.items) {
    const auto* d = std::get_if<DerivativeItem>(&item);
    if (d == nullptr || d->surrogate) continue;
    const auto id = library.find(d->head.name);
    if (!id) continue;
    const ir::Function& f = library[*id];
    std::size_t variable = 0;
    const auto input = std::ranges::find(f.inputs, d->variable);
    if (input != f.inputs.end()) {
      variable = static_cast<std::size_t>(input - f.inputs.begin());
    } else {
      const auto parameter = std::ranges::find(f.parameters, d->variable, &ir::Parameter::name);
      if (parameter == f.parameters.end()) continue;
      variable = f.inputs.size() + static_cast<std::size_t>(parameter - f.parameters.begin());
    }
    const auto found = disagreement(f, library, variable);
    if (!found) continue;
    Diagnostic warning;
    warning.severity = Severity::warning;
    warning.code = Code::derivative_disagrees;
    warning.span = d->head.body_span;
    warning.message = fmt::format(
        "this derivative of `{}` disagrees with the formula: at {} = {} it is {:.6g}, the "
        "formula's is {:.6g}",
        f.name, f.inputs[variable < f.inputs.size() ? variable : 0], found->at, found->written,
        found->derived);
    warning.suggestion = "correct it, or write `surrogate` after the `=` if that is meant";
    diagnostics.push_back(std::move(warning));
  }
}

}  // namespace actc::frontend
