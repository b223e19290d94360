// Kernels: compiling a definition, binding parameters, checking arrays, calling.
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
#include "runtime/places.h"
#include "runtime/state.h"
#include "runtime/sweep.h"

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

namespace {

StageOptions stage_options(const KernelOptions& options) {
  return {.stabilize = options.stabilize, .learned = options.learned};
}

}  // namespace

jit::ModuleSpec module_spec(const ir::Function& f, const Stages& stages, ArrayTypes types,
                            const KernelOptions& options) {
  jit::ModuleSpec spec;
  spec.graph = &stages.lowered;
  spec.format = types.computed();
  spec.target.isa = options.avx2_only ? jit::Isa::avx2 : jit::Isa::host;
  spec.target.optimize = options.optimize;

  const std::size_t inputs = f.inputs.size();
  const std::vector<jit::Storage> x(inputs, types.x);
  std::vector<jit::Storage> x_dy = x;
  x_dy.push_back(types.y);
  std::vector<jit::Storage> y_dx = x;
  y_dx.insert(y_dx.begin(), types.y);
  std::vector<std::size_t> gradients(inputs);
  for (std::size_t k = 0; k < inputs; ++k) gradients[k] = 1 + k;
  const ir::Shape value = ir::value_shape(stages.gradient);
  std::vector<ir::Shape> dx(inputs, ir::Shape::element);
  if (options.learned) {
    for (const ir::Parameter& p : f.parameters) {
      if (!p.learned) continue;
      gradients.push_back(1 + gradients.size());
      dx.push_back(ir::Shape::scalar);
    }
  }
  std::vector<jit::Storage> stored = x;
  stored.resize(gradients.size(), jit::Storage::binary64);
  y_dx.resize(1 + gradients.size(), jit::Storage::binary64);
  if (options.forward) spec.kernels.push_back({{0}, inputs, x, {types.y}, {value}});
  if (options.backward) spec.kernels.push_back({gradients, inputs + 1, x_dy, stored, dx});
  if (options.fused) {
    std::vector<std::size_t> all = gradients;
    all.insert(all.begin(), 0);
    std::vector<ir::Shape> shapes = dx;
    shapes.insert(shapes.begin(), value);
    spec.kernels.push_back({all, inputs + 1, x_dy, y_dx, shapes});
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

// The arrays of a call, gathered where they are cheap to gather: most definitions have few.
class CallArrays {
 public:
  explicit CallArrays(std::size_t capacity) {
    if (capacity > few) many_ = std::make_unique_for_overwrite<actc_array[]>(capacity);
    arrays_ = many_ ? many_.get() : few_.data();
  }
  template <class T>
  void push(std::span<T> a, ir::Shape shape = ir::Shape::element) {
    arrays_[count_++] = {const_cast<void*>(static_cast<const void*>(a.data())),
                         static_cast<std::int64_t>(a.size_bytes()), sizeof(T)};
    if (count_ == 1) length_ = a.size();
    same_length_ = same_length_ && a.size() == (shape == ir::Shape::element ? length_ : 1);
  }
  void push(const actc_array& array) { arrays_[count_++] = array; }
  void advance(std::size_t k, std::size_t elements) {
    arrays_[k].data = static_cast<char*>(arrays_[k].data) +
                      static_cast<std::int64_t>(elements) * arrays_[k].column_stride;
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

bool disjoint(const actc_array& a, const actc_array& b) {
  const auto* pa = static_cast<const char*>(a.data);
  const auto* pb = static_cast<const char*>(b.data);
  const std::less_equal<const char*> before;
  return before(pa + a.row_stride, pb) || before(pb + b.row_stride, pa);
}

// Inputs stand before outputs; an output may be an input, and nothing else may overlap an output.
void check_overlap(const detail::KernelState& k, const CallArrays& arrays,
                   std::size_t input_count) {
  for (std::size_t o = input_count; o < arrays.size(); ++o) {
    for (std::size_t other = 0; other < o; ++other) {
      const actc_array& a = arrays[other];
      const actc_array& b = arrays[o];
      const bool same_size = a.column_stride == b.column_stride;
      if ((other < input_count && a.data == b.data && same_size) || disjoint(a, b)) continue;
      if (other < input_count && !same_size) {
        throw Error(
            fmt::format("`{}`: output {} overlaps input {}, whose elements have another size: "
                        "use a separate array",
                        k.name, o - input_count, other));
      }
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

// The kernels of a definition, and what they take beside the inputs.
struct Direction {
  actc_kernel detail::KernelState::* kernel;
  std::string_view option;
  bool value;
  bool gradients;
};
constexpr Direction forward_only = {&detail::KernelState::forward, "forward", true, false};
constexpr Direction backward_only = {&detail::KernelState::backward, "backward", false, true};
constexpr Direction both = {&detail::KernelState::fused, "fused", true, true};

[[noreturn]] void lengths_differ(const detail::KernelState& k, const Direction& direction,
                                 const CallArrays& arrays) {
  const auto length = [&](std::size_t at) {
    return static_cast<std::size_t>(arrays[at].row_stride / arrays[at].column_stride);
  };
  std::size_t at = 0;
  const auto check = [&](const std::string& what, ir::Shape shape = ir::Shape::element) {
    const std::size_t size = length(at++);
    if (shape == ir::Shape::row) {
      if (size == 1) return;
      throw Error(
          fmt::format("`{}`: {} has {} elements: it is one value for the row", k.name, what, size));
    }
    if (size == length(0)) return;
    throw Error(fmt::format(
        "`{}`: {} has {} elements, the first input has {}: all arrays of a call have one length",
        k.name, what, size, length(0)));
  };
  for (std::size_t i = 0; i < k.input_count; ++i) check(fmt::format("input {}", i));
  if (direction.gradients) check("dy", k.value_shape);
  if (direction.value) check("the output", k.value_shape);
  for (std::size_t i = 0; at < arrays.size(); ++i) check(fmt::format("gradient {}", i));
  throw Error(std::string("lengths differ"));
}

// The same, in parts, where learned parameters have gradients: `arrays` ends with their places.
void run_in_parts(const detail::KernelState& state, const Direction& direction, CallArrays& arrays,
                  std::size_t input_count, const void* parameters, const detail::Places& places,
                  detail::Totals& totals) {
  const std::size_t length = arrays.length();
  const std::size_t most = state.over_rows ? length : detail::most_elements;
  const std::size_t elements = arrays.size();
  for (std::size_t k = 0; k < totals.count(); ++k) arrays.push(totals.partial(k));
  for (std::size_t begin = 0; begin < length; begin += most) {
    actc_call call{};
    call.rows = 1;
    call.columns = std::min(most, length - begin);
    call.inputs = &arrays[0];
    call.outputs = &arrays[input_count];
    call.parameters = parameters;
    places.fill(call, begin, 0, 1);
    (state.*direction.kernel)(&call);
    totals.take();
    for (std::size_t k = 0; k < elements; ++k) arrays.advance(k, call.columns);
  }
}

void run(const detail::KernelState& state, const Direction& direction, CallArrays& arrays,
         std::size_t input_count, const void* parameters, const detail::Places& places,
         detail::Totals& totals) {
  if (!arrays.same_length()) lengths_differ(state, direction, arrays);
  check_overlap(state, arrays, input_count);
  actc_call call{};
  if (state.over_rows && arrays.length() == 0) {
    throw Error(fmt::format("`{}` is over a row, and the row has no elements", state.name));
  }
  if (totals.count() != 0) {
    run_in_parts(state, direction, arrays, input_count, parameters, places, totals);
    return;
  }
  call.rows = 1;
  call.columns = arrays.length();
  call.inputs = &arrays[0];
  call.outputs = &arrays[input_count];
  call.parameters = parameters;
  places.fill(call, 0, 0, 1);
  (state.*direction.kernel)(&call);  // contiguous rows are what every kernel takes
}

void check_counts(const detail::KernelState& state, const Direction& direction, std::size_t inputs,
                  std::size_t gradients, std::span<const double> learned) {
  if (state.*direction.kernel == nullptr) {
    throw Error(fmt::format("`{}` was compiled without `{}`: set it in KernelOptions", state.name,
                            direction.option));
  }
  if (inputs != state.input_count) {
    throw Error(
        fmt::format("`{}` has {} inputs, {} were given", state.name, state.input_count, inputs));
  }
  if (direction.gradients && gradients != state.input_count) {
    throw Error(fmt::format("`{}` has {} inputs, {} gradients were given: one an input", state.name,
                            state.input_count, gradients));
  }
  if (!learned.empty() && learned.size() != state.learned.size()) {
    throw Error(state.learned.empty()
                    ? fmt::format("`{}` was compiled without `learned`: set it in KernelOptions, "
                                  "for a definition with a `learn` parameter",
                                  state.name)
                    : fmt::format("`{}` learns {} ({}), {} gradients were given for that",
                                  state.name, state.learned.size(), fmt::join(state.learned, ", "),
                                  learned.size()));
  }
}

template <Element X, Element Y>
void run(const detail::KernelState& state, const Direction& direction,
         std::span<const std::span<const X>> inputs, std::span<const Y> dy, std::span<Y> y,
         std::span<const std::span<X>> gradients, std::span<double> learned, const void* parameters,
         const detail::Places& places) {
  check_counts(state, direction, inputs.size(), gradients.size(), learned);
  detail::Totals totals(direction.gradients ? state.learned.size() : 0);
  CallArrays arrays(inputs.size() + gradients.size() + 2 + totals.count());
  for (const auto& x : inputs) arrays.push(x);
  if (direction.gradients) arrays.push(dy, state.value_shape);
  const std::size_t input_count = arrays.size();
  if (direction.value) arrays.push(y, state.value_shape);
  for (const auto& dx : gradients) arrays.push(dx);
  run(state, direction, arrays, input_count, parameters, places, totals);
  for (std::size_t k = 0; k < learned.size(); ++k) learned[k] = totals.value(k);
}

}  // namespace

namespace {

template <Element X, Element Y>
void run(const detail::KernelState& state, const Direction& direction,
         std::span<const View<const X>> inputs, const View<const Y>* dy, const View<Y>* y,
         std::span<const View<X>> gradients, std::span<double> learned, std::ptrdiff_t axis,
         const void* parameters, const detail::Places& places) {
  check_counts(state, direction, inputs.size(), gradients.size(), learned);
  std::vector<detail::Operand> operands;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    operands.push_back({fmt::format("the input `{}`", state.input_names[k]), inputs[k].layout()});
  }
  if (dy != nullptr) operands.push_back({"dy", dy->layout(), state.value_shape});
  if (y != nullptr) operands.push_back({"the output", y->layout(), state.value_shape, true});
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    operands.push_back({fmt::format("the gradient of `{}`", state.input_names[k]),
                        gradients[k].layout(), ir::Shape::element, true});
  }
  if (operands.empty()) return;
  detail::Totals totals(direction.gradients ? state.learned.size() : 0);
  detail::sweep(state.name, operands, state.over_rows ? std::optional(axis) : std::nullopt,
                parameters, state.random ? &places : nullptr, state.*direction.kernel, totals);
  for (std::size_t k = 0; k < learned.size(); ++k) learned[k] = totals.value(k);
}

const detail::KernelState& checked(const std::shared_ptr<const detail::KernelState>& state) {
  if (!state) throw Error(std::string("this kernel is empty: make one with Function::kernel"));
  return *state;
}

}  // namespace

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward(std::span<const std::span<const X>> inputs, std::span<Y> y) const {
  run<X, Y>(checked(state_), forward_only, inputs, {}, y, {}, {}, parameters_.data(),
            {seed_, first_element_});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::backward(std::span<const std::span<const X>> inputs, std::span<const Y> dy,
                                 std::span<const std::span<X>> gradients,
                                 std::span<double> learned) const {
  run<X, Y>(checked(state_), backward_only, inputs, dy, {}, gradients, learned, parameters_.data(),
            {seed_, first_element_});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward_backward(std::span<const std::span<const X>> inputs,
                                         std::span<const Y> dy, std::span<Y> y,
                                         std::span<const std::span<X>> gradients,
                                         std::span<double> learned) const {
  run<X, Y>(checked(state_), both, inputs, dy, y, gradients, learned, parameters_.data(),
            {seed_, first_element_});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward(std::span<const View<const X>> inputs, View<Y> y,
                                std::ptrdiff_t axis) const {
  run<X, Y>(checked(state_), forward_only, inputs, nullptr, &y, {}, {}, axis, parameters_.data(),
            {seed_, first_element_});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::backward(std::span<const View<const X>> inputs, View<const Y> dy,
                                 std::span<const View<X>> gradients, std::ptrdiff_t axis,
                                 std::span<double> learned) const {
  run<X, Y>(checked(state_), backward_only, inputs, &dy, nullptr, gradients, learned, axis,
            parameters_.data(), {seed_, first_element_});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward_backward(std::span<const View<const X>> inputs, View<const Y> dy,
                                         View<Y> y, std::span<const View<X>> gradients,
                                         std::ptrdiff_t axis, std::span<double> learned) const {
  run<X, Y>(checked(state_), both, inputs, &dy, &y, gradients, learned, axis, parameters_.data(),
            {seed_, first_element_});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
BoundKernel<X, Y> BoundKernel<X, Y>::seeded(std::uint64_t seed, std::uint64_t first_element) const {
  BoundKernel kernel = *this;
  kernel.seed_ = seed;
  kernel.first_element_ = first_element;
  return kernel;
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward(View<const X> x, View<Y> y, std::ptrdiff_t axis) const {
  forward(std::span(&x, 1), y, axis);
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::backward(View<const X> x, View<const Y> dy, View<X> dx,
                                 std::ptrdiff_t axis) const {
  backward(std::span(&x, 1), dy, std::span(&dx, 1), axis);
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward(std::span<const X> x, std::span<Y> y) const {
  forward(std::span(&x, 1), y);
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::backward(std::span<const X> x, std::span<const Y> dy, std::span<X> dx,
                                 std::span<double> learned) const {
  backward(std::span(&x, 1), dy, std::span(&dx, 1), learned);
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward_backward(std::span<const X> x, std::span<const Y> dy,
                                         std::span<Y> y, std::span<X> dx,
                                         std::span<double> learned) const {
  forward_backward(std::span(&x, 1), dy, y, std::span(&dx, 1), learned);
}

namespace {

template <std::floating_point T>
std::vector<T> bound_parameters(const detail::KernelState& k, const Parameters& given) {
  for (const auto& [name, value] : given) {
    const auto it = std::ranges::find(k.parameters, name, &ir::Parameter::name);
    if (it == k.parameters.end()) detail::unknown_parameter(name, k.parameters, k.name);
    if (k.fixed[static_cast<std::size_t>(it - k.parameters.begin())]) {
      throw Error(fmt::format("the parameter `{}` of `{}` was fixed when the kernel was compiled",
                              name, k.name));
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
  bound.parameters_ = bound_parameters<detail::Computed<X>>(checked(state_), given);
  bound.state_ = state_;
  return bound;
}

template <Element X, Element Y>
  requires Compatible<X, Y>
std::size_t Kernel<X, Y>::code_bytes() const {
  return checked(state_).code.code_bytes();
}

namespace detail {

std::shared_ptr<const KernelState> compile_kernel(const ModuleState& module, ir::FunctionId id,
                                                  ArrayTypes types, const KernelOptions& options) {
  const ir::Function& f = (*module.library)[id];
  const Stages stages = detail::stages(module, id, types.computed(), stage_options(options));
  const jit::ModuleSpec spec = module_spec(f, stages, types, options);

  auto state = std::make_shared<KernelState>();
  try {
    state->code = engine().compile(spec);
  } catch (const jit::CompileFailure& failure) {
    throw Error(fmt::format("`{}` could not be compiled: {}", f.name, failure.message));
  }
  std::size_t k = 0;
  if (options.forward) state->forward = state->code.kernel(k++);
  if (options.backward) state->backward = state->code.kernel(k++);
  if (options.fused) state->fused = state->code.kernel(k++);
  state->name = f.name.empty() ? "the formula" : f.name;
  state->input_count = f.inputs.size();
  state->input_names = f.inputs;
  state->over_rows = ir::is_over_rows(stages.gradient);
  state->random = ir::is_random(stages.gradient);
  state->value_shape = ir::value_shape(stages.gradient);
  state->parameters = f.parameters;
  if (options.learned) {
    for (const ir::Parameter& p : f.parameters) {
      if (p.learned) state->learned.push_back(p.name);
    }
  }
  state->fixed.resize(f.parameters.size());
  for (const auto& [position, value] : spec.fixed_parameters) state->fixed[position] = true;
  return state;
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
  const Stages stages = detail::stages(module, id, types.computed(), stage_options(options));
  const ir::Names names = names_with_seed(f);
  if (stage == Stage::ir) return ir::to_listing(ir::simplify(f.meaning, library), library, names);
  if (stage == Stage::grad) return ir::to_listing(stages.gradient, library, names);
  if (stage == Stage::lowered) return ir::to_listing(stages.lowered, library, names);
  const jit::ModuleSpec spec = module_spec(f, stages, types, options);
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
  kernel.state_ = detail::compile_kernel(*module_, id_,
                                         {detail::storage_of<X>, detail::storage_of<Y>}, options);
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
  template class BoundKernel<X, Y>;                                                              \
  template class Kernel<X, Y>;                                                                   \
  template ACTC_API Kernel<X, Y> Function::kernel<X, Y>(const KernelOptions&) const;             \
  template ACTC_API Result<Kernel<X, Y>> Function::try_kernel<X, Y>(const KernelOptions&) const; \
  template ACTC_API std::string Function::emit<X, Y>(Stage, const KernelOptions&) const;
// NOLINTEND(bugprone-macro-parentheses)

ACTC_INSTANTIATE(double, double)
ACTC_INSTANTIATE(float, float)
ACTC_INSTANTIATE(float, float16)
ACTC_INSTANTIATE(float, bfloat16)
ACTC_INSTANTIATE(float16, float)
ACTC_INSTANTIATE(float16, float16)
ACTC_INSTANTIATE(float16, bfloat16)
ACTC_INSTANTIATE(bfloat16, float)
ACTC_INSTANTIATE(bfloat16, float16)
ACTC_INSTANTIATE(bfloat16, bfloat16)

#undef ACTC_INSTANTIATE

}  // namespace actc
