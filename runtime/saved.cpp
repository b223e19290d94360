// What the gradient of a definition can be computed from.
#include "ir/saved.h"

#include <algorithm>

#include "ir/algebra.h"
#include "ir/passes.h"
#include "runtime/state.h"
#include "stdlib/stdlib.h"

namespace actc {
namespace detail {
namespace {

const ModuleState& identities() {
  static const auto state = [] {
    auto compiled = compile_text(stdlib::file("saved.act"), standard_module());
    if (auto* diagnostics = std::get_if<1>(&compiled)) throw Error(std::move(*diagnostics));
    return std::get<0>(compiled);
  }();
  return *state;
}

// Functions become formulas, but for those that identities are about, the known ones, and
// quotients, whose divisors would leave the sums that they stand in.
ir::Graph opened(const ir::Graph& graph, const ir::Library& library,
                 bool with_written_derivatives) {
  const std::vector<ir::FunctionId> closed = ir::functions_of(saved_identities());
  const ir::Graph open = ir::expand_calls(
      graph, library,
      [&](const ir::Function& f, const ir::Graph& g, ir::NodeId call) -> const ir::Graph* {
        if (std::ranges::find(closed, g[call].payload) != closed.end()) return nullptr;
        if (ir::is_quotient(f)) return nullptr;
        for (ir::NodeId id = 0; id < f.meaning.size(); ++id) {
          if (ir::info(f.meaning[id].op).klass == ir::OperationClass::real) return nullptr;
        }
        const auto derived = [](const auto& d) { return !d || d->derived; };
        const bool opens = with_written_derivatives || std::ranges::all_of(f.derivatives, derived);
        return opens ? &f.meaning : nullptr;
      });
  return ir::simplify(open, library);
}

}  // namespace

std::span<const ir::Rule> saved_identities() { return identities().library->rules(); }

std::string_view saved_name(Saved saved) {
  switch (saved) {
    case Saved::x:
      return "x";
    case Saved::y:
      return "y";
    case Saved::mask:
      return "a mask";
    case Saved::nothing:
      break;
  }
  return "nothing";
}

std::optional<SavedGradient> saved_gradient(const ir::Library& library, const ir::Function& f,
                                            const ir::Graph& value, const ir::Graph& gradients,
                                            Saved saved) {
  if (f.inputs.size() != 1 || gradients.outputs.size() != 2) return std::nullopt;
  if (saved == Saved::x) return SavedGradient{gradients, {}};
  if (saved == Saved::nothing) {
    if (!ir::from_nothing(gradients)) return std::nullopt;
    return SavedGradient{gradients, {}};
  }
  // Derived anew where nothing is written: closed functions hide what their parts have in common.
  const std::array shapes = {ir::Shape::element};
  const ir::Graph open =
      opened(ir::with_gradients(opened(value, library, false), library, shapes), library, true);
  std::optional<SavedGradient> found;
  if (saved == Saved::mask) {
    if (ir::is_over_rows(open)) return std::nullopt;
    if (auto from = ir::from_mask(open, library)) found = {std::move(from->gradients), {}};
  } else if (auto from = ir::from_value(open, library, saved_identities(), f.parameters)) {
    found = {std::move(from->gradients), std::move(from->positive)};
  }
  if (!found) return std::nullopt;
  // The value is computed as it is otherwise.
  ir::Graph result;
  std::vector<ir::NodeId> args = {result.input(0), result.input(1, ir::value_shape(gradients))};
  for (std::uint32_t k = 0; k < f.parameters.size(); ++k) args.push_back(result.parameter(k));
  std::vector<ir::NodeId> outputs = ir::inline_body(result, found->graph, 2, args);
  outputs[0] = ir::inline_body(result, gradients, 2, args)[0];
  result.outputs = outputs;
  found->graph = ir::simplify(result, library);
  return found;
}

}  // namespace detail

std::vector<Saving> Function::savings() const {
  const ir::Function& f = (*module_->library)[id_];
  const detail::Stages stages =
      detail::stages(*module_, id_, ir::Format::binary32, {.saved = Saved::x});
  std::vector<Saving> found;
  for (const Saved saved : {Saved::nothing, Saved::mask, Saved::y, Saved::x}) {
    const auto from =
        detail::saved_gradient(*module_->library, f, stages.stable, stages.gradient, saved);
    if (!from && saved != Saved::x) continue;
    if (saved != Saved::x && !found.empty() && found[0].saved == Saved::nothing) continue;
    Saving saving{saved};
    for (const std::size_t k : from ? from->positive : std::vector<std::size_t>()) {
      saving.positive.push_back(f.parameters[k].name);
    }
    found.push_back(std::move(saving));
  }
  return found;
}

}  // namespace actc
