// Calls of kernels: what is given is checked, then run.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>

#include "runtime/divided.h"
#include "runtime/element_pairs.h"
#include "runtime/operands.h"
#include "runtime/state.h"
#include "runtime/sweep.h"

namespace actc {

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
  actc_kernel detail::Kernels::* kernel;
  std::string_view option;
  bool value;
  bool gradients;
};
constexpr Direction forward_only = {&detail::Kernels::forward, "forward", true, false};
constexpr Direction backward_only = {&detail::Kernels::backward, "backward", false, true};
constexpr Direction both = {&detail::Kernels::fused, "fused", true, true};

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

// Is the call the one that the kernel's gradient needs, `saved` being what it gives?
void check_saved(const detail::KernelState& state, Saved saved) {
  const Saved own = state.options.saved.value_or(Saved::x);
  if (own == saved) return;
  constexpr std::array calls = {"backward", "backward_from_y", "backward_from_mask",
                                "backward_from_nothing"};
  throw Error(
      fmt::format("`{}` was compiled to compute its gradient from {}: call {}, or compile "
                  "it with `saved` for {}",
                  state.name, detail::saved_name(own), calls[static_cast<std::size_t>(own)],
                  detail::saved_name(saved)));
}

// Training needs x where forward would write y.
void check_in_place(const detail::KernelState& state, const Direction& direction, const void* x,
                    const void* y) {
  if (state.options.saved != Saved::x || direction.gradients || x != y) return;
  throw Error(
      fmt::format("`{}`: its gradient is computed from x, over which y would be written: "
                  "give y an array of its own, or compile it with another `saved`",
                  state.name));
}

void check_counts(const detail::KernelState& state, const Direction& direction, std::size_t inputs,
                  std::size_t gradients, std::span<const double> learned) {
  if (state.plain.*direction.kernel == nullptr) {
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

struct Settings {
  const void* parameters;
  const Executor& executor;
  detail::Places places;
};

// From arrays of any shape.
void run(const detail::KernelState& state, const Direction& direction,
         std::span<const detail::Operand> operands, std::optional<std::ptrdiff_t> axis,
         std::span<double> learned, const Settings& settings) {
  const bool has_row_value = state.value_shape == ir::Shape::row;
  const detail::SweepPlan plan = detail::plan_sweep(
      detail::checked_operands(state.name, operands, axis, has_row_value), state.random);
  const detail::Kernels& kernels = detail::kernels_for(state, plan.shapes, plan.lanes);
  std::vector<double> sums(direction.gradients ? state.learned.size() : 0);
  detail::sweep(plan,
                {.kernel = kernels.*direction.kernel,
                 .parameters = settings.parameters,
                 .in_two_words = state.types.computed() == ir::Format::binary64,
                 .places = settings.places,
                 .executor = settings.executor ? &settings.executor : nullptr},
                sums);
  std::ranges::copy(std::span(sums).first(learned.size()), learned.begin());
}

template <Element T>
void store_rounded(void* place, double value) {
  *static_cast<T*>(place) = static_cast<T>(value);
}

template <Element X, Element Y, Element In>
void run(const detail::KernelState& state, const Direction& direction,
         std::span<const View<const In>> inputs, const View<const Y>* dy, const View<Y>* y,
         std::span<const View<X>> gradients, std::span<double> learned, std::ptrdiff_t axis,
         const Settings& settings) {
  using detail::Role;
  check_counts(state, direction, inputs.size(), gradients.size(), learned);
  std::vector<detail::Operand> operands;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const bool is_y = direction.gradients && state.options.saved == Saved::y;
    operands.push_back(
        {is_y ? "y" : fmt::format("the input `{}`", state.input_names[k]), inputs[k].layout()});
  }
  if (dy != nullptr) operands.push_back({"dy", dy->layout(), Role::seed});
  if (y != nullptr) operands.push_back({"the output", y->layout(), Role::value});
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    operands.push_back({fmt::format("the gradient of `{}`", state.input_names[k]),
                        gradients[k].layout(), Role::gradient, k, store_rounded<X>});
  }
  if (inputs.empty()) return;
  if (y != nullptr) {
    for (const auto& x : inputs) check_in_place(state, direction, x.data(), y->data());
  }
  run(state, direction, operands, state.over_rows ? std::optional(axis) : std::nullopt, learned,
      settings);
}

// From contiguous arrays of one length: one call of the kernel, but where something is summed over
// calls or work is to be divided.
template <Element X, Element Y, Element In>
void run(const detail::KernelState& state, const Direction& direction,
         std::span<const std::span<const In>> inputs, std::span<const Y> dy, std::span<Y> y,
         std::span<const std::span<X>> gradients, std::span<double> learned,
         const Settings& settings) {
  check_counts(state, direction, inputs.size(), gradients.size(), learned);
  CallArrays arrays(inputs.size() + gradients.size() + 2);
  for (const auto& x : inputs) arrays.push(x);
  if (direction.gradients) arrays.push(dy, state.value_shape);
  const std::size_t input_count = arrays.size();
  if (direction.value) arrays.push(y, state.value_shape);
  for (const auto& dx : gradients) arrays.push(dx);
  if (!arrays.same_length()) lengths_differ(state, direction, arrays);
  check_overlap(state, arrays, input_count);
  if (direction.value) {
    for (const auto& x : inputs) check_in_place(state, direction, x.data(), y.data());
  }
  if (state.over_rows && arrays.length() == 0) {
    throw Error(fmt::format("`{}` is over a row, and the row has no elements", state.name));
  }
  if (settings.executor && state.is_plain() && (!direction.gradients || state.learned.empty())) {
    const detail::Divided call = {.code = state.plain.*direction.kernel,
                                  .arrays = {&arrays[0], arrays.size()},
                                  .input_count = input_count,
                                  .elements = arrays.length(),
                                  .parameters = settings.parameters};
    detail::run_divided(call, settings.executor);
    return;
  }
  if ((direction.gradients && !state.learned.empty()) || settings.executor) {
    const std::vector<View<const In>> x(inputs.begin(), inputs.end());
    const std::vector<View<X>> dx(gradients.begin(), gradients.end());
    const View<const Y> upstream(dy);
    const View<Y> value(y);
    run<X, Y, In>(state, direction, x, direction.gradients ? &upstream : nullptr,
                  direction.value ? &value : nullptr, dx, learned, 0, settings);
    return;
  }
  actc_call call{};
  call.rows = 1;
  call.columns = call.elements = arrays.length();
  call.inputs = &arrays[0];
  call.outputs = &arrays[input_count];
  call.parameters = settings.parameters;
  settings.places.fill(call, 0, 0, 1);
  (state.plain.*direction.kernel)(&call);  // contiguous rows are what every kernel takes
}

template <class T>
actc_array bits_of(std::span<T> a) {
  return {const_cast<void*>(static_cast<const void*>(a.data())),
          static_cast<std::int64_t>(a.size_bytes()), 0};
}

// A call with a mask: arrays of `elements` elements, and one of bits.
struct MaskCall {
  std::span<const actc_array> in;
  std::span<const actc_array> out;
  std::size_t elements;
  std::size_t bytes;
};

void run_bits(const detail::KernelState& state, const Direction& direction, const MaskCall& arrays,
              const void* parameters, const detail::Places& places) {
  check_counts(state, direction, 1, direction.gradients ? 1 : 0, {});
  if (arrays.bytes != arrays.elements / 8 + (arrays.elements % 8 != 0 ? 1 : 0)) {
    throw Error(fmt::format("`{}`: the mask has {} bytes: for {} elements it has one for eight, {}",
                            state.name, arrays.bytes, arrays.elements,
                            arrays.elements / 8 + (arrays.elements % 8 != 0 ? 1 : 0)));
  }
  std::vector<actc_array> all(arrays.in.begin(), arrays.in.end());
  all.insert(all.end(), arrays.out.begin(), arrays.out.end());
  for (std::size_t k = 0; k < all.size(); ++k) {
    const auto size = static_cast<std::int64_t>(arrays.elements) * all[k].column_stride;
    if (all[k].column_stride != 0 && all[k].row_stride != size) {
      throw Error(
          fmt::format("`{}`: the arrays of a call with a mask have one length, and one has "
                      "{} bytes where {} belong",
                      state.name, all[k].row_stride, size));
    }
    for (std::size_t o = std::max(k + 1, arrays.in.size()); o < all.size(); ++o) {
      const bool in_place = k < arrays.in.size() && all[k].data == all[o].data &&
                            all[k].column_stride == all[o].column_stride;
      if (!in_place && !disjoint(all[k], all[o])) {
        throw Error(fmt::format("`{}`: arrays {} and {} of the call overlap: give each its own",
                                state.name, k, o));
      }
    }
  }
  actc_call call{};
  call.rows = 1;
  call.columns = call.elements = arrays.elements;
  call.inputs = all.data();
  call.outputs = all.data() + arrays.in.size();
  call.parameters = parameters;
  places.fill(call, 0, 0, 1);
  (state.plain.*direction.kernel)(&call);
}

// What a forward kernel with a mask writes is more than y.
void check_no_mask(const detail::KernelState& state) {
  if (state.options.saved != Saved::mask) return;
  throw Error(fmt::format("`{}` was compiled to save a mask: give forward one", state.name));
}

}  // namespace

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward(std::span<const std::span<const X>> inputs, std::span<Y> y) const {
  check_no_mask(detail::checked(state_));
  run<X, Y, X>(*state_, forward_only, inputs, {}, y, {}, {},
               {parameters_.data(), executor_, {seed_, first_element_}});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::backward(std::span<const std::span<const X>> inputs, std::span<const Y> dy,
                                 std::span<const std::span<X>> gradients,
                                 std::span<double> learned) const {
  check_saved(detail::checked(state_), Saved::x);
  run<X, Y, X>(*state_, backward_only, inputs, dy, {}, gradients, learned,
               {parameters_.data(), executor_, {seed_, first_element_}});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward_backward(std::span<const std::span<const X>> inputs,
                                         std::span<const Y> dy, std::span<Y> y,
                                         std::span<const std::span<X>> gradients,
                                         std::span<double> learned) const {
  run<X, Y, X>(detail::checked(state_), both, inputs, dy, y, gradients, learned,
               {parameters_.data(), executor_, {seed_, first_element_}});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward(std::span<const View<const X>> inputs, View<Y> y,
                                std::ptrdiff_t axis) const {
  check_no_mask(detail::checked(state_));
  run<X, Y, X>(*state_, forward_only, inputs, nullptr, &y, {}, {}, axis,
               {parameters_.data(), executor_, {seed_, first_element_}});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::backward(std::span<const View<const X>> inputs, View<const Y> dy,
                                 std::span<const View<X>> gradients, std::ptrdiff_t axis,
                                 std::span<double> learned) const {
  check_saved(detail::checked(state_), Saved::x);
  run<X, Y, X>(*state_, backward_only, inputs, &dy, nullptr, gradients, learned, axis,
               {parameters_.data(), executor_, {seed_, first_element_}});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward_backward(std::span<const View<const X>> inputs, View<const Y> dy,
                                         View<Y> y, std::span<const View<X>> gradients,
                                         std::ptrdiff_t axis, std::span<double> learned) const {
  run<X, Y, X>(detail::checked(state_), both, inputs, &dy, &y, gradients, learned, axis,
               {parameters_.data(), executor_, {seed_, first_element_}});
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
void BoundKernel<X, Y>::forward_backward(std::span<const X> x, std::span<const Y> dy,
                                         std::span<Y> y, std::span<X> dx,
                                         std::span<double> learned) const {
  forward_backward(std::span(&x, 1), dy, y, std::span(&dx, 1), learned);
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::backward_from_y(std::span<const Y> y, std::span<const Y> dy,
                                        std::span<X> dx) const {
  check_saved(detail::checked(state_), Saved::y);
  run<X, Y, Y>(*state_, backward_only, std::span(&y, 1), dy, {}, std::span(&dx, 1), {},
               {parameters_.data(), executor_, {seed_, first_element_}});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::backward_from_y(View<const Y> y, View<const Y> dy, View<X> dx,
                                        std::ptrdiff_t axis) const {
  check_saved(detail::checked(state_), Saved::y);
  run<X, Y, Y>(*state_, backward_only, std::span<const View<const Y>>(&y, 1), &dy, nullptr,
               std::span<const View<X>>(&dx, 1), {}, axis,
               {parameters_.data(), executor_, {seed_, first_element_}});
}

// In the place of x, which is not read, stands what has its shape.
template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::backward_from_nothing(std::span<const Y> dy, std::span<X> dx) const {
  check_saved(detail::checked(state_), Saved::nothing);
  const std::span<const X> x = dx;
  run<X, Y, X>(*state_, backward_only, std::span(&x, 1), dy, {}, std::span(&dx, 1), {},
               {parameters_.data(), executor_, {seed_, first_element_}});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::backward_from_nothing(View<const Y> dy, View<X> dx,
                                              std::ptrdiff_t axis) const {
  check_saved(detail::checked(state_), Saved::nothing);
  const View<const X> x = dx;
  run<X, Y, X>(*state_, backward_only, std::span(&x, 1), &dy, nullptr,
               std::span<const View<X>>(&dx, 1), {}, axis,
               {parameters_.data(), executor_, {seed_, first_element_}});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::forward(std::span<const X> x, std::span<Y> y,
                                std::span<std::uint8_t> mask) const {
  check_saved(detail::checked(state_), Saved::mask);
  const actc_array in[] = {detail::array_of(x)};
  const actc_array out[] = {detail::array_of(y), bits_of(mask)};
  run_bits(*state_, forward_only,
           {.in = in, .out = out, .elements = x.size(), .bytes = mask.size()}, parameters_.data(),
           {seed_, first_element_});
}

template <Element X, Element Y>
  requires Compatible<X, Y>
void BoundKernel<X, Y>::backward_from_mask(std::span<const std::uint8_t> mask,
                                           std::span<const Y> dy, std::span<X> dx) const {
  check_saved(detail::checked(state_), Saved::mask);
  const actc_array in[] = {bits_of(mask), detail::array_of(dy)};
  const actc_array out[] = {detail::array_of(dx)};
  run_bits(*state_, backward_only,
           {.in = in, .out = out, .elements = dx.size(), .bytes = mask.size()}, parameters_.data(),
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
BoundKernel<X, Y> BoundKernel<X, Y>::on(Executor executor) const {
  BoundKernel result = *this;
  result.executor_ = std::move(executor);
  result.forward_ = result.backward_ = nullptr;
  return result;
}

// A type cannot stand in parentheses.
// NOLINTNEXTLINE(bugprone-macro-parentheses)
#define ACTC_INSTANTIATE(X, Y) template class BoundKernel<X, Y>;
ACTC_ELEMENT_PAIRS(ACTC_INSTANTIATE)
#undef ACTC_INSTANTIATE

}  // namespace actc
