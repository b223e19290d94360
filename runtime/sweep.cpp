// Axes are merged where an array lies as one, so that most calls are one call of the kernel.
#include "runtime/sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>

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

// An axis that the calls run over, with each operand's step in bytes, and that of the elements'
// places.
struct Axis {
  std::size_t size = 1;
  std::size_t place_step = 0;
  std::vector<std::ptrdiff_t> steps;
};

class Sweep {
 public:
  Sweep(const std::string& name, std::span<const Operand> operands,
        std::optional<std::ptrdiff_t> axis, const Places* places, Totals& totals)
      : name_(name),
        operands_(operands),
        over_rows_(axis.has_value()),
        places_(places),
        totals_(totals) {
    const Layout& first = operands[0].layout;
    const auto rank = static_cast<std::ptrdiff_t>(first.rank);
    if (over_rows_) {
      if (rank == 0) fail(operands[0], "has no axis: a row has one");
      if (*axis < -rank || *axis >= rank) {
        throw Error(fmt::format("{}: there is no axis {} in the shape {} of {}: axes are {} to {}",
                                shown(), *axis, shape_text(sizes_of(first)), operands[0].what,
                                -rank, rank - 1));
      }
      axis_ = static_cast<std::size_t>(*axis < 0 ? *axis + rank : *axis);
      if (first.sizes[axis_] == 0) fail(operands[0], "has rows without elements");
    }
    for (const Operand& operand : operands) check(operand);
    check_overlaps();
  }

  void run(const void* parameters, actc_kernel kernel) {
    std::vector<Axis> axes = outer_axes();
    if (std::ranges::any_of(axes, [](const Axis& a) { return a.size == 0; })) return;
    Axis columns = over_rows_ ? axis(axis_) : innermost(axes);
    Axis rows;
    rows.steps.assign(operands_.size(), 0);
    if (!axes.empty()) {
      rows = axes.back();
      axes.pop_back();
    }
    const bool contiguous = over_rows_ ? is_contiguous(columns) : true;
    std::vector<std::ptrdiff_t> offsets(operands_.size(), 0);
    std::vector<std::size_t> counter(axes.size(), 0);
    for (;;) {
      if (contiguous) {
        call(rows, columns, offsets, parameters, kernel);
      } else {
        gathered(rows, columns, offsets, parameters, kernel);
      }
      std::size_t k = axes.size();
      while (k > 0) {
        --k;
        for (std::size_t o = 0; o < operands_.size(); ++o) offsets[o] += axes[k].steps[o];
        place_ += axes[k].place_step;
        if (++counter[k] < axes[k].size) break;
        for (std::size_t o = 0; o < operands_.size(); ++o) {
          offsets[o] -= axes[k].steps[o] * static_cast<std::ptrdiff_t>(axes[k].size);
        }
        place_ -= axes[k].place_step * axes[k].size;
        counter[k] = 0;
        if (k == 0) return;
      }
      if (axes.empty()) return;
    }
  }

 private:
  std::string shown() const { return fmt::format("`{}`", name_); }
  [[noreturn]] void fail(const Operand& operand, std::string_view message) const {
    throw Error(fmt::format("{}: {}, of shape {}, {}", shown(), operand.what,
                            shape_text(sizes_of(operand.layout)), message));
  }

  // The axis of an operand that is axis k of the first, where it has it.
  std::optional<std::size_t> own_axis(const Operand& operand, std::size_t k) const {
    if (operand.shape == ir::Shape::element || operand.layout.rank == operands_[0].layout.rank) {
      return k;
    }
    if (k == axis_) return std::nullopt;
    return k < axis_ ? k : k - 1;
  }

  void check(const Operand& operand) const {
    const Layout& first = operands_[0].layout;
    const Layout& own = operand.layout;
    bool fits = own.rank == first.rank;
    if (operand.shape == ir::Shape::row) fits = fits || own.rank + 1 == first.rank;
    for (std::size_t k = 0; fits && k < first.rank; ++k) {
      const auto at = own_axis(operand, k);
      const bool reduced = operand.shape == ir::Shape::row && k == axis_;
      if (at) fits = own.sizes[*at] == (reduced ? 1 : first.sizes[k]);
    }
    if (!fits) {
      const std::string wanted =
          operand.shape == ir::Shape::row
              ? fmt::format("it has one value for each row of {}, of shape {}, along axis {}",
                            operands_[0].what, shape_text(sizes_of(first)), axis_)
              : fmt::format("{} has the shape {}", operands_[0].what, shape_text(sizes_of(first)));
      fail(operand, "does not fit: " + wanted);
    }
    for (std::size_t k = 0; k < own.rank; ++k) {
      if (own.strides[k] < 0) {
        fail(operand, fmt::format("has the stride {} along axis {}: strides are not negative",
                                  own.strides[k], k));
      }
      if (operand.written && own.strides[k] == 0 && own.sizes[k] > 1) {
        fail(operand, fmt::format("has the stride 0 along axis {}, and is written to", k));
      }
    }
  }

  // First byte and the one past the last.
  static std::pair<const char*, const char*> bytes(const Layout& layout) {
    const auto* begin = static_cast<const char*>(layout.data);
    std::size_t last = 0;
    for (std::size_t k = 0; k < layout.rank; ++k) {
      if (layout.sizes[k] == 0) return {begin, begin};
      last += (layout.sizes[k] - 1) * static_cast<std::size_t>(layout.strides[k]);
    }
    return {begin, begin + (last + 1) * layout.element_bytes};
  }

  static bool same(const Layout& a, const Layout& b) {
    return a.data == b.data && a.element_bytes == b.element_bytes && a.sizes == b.sizes &&
           a.strides == b.strides && a.rank == b.rank;
  }

  void check_overlaps() const {
    for (std::size_t o = 0; o < operands_.size(); ++o) {
      if (!operands_[o].written) continue;
      const auto [begin, end] = bytes(operands_[o].layout);
      for (std::size_t other = 0; other < o; ++other) {
        const auto [other_begin, other_end] = bytes(operands_[other].layout);
        const std::less_equal<const char*> before;
        if (before(end, other_begin) || before(other_end, begin)) continue;
        if (!operands_[other].written && same(operands_[o].layout, operands_[other].layout))
          continue;
        throw Error(
            fmt::format("{}: {} overlaps {}{}", shown(), operands_[o].what, operands_[other].what,
                        operands_[other].written
                            ? ": give each its own array"
                            : " without being the same array: use the same one or another"));
      }
    }
  }

  Axis axis(std::size_t k) const {
    Axis result;
    const std::span<const std::size_t> sizes = sizes_of(operands_[0].layout);
    result.size = sizes[k];
    result.place_step = 1;
    for (const std::size_t size : sizes.subspan(k + 1)) result.place_step *= size;
    for (const Operand& operand : operands_) {
      const auto at = own_axis(operand, k);
      const bool reduced = over_rows_ && operand.shape == ir::Shape::row && k == axis_;
      const std::ptrdiff_t stride = at && !reduced ? operand.layout.strides[*at] : 0;
      result.steps.push_back(stride * static_cast<std::ptrdiff_t>(operand.layout.element_bytes));
    }
    return result;
  }

  // All but the rows', those of size 1 left out and neighbours made one where they lie as one.
  std::vector<Axis> outer_axes() const {
    std::vector<Axis> axes;
    for (std::size_t k = 0; k < operands_[0].layout.rank; ++k) {
      if (over_rows_ && k == axis_) continue;
      Axis next = axis(k);
      if (next.size == 1) continue;
      bool as_one = !axes.empty();
      for (std::size_t o = 0; as_one && o < operands_.size(); ++o) {
        as_one = axes.back().steps[o] == next.steps[o] * static_cast<std::ptrdiff_t>(next.size);
      }
      // Across the axis of the rows.
      if (places_ != nullptr && as_one) {
        as_one = axes.back().place_step == next.place_step * next.size;
      }
      if (as_one) next.size *= axes.back().size;
      if (as_one) {
        axes.back() = next;
      } else {
        axes.push_back(next);
      }
    }
    return axes;
  }

  bool is_contiguous(const Axis& columns) const {
    for (std::size_t o = 0; o < operands_.size(); ++o) {
      const auto bytes = static_cast<std::ptrdiff_t>(operands_[o].layout.element_bytes);
      if (operands_[o].shape == ir::Shape::element && columns.steps[o] != bytes) return false;
    }
    return true;
  }

  // Takes the last axis as the row where its elements lie side by side; else a row has one element.
  Axis innermost(std::vector<Axis>& axes) const {
    Axis columns;
    for (const Operand& operand : operands_) {
      columns.steps.push_back(static_cast<std::ptrdiff_t>(operand.layout.element_bytes));
    }
    if (!axes.empty() && is_contiguous(axes.back())) {
      columns = axes.back();
      axes.pop_back();
    }
    return columns;
  }

  std::size_t inputs() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(operands_, [](const Operand& o) { return !o.written; }));
  }

  void call(const Axis& rows, const Axis& columns, std::span<const std::ptrdiff_t> offsets,
            const void* parameters, actc_kernel kernel) {
    arrays_.clear();
    for (std::size_t o = 0; o < operands_.size(); ++o) {
      auto* data = static_cast<char*>(const_cast<void*>(operands_[o].layout.data)) + offsets[o];
      arrays_.push_back(
          {data, rows.steps[o], static_cast<std::int64_t>(operands_[o].layout.element_bytes)});
    }
    invoke(rows, columns, place_, parameters, kernel);
  }

  void invoke(const Axis& row_axis, const Axis& column_axis, std::size_t place,
              const void* parameters, actc_kernel kernel) {
    const std::size_t rows = row_axis.size;
    const std::size_t columns = column_axis.size;
    for (std::size_t k = 0; k < totals_.count(); ++k) arrays_.push_back(totals_.partial(k));
    actc_call c{};
    c.inputs = arrays_.data();
    c.outputs = arrays_.data() + inputs();
    c.parameters = parameters;
    const auto at = [&](std::size_t row, std::size_t column) {
      if (places_ == nullptr) return;
      places_->fill(c, place + row * row_axis.place_step + column * column_axis.place_step,
                    row_axis.place_step, column_axis.place_step);
    };
    if (totals_.count() == 0) {
      at(0, 0);
      c.rows = rows;
      c.columns = columns;
      kernel(&c);
      return;
    }
    const std::vector<actc_array> whole = arrays_;
    const std::size_t most_columns = over_rows_ ? columns : most_elements;
    for (std::size_t row = 0; row < rows; row += most_rows) {
      for (std::size_t column = 0; column < columns; column += most_columns) {
        for (std::size_t o = 0; o < operands_.size(); ++o) {
          const auto step = operands_[o].shape == ir::Shape::row ? 0 : whole[o].column_stride;
          arrays_[o].data = static_cast<char*>(whole[o].data) +
                            static_cast<std::ptrdiff_t>(row) * whole[o].row_stride +
                            static_cast<std::ptrdiff_t>(column) * step;
        }
        c.rows = std::min(most_rows, rows - row);
        c.columns = std::min(most_columns, columns - column);
        at(row, column);
        kernel(&c);
        totals_.take();
      }
    }
  }

  // A row whose elements do not lie side by side is computed in an array of its own.
  void gathered(const Axis& rows, const Axis& columns, std::span<const std::ptrdiff_t> offsets,
                const void* parameters, actc_kernel kernel) {
    scratch_.resize(operands_.size());
    for (std::size_t r = 0; r < rows.size; ++r) {
      arrays_.clear();
      for (std::size_t o = 0; o < operands_.size(); ++o) {
        const std::size_t bytes = operands_[o].layout.element_bytes;
        scratch_[o].resize(columns.size * bytes);
        if (!operands_[o].written) copy(o, r, rows, columns, offsets, false);
        arrays_.push_back({scratch_[o].data(), 0, static_cast<std::int64_t>(bytes)});
      }
      const Axis one{1, 0, {}};
      invoke(one, columns, place_ + r * rows.place_step, parameters, kernel);
      for (std::size_t o = inputs(); o < operands_.size(); ++o) {
        copy(o, r, rows, columns, offsets, true);
      }
    }
  }

  void copy(std::size_t o, std::size_t row, const Axis& rows, const Axis& columns,
            std::span<const std::ptrdiff_t> offsets, bool back) {
    const std::size_t bytes = operands_[o].layout.element_bytes;
    auto* data = static_cast<char*>(const_cast<void*>(operands_[o].layout.data)) + offsets[o] +
                 static_cast<std::ptrdiff_t>(row) * rows.steps[o];
    const std::size_t count = operands_[o].shape == ir::Shape::row ? 1 : columns.size;
    for (std::size_t c = 0; c < count; ++c, data += columns.steps[o]) {
      char* own = scratch_[o].data() + c * bytes;
      back ? std::memcpy(data, own, bytes) : std::memcpy(own, data, bytes);
    }
  }

  const std::string& name_;
  std::span<const Operand> operands_;
  bool over_rows_;
  const Places* places_;
  std::size_t place_ = 0;  // of the next call's first element
  Totals& totals_;
  std::size_t axis_ = 0;
  std::vector<actc_array> arrays_;
  std::vector<std::vector<char>> scratch_;
};

}  // namespace

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

void sweep(const std::string& name, std::span<const Operand> operands,
           std::optional<std::ptrdiff_t> axis, const void* parameters, const Places* places,
           actc_kernel kernel, Totals& totals) {
  Sweep(name, operands, axis, places, totals).run(parameters, kernel);
}

}  // namespace actc::detail
