// Kernels: compiling a definition, binding parameters, checking arrays, calling.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "frontend/names.h"
#include "ir/passes.h"
#include "ir/round.h"
#include "ir/text.h"
#include "runtime/state.h"

namespace actc {
namespace detail {

jit::Engine& engine() {
  static jit::Engine instance;
  return instance;
}

ir::Graph call_graph(const ir::Library& library, ir::FunctionId id) {
  const ir::Function& f = library[id];
  if (!f.is_opaque()) return f.meaning;
  ir::Graph graph;
  std::vector<ir::NodeId> args;
  for (std::uint32_t k = 0; k < f.inputs.size(); ++k) args.push_back(graph.input(k));
  for (std::uint32_t k = 0; k < f.parameters.size(); ++k) args.push_back(graph.parameter(k));
  graph.outputs = {graph.call(id, args)};
  return graph;
}

Stages stages(const ModuleState& module, ir::FunctionId id, ir::Format format) {
  const ir::Library& library = *module.library;
  const ir::Function& f = library[id];
  try {
    Stages s;
    s.meaning = ir::simplify(call_graph(library, id), library);
    s.gradient = ir::with_gradients(s.meaning, library, f.inputs.size());
    s.lowered = ir::legalize(s.gradient, library, format, 1);
    return s;
  } catch (const ir::GraphTooLarge&) {
    throw too_large(module, id,
                    fmt::format("{} needs more than {} operations with its gradient in {}",
                                shown_name(f), ir::Graph::max_nodes, ir::name(format)));
  }
}

void unknown_parameter(const std::string& name, const std::vector<ir::Parameter>& known,
                       std::string_view function) {
  std::vector<std::string_view> names;
  for (const ir::Parameter& p : known) names.push_back(p.name);
  Diagnostic d;
  d.message = names.empty() ? fmt::format("`{}` has no parameters, so no `{}`", function, name)
                            : fmt::format("`{}` has no parameter `{}`; it has {}", function, name,
                                          fmt::join(names, ", "));
  d.suggestion = frontend::suggest_name(name, names);
  throw Error(std::vector{d});
}

template <Element T>
T rounded_parameter(std::string_view name, double value) {
  const T rounded = static_cast<T>(value);
  if (std::isfinite(value) && !std::isfinite(rounded)) {
    throw Error(fmt::format("the value {} of the parameter `{}` is beyond the largest {}", value,
                            name, ir::name(format_of<T>)));
  }
  return rounded;
}

jit::ModuleSpec module_spec(const ir::Function& f, const Stages& stages, ir::Format format,
                            const KernelOptions& options) {
  jit::ModuleSpec spec;
  spec.graph = &stages.lowered;
  spec.format = format;
  spec.target.isa = options.avx2_only ? jit::Isa::avx2 : jit::Isa::host;
  spec.target.optimize = options.optimize;
  const std::size_t inputs = f.inputs.size();
  std::vector<std::size_t> gradients(inputs);
  for (std::size_t k = 0; k < inputs; ++k) gradients[k] = 1 + k;
  if (options.forward) spec.kernels.push_back({{0}, inputs});
  if (options.backward) spec.kernels.push_back({gradients, inputs + 1});
  if (options.fused) {
    std::vector<std::size_t> all = gradients;
    all.insert(all.begin(), 0);
    spec.kernels.push_back({all, inputs + 1});
  }
  for (const auto& [name, value] : options.fixed) {
    const auto it = std::ranges::find(f.parameters, name, &ir::Parameter::name);
    if (it == f.parameters.end()) unknown_parameter(name, f.parameters, f.name);
    const double rounded = format == ir::Format::binary32 ? rounded_parameter<float>(name, value)
                                                          : rounded_parameter<double>(name, value);
    spec.fixed_parameters[static_cast<std::uint32_t>(it - f.parameters.begin())] = rounded;
  }
  return spec;
}

}  // namespace detail

namespace {

// The arrays of a call, gathered where they are cheap to gather: most definitions have few.
class CallArrays {
 public:
  explicit CallArrays(std::size_t capacity) {
    if (capacity > few) many_ = std::make_unique_for_overwrite<actc_array[]>(capacity);
    arrays_ = many_ ? many_.get() : few_.data();
  }
  template <class T>
  void push(std::span<T> a) {
    arrays_[count_++] = {const_cast<void*>(static_cast<const void*>(a.data())), 0, sizeof(T)};
    same_length_ = same_length_ && (count_ == 1 || a.size() == length_);
    if (count_ == 1) length_ = a.size();
  }
  const actc_array& operator[](std::size_t k) const { return arrays_[k]; }
  std::size_t size() const { return count_; }
  std::size_t length() const { return length_; }
  bool same_length() const { return same_length_; }

 private:
  static constexpr std::size_t few = 6;
  std::array<actc_array, few> few_;  // not cleared: a call should cost no more than its work
  std::unique_ptr<actc_array[]> many_;
  actc_array* arrays_;
  std::size_t count_ = 0;
  std::size_t length_ = 0;
  bool same_length_ = true;
};

bool disjoint(const actc_array& a, const actc_array& b, std::size_t bytes) {
  const auto pa = reinterpret_cast<std::uintptr_t>(a.data);
  const auto pb = reinterpret_cast<std::uintptr_t>(b.data);
  return (pa > pb ? pa - pb : pb - pa) >= bytes;
}

// Inputs stand before outputs; an output may be an input, and nothing else may overlap an output.
void check_overlap(const detail::KernelState& k, const CallArrays& arrays, std::size_t input_count,
                   std::size_t bytes) {
  for (std::size_t o = input_count; o < arrays.size(); ++o) {
    for (std::size_t other = 0; other < o; ++other) {
      const bool in_place = other < input_count && arrays[other].data == arrays[o].data;
      if (in_place || disjoint(arrays[o], arrays[other], bytes)) continue;
      if (other < input_count) {
        throw Error(
            fmt::format("`{}`: output {} overlaps input {} without being the same array: "
                        "use the same array or a separate one",
                        k.name, o - input_count, other));
      }
      throw Error(fmt::format("`{}`: outputs {} and {} overlap: give each its own array", k.name,
                              other - input_count, o - input_count));
    }
  }
}

template <Element T>
[[noreturn]] void lengths_differ(const detail::KernelState& k,
                                 std::span<const std::span<const T>> inputs,
                                 const std::span<const T>* dy, const std::span<T>* y,
                                 std::span<const std::span<T>> gradients) {
  const std::size_t n = inputs[0].size();
  const auto check = [&](std::string_view what, std::size_t size) {
    if (size == n) return;
    throw Error(fmt::format(
        "`{}`: {} has {} elements, the first input has {}: all arrays of a call have one length",
        k.name, what, size, n));
  };
  for (std::size_t i = 0; i < inputs.size(); ++i)
    check(fmt::format("input {}", i), inputs[i].size());
  if (dy != nullptr) check("dy", dy->size());
  if (y != nullptr) check("the output", y->size());
  for (std::size_t i = 0; i < gradients.size(); ++i)
    check(fmt::format("gradient {}", i), gradients[i].size());
  throw Error(std::string("lengths differ"));
}

template <Element T>
void run(const detail::KernelState& state, actc_kernel kernel, std::string_view option,
         std::span<const std::span<const T>> inputs, const std::span<const T>* dy, std::span<T>* y,
         std::span<const std::span<T>> gradients, std::span<const T> parameters) {
  if (kernel == nullptr) {
    throw Error(
        fmt::format("`{}` was compiled without `{}`: set it in KernelOptions", state.name, option));
  }
  if (inputs.size() != state.input_count) {
    throw Error(fmt::format("`{}` has {} inputs, {} were given", state.name, state.input_count,
                            inputs.size()));
  }
  if (dy != nullptr && gradients.size() != state.input_count) {
    throw Error(fmt::format("`{}` has {} inputs, {} gradients were given: one an input", state.name,
                            state.input_count, gradients.size()));
  }
  CallArrays arrays(inputs.size() + gradients.size() + 2);
  for (const auto& x : inputs) arrays.push(x);
  if (dy != nullptr) arrays.push(*dy);
  const std::size_t input_count = arrays.size();
  if (y != nullptr) arrays.push(*y);
  for (const auto& dx : gradients) arrays.push(dx);
  if (!arrays.same_length()) lengths_differ(state, inputs, dy, y, gradients);
  check_overlap(state, arrays, input_count, arrays.length() * sizeof(T));

  actc_call call{};
  call.rows = 1;
  call.columns = arrays.length();
  call.inputs = &arrays[0];
  call.outputs = &arrays[input_count];
  call.parameters = parameters.data();
  kernel(&call);  // contiguous rows are what every kernel takes
}

}  // namespace

namespace {

const detail::KernelState& checked(const std::shared_ptr<const detail::KernelState>& state) {
  if (!state) throw Error(std::string("this kernel is empty: make one with Function::kernel"));
  return *state;
}

}  // namespace

template <Element T>
void BoundKernel<T>::forward(std::span<const std::span<const T>> inputs, std::span<T> y) const {
  run<T>(checked(state_), state_->forward, "forward", inputs, nullptr, &y, {}, parameters_);
}

template <Element T>
void BoundKernel<T>::backward(std::span<const std::span<const T>> inputs, std::span<const T> dy,
                              std::span<const std::span<T>> gradients) const {
  run<T>(checked(state_), state_->backward, "backward", inputs, &dy, nullptr, gradients,
         parameters_);
}

template <Element T>
void BoundKernel<T>::forward_backward(std::span<const std::span<const T>> inputs,
                                      std::span<const T> dy, std::span<T> y,
                                      std::span<const std::span<T>> gradients) const {
  run<T>(checked(state_), state_->fused, "fused", inputs, &dy, &y, gradients, parameters_);
}

template <Element T>
void BoundKernel<T>::forward(std::span<const T> x, std::span<T> y) const {
  forward(std::span(&x, 1), y);
}

template <Element T>
void BoundKernel<T>::backward(std::span<const T> x, std::span<const T> dy, std::span<T> dx) const {
  backward(std::span(&x, 1), dy, std::span(&dx, 1));
}

template <Element T>
void BoundKernel<T>::forward_backward(std::span<const T> x, std::span<const T> dy, std::span<T> y,
                                      std::span<T> dx) const {
  forward_backward(std::span(&x, 1), dy, y, std::span(&dx, 1));
}

template <Element T>
BoundKernel<T> Kernel<T>::bind(const Parameters& given) const {
  const detail::KernelState& k = checked(state_);
  for (const auto& [name, value] : given) {
    const auto it = std::ranges::find(k.parameters, name, &ir::Parameter::name);
    if (it == k.parameters.end()) detail::unknown_parameter(name, k.parameters, k.name);
    if (k.fixed[static_cast<std::size_t>(it - k.parameters.begin())]) {
      throw Error(fmt::format("the parameter `{}` of `{}` was fixed when the kernel was compiled",
                              name, k.name));
    }
  }
  BoundKernel<T> bound;
  bound.state_ = state_;
  for (std::size_t i = 0; i < k.parameters.size(); ++i) {
    const ir::Parameter& p = k.parameters[i];
    const auto it = given.find(p.name);
    if (it != given.end()) {
      bound.parameters_.push_back(detail::rounded_parameter<T>(p.name, it->second));
    } else if (p.default_value) {
      if constexpr (sizeof(T) == 4)
        bound.parameters_.push_back(ir::round_to_binary32(*p.default_value));
      else
        bound.parameters_.push_back(ir::round_to_binary64(*p.default_value));
    } else if (k.fixed[i]) {
      bound.parameters_.push_back(T(0));  // not read
    } else {
      throw Error(fmt::format("the parameter `{}` of `{}` has no default: give it a value", p.name,
                              k.name));
    }
  }
  return bound;
}

template <Element T>
std::size_t Kernel<T>::code_bytes() const {
  return checked(state_).code.code_bytes();
}

template <Element T>
Kernel<T> Function::kernel(const KernelOptions& options) const {
  const ir::Function& f = (*module_->library)[id_];
  constexpr ir::Format format = detail::format_of<T>;
  const detail::Stages stages = detail::stages(*module_, id_, format);
  const jit::ModuleSpec spec = detail::module_spec(f, stages, format, options);

  auto state = std::make_shared<detail::KernelState>();
  try {
    state->code = detail::engine().compile(spec);
  } catch (const jit::CompileFailure& failure) {
    throw Error(fmt::format("`{}` could not be compiled: {}", f.name, failure.message));
  }
  std::size_t k = 0;
  if (options.forward) state->forward = state->code.kernel(k++);
  if (options.backward) state->backward = state->code.kernel(k++);
  if (options.fused) state->fused = state->code.kernel(k++);
  state->name = f.name.empty() ? "the formula" : f.name;
  state->input_count = f.inputs.size();
  state->parameters = f.parameters;
  state->fixed.resize(f.parameters.size());
  for (const auto& [position, value] : spec.fixed_parameters) state->fixed[position] = true;
  Kernel<T> kernel;
  kernel.state_ = std::move(state);
  return kernel;
}

template <Element T>
Result<Kernel<T>> Function::try_kernel(const KernelOptions& options) const {
  try {
    return kernel<T>(options);
  } catch (const Error& e) {
    return std::vector<Diagnostic>(e.diagnostics().begin(), e.diagnostics().end());
  }
}

template <Element T>
std::string Function::emit(Stage stage, const KernelOptions& options) const {
  const ir::Library& library = *module_->library;
  const ir::Function& f = library[id_];
  constexpr ir::Format format = detail::format_of<T>;
  if (stage == Stage::ast) {
    std::vector<frontend::Diagnostic> none;
    frontend::SyntaxTree tree = frontend::parse(
        id_ < library.base_size() ? detail::standard_module()->source : module_->source, none);
    std::erase_if(tree.items, [&](const frontend::Item& item) {
      return std::visit([&](const auto& i) { return i.head.name != f.name; }, item);
    });
    return frontend::to_text(tree);
  }
  const detail::Stages stages = detail::stages(*module_, id_, format);
  ir::Names names = ir::names_of(f);
  names.inputs.push_back("dy");
  if (stage == Stage::ir) return ir::to_listing(ir::simplify(f.meaning, library), library, names);
  if (stage == Stage::grad) return ir::to_listing(stages.gradient, library, names);
  if (stage == Stage::lowered) return ir::to_listing(stages.lowered, library, names);
  const jit::ModuleSpec spec = detail::module_spec(f, stages, format, options);
  try {
    return stage == Stage::llvm ? detail::engine().llvm_ir(spec) : detail::engine().assembly(spec);
  } catch (const jit::CompileFailure& failure) {
    throw Error(fmt::format("`{}` could not be compiled: {}", f.name, failure.message));
  }
}

template class BoundKernel<float>;
template class BoundKernel<double>;
template class Kernel<float>;
template class Kernel<double>;
template ACTC_API Kernel<float> Function::kernel<float>(const KernelOptions&) const;
template ACTC_API Kernel<double> Function::kernel<double>(const KernelOptions&) const;
template ACTC_API Result<Kernel<float>> Function::try_kernel<float>(const KernelOptions&) const;
template ACTC_API Result<Kernel<double>> Function::try_kernel<double>(const KernelOptions&) const;
template ACTC_API std::string Function::emit<float>(Stage, const KernelOptions&) const;
template ACTC_API std::string Function::emit<double>(Stage, const KernelOptions&) const;

}  // namespace actc
