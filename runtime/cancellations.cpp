// Where a definition loses its digits, in words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/cancellation.h"
#include "ir/round.h"
#include "ir/text.h"
#include "runtime/state.h"

namespace actc {
namespace {

constexpr std::size_t longest_expression = 120;
constexpr std::size_t most_intervals = 2;

std::string interval(const std::string& name, ir::Cancellation::Bounds b) {
  const auto digits = [](double x) { return fmt::format("{:.3g}", x); };
  const bool below = std::isinf(b.low);
  const bool above = std::isinf(b.high);
  if (below && above) return "all " + name;
  if (below) return fmt::format("{} <= {}", name, digits(b.high));
  if (above) return fmt::format("{} >= {}", name, digits(b.low));
  return fmt::format("{} in [{}, {}]", name, digits(b.low), digits(b.high));
}

std::string intervals(const ir::Function& f, const ir::Cancellation& c) {
  std::string text;
  for (std::size_t i = 0; i < std::min(c.where.size(), most_intervals); ++i) {
    text += i == 0 ? "" : " and for ";
    for (std::size_t k = 0; k < f.inputs.size(); ++k) {
      text += (k == 0 ? "" : ", ") + interval(f.inputs[k], c.where[i][k]);
    }
  }
  return text + (c.where.size() > most_intervals ? " and elsewhere" : "");
}

frontend::Code code(ir::Loss loss) {
  switch (loss) {
    case ir::Loss::cancellation:
      return frontend::Code::cancellation;
    case ir::Loss::amplification:
      return frontend::Code::amplification;
    case ir::Loss::overflow:
      return frontend::Code::overflow;
    case ir::Loss::underflow:
      break;
  }
  return frontend::Code::underflow;
}

std::string_view suggestion(ir::Loss loss) {
  switch (loss) {
    case ir::Loss::cancellation:
      return "write it so that its terms do not cancel, or add a `rule`";
    case ir::Loss::amplification:
      return "the rounding of its argument counts there: write it so that it is not rounded, or "
             "add a `rule`";
    case ir::Loss::overflow:
    case ir::Loss::underflow:
      break;
  }
  return "write it so that no intermediate value leaves the range of binary32, or add a `rule`";
}

std::string message(const ir::Function& f, const ir::Cancellation& c, std::string expression) {
  if (expression.size() > longest_expression) {
    expression = expression.substr(0, longest_expression) + " …";
  }
  const std::string place =
      c.output == 0 ? "" : fmt::format("in the derivative by {}, ", f.inputs[c.output - 1]);
  const std::string where = intervals(f, c);
  switch (c.loss) {
    case ir::Loss::overflow:
      return fmt::format("{}`{}` overflows for {}, where the result does not", place, expression,
                         where);
    case ir::Loss::underflow:
      return fmt::format("{}`{}` underflows for {}, where the result does not", place, expression,
                         where);
    case ir::Loss::cancellation:
    case ir::Loss::amplification:
      break;
  }
  return fmt::format("{}`{}` loses its digits for {}: up to {:.0f} of 7", place, expression, where,
                     c.digits);
}

}  // namespace

std::vector<double> detail::binary32_parameters(const ir::Function& f, const Parameters& given) {
  for (const auto& [name, value] : given) {
    if (std::ranges::find(f.parameters, name, &ir::Parameter::name) == f.parameters.end()) {
      detail::unknown_parameter(name, f.parameters, f.name);
    }
  }
  std::vector<double> values;
  for (const ir::Parameter& p : f.parameters) {
    const auto it = given.find(p.name);
    if (it == given.end() && !p.default_value) {
      throw Error(fmt::format("the parameter `{}` of {} has no default: give it a value", p.name,
                              detail::shown_name(f)));
    }
    values.push_back(it != given.end() ? static_cast<float>(it->second)
                                       : ir::round_to_binary32(*p.default_value));
  }
  return values;
}

std::vector<Diagnostic> Function::cancellations(const Parameters& parameters,
                                                bool stabilize) const {
  const ir::Library& library = *module_->library;
  const ir::Function& f = library[id_];
  const std::vector<double> values = detail::binary32_parameters(f, parameters);
  detail::StageLogs logs;
  const detail::Stages stages =
      detail::stages(*module_, id_, ir::Format::binary32, {.stabilize = stabilize}, &logs);
  std::vector<Diagnostic> warnings;
  for (const ir::StabilizeLog* log : {&logs.value, &logs.gradient}) {
    if (log->limit == ir::StabilizeLimit::none) continue;
    const std::string stopped = fmt::format("rules were not tried everywhere in {}: {}",
                                            detail::shown_name(f), ir::reason(log->limit));
    warnings.push_back(
        detail::placed(*module_, id_, Severity::warning, frontend::Code::rules_stopped, stopped,
                       "`actc emit DEF --stage=stable` shows the formula as it is computed"));
    break;
  }
  if (ir::is_over_rows(stages.gradient) || ir::is_random(stages.gradient)) return warnings;
  std::vector<std::string> seen;
  try {
    for (const ir::Cancellation& c :
         ir::find_cancellations(stages.gradient, library, f.inputs.size(), values)) {
      const std::string expression =
          ir::to_formula(detail::readable(c.expression, library), library, ir::names_of(f));
      if (std::ranges::find(seen, expression) != seen.end()) continue;
      seen.push_back(expression);
      Diagnostic warning = detail::placed(*module_, id_, Severity::warning, code(c.loss),
                                          message(f, c, expression), suggestion(c.loss));
      detail::place_within(*module_, id_, c.expression, warning);
      warnings.push_back(std::move(warning));
    }
  } catch (const ir::GraphTooLarge&) {
    throw detail::too_large(*module_, id_,
                            fmt::format("{} needs more than {} operations", detail::shown_name(f),
                                        ir::Graph::max_nodes));
  }
  return warnings;
}

}  // namespace actc
