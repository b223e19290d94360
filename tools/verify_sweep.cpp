// The sweep: MPFR judges points of every binade, which also measures the screen; then every input
// goes through the kernel and the screen; then MPFR judges whatever the screen could have wrong.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "tools/errors.h"
#include "tools/terminal.h"
#include "tools/verify.h"
#include "tools/verify_errors.h"
#include "tools/verify_findings.h"
#include "tools/verify_given.h"
#include "tools/verify_inputs.h"
#include "tools/verify_kernel.h"
#include "tools/verify_pairs.h"
#include "tools/verify_points.h"
#include "tools/verify_shape.h"
#include "tools/verify_tasks.h"

namespace actc::tools {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// A screen that is wrong by more, in ULP of the format, is of no use in that binade.
constexpr double useful_screen = 0.25;

// Inputs of one task of the sweep.
constexpr std::size_t block = std::size_t{1} << 15;

template <class T>
class Sweep {
 public:
  explicit Sweep(const VerifyRequest& request)
      : request_(request),
        oracle_(request.text, request.function.name()),
        values_(bound_values(request, oracle_.function())),
        contract_(request.contract),
        threads_(request.threads != 0 ? request.threads
                                      : std::max(1U, std::thread::hardware_concurrency())) {
    if constexpr (!std::is_same_v<T, double>) {
      // The rules are what keeps the screen's digits; those of the kernel may be the question.
      KernelOptions options = request.kernel;
      options.stabilize = true;
      screen_ = bound_kernel<double>(request, named(oracle_.function(), values_), options);
    }
    if (request.against.empty()) {
      kernel_ = bound_kernel<T>(request, named(oracle_.function(), values_), request.kernel);
    } else {
      given_.emplace(with_stride<T>(points(), request.stride), request.against, request.stride);
    }
    total_.binades.resize(2 * Binades<T>::count);
    multiple_at_zero_ = oracle_.is_multiple_of_input_at_zero(values_);
  }

  using Bits = Representation<T>;

  VerifyReport run();
  // Inputs that MPFR judges, in the order of their representations.
  std::vector<Bits> points() const;

 private:
  struct Block {
    std::uint64_t first, last;  // magnitudes, `last` excluded
    bool negative;
    bool nan = false;
  };
  // A thread's arrays and its oracle.
  struct Worker {
    explicit Worker(const Sweep& sweep)
        : judge(sweep.oracle_, sweep.values_, format_of<T>(), sweep.request_.gradient,
                sweep.request_.variable) {
      gathered.binades.resize(2 * Binades<T>::count);
    }
    Judge judge;
    Gathered gathered;
    std::vector<T> x, y, one;
    std::vector<double> xd, yd, oned, errors;
    std::vector<float> results;
  };

  static std::size_t binade_index(bool negative, std::uint64_t magnitude) {
    return static_cast<std::size_t>(Binades<T>::index_of(magnitude) +
                                    (negative ? Binades<T>::count : 0));
  }
  static std::size_t binade_index(double x) {
    const Bits bits = bits_of(T(x));
    return binade_index(std::signbit(x), static_cast<Bits>(bits & ~sign_bit<T>()));
  }

  template <class E>
  void apply(const BoundKernel<E>& kernel, const std::vector<E>& x, std::vector<E>& y,
             std::vector<E>& one) const {
    y.resize(x.size());
    if (!request_.gradient) {
      kernel.forward(x, y);
      return;
    }
    if (one.size() < x.size()) one.assign(x.size(), E(1));
    kernel.backward(x, std::span<const E>(one).first(x.size()), y);
  }
  // What is judged at w.x.
  void find_results(Worker& w) const {
    if (given_) {
      given_->at(w.x, w.y);
    } else {
      apply(*kernel_, w.x, w.y, w.one);
    }
  }
  // That, and the screen where there is one.
  void compute(Worker& w) const {
    find_results(w);
    w.xd.resize(w.x.size());
    for (std::size_t i = 0; i < w.x.size(); ++i) w.xd[i] = as_double(w.x[i]);
    if (screen_) apply(*screen_, w.xd, w.yd, w.oned);
  }

  template <class Work>
  void in_parallel(std::size_t tasks, double part, Work work);

  void find_crossings(Worker& w);
  void find_directions(std::span<const Bits> points, std::span<const double> exact);
  void judge_points(Worker& w, std::span<const Bits> points, std::span<double> exact);
  void judge_again();
  void sweep_block(Worker& w, const Block& b);
  void screen_candidates(Worker& w);
  std::vector<Block> blocks() const;

  double file(Binade& binade, const Finding& finding) const {
    return actc::tools::file(binade, finding, contract_, crossings_, format_of<T>());
  }
  void check_zero_sign(Worker& w, double x, double result);

  const VerifyRequest& request_;
  Oracle oracle_;
  std::vector<double> values_;
  std::optional<BoundKernel<T>> kernel_;  // or:
  std::optional<GivenResults<T>> given_;
  std::optional<BoundKernel<double>> screen_;
  std::optional<Contract> contract_;
  unsigned threads_;
  bool multiple_at_zero_ = false;
  Gathered total_;
  std::vector<Crossing> crossings_;
  float range_low_ = -std::numeric_limits<float>::infinity();
  float range_high_ = std::numeric_limits<float>::infinity();
  std::unique_ptr<Progress> progress_;
  double progress_done_ = 0;
};

template <class T>
template <class Work>
void Sweep<T>::in_parallel(std::size_t tasks, double part, Work work) {
  tools::in_parallel(
      threads_, tasks, [&] { return Worker(*this); }, work,
      [&](Worker& worker) { merge(total_, std::move(worker.gathered)); },
      [&](std::size_t task) {
        if (!progress_) return;
        const double done =
            progress_done_ + part * static_cast<double>(task) / static_cast<double>(tasks);
        progress_->update(static_cast<std::uint64_t>(1000 * done), 1000);
      });
  progress_done_ += part;
}

template <class T>
auto Sweep<T>::points() const -> std::vector<Bits> {
  return judged_inputs<T>(std::max<std::uint64_t>(request_.points_in_binade, 1), !screen_,
                          oracle_.switching_points(values_, request_.variable));
}

// Zeros away from 0, by a scan of the screen (of MPFR where there is none) over |x| < 64 and over
// the magnitudes up to 1, each confirmed by MPFR: the value must shrink to nothing, not jump.
template <class T>
void Sweep<T>::find_crossings(Worker& w) {
  if (contract_ && !contract_->limits_of_sense) return;
  const auto exact = [&](double x) { return w.judge.exact(x).value_or(0); };
  const auto near = [&](const std::vector<double>& x) {
    std::vector<double> y(x.size());
    std::vector<double> one;
    if (screen_) {
      apply(*screen_, x, y, one);
    } else {
      std::ranges::transform(x, y.begin(), exact);
    }
    return y;
  };
  crossings_ = crossings(exact, near);
}

template <class T>
void Sweep<T>::judge_points(Worker& w, std::span<const Bits> points, std::span<double> exact) {
  w.x.clear();
  for (const Bits bits : points) w.x.push_back(from_bits<T>(bits));
  compute(w);
  VerifyReport& report = w.gathered.report;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double x = w.xd[i];
    const double result = as_double(w.y[i]);
    const std::optional<double> bound = contract_ ? std::optional(contract_->bound) : std::nullopt;
    const Judgement judgement = w.judge.judge(x, result, bound);
    ++report.by_mpfr;
    // The sweep counts the others.
    if (!screen_ || x == 0 || std::isinf(x)) ++report.inputs;
    exact[i] = std::numeric_limits<double>::quiet_NaN();
    switch (judgement.verdict) {
      case Verdict::undecided:
        report.undecided.add(x);
        continue;
      case Verdict::no_value:
        report.no_value.add(x);
        continue;
      case Verdict::mismatch:
        break;
      case Verdict::measured:
        exact[i] = judgement.exact;
        break;
    }
    if (x == 0) check_zero_sign(w, x, result);
    if (x == 0 || std::isinf(x)) {
      if (judgement.verdict == Verdict::mismatch) {
        report.mismatches.add(x);
      } else if (contract_ && judgement.ulps > contract_->bound) {
        report.over.add(x);
      }
      continue;
    }
    Binade& binade = w.gathered.binades[binade_index(x)];
    const bool swept =
        screen_ && static_cast<Bits>(points[i] & ~sign_bit<T>()) % request_.stride == 0;
    if (screen_) {
      // Beside a large error of the result the exact value is known to a part of that error only.
      double value = judgement.exact;
      if (judgement.ulps > 1) value = w.judge.exact(x).value_or(value);
      const double wrong = difference_in_units(w.yd[i], value, format_of<T>());
      if (wrong <= useful_screen) {
        binade.screen_error = std::max(binade.screen_error, wrong);
      } else {
        binade.screened = false;
      }
    }
    if (judgement.verdict == Verdict::mismatch) {
      (swept ? binade.swept_mismatches : binade.mismatches).add(x);
      continue;
    }
    binade.picture = std::max(binade.picture, judgement.ulps);
    // κ where it can matter.
    const double known = std::max(binade.plain.ulps, binade.tail.ulps);
    if (judgement.ulps > known || (bound && judgement.ulps > *bound)) {
      Finding finding;
      finding.at = {x, 0};
      finding.result = result;
      finding.exact = judgement.exact;
      finding.ulps = judgement.ulps;
      finding.condition = w.judge.condition({&x, 1});
      const double excess = file(binade, finding);
      if (bound && excess > *bound) (swept ? binade.swept_over : binade.over).add(x);
    }
  }
}

template <class T>
void Sweep<T>::check_zero_sign(Worker& w, double x, double result) {
  if (request_.gradient || !std::signbit(x)) return;
  const auto exact = [&](double at) { return w.judge.exact(at); };
  if (!demands_negative_zero(exact, multiple_at_zero_)) return;
  if (!(result == 0 && std::signbit(result))) w.gathered.report.zero_signs.add(x);
}

// Over a binade the formula rises or falls where it does so from each judged point to the next.
template <class T>
void Sweep<T>::find_directions(std::span<const Bits> points, std::span<const double> exact) {
  constexpr std::size_t enough = 8;
  std::size_t i = 0;
  while (i < points.size()) {
    const auto magnitude =
        static_cast<std::uint64_t>(static_cast<Bits>(points[i] & ~sign_bit<T>()));
    if (magnitude == 0 || magnitude >= infinity_bits<T>()) {
      ++i;
      continue;
    }
    const bool negative = (points[i] & sign_bit<T>()) != 0;
    const std::size_t index = binade_index(negative, magnitude);
    bool up = true, down = true, known = true;
    std::size_t j = i;
    for (; j < points.size(); ++j) {
      const auto m = static_cast<std::uint64_t>(static_cast<Bits>(points[j] & ~sign_bit<T>()));
      if (m == 0 || m >= infinity_bits<T>() ||
          binade_index((points[j] & sign_bit<T>()) != 0, m) != index)
        break;
      known = known && std::isfinite(exact[j]);
      if (j > i) {
        up = up && exact[j] >= exact[j - 1];
        down = down && exact[j] <= exact[j - 1];
      }
    }
    // Along the representations; a negative number's magnitude grows as it falls.
    if (known && j - i >= enough) total_.binades[index].direction = up ? 1 : down ? -1 : 0;
    i = j;
  }
}

template <class T>
auto Sweep<T>::blocks() const -> std::vector<Block> {
  std::vector<Block> all;
  const std::uint64_t length = block * request_.stride;
  for (const bool negative : {false, true}) {
    for (long k = 0; k < Binades<T>::count; ++k) {
      for (std::uint64_t m = Binades<T>::first(k); m < Binades<T>::last(k); m += length) {
        all.push_back({m, std::min(m + length, Binades<T>::last(k)), negative});
      }
    }
    if (!request_.gradient && !oracle_.asks_isnan()) {
      const std::uint64_t end = sign_bit<T>();
      for (std::uint64_t m = infinity_bits<T>() + std::uint64_t{1}; m < end; m += length) {
        all.push_back({m, std::min(m + length, end), negative, true});
      }
    }
  }
  return all;
}

template <class T>
void Sweep<T>::sweep_block(Worker& w, const Block& b) {
  VerifyReport& report = w.gathered.report;
  const Bits sign = b.negative ? sign_bit<T>() : Bits{0};
  w.x.clear();
  // The same inputs whatever the blocks: those divisible by the stride.
  const std::uint64_t stride = request_.stride;
  const std::uint64_t first = screen_ ? (b.first + stride - 1) / stride * stride : b.first;
  for (std::uint64_t m = first; m < b.last; m += stride) {
    w.x.push_back(from_bits<T>(static_cast<Bits>(sign | m)));
  }
  if (w.x.empty()) return;
  const std::size_t n = w.x.size();
  if (b.nan) {
    report.inputs += n;
    find_results(w);
    for (std::size_t i = 0; i < n; ++i) {
      if (!std::isnan(as_double(w.y[i]))) report.nan_lost.add(as_double(w.x[i]));
    }
    return;
  }
  const std::size_t index = binade_index(b.negative, b.first);
  const Binade& known = total_.binades[index];
  if (!known.screened || !screen_) {
    report.unscreened += n;
    return;
  }
  report.inputs += n;
  compute(w);
  w.results.resize(n);
  for (std::size_t i = 0; i < n; ++i) w.results[i] = static_cast<float>(w.y[i]);
  w.errors.resize(n);
  const double worst =
      errors_against(w.results.data(), w.yd.data(), w.errors.data(), n, format_of<T>());
  std::size_t at = 0;
  if (known.direction != 0) {
    const std::size_t steps =
        steps_against(w.results.data(), n, static_cast<float>(known.direction), at);
    if (steps > 0) {
      report.monotonicity.add(w.xd[at]);
      report.monotonicity.count += steps - 1;
    }
  }
  const std::size_t beyond = outside(w.results.data(), n, range_low_, range_high_, at);
  if (beyond > 0) {
    report.range.add(w.xd[at]);
    report.range.count += beyond - 1;
  }
  Binade& mine = w.gathered.binades[index];
  mine.screen_error = known.screen_error;
  if (std::isinf(worst)) {
    for (std::size_t i = 0; i < n; ++i) {
      if (!std::isinf(w.errors[i])) continue;
      if (!doubt(mine, w.xd[i], most_doubtful_mismatches)) report.mismatches.add(w.xd[i]);
      w.errors[i] = 0;
    }
  }
  mine.picture = std::max(mine.picture, *std::ranges::max_element(w.errors));
  screen_candidates(w);
}

// Files what the errors of a block say: all that may pass the contract, and all that may be the
// largest of its class. κ by differences of the screen, at those alone.
template <class T>
void Sweep<T>::screen_candidates(Worker& w) {
  Binade& mine = w.gathered.binades[binade_index(w.xd.front())];
  const double bound = contract_ ? contract_->bound - mine.margin() : infinity;
  const double worst = *std::ranges::max_element(w.errors);
  std::vector<std::size_t> chosen;
  const auto choose = [&](double from) {
    chosen.clear();
    for (std::size_t i = 0; i < w.errors.size(); ++i) {
      if (w.errors[i] > from) chosen.push_back(i);
    }
  };
  const auto file_chosen = [&] {
    constexpr double h = 0x1p-20;
    std::vector<double> x, y, one;
    for (const std::size_t i : chosen)
      x.push_back(w.xd[i] * (1 + h)), x.push_back(w.xd[i] * (1 - h));
    apply(*screen_, x, y, one);
    for (std::size_t k = 0; k < chosen.size(); ++k) {
      const std::size_t i = chosen[k];
      Finding finding;
      finding.at = {w.xd[i], 0};
      finding.result = static_cast<double>(w.results[i]);
      finding.exact = w.yd[i];
      finding.ulps = w.errors[i];
      const double kappa = std::abs((y[2 * k] - y[2 * k + 1]) / (2 * h * w.yd[i]));
      finding.condition = std::isfinite(kappa) ? kappa : 0;
      const double excess = file(mine, finding);
      if (!contract_ || excess < contract_->bound - mine.margin()) continue;
      if (excess > contract_->bound + mine.margin()) {
        mine.over.add(w.xd[i]);
      } else if (!doubt(mine, w.xd[i], most_doubtful)) {
        ++mine.doubtful_lost;
      }
    }
  };
  if (worst > bound) {
    choose(bound);
    file_chosen();
  }
  // The largest of the block first: mostly it is plain, and nothing else can be larger.
  const double from = std::min(bound, std::max(mine.plain.ulps, 0.0));
  if (worst <= mine.plain.ulps || worst > bound) return;
  choose(std::max(from, 0.9 * worst));
  file_chosen();
  if (mine.plain.ulps >= 0.9 * worst || 0.9 * worst <= from) return;
  // All of these are in a tail or near a zero: is there a larger plain one among the rest?
  std::vector<std::size_t> before = chosen;
  choose(from);
  std::erase_if(chosen, [&](std::size_t i) { return w.errors[i] > 0.9 * worst; });
  file_chosen();
}

// What the screen found is MPFR's to say.
template <class T>
void Sweep<T>::judge_again() {
  struct Task {
    std::size_t binade;
    double x;
    bool doubtful;
  };
  std::vector<Task> tasks;
  VerifyReport& report = total_.report;
  // The largest of each class over all binades: those within the screen's error of it.
  for (Finding Binade::* member :
       {&Binade::plain, &Binade::tail, &Binade::excess, &Binade::near_zero}) {
    const bool by_excess = member == &Binade::excess;
    double largest = -infinity;
    const auto measure = [&](const Finding& f) { return by_excess ? f.excess : f.ulps; };
    for (const Binade& b : total_.binades) {
      if ((b.*member).found()) largest = std::max(largest, measure(b.*member) - b.margin());
    }
    for (std::size_t i = 0; i < total_.binades.size(); ++i) {
      const Binade& b = total_.binades[i];
      if ((b.*member).found() && measure(b.*member) + b.margin() >= largest) {
        tasks.push_back({i, (b.*member).at[0], false});
      }
    }
  }
  for (std::size_t i = 0; i < total_.binades.size(); ++i) {
    Binade& b = total_.binades[i];
    for (const double x : b.doubtful) tasks.push_back({i, x, true});
    report.undecided.count += b.doubtful_lost;
    b.doubtful.clear();
    b.doubtful_lost = 0;
  }
  // From here on the classes hold only what MPFR has judged.
  for (Binade& b : total_.binades) b.plain = b.tail = b.excess = b.near_zero = Finding();
  in_parallel(tasks.size(), 0.05, [&](Worker& w, std::size_t task) {
    const double x = tasks[task].x;
    w.x = {T(x)};
    compute(w);
    const double result = as_double(w.y[0]);
    const bool number = std::isfinite(result);
    const double condition = number ? w.judge.condition({&x, 1}) : 0;
    std::optional<double> bound;
    if (contract_) {
      bound = contract_->bound;
      if (contract_->limits_of_sense && condition > ill_conditioned) *bound += condition / 2;
    }
    const Judgement judgement = w.judge.judge(x, result, bound);
    ++w.gathered.report.by_mpfr;
    if (judgement.verdict == Verdict::undecided) w.gathered.report.undecided.add(x);
    if (judgement.verdict == Verdict::mismatch) w.gathered.report.mismatches.add(x);
    if (judgement.verdict != Verdict::measured) return;
    Finding finding;
    finding.at = {x, 0};
    finding.result = result;
    finding.exact = judgement.exact;
    finding.ulps = judgement.ulps;
    finding.condition = condition;
    Binade& binade = w.gathered.binades[tasks[task].binade];
    const double excess = file(binade, finding);
    // What the screen was sure of is counted already.
    if (tasks[task].doubtful && contract_ && excess > contract_->bound) binade.over.add(x);
  });
}

template <class T>
VerifyReport Sweep<T>::run() {
  const auto begin = std::chrono::steady_clock::now();
  if (request_.progress) {
    progress_ = std::make_unique<Progress>(fmt::format("verifying {}", request_.label));
  }
  {
    Worker w(*this);
    find_crossings(w);
  }
  // 1. The points that MPFR judges.
  const std::vector<Bits> all = points();
  std::vector<double> exact(all.size());
  constexpr std::size_t chunk = 250;
  in_parallel(
      (all.size() + chunk - 1) / chunk, screen_ ? 0.45 : 0.95, [&](Worker& w, std::size_t task) {
        const std::size_t first = task * chunk;
        const std::size_t n = std::min(chunk, all.size() - first);
        judge_points(w, std::span(all).subspan(first, n), std::span(exact).subspan(first, n));
      });
  VerifyReport& report = total_.report;
  if (!screen_ && !request_.gradient && !oracle_.asks_isnan()) {
    Worker w(*this);
    for (const std::uint64_t m : few_nans<T>()) {
      sweep_block(w, {m, m + 1, false, true});
      sweep_block(w, {m, m + 1, true, true});
    }
    merge(total_, std::move(w.gathered));
  }
  std::vector<Binade> judged = total_.binades;
  for (const Binade& b : total_.binades) {
    if (b.screened) report.screen_ulps = std::max(report.screen_ulps, b.screen_error);
  }
  if (screen_) {
    report.screen = "binary64 kernel";
    find_directions(all, exact);
    // Limits at the infinities that no judged point passes bound the range.
    double low = infinity, high = -infinity;
    for (const double v : exact) {
      if (std::isnan(v)) continue;
      low = std::min(low, v);
      high = std::max(high, v);
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto m = static_cast<std::uint64_t>(static_cast<Bits>(all[i] & ~sign_bit<T>()));
      if (m != infinity_bits<T>() || !std::isfinite(exact[i])) continue;
      if (exact[i] >= high) range_high_ = static_cast<float>(T(exact[i]));
      if (exact[i] <= low) range_low_ = static_cast<float>(T(exact[i]));
    }
    // 2. Every input, those judged again among them.
    for (Binade& b : total_.binades) {
      // What the sweep comes to again is counted there.
      if (b.screened) b.swept_over = b.swept_mismatches = Count();
    }
    const std::vector<Block> todo = blocks();
    in_parallel(todo.size(), 0.5, [&](Worker& w, std::size_t task) { sweep_block(w, todo[task]); });
    // 3. What the screen leaves to MPFR.
    judge_again();
    for (std::size_t i = 0; i < judged.size(); ++i) {
      Binade& b = total_.binades[i];
      keep_larger(b.plain, judged[i].plain);
      keep_larger(b.tail, judged[i].tail);
      keep_larger_excess(b.excess, judged[i].excess);
      keep_larger(b.near_zero, judged[i].near_zero);
    }
  }
  collect(total_, Binades<T>::lowest);
  report.crossings = crossings_;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  report.seconds = elapsed.count();
  return report;
}

}  // namespace

NpyArray inputs_of(const VerifyRequest& request) {
  return with_element_type(request.dtype, [&]<class T>(std::type_identity<T>) {
    std::vector<T> x;
    for (const auto bits : with_stride<T>(Sweep<T>(request).points(), request.stride)) {
      x.push_back(from_bits<T>(bits));
    }
    return NpyArray{{x.size()}, std::move(x)};
  });
}

VerifyReport verify(const VerifyRequest& request) {
  const std::size_t count = request.function.inputs().size();
  if (count == 2) return verify_pairs(request);
  if (count != 1) {
    throw bad_usage(fmt::format("{} has {} inputs; verify takes one or two", request.label, count),
                    "fix the others: as in 'f(x) = clamp(x, -1, 1)'");
  }
  return with_element_type(request.dtype,
                           [&]<class T>(std::type_identity<T>) { return Sweep<T>(request).run(); });
}

bool keeps(const VerifyReport& report) {
  return report.over.count == 0 && report.mismatches.count == 0 && report.nan_lost.count == 0 &&
         report.zero_signs.count == 0;
}

}  // namespace actc::tools
