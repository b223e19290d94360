// What can be shown to go wrong in a definition, in words and at its place in the text.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "frontend/trace.h"
#include "ir/evaluate.h"
#include "ir/faults.h"
#include "ir/passes.h"
#include "runtime/state.h"

namespace actc {
namespace detail {

struct Traces {
  std::once_flag once;
  std::map<ir::FunctionId, frontend::TracedDefinition> definitions;
};

std::shared_ptr<Traces> new_traces() { return std::make_shared<Traces>(); }

const std::map<ir::FunctionId, frontend::TracedDefinition>& traced(const ModuleState& module) {
  std::call_once(module.traces->once, [&] {
    if (module.base) {
      module.traces->definitions = frontend::trace(module.source, module.base->library);
    }
  });
  return module.traces->definitions;
}

namespace {

using frontend::Code;
using frontend::Span;
using ir::FaultKind;

constexpr std::size_t most_places = 2;          // of one fault that are listed
constexpr std::size_t derivation_cost = 100;    // of an operation, in evaluations of it
constexpr std::size_t longest_expression = 60;  // bytes of it that are shown

std::string digits(double x) { return fmt::format("{:.6g}", x == 0 ? 0 : x); }

// The text of a part as it was typed, without parentheses around it, on one line and cut where it
// is long.
std::string typed(const std::string& source, Span span) {
  while (span.end > span.begin + 1 && source[span.begin] == '(' && source[span.end - 1] == ')') {
    ++span.begin;
    --span.end;
  }
  std::string text;
  for (std::uint32_t at = span.begin; at < span.end; ++at) {
    const char c = source[at];
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!space) text += c;
    if (space && !text.empty() && text.back() != ' ') text += ' ';
  }
  if (text.size() > longest_expression) {
    std::size_t end = longest_expression;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    text = text.substr(0, end) + " …";
  }
  return text;
}

std::string at_point(const ir::Function& f, std::span<const double> point) {
  std::string text;
  for (std::size_t k = 0; k < point.size(); ++k) {
    text += fmt::format("{}{} = {}", k == 0 ? "" : ", ", f.inputs[k], digits(point[k]));
  }
  return text;
}

// "for x < -1", "at x = 1 and for 2 <= x <= 3".
std::string stretches(const ir::Function& f, const ir::Fault& fault) {
  const std::string& x = f.inputs.front();
  std::string text;
  for (std::size_t i = 0; i < std::min(fault.where.size(), most_places); ++i) {
    const ir::Fault::Stretch& s = fault.where[i];
    if (i > 0) text += " and ";
    const bool below = std::isinf(s.low);
    const bool above = std::isinf(s.high);
    const auto sign = [](bool included) { return included ? "<=" : "<"; };
    if (below && above) {
      text += fmt::format("for each {} that was tried", x);
    } else if (s.low == s.high) {
      text += fmt::format("at {} = {}", x, digits(s.low));
    } else if (below) {
      text += fmt::format("for {} {} {}", x, sign(s.has_high), digits(s.high));
    } else if (above) {
      text += fmt::format("for {} {} {}", x, s.has_low ? ">=" : ">", digits(s.low));
    } else {
      text += fmt::format("for {} {} {} {} {}", digits(s.low), sign(s.has_low), x, sign(s.has_high),
                          digits(s.high));
    }
  }
  return text + (fault.where.size() > most_places ? " and elsewhere" : "");
}

// The values that the parameters had, of those that the fault depends on.
std::string with_parameters(const ir::Graph& g, const ir::Function& f, const ir::Fault& fault,
                            std::span<const double> values) {
  ir::Graph part = g;
  if (fault.kind != FaultKind::jump) part.outputs = {fault.node};
  const std::vector<bool> needed = ir::reachable(part);
  std::string text;
  for (ir::NodeId id = 0; id < g.size(); ++id) {
    if (!needed[id] || g[id].op != ir::Operation::Parameter) continue;
    const std::uint32_t k = g[id].payload;
    text += fmt::format("{}{} = {}", text.empty() ? " (" : ", ", f.parameters[k].name,
                        digits(values[k]));
  }
  return text.empty() ? text : text + ")";
}

class Analysis {
 public:
  Analysis(const ModuleState& module, ir::FunctionId id, const frontend::TracedDefinition& traced,
           const Parameters& given, std::size_t& work)
      : module_(module), f_((*module.library)[id]), traced_(traced), given_(given), work_(work) {}

  std::vector<frontend::Diagnostic> run() {
    warnings_ = traced_.unused;
    const ir::Graph& g = traced_.meaning;
    if (ir::is_over_rows(g) || ir::is_random(g) || !has_all_parameters() || work_ == 0) {
      return warnings_;
    }
    values_ = binary32_parameters(f_, given_);
    try {
      find();
    } catch (const ir::GraphTooLarge&) {
      return traced_.unused;  // no more is said of what cannot be compiled
    }
    return std::move(warnings_);
  }

 private:
  bool has_all_parameters() const {
    return std::ranges::all_of(f_.parameters, [&](const ir::Parameter& p) {
      return p.default_value || given_.contains(p.name);
    });
  }

  void find() {
    const ir::Graph& g = traced_.meaning;
    std::vector<bool> eligible;
    for (const frontend::NodePlace& place : traced_.places) {
      eligible.push_back(!place.operands.empty());
    }
    const bool flat = !traced_.has_derivative && is_flat();
    for (const ir::Fault& fault :
         ir::find_faults(g, *module_.library, f_.inputs.size(), values_, eligible, work_)) {
      if (fault.kind == FaultKind::jump && (flat || traced_.has_derivative)) continue;
      add(fault);
    }
  }

  // The gradient with respect to all inputs is the constant 0, and the value is no constant, nor a
  // step or a staircase that a definition is a name for.
  bool is_flat() {
    const ir::Graph& g = traced_.meaning;
    const ir::NodeId y = g.outputs.front();
    const bool is_operation_itself =
        g[y].arg_count == 1 && g[g.arg(y, 0)].op == ir::Operation::Input;
    if (ir::is_step(g) || is_operation_itself || traced_.places[y].span.end == 0) return false;
    const std::vector<bool> needed = ir::reachable(g);
    bool uses_input = false;
    for (ir::NodeId id = 0; id < g.size(); ++id) {
      uses_input = uses_input || (needed[id] && g[id].op == ir::Operation::Input);
    }
    if (!uses_input) return false;
    work_ -= std::min(work_, derivation_cost * g.size());
    std::vector<std::size_t> wanted(f_.inputs.size());
    for (std::size_t k = 0; k < wanted.size(); ++k) wanted[k] = k;
    const ir::Graph gradient = ir::simplify(
        ir::derive(ir::simplify(g, *module_.library), *module_.library, wanted.size(), wanted),
        *module_.library);
    if (!std::ranges::all_of(gradient.outputs,
                             [&](ir::NodeId id) { return gradient.is_constant(id, 0); })) {
      return false;
    }
    add(Code::zero_gradient, traced_.places[y].span,
        fmt::format("the gradient is 0 everywhere{}: nothing is learned through it", two_values()),
        "write the derivative that is to be used instead, as in `d/dx f(x) = surrogate 1`");
    return true;
  }

  // ", though the value is 0 at x = 0.3 and 1 at x = 1.7", where two such are found.
  std::string two_values() const {
    constexpr std::array tried = {0.3, 1.7, -0.6, -2.2, 7.3, -11.9};
    const ir::Graph open = ir::expand_meaning(traced_.meaning, *module_.library);
    const auto at = [&](double x) {
      const std::vector<double> point(f_.inputs.size(), x);
      return ir::evaluate<double>(open, point, values_)[0];
    };
    for (const double x : tried) {
      if (!std::isfinite(at(x)) || !std::isfinite(at(tried[0])) || at(x) == at(tried[0])) continue;
      const auto shown = [&](double v) {
        return fmt::format("{} at {}", digits(at(v)),
                           at_point(f_, std::vector<double>(f_.inputs.size(), v)));
      };
      return fmt::format(", though the value is {} and {}", shown(tried[0]), shown(x));
    }
    return "";
  }

  void add(Code code, Span span, std::string message, std::string_view suggestion) {
    // One place of the text may be several operations, as `sign` is two choices.
    const auto same = [&](const frontend::Diagnostic& d) {
      return d.code == code && d.span.begin == span.begin && d.span.end == span.end;
    };
    if (std::ranges::any_of(warnings_, same)) return;
    frontend::Diagnostic d;
    d.severity = frontend::Severity::warning;
    d.code = code;
    d.span = span;
    d.message = std::move(message);
    d.suggestion = suggestion;
    warnings_.push_back(std::move(d));
  }

  void add(const ir::Fault& fault) {
    const frontend::NodePlace& place = traced_.places[fault.node];
    const std::string what = typed(module_.source, place.span);
    const std::string with = with_parameters(traced_.meaning, f_, fault, values_);
    const std::string witness = at_point(f_, fault.witness) + with;
    const std::string where = fault.always          ? "whatever the inputs are"
                              : fault.where.empty() ? "for some inputs"
                                                    : stretches(f_, fault);
    switch (fault.kind) {
      case FaultKind::negative_root:
        add(Code::negative_sqrt, place.span,
            fmt::format("`{}` is NaN {}: at {} it is the square root of {}", what, where, witness,
                        digits(fault.argument)),
            "keep its argument from below 0, as in `sqrt(max(u, 0))`, or choose another value "
            "there with `where`");
        return;
      case FaultKind::negative_logarithm: {
        add(Code::negative_log, place.span,
            fmt::format("`{}` is NaN {}: at {} its argument is {}", what, where, witness,
                        digits(fault.argument)),
            "keep its argument in its domain, as in `log(max(u, 1e-8))`, or choose another value "
            "there "
            "with `where`");
        return;
      }
      case FaultKind::negative_power:
        add(Code::negative_power, place.span,
            fmt::format("`{}` is NaN {}: at {} it is {} to the power {}, which is no integer", what,
                        where, witness, digits(fault.argument), digits(fault.other)),
            "take the power of what is not negative, as in `abs(u)^a`, or choose another value "
            "there with `where`");
        return;
      case FaultKind::zero_divisor:
        add_division(fault, place, what, with);
        return;
      case FaultKind::jump:
        add(Code::jump, place.span,
            fmt::format("`{}` makes the value jump at {}, from {} to {}", what, witness,
                        digits(fault.argument), digits(fault.other)),
            "let both sides meet there; if it is meant, a derivative of your own says so: "
            "`d/dx f(x) = surrogate ...`");
        return;
    }
  }

  void add_division(const ir::Fault& fault, const frontend::NodePlace& place,
                    const std::string& what, const std::string& with) {
    const bool quotient = traced_.meaning[fault.node].op == ir::Operation::Div;
    const Span span = quotient && place.operands.size() == 2 ? place.operands[1] : place.span;
    const std::string places =
        fault.where.empty() ? "at " + at_point(f_, fault.witness) : stretches(f_, fault);
    const std::string shown = quotient
                                  ? fmt::format("the divisor `{}`", typed(module_.source, span))
                                  : fmt::format("`{}` divides by what", what);
    const std::string_view then =
        fault.exact && fault.argument == 0 ? "0 / 0 is NaN" : "the value has no bound there";
    add(Code::division_by_zero, span,
        fmt::format("{} {} {}{}: {}", shown, fault.exact ? "is 0" : "passes through 0", places,
                    with, then),
        "keep it from 0, as in `u / (abs(v) + 1e-6)`, or choose another value there with `where`");
  }

  const ModuleState& module_;
  const ir::Function& f_;
  const frontend::TracedDefinition& traced_;
  const Parameters& given_;
  std::size_t& work_;
  std::vector<double> values_;
  std::vector<frontend::Diagnostic> warnings_;
};

}  // namespace
}  // namespace detail

std::vector<Diagnostic> Function::analysis(const Parameters& parameters) const {
  const auto& all = detail::traced(*module_);
  const auto it = all.find(id_);
  if (it == all.end()) return {};
  std::size_t work = ir::most_fault_work;
  return detail::located(detail::Analysis(*module_, id_, it->second, parameters, work).run(),
                         module_->source);
}

std::vector<Diagnostic> Module::analysis() const {
  std::vector<frontend::Diagnostic> all;
  std::set<std::tuple<frontend::Code, std::uint32_t, std::uint32_t>> seen;
  std::size_t work = ir::most_fault_work;
  const Parameters defaults;
  for (const auto& [id, traced] : detail::traced(*state_)) {
    detail::Analysis analysis(*state_, id, traced, defaults, work);
    for (frontend::Diagnostic& d : traced.is_helper ? std::vector(traced.unused) : analysis.run()) {
      if (seen.emplace(d.code, d.span.begin, d.span.end).second) all.push_back(std::move(d));
    }
  }
  return detail::located(std::move(all), state_->source);
}

}  // namespace actc
