// Axes are merged where the arrays lie as one, so that most sweeps are one call of the kernel.
// Where the elements of a row do not lie side by side, but its neighbours' do beside its own, the
// kernel takes as many rows at once as a vector has lanes.
#include "runtime/sweep.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "runtime/totals.h"

namespace actc::detail {
namespace {

std::size_t elements_of(const Layout& layout) {
  std::size_t count = 1;
  for (std::size_t k = 0; k < layout.rank; ++k) count *= layout.sizes[k];
  return count;
}

// The axis of `input` in its totals, which lie as its elements do in C's order.
std::ptrdiff_t place_step(const Operands& operands, const Operand& gradient, std::size_t axis) {
  const Layout& own = gradient.layout;
  const std::size_t missing = operands.sizes.size() - own.rank;
  if (axis < missing || own.sizes[axis - missing] == 1) return 0;
  std::ptrdiff_t step = 1;
  for (std::size_t k = axis - missing + 1; k < own.rank; ++k) {
    step *= static_cast<std::ptrdiff_t>(own.sizes[k]);
  }
  return step;
}

bool continues(std::span<const std::ptrdiff_t> outer, std::span<const std::ptrdiff_t> inner,
               std::size_t size) {
  return std::ranges::equal(outer, inner, [&](std::ptrdiff_t a, std::ptrdiff_t b) {
    return a == b * static_cast<std::ptrdiff_t>(size);
  });
}

class Planner {
 public:
  Planner(Operands operands, bool indexed) : indexed_(indexed) {
    plan_.operands = std::move(operands);
  }

  SweepPlan plan() && {
    const Operands& operands = plan_.operands;
    for (std::size_t o = 0; o < operands.all.size(); ++o) {
      const Operand& operand = operands.all[o];
      if (operand.role == Role::gradient && operands.is_spread(operand.of)) {
        plan_.summed.push_back(o);
      }
    }
    plan_.outer = merged();
    take_columns();
    const std::size_t inputs = operands.input_count();
    for (std::size_t k = 0; k < inputs; ++k) {
      const bool varies = plan_.columns.steps[k] != 0 || varies_in_totals(k, plan_.columns);
      plan_.shapes.push_back(!operands.is_spread(k) ? ir::Shape::element
                             : varies               ? ir::Shape::column
                                                    : ir::Shape::row);
    }
    take_rows();
    return std::move(plan_);
  }

 private:
  Axis axis(std::size_t k) const {
    Axis result;
    const std::span<const std::size_t> sizes = plan_.operands.sizes;
    result.size = sizes[k];
    if (indexed_) {
      result.index_step = 1;
      for (const std::size_t size : sizes.subspan(k + 1)) result.index_step *= size;
    }
    for (const Operand& operand : plan_.operands.all) {
      result.steps.push_back(plan_.operands.stride(operand, k) *
                             static_cast<std::ptrdiff_t>(operand.layout.element_bytes));
    }
    for (const std::size_t o : plan_.summed) {
      result.places.push_back(place_step(plan_.operands, plan_.operands.all[o], k));
    }
    return result;
  }

  Axis no_axis() const {
    Axis one;
    one.steps.assign(plan_.operands.all.size(), 0);
    one.places.assign(plan_.summed.size(), 0);
    return one;
  }

  // All but the rows', those of size 1 left out and neighbours made one where they lie as one.
  std::vector<Axis> merged() const {
    std::vector<Axis> axes;
    for (std::size_t k = 0; k < plan_.operands.sizes.size(); ++k) {
      if (k == plan_.operands.axis) continue;
      Axis next = axis(k);
      if (next.size == 1) continue;
      if (!axes.empty() && axes.back().index_step == next.index_step * next.size &&
          continues(axes.back().steps, next.steps, next.size) &&
          continues(axes.back().places, next.places, next.size)) {
        next.size *= axes.back().size;
        axes.back() = std::move(next);
      } else {
        axes.push_back(std::move(next));
      }
    }
    return axes;
  }

  // Its gradient in the totals, where it has one.
  bool varies_in_totals(std::size_t input, const Axis& axis) const {
    for (std::size_t t = 0; t < plan_.summed.size(); ++t) {
      if (plan_.operands.all[plan_.summed[t]].of == input && axis.places[t] != 0) return true;
    }
    return false;
  }

  // Do the elements along the axis lie side by side in all that is not spread?
  bool lies_as_a_row(const Axis& axis) const {
    const Operands& operands = plan_.operands;
    for (std::size_t o = 0; o < operands.all.size(); ++o) {
      const Operand& operand = operands.all[o];
      const auto element = static_cast<std::ptrdiff_t>(operand.layout.element_bytes);
      if (std::ranges::find(plan_.summed, o) != plan_.summed.end()) continue;
      bool fits = axis.steps[o] == element;
      if (axis.steps[o] == 0 && operand.role == Role::input) {
        fits = operands.is_spread(o) && !varies_in_totals(o, axis);
      } else if (operand.role == Role::seed || operand.role == Role::value) {
        fits = fits || operands.has_row_value;
      }
      if (!fits) return false;
    }
    return true;
  }

  // May rows along this axis be the lanes of vectors?
  bool lies_across_rows(const Axis& axis) const {
    if (axis.size < fewest_rows_in_lanes || !sums_by_rows(axis)) return false;
    const Operands& operands = plan_.operands;
    for (std::size_t o = 0; o < operands.all.size(); ++o) {
      const Operand& operand = operands.all[o];
      if (std::ranges::find(plan_.summed, o) != plan_.summed.end()) continue;
      const bool is_column = operand.role == Role::input && plan_.shapes[o] == ir::Shape::column;
      const auto element = static_cast<std::ptrdiff_t>(operand.layout.element_bytes);
      if (axis.steps[o] != (is_column ? 0 : element)) return false;
    }
    return true;
  }

  // Without rows of its own the last axis is the row.
  void take_columns() {
    plan_.columns = no_axis();
    if (plan_.operands.axis) {
      plan_.columns = axis(*plan_.operands.axis);
      plan_.copies = plan_.columns.size != 1 && !lies_as_a_row(plan_.columns);
    } else if (!plan_.outer.empty()) {
      plan_.copies = !lies_as_a_row(plan_.outer.back());
      plan_.columns = std::move(plan_.outer.back());
      plan_.outer.pop_back();
    }
  }

  // A call sums over its rows what has a value a column: such an input is the same in all of them.
  bool sums_by_rows(const Axis& axis) const {
    for (std::size_t t = 0; t < plan_.summed.size(); ++t) {
      const std::size_t input = plan_.operands.all[plan_.summed[t]].of;
      if (plan_.shapes[input] == ir::Shape::column && axis.places[t] != 0) return false;
    }
    return true;
  }

  void take_rows() {
    plan_.rows = no_axis();
    const auto take = [&](auto fits) {
      for (std::size_t k = plan_.outer.size(); k-- > 0;) {
        if (!fits(plan_.outer[k])) continue;
        plan_.rows = std::move(plan_.outer[k]);
        plan_.outer.erase(plan_.outer.begin() + static_cast<std::ptrdiff_t>(k));
        return true;
      }
      return false;
    };
    if (plan_.copies && plan_.operands.axis &&
        take([&](const Axis& axis) { return lies_across_rows(axis); })) {
      plan_.lanes = jit::LanesAre::rows;
      plan_.copies = false;
      return;
    }
    take([&](const Axis& axis) { return sums_by_rows(axis); });
  }

  // With fewer, most lanes would be idle: a row is copied in less time.
  static constexpr std::size_t fewest_rows_in_lanes = 4;

  SweepPlan plan_;
  bool indexed_;
};

// One call of the kernel: where it begins, and how far it goes.
struct Task {
  std::vector<std::ptrdiff_t> offsets;  // bytes, by operand
  std::vector<std::ptrdiff_t> places;   // by what is summed
  std::size_t index = 0;                // of the first element
  std::size_t rows = 0;
  std::size_t columns = 0;
};

void advance(std::vector<std::ptrdiff_t>& at, std::span<const std::ptrdiff_t> steps,
             std::ptrdiff_t by) {
  for (std::size_t k = 0; k < at.size(); ++k) at[k] += steps[k] * by;
}

// The calls, one after another.
class Tasks {
 public:
  Tasks(const SweepPlan& plan, std::size_t most_rows, std::size_t most_columns)
      : plan_(plan), most_rows_(most_rows), most_columns_(most_columns) {
    at_.offsets.assign(plan.operands.all.size(), 0);
    at_.places.assign(plan.summed.size(), 0);
    counter_.assign(plan.outer.size(), 0);
    const auto empty = [](const Axis& a) { return a.size == 0; };
    done_ = empty(plan.rows) || empty(plan.columns) || std::ranges::any_of(plan.outer, empty);
  }

  bool next(Task& task) {
    if (done_) return false;
    task = at_;
    go(task, plan_.rows, static_cast<std::ptrdiff_t>(row_));
    go(task, plan_.columns, static_cast<std::ptrdiff_t>(column_));
    task.rows = std::min(most_rows_, plan_.rows.size - row_);
    task.columns = std::min(most_columns_, plan_.columns.size - column_);
    column_ += task.columns;
    if (column_ < plan_.columns.size) return true;
    column_ = 0;
    row_ += task.rows;
    if (row_ < plan_.rows.size) return true;
    row_ = 0;
    done_ = !next_outer();
    return true;
  }

 private:
  static void go(Task& task, const Axis& axis, std::ptrdiff_t by) {
    advance(task.offsets, axis.steps, by);
    advance(task.places, axis.places, by);
    task.index += axis.index_step * static_cast<std::size_t>(by);
  }

  bool next_outer() {
    for (std::size_t k = plan_.outer.size(); k-- > 0;) {
      go(at_, plan_.outer[k], 1);
      if (++counter_[k] < plan_.outer[k].size) return true;
      go(at_, plan_.outer[k], -static_cast<std::ptrdiff_t>(plan_.outer[k].size));
      counter_[k] = 0;
    }
    return false;
  }

  const SweepPlan& plan_;
  std::size_t most_rows_;
  std::size_t most_columns_;
  Task at_;
  std::vector<std::size_t> counter_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  bool done_;
};

// What one call needs for itself.
struct Workspace {
  Task task;
  std::vector<actc_array> arrays;
  std::vector<std::vector<double>> partial;  // of what is summed, then of learned parameters
  std::vector<std::vector<char>> gathered;   // a row of each operand that does not lie as one
};

class Sweep {
 public:
  Sweep(const SweepPlan& plan, const Invocation& invocation, std::size_t learned)
      : plan_(plan), operands_(plan.operands), invocation_(invocation), learned_(learned) {
    for (const std::size_t o : plan.summed) {
      totals_.emplace_back(elements_of(operands_.all[o].layout));
    }
    totals_.resize(totals_.size() + learned, Totals(1));
  }

  void run() {
    std::size_t elements = plan_.rows.size * plan_.columns.size;
    std::size_t most_in_row = plan_.columns.size;
    std::size_t most = plan_.rows.size;
    const bool summing = !totals_.empty();
    if (summing || parallel()) {
      // Cut where the shape alone says, so that sums do not depend on who computes them.
      const std::size_t wanted =
          summing ? most_elements : std::clamp(elements / 16, most_elements >> 6, most_elements);
      if (!operands_.axis) most_in_row = std::min(most_in_row, wanted);
      most = summing ? most_rows
                     : std::max<std::size_t>(1, wanted / std::max<std::size_t>(1, most_in_row));
    }
    if (plan_.copies && !operands_.axis && !summing) {
      most_in_row = std::min(most_in_row, most_gathered);
    }
    Tasks tasks(plan_, std::max<std::size_t>(1, most), std::max<std::size_t>(1, most_in_row));
    std::vector<Workspace> wave(parallel() ? calls_at_once : 1);
    for (;;) {
      std::size_t count = 0;
      while (count < wave.size() && tasks.next(wave[count].task)) prepare(wave[count++]);
      if (count > 1) {
        (*invocation_.executor)(count, [&](std::size_t k) { compute(wave[k]); });
      } else if (count == 1) {
        compute(wave[0]);
      }
      for (std::size_t k = 0; k < count; ++k) fold(wave[k]);
      if (count < wave.size()) break;
    }
    for (std::size_t t = 0; t < plan_.summed.size(); ++t) store(t);
  }

  double learned(std::size_t k) const { return totals_[plan_.summed.size() + k].value(0); }

 private:
  static constexpr std::size_t calls_at_once = 64;
  static constexpr std::size_t most_gathered = 4096;  // elements, that stay in the cache

  bool parallel() const { return invocation_.executor != nullptr; }
  std::size_t input_of(std::size_t t) const { return operands_.all[plan_.summed[t]].of; }
  bool by_columns(std::size_t t) const { return plan_.shapes[input_of(t)] == ir::Shape::column; }

  // A kernel writes the sums of learned parameters once a call, which is a row where rows are
  // gathered.
  std::size_t partial_sums(const Task& task, std::size_t t) const {
    if (t < plan_.summed.size()) return by_columns(t) ? task.columns : task.rows;
    return plan_.copies ? task.rows : 1;
  }

  // All memory that the call will use: on threads nothing is allocated, so that nothing throws.
  void prepare(Workspace& w) const {
    w.arrays.reserve(operands_.all.size() + learned_);
    w.partial.resize(totals_.size());
    for (std::size_t t = 0; t < totals_.size(); ++t) {
      w.partial[t].assign(2 * partial_sums(w.task, t), 0.0);
    }
    if (!plan_.copies) return;
    w.gathered.resize(operands_.all.size());
    for (std::size_t o = 0; o < operands_.all.size(); ++o) {
      w.gathered[o].resize(w.task.columns * operands_.all[o].layout.element_bytes);
    }
  }

  char* data(const Workspace& w, std::size_t o) const {
    return static_cast<char*>(const_cast<void*>(operands_.all[o].layout.data)) + w.task.offsets[o];
  }

  void compute(Workspace& w) const {
    set_arrays(w, 0);
    if (!plan_.copies) {
      call(w, 0, w.task.rows);
      return;
    }
    // A row whose elements do not lie side by side is computed in an array of its own.
    for (std::size_t r = 0; r < w.task.rows; ++r) {
      set_arrays(w, r);
      for (std::size_t o = 0; o < operands_.all.size(); ++o) {
        if (is_summed(o)) continue;
        w.arrays[o].data = w.gathered[o].data();
        if (!operands_.all[o].is_written()) copy(w, o, r, false);
      }
      call(w, r, 1);
      for (std::size_t o = 0; o < operands_.all.size(); ++o) {
        if (operands_.all[o].is_written() && !is_summed(o)) copy(w, o, r, true);
      }
    }
  }

  bool is_summed(std::size_t o) const {
    return std::ranges::find(plan_.summed, o) != plan_.summed.end();
  }

  // From row `row` of the task on.
  void set_arrays(Workspace& w, std::size_t row) const {
    w.arrays.clear();
    for (std::size_t o = 0; o < operands_.all.size(); ++o) {
      const std::int64_t step =
          plan_.lanes == jit::LanesAre::rows
              ? plan_.columns.steps[o]
              : static_cast<std::int64_t>(operands_.all[o].layout.element_bytes);
      w.arrays.push_back({data(w, o), plan_.rows.steps[o], step});
    }
    w.arrays.resize(operands_.all.size() + learned_);
    constexpr std::int64_t word = sizeof(double);
    for (std::size_t t = 0; t < totals_.size(); ++t) {
      const bool learned = t >= plan_.summed.size();
      const bool columns = !learned && by_columns(t);
      const auto low_words = word * static_cast<std::int64_t>(w.task.columns);
      w.arrays[learned ? operands_.all.size() + t - plan_.summed.size() : plan_.summed[t]] = {
          w.partial[t].data() + (columns ? 0 : 2 * row), columns ? low_words : 2 * word, word};
    }
  }

  void call(const Workspace& w, std::size_t row, std::size_t rows) const {
    actc_call c{};
    c.rows = rows;
    c.columns = w.task.columns;
    c.elements = plan_.rows.size * plan_.columns.size;
    c.inputs = w.arrays.data();
    c.outputs =
        w.arrays.data() + std::ranges::count_if(operands_.all, std::not_fn(&Operand::is_written));
    c.parameters = invocation_.parameters;
    invocation_.places.fill(c, w.task.index + row * plan_.rows.index_step, plan_.rows.index_step,
                            plan_.columns.index_step);
    invocation_.kernel(&c);
  }

  void copy(Workspace& w, std::size_t o, std::size_t row, bool back) const {
    const std::size_t bytes = operands_.all[o].layout.element_bytes;
    char* at = data(w, o) + static_cast<std::ptrdiff_t>(row) * plan_.rows.steps[o];
    const std::ptrdiff_t step = plan_.columns.steps[o];
    const Role role = operands_.all[o].role;
    const bool one = role == Role::input      ? plan_.shapes[o] == ir::Shape::row
                     : role == Role::gradient ? false
                                              : operands_.has_row_value;
    const std::size_t count = one ? 1 : w.task.columns;
    for (std::size_t c = 0; c < count; ++c, at += step) {
      char* own = w.gathered[o].data() + c * bytes;
      back ? std::memcpy(at, own, bytes) : std::memcpy(own, at, bytes);
    }
  }

  // In the order of the tasks, whoever computed them.
  void fold(const Workspace& w) {
    for (std::size_t t = 0; t < totals_.size(); ++t) {
      const std::vector<double>& partial = w.partial[t];
      const std::size_t count = partial.size() / 2;
      const bool learned = t >= plan_.summed.size();
      const bool columns = !learned && by_columns(t);
      const std::ptrdiff_t step = learned ? 0 : (columns ? plan_.columns : plan_.rows).places[t];
      std::ptrdiff_t place = learned ? 0 : w.task.places[t];
      for (std::size_t k = 0; k < count; ++k, place += step) {
        const double high = partial[columns ? k : 2 * k];
        const bool has_low = !columns || invocation_.in_two_words;
        const double low = has_low ? partial[columns ? count + k : 2 * k + 1] : 0;
        totals_[t].add(static_cast<std::size_t>(place), high, low);
      }
    }
  }

  void store(std::size_t t) const {
    const Operand& gradient = operands_.all[plan_.summed[t]];
    const Layout& layout = gradient.layout;
    const std::size_t count = elements_of(layout);
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t rest = i;
      std::ptrdiff_t at = 0;
      for (std::size_t k = layout.rank; k-- > 0; rest /= layout.sizes[k]) {
        at += static_cast<std::ptrdiff_t>(rest % layout.sizes[k]) * layout.strides[k];
      }
      auto* data = static_cast<char*>(const_cast<void*>(layout.data));
      gradient.store(data + at * static_cast<std::ptrdiff_t>(layout.element_bytes),
                     totals_[t].value(i));
    }
  }

  const SweepPlan& plan_;
  const Operands& operands_;
  const Invocation& invocation_;
  std::size_t learned_;
  std::vector<Totals> totals_;  // of what is summed, then of learned parameters
};

}  // namespace

SweepPlan plan_sweep(Operands operands, bool indexed) {
  return Planner(std::move(operands), indexed).plan();
}

void sweep(const SweepPlan& plan, const Invocation& invocation, std::span<double> learned) {
  Sweep run(plan, invocation, learned.size());
  run.run();
  for (std::size_t k = 0; k < learned.size(); ++k) learned[k] = run.learned(k);
}

}  // namespace actc::detail
