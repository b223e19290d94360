// Everything about shapes that a caller can get wrong is found here.
#include "runtime/operands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "runtime/actc.h"

namespace actc::detail {
namespace {

constexpr std::size_t longest =
    static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());

std::string shape_text(std::span<const std::size_t> sizes) {
  return fmt::format("[{}]", fmt::join(sizes, ", "));
}

std::span<const std::size_t> sizes_of(const Layout& layout) {
  return {layout.sizes.data(), layout.rank};
}

[[noreturn]] void fail(const std::string& name, const Operand& operand, std::string_view message) {
  throw Error(fmt::format("`{}`: {}, of shape {}, {}", name, operand.what,
                          shape_text(sizes_of(operand.layout)), message));
}

// Axes are matched from the last; what is missing or of size 1 is spread.
std::vector<std::size_t> common_shape(const std::string& name, std::span<const Operand> inputs) {
  std::size_t rank = 0;
  for (const Operand& input : inputs) rank = std::max(rank, input.layout.rank);
  std::vector<std::size_t> sizes(rank, 1);
  std::vector<const Operand*> from(rank, nullptr);
  for (const Operand& input : inputs) {
    const std::size_t missing = rank - input.layout.rank;
    for (std::size_t k = missing; k < rank; ++k) {
      const std::size_t size = input.layout.sizes[k - missing];
      if (size == 1) continue;
      if (from[k] == nullptr) {
        sizes[k] = size;
        from[k] = &input;
      } else if (sizes[k] != size) {
        fail(name, input,
             fmt::format("does not fit: {} has the shape {}; axes, from the last, are equal or 1",
                         from[k]->what, shape_text(sizes_of(from[k]->layout))));
      }
    }
  }
  return sizes;
}

// The operand's own axis that is axis k of the common shape, where it has it.
std::optional<std::size_t> own_axis(const Operands& operands, const Operand& operand,
                                    std::size_t k) {
  const std::size_t rank = operands.sizes.size();
  const std::size_t own = operand.layout.rank;
  if (operand.role == Role::value || operand.role == Role::seed) {
    if (own == rank) return k;
    if (k == operands.axis) return std::nullopt;
    return k < operands.axis ? k : k - 1;
  }
  if (k < rank - own) return std::nullopt;
  return k - (rank - own);
}

void check_strides(const std::string& name, const Operand& operand) {
  const Layout& own = operand.layout;
  for (std::size_t k = 0; k < own.rank; ++k) {
    if (own.strides[k] < 0) {
      fail(name, operand,
           fmt::format("has the stride {} along axis {}: strides are not negative", own.strides[k],
                       k));
    }
    if (operand.is_written() && own.strides[k] == 0 && own.sizes[k] > 1) {
      fail(name, operand, fmt::format("has the stride 0 along axis {}, and is written to", k));
    }
  }
}

void check_value(const std::string& name, const Operands& operands, const Operand& operand) {
  std::vector<std::size_t> wanted = operands.sizes;
  if (operands.has_row_value) wanted[*operands.axis] = 1;
  const auto own = sizes_of(operand.layout);
  if (std::ranges::equal(own, wanted)) return;
  const Operand& first = operands.all[0];
  const bool is_common = std::ranges::equal(sizes_of(first.layout), operands.sizes);
  std::string shape =
      fmt::format("{}{} the shape {}", is_common ? first.what : "the inputs",
                  is_common ? " has" : " have together", shape_text(operands.sizes));
  if (operands.has_row_value) {
    wanted.erase(wanted.begin() + static_cast<std::ptrdiff_t>(*operands.axis));
    if (std::ranges::equal(own, wanted)) return;
    shape = fmt::format("it has one value for each row of {}, of shape {}, along axis {}",
                        is_common ? first.what : "the inputs", shape_text(operands.sizes),
                        *operands.axis);
  }
  fail(name, operand, "does not fit: " + shape);
}

void check_gradient(const std::string& name, const Operands& operands, const Operand& operand) {
  const Operand& input = operands.all[operand.of];
  if (std::ranges::equal(sizes_of(operand.layout), sizes_of(input.layout))) return;
  fail(name, operand,
       fmt::format("does not fit: {} has the shape {}", input.what,
                   shape_text(sizes_of(input.layout))));
}

// First byte and the one past the last.
std::pair<const char*, const char*> bytes(const Layout& layout) {
  const auto* begin = static_cast<const char*>(layout.data);
  std::size_t last = 0;
  for (std::size_t k = 0; k < layout.rank; ++k) {
    if (layout.sizes[k] == 0) return {begin, begin};
    last += (layout.sizes[k] - 1) * static_cast<std::size_t>(layout.strides[k]);
  }
  return {begin, begin + (last + 1) * layout.element_bytes};
}

bool same(const Layout& a, const Layout& b) {
  return a.data == b.data && a.element_bytes == b.element_bytes && a.sizes == b.sizes &&
         a.strides == b.strides && a.rank == b.rank;
}

// One array for an input and what is written is right for spread inputs too: their gradients are
// written in the end.
// Do arrays of one shape and strides, `distance` bytes apart, have an element in common? `axes` are
// from the widest stride on. Where an axis is wider than all after it together, it takes a whole
// number of its steps to come within their reach; other arrays are taken to have one.
bool meet(const Layout& layout, std::span<const std::size_t> axes, std::ptrdiff_t distance) {
  if (axes.empty()) return distance == 0;
  const auto bytes = static_cast<std::ptrdiff_t>(layout.element_bytes);
  std::ptrdiff_t reach = 0;
  for (const std::size_t k : axes.subspan(1)) {
    reach += static_cast<std::ptrdiff_t>(layout.sizes[k] - 1) * layout.strides[k] * bytes;
  }
  const std::ptrdiff_t step = layout.strides[axes[0]] * bytes;
  if (step <= reach) return true;
  const std::ptrdiff_t below = distance / step - (distance % step < 0 ? 1 : 0);
  for (const std::ptrdiff_t steps : {below, below + 1}) {
    const auto size = static_cast<std::ptrdiff_t>(layout.sizes[axes[0]]);
    const bool possible = -size < steps && steps < size;
    if (possible && meet(layout, axes.subspan(1), distance - steps * step)) return true;
  }
  return false;
}

// As the halves of an axis, or its even and odd places.
bool lie_between_each_other(const Layout& a, const Layout& b) {
  if (a.element_bytes != b.element_bytes || a.sizes != b.sizes || a.strides != b.strides) {
    return false;
  }
  const auto distance =
      reinterpret_cast<std::intptr_t>(b.data) - reinterpret_cast<std::intptr_t>(a.data);
  if (distance % static_cast<std::ptrdiff_t>(a.element_bytes) != 0) return false;
  std::vector<std::size_t> axes;
  for (std::size_t k = 0; k < a.rank; ++k) {
    if (a.sizes[k] > 1) axes.push_back(k);
  }
  std::ranges::sort(axes, std::ranges::greater(), [&](std::size_t k) { return a.strides[k]; });
  return !meet(a, axes, distance);
}

void check_overlaps(const std::string& name, const Operands& operands) {
  const std::less_equal<const char*> before;
  for (std::size_t o = 0; o < operands.all.size(); ++o) {
    const Operand& written = operands.all[o];
    if (!written.is_written()) continue;
    const auto [begin, end] = bytes(written.layout);
    for (std::size_t k = 0; k < o; ++k) {
      const Operand& other = operands.all[k];
      const auto [other_begin, other_end] = bytes(other.layout);
      if (before(end, other_begin) || before(other_end, begin)) continue;
      if (!other.is_written() && same(written.layout, other.layout)) continue;
      if (lie_between_each_other(written.layout, other.layout)) continue;
      throw Error(fmt::format("`{}`: {} overlaps {}{}", name, written.what, other.what,
                              other.is_written()
                                  ? ": give each its own array"
                                  : " without being the same array: use the same one or another"));
    }
  }
}

}  // namespace

std::ptrdiff_t Operands::stride(const Operand& operand, std::size_t k) const {
  const auto own = own_axis(*this, operand, k);
  if (!own || operand.layout.sizes[*own] == 1) return 0;
  return operand.layout.strides[*own];
}

bool Operands::is_spread(std::size_t input) const {
  const Operand& operand = all[input];
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    const auto own = own_axis(*this, operand, k);
    if (sizes[k] != 1 && (!own || operand.layout.sizes[*own] == 1)) return true;
  }
  return false;
}

std::size_t Operands::input_count() const {
  return static_cast<std::size_t>(
      std::ranges::count(all, Role::input, [](const Operand& o) { return o.role; }));
}

Operands checked_operands(const std::string& name, std::span<const Operand> all,
                          std::optional<std::ptrdiff_t> axis, bool has_row_value) {
  Operands operands{all, {}, {}, has_row_value};
  operands.sizes = common_shape(name, all.first(operands.input_count()));
  if (axis) {
    const auto rank = static_cast<std::ptrdiff_t>(operands.sizes.size());
    if (rank == 0) fail(name, all[0], "has no axis: a row has one");
    if (*axis < -rank || *axis >= rank) {
      throw Error(fmt::format("`{}`: there is no axis {} in the shape {} of {}: axes are {} to {}",
                              name, *axis, shape_text(operands.sizes), all[0].what, -rank,
                              rank - 1));
    }
    operands.axis = static_cast<std::size_t>(*axis < 0 ? *axis + rank : *axis);
    if (operands.sizes[*operands.axis] == 0) fail(name, all[0], "has rows without elements");
  }
  for (const Operand& operand : all) {
    if (operand.role == Role::seed || operand.role == Role::value) {
      check_value(name, operands, operand);
    }
    if (operand.role == Role::gradient) check_gradient(name, operands, operand);
    check_strides(name, operand);
  }
  check_overlaps(name, operands);
  return operands;
}

Layout layout_of(const void* data, std::size_t element_bytes, std::span<const std::size_t> sizes,
                 std::span<const std::ptrdiff_t> strides, bool row_major) {
  if (sizes.size() > max_rank) {
    throw Error(fmt::format("the shape {} has {} axes: at most {} are possible", shape_text(sizes),
                            sizes.size(), max_rank));
  }
  if (!row_major && strides.size() != sizes.size()) {
    throw Error(fmt::format("the shape {} has {} axes, and {} strides were given",
                            shape_text(sizes), sizes.size(), strides.size()));
  }
  Layout layout{.data = data, .element_bytes = element_bytes, .rank = sizes.size()};
  std::size_t reach = 1;  // elements from the first to the last
  std::size_t next = 1;
  bool empty = std::ranges::find(sizes, std::size_t{0}) != sizes.end();
  for (std::size_t k = sizes.size(); k-- > 0;) {
    layout.sizes[k] = sizes[k];
    const std::size_t limit = longest / element_bytes;
    const std::size_t stride =
        row_major ? next : static_cast<std::size_t>(strides[k] < 0 ? -strides[k] : strides[k]);
    layout.strides[k] = row_major ? static_cast<std::ptrdiff_t>(next) : strides[k];
    if (empty) continue;
    const bool fits = sizes[k] == 1 || stride == 0 ||
                      (sizes[k] - 1 <= (limit - reach) / stride && sizes[k] <= limit / next);
    if (!fits) {
      throw Error(fmt::format("an array of shape {} does not fit in memory", shape_text(sizes)));
    }
    reach += (sizes[k] - 1) * stride;
    next *= sizes[k];
  }
  return layout;
}

namespace {

// The axis whose size becomes half as large.
std::size_t split_axis(const Layout& layout, std::ptrdiff_t axis) {
  const auto rank = static_cast<std::ptrdiff_t>(layout.rank);
  if (axis < -rank || axis >= rank) {
    throw Error(fmt::format("there is no axis {} to divide in the shape {}: axes are {} to {}",
                            axis, shape_text(sizes_of(layout)), -rank, rank - 1));
  }
  const auto k = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  if (layout.sizes[k] % 2 != 0) {
    throw Error(fmt::format("axis {} of the shape {} has no two halves: its size is odd", axis,
                            shape_text(sizes_of(layout))));
  }
  return k;
}

Layout shifted(Layout layout, std::ptrdiff_t elements) {
  layout.data = static_cast<const char*>(layout.data) +
                elements * static_cast<std::ptrdiff_t>(layout.element_bytes);
  return layout;
}

}  // namespace

std::pair<Layout, Layout> halves_of(const Layout& layout, std::ptrdiff_t axis) {
  const std::size_t k = split_axis(layout, axis);
  Layout first = layout;
  first.sizes[k] /= 2;
  return {first, shifted(first, static_cast<std::ptrdiff_t>(first.sizes[k]) * first.strides[k])};
}

std::pair<Layout, Layout> pairs_of(const Layout& layout, std::ptrdiff_t axis) {
  const std::size_t k = split_axis(layout, axis);
  Layout even = layout;
  even.sizes[k] /= 2;
  even.strides[k] *= 2;
  return {even, shifted(even, layout.strides[k])};
}

Layout channels_of(const void* data, std::size_t element_bytes, std::size_t count, std::size_t rank,
                   std::ptrdiff_t axis) {
  const auto axes = static_cast<std::ptrdiff_t>(rank);
  if (axis < -axes || axis >= axes) {
    throw Error(
        fmt::format("there is no axis {} for channels in an array of {} axes: axes are {} "
                    "to {}",
                    axis, rank, -axes, axes - 1));
  }
  std::vector<std::size_t> sizes(rank, 1);
  sizes[static_cast<std::size_t>(axis < 0 ? axis + axes : axis)] = count;
  return layout_of(data, element_bytes, sizes, {}, true);
}

}  // namespace actc::detail
