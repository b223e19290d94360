// Kernels: compiling a definition, binding parameters.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <functional>

#include "frontend/names.h"
#include "ir/passes.h"
#include "ir/round.h"
#include "ir/text.h"
#include "runtime/code.h"
#include "runtime/element_pairs.h"
#include "runtime/state.h"

namespace actc {
namespace detail {

jit::Engine& engine() {
  static jit::Engine instance;
  return instance;
}

void unknown_parameter(const std::string& name, const std::vector<ir::Parameter>& known,
                       std::string_view function) {
  std::vector<std::string_view> names;
  for (const ir::Parameter& p : known) names.push_back(p.name);
  Diagnostic d;
  d.code = frontend::name(frontend::Code::unknown_parameter);
  d.message = names.empty() ? fmt::format("`{}` has no parameters, so no `{}`", function, name)
                            : fmt::format("`{}` has no parameter `{}`; it has {}", function, name,
                                          fmt::join(names, ", "));
  d.suggestion = frontend::suggest_name(name, names);
  throw Error(std::vector{d});
}

template <std::floating_point T>
T rounded_parameter(std::string_view name, double value) {
  const T rounded = static_cast<T>(value);
  if (std::isfinite(value) && !std::isfinite(rounded)) {
    constexpr ir::Format format = sizeof(T) == 4 ? ir::Format::binary32 : ir::Format::binary64;
    throw Error(fmt::format("the value {} of the parameter `{}` is beyond the largest {}", value,
                            name, ir::name(format)));
  }
  return rounded;
}
template float rounded_parameter<float>(std::string_view, double);
template double rounded_parameter<double>(std::string_view, double);

StageOptions stage_options(const ir::Function& f, const KernelOptions& options,
                           std::span<const ir::Shape> shapes) {
  StageOptions result{
      .stabilize = options.stabilize, .learned = options.learned, .saved = options.saved};
  const bool from_x = options.saved.value_or(Saved::x) == Saved::x;
  if (!from_x && (options.fused || options.learned || !options.as_inputs.empty())) {
    throw Error(fmt::format("`{}`: a kernel whose gradient is of {} has no `{}`: it needs x",
                            f.name, saved_name(*options.saved),
                            options.fused     ? "fused"
                            : options.learned ? "learned"
                                              : "as_inputs"));
  }
  result.variables.inputs.assign(shapes.begin(), shapes.end());
  for (const std::string& name : options.as_inputs) {
    const auto it = std::ranges::find(f.parameters, name, &ir::Parameter::name);
    if (it == f.parameters.end()) unknown_parameter(name, f.parameters, f.name);
    const auto position = static_cast<std::size_t>(it - f.parameters.begin());
    if (result.variables.is_array(position) || options.fixed.contains(name)) {
      throw Error(
          fmt::format("the parameter `{}` of `{}` is an input of the kernel: it cannot be "
                      "{} too",
                      name, f.name, options.fixed.contains(name) ? "fixed" : "another input"));
    }
    result.variables.arrays.push_back(position);
  }
  result.variables.inputs.resize(f.inputs.size() + result.variables.arrays.size(),
                                 ir::Shape::element);
  return result;
}

jit::Stored stored_gradient(ir::Shape input) {
  if (input == ir::Shape::element) return jit::Stored::elements;
  return input == ir::Shape::row ? jit::Stored::row_totals : jit::Stored::column_totals;
}

jit::ModuleSpec module_spec(const ir::Function& f, const Stages& stages, ArrayTypes types,
                            const KernelOptions& options, const Variables& variables) {
  jit::ModuleSpec spec;
  spec.graph = &stages.lowered;
  spec.format = types.computed();
  spec.target.isa = options.avx2_only ? jit::Isa::avx2 : jit::Isa::host;
  spec.target.optimize = options.optimize;

  const std::size_t inputs = variables.inputs.size();
  const std::vector<jit::Storage> x(inputs, types.x);
  const Saved saved = options.saved.value_or(Saved::x);
  std::vector<jit::Storage> x_dy = x;
  if (saved == Saved::y) x_dy[0] = types.y;
  if (saved == Saved::mask) x_dy[0] = jit::Storage::bit;
  x_dy.push_back(types.y);
  std::vector<jit::Storage> y_dx = x;
  y_dx.insert(y_dx.begin(), types.y);
  std::vector<std::size_t> gradients(inputs);
  for (std::size_t k = 0; k < inputs; ++k) gradients[k] = 1 + k;
  const jit::Stored value = ir::value_shape(stages.gradient) == ir::Shape::row
                                ? jit::Stored::row_values
                                : jit::Stored::elements;
  std::vector<jit::Stored> dx;
  for (const ir::Shape shape : variables.inputs) dx.push_back(stored_gradient(shape));
  for (std::size_t k = inputs + 1; options.learned && k < stages.gradient.outputs.size(); ++k) {
    gradients.push_back(k);
    dx.push_back(jit::Stored::total);
  }
  std::vector<jit::Storage> stored = x;
  stored.resize(gradients.size(), jit::Storage::binary64);
  y_dx.resize(1 + gradients.size(), jit::Storage::binary64);
  if (options.forward) spec.kernels.push_back({{0}, inputs, x, {types.y}, {value}});
  if (options.forward && saved == Saved::mask) {
    spec.kernels.back().outputs.push_back(2);
    spec.kernels.back().output_storage.push_back(jit::Storage::bit);
    spec.kernels.back().stored.push_back(jit::Stored::elements);
  }
  if (options.backward) spec.kernels.push_back({gradients, inputs + 1, x_dy, stored, dx});
  if (options.fused) {
    std::vector<std::size_t> all = gradients;
    all.insert(all.begin(), 0);
    std::vector<jit::Stored> kinds = dx;
    kinds.insert(kinds.begin(), value);
    spec.kernels.push_back({all, inputs + 1, x_dy, y_dx, kinds});
  }
  for (const auto& [name, value] : options.fixed) {
    const auto it = std::ranges::find(f.parameters, name, &ir::Parameter::name);
    if (it == f.parameters.end()) unknown_parameter(name, f.parameters, f.name);
    const double rounded = spec.format == ir::Format::binary32
                               ? rounded_parameter<float>(name, value)
                               : rounded_parameter<double>(name, value);
    spec.fixed_parameters[static_cast<std::uint32_t>(it - f.parameters.begin())] = rounded;
  }
  return spec;
}

}  // namespace detail

namespace {

template <std::floating_point T>
std::vector<T> bound_parameters(const detail::KernelState& k, const Parameters& given) {
  for (const auto& [name, value] : given) {
    const auto it = std::ranges::find(k.parameters, name, &ir::Parameter::name);
    if (it == k.parameters.end()) detail::unknown_parameter(name, k.parameters, k.name);
    const auto position = static_cast<std::size_t>(it - k.parameters.begin());
    if (std::ranges::find(k.options.as_inputs, name) != k.options.as_inputs.end()) {
      throw Error(
          fmt::format("the parameter `{}` of `{}` is an input of this kernel: give it as "
                      "an array",
                      name, k.name));
    }
    if (k.fixed[position]) {
      throw Error(fmt::format("the parameter `{}` of `{}` was fixed when the kernel was compiled",
                              name, k.name));
    }
  }
  for (const std::size_t i : k.positive) {
    const auto it = given.find(k.parameters[i].name);
    const auto fixed = k.options.fixed.find(k.parameters[i].name);
    if ((it != given.end() && !(it->second > 0)) ||
        (fixed != k.options.fixed.end() && !(fixed->second > 0))) {
      throw Error(
          fmt::format("the gradient of `{}` is computed from {} only where `{}` is positive",
                      k.name, detail::saved_name(*k.options.saved), k.parameters[i].name));
    }
  }
  std::vector<T> values;
  for (std::size_t i = 0; i < k.parameters.size(); ++i) {
    const ir::Parameter& p = k.parameters[i];
    const auto it = given.find(p.name);
    if (it != given.end()) {
      values.push_back(detail::rounded_parameter<T>(p.name, it->second));
    } else if (p.default_value) {
      if constexpr (sizeof(T) == 4)
        values.push_back(ir::round_to_binary32(*p.default_value));
      else
        values.push_back(ir::round_to_binary64(*p.default_value));
    } else if (k.fixed[i]) {
      values.push_back(T(0));  // not read
    } else {
      throw Error(fmt::format("the parameter `{}` of `{}` has no default: give it a value", p.name,
                              k.name));
    }
  }
  return values;
}

}  // namespace

template <Element X, Element Y>
  requires Compatible<X, Y>
BoundKernel<X, Y> Kernel<X, Y>::bind(const Parameters& given) const {
  BoundKernel<X, Y> bound;
  bound.parameters_ = bound_parameters<detail::Computed<X>>(detail::checked(state_), given);
  bound.state_ = state_;
  if (state_->is_plain()) {
    bound.forward_ = state_->plain.forward;
    bound.backward_ = state_->learned.empty() ? state_->plain.backward : nullptr;
  }
  return bound;
}

template <Element X, Element Y>
  requires Compatible<X, Y>
std::size_t Kernel<X, Y>::code_bytes() const {
  return detail::checked(state_).plain.code.code_bytes();
}

template <Element X, Element Y>
  requires Compatible<X, Y>
CompileTimes Kernel<X, Y>::compile_times() const {
  return detail::checked(state_).times;
}

namespace detail {

const KernelState& checked(const std::shared_ptr<const KernelState>& state) {
  if (!state) throw Error(std::string("this kernel is empty: make one with Function::kernel"));
  return *state;
}

namespace {

std::shared_ptr<const KernelState> compile_kernel(std::shared_ptr<const ModuleState> module,
                                                  ir::FunctionId id, ArrayTypes types,
                                                  const KernelOptions& options) {
  const ir::Function& f = (*module->library)[id];
  Code code = code_for({.module = *module, .id = id, .types = types, .options = options});
  const Variables variables = stage_options(f, options, {}).variables;

  auto state = std::make_shared<KernelState>();
  state->name = f.name.empty() ? "the formula" : f.name;
  state->plain = std::move(code.kernels);
  state->times = code.times;
  state->module = std::move(module);
  state->id = id;
  state->types = types;
  state->options = options;
  state->input_names = f.inputs;
  state->input_names.insert(state->input_names.end(), options.as_inputs.begin(),
                            options.as_inputs.end());
  state->input_count = state->input_names.size();
  state->over_rows = code.facts.over_rows;
  state->random = code.facts.random;
  state->value_shape = code.facts.value_shape;
  state->parameters = f.parameters;
  state->positive = std::move(code.facts.positive);
  for (const ir::Parameter& p : f.parameters) {
    state->fixed.push_back(options.fixed.contains(p.name));
  }
  for (const std::size_t k : variables.arrays) state->fixed[k] = true;
  if (options.learned) {
    for (const std::size_t k : learned_parameters(f, variables)) {
      state->learned.push_back(f.parameters[k].name);
    }
  }
  return state;
}

}  // namespace

const Kernels& kernels_for(const KernelState& state, std::span<const ir::Shape> shapes,
                           jit::LanesAre lanes) {
  const auto is_element = [](ir::Shape s) { return s == ir::Shape::element; };
  if (std::ranges::all_of(shapes, is_element) && lanes == jit::LanesAre::columns) {
    return state.plain;
  }
  const std::scoped_lock lock(state.mutex);
  KernelState::Form form{{shapes.begin(), shapes.end()}, lanes};
  const auto known = state.others.find(form);
  if (known != state.others.end()) return known->second;
  Code code = code_for({.module = *state.module,
                        .id = state.id,
                        .types = state.types,
                        .options = state.options,
                        .shapes = shapes,
                        .lanes = lanes,
                        .value_shape = state.value_shape});
  return state.others.emplace(std::move(form), std::move(code.kernels)).first->second;
}

std::string emit(const ModuleState& module, ir::FunctionId id, ArrayTypes types, Stage stage,
                 const KernelOptions& options) {
  const ir::Library& library = *module.library;
  const ir::Function& f = library[id];
  if (stage == Stage::ast) {
    std::vector<frontend::Diagnostic> none;
    frontend::SyntaxTree tree = frontend::parse(source_of(module, id), none);
    std::erase_if(tree.items, [&](const frontend::Item& item) {
      return std::visit([&](const auto& i) { return i.head.name != f.name; }, item);
    });
    return frontend::to_text(tree);
  }
  if (stage == Stage::stable) return stable_text(module, id, types.computed(), options.stabilize);
  const StageOptions staged = stage_options(f, options, {});
  const Stages stages = detail::stages(module, id, types.computed(), staged);
  const ir::Names names = names_with_seed(f, options.as_inputs);
  if (stage == Stage::ir) return ir::to_listing(ir::simplify(f.meaning, library), library, names);
  if (stage == Stage::grad) return ir::to_listing(stages.gradient, library, names);
  if (stage == Stage::lowered) return ir::to_listing(stages.lowered, library, names);
  const jit::ModuleSpec spec = module_spec(f, stages, types, options, staged.variables);
  try {
    return stage == Stage::llvm ? engine().llvm_ir(spec) : engine().assembly(spec);
  } catch (const jit::CompileFailure& failure) {
    throw Error(fmt::format("`{}` could not be compiled: {}", f.name, failure.message));
  }
}

}  // namespace detail

template <Element X, Element Y>
  requires Compatible<X, Y>
Kernel<X, Y> Function::kernel(const KernelOptions& options) const {
  Kernel<X, Y> kernel;
  kernel.state_ =
      detail::compile_kernel(module_, id_, {detail::storage_of<X>, detail::storage_of<Y>}, options);
  return kernel;
}

template <Element X, Element Y>
  requires Compatible<X, Y>
Result<Kernel<X, Y>> Function::try_kernel(const KernelOptions& options) const {
  try {
    return kernel<X, Y>(options);
  } catch (const Error& e) {
    return std::vector<Diagnostic>(e.diagnostics().begin(), e.diagnostics().end());
  }
}

template <Element X, Element Y>
  requires Compatible<X, Y>
std::string Function::emit(Stage stage, const KernelOptions& options) const {
  return detail::emit(*module_, id_, {detail::storage_of<X>, detail::storage_of<Y>}, stage,
                      options);
}

// A type cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define ACTC_INSTANTIATE(X, Y)                                                                   \
  template class Kernel<X, Y>;                                                                   \
  template ACTC_API Kernel<X, Y> Function::kernel<X, Y>(const KernelOptions&) const;             \
  template ACTC_API Result<Kernel<X, Y>> Function::try_kernel<X, Y>(const KernelOptions&) const; \
  template ACTC_API std::string Function::emit<X, Y>(Stage, const KernelOptions&) const;
// NOLINTEND(bugprone-macro-parentheses)

ACTC_ELEMENT_PAIRS(ACTC_INSTANTIATE)
#undef ACTC_INSTANTIATE

}  // namespace actc
