#include "tools/verify_pairs.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <random>

#include "tools/terminal.h"
#include "tools/verify_findings.h"
#include "tools/verify_kernel.h"
#include "tools/verify_points.h"
#include "tools/verify_tasks.h"

namespace actc::tools {
namespace {

template <class T>
struct Pairs {
  std::vector<T> a, b;

  std::size_t size() const { return a.size(); }
  void add(T x, T y) {
    a.push_back(x);
    b.push_back(y);
  }
  std::array<double, 2> at(std::size_t i) const { return {as_double(a[i]), as_double(b[i])}; }
};

template <class T>
std::vector<T> special_numbers() {
  constexpr NumberFormat f = format_of<T>();
  std::vector<T> all;
  const auto add = [&](double v) { all.push_back(T(v)), all.push_back(T(-v)); };
  for (const double v : {0.0, 1.0 / 3, 0.5, 1.0, 1.5, 2.0, 3.0, 31.0, 100.0, 1000.0}) add(v);
  for (const long e : {f.min_exponent - f.digits + 1, f.min_exponent, 1L - f.digits,
                       long{f.digits} - 1, f.max_exponent}) {
    add(std::ldexp(1.0, static_cast<int>(e)));
  }
  const auto largest = static_cast<Representation<T>>(infinity_bits<T>() - 1);
  add(as_double(from_bits<T>(largest)));
  return all;
}

template <class T>
class Random {
 public:
  // Of both signs, any representation with its exponent in the range.
  T magnitude(long low, long high) {
    const std::uint64_t first = Binades<T>::first(low - Binades<T>::lowest);
    const std::uint64_t last = Binades<T>::last(high - Binades<T>::lowest);
    return signed_of(std::uniform_int_distribution<std::uint64_t>(first, last - 1)(random_));
  }
  T any() { return magnitude(Binades<T>::lowest, format_of<T>().max_exponent); }
  T middling() { return magnitude(-12, 9); }
  // 1 and up to all but one of the bits of its significand.
  T near_one() {
    const int bits = std::uniform_int_distribution<int>(1, format_of<T>().digits - 1)(random_);
    const double off = std::uniform_real_distribution<double>(-1, 1)(random_);
    return T(1 + std::ldexp(off, -bits));
  }

 private:
  T signed_of(std::uint64_t magnitude) {
    const bool negative = (random_() & 1) != 0;
    return from_bits<T>(
        static_cast<Representation<T>>(negative ? magnitude | sign_bit<T>() : magnitude));
  }
  std::mt19937_64 random_{20'260'101};
};

template <class T>
void add_random(Pairs<T>& to, Random<T>& random, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    switch (i % 8) {
      case 0:
        to.add(random.any(), random.any());
        break;
      case 1:
        to.add(random.any(), random.middling());
        break;
      case 2:
        to.add(random.middling(), random.any());
        break;
      case 3:
        to.add(random.near_one(), random.magnitude(0, format_of<T>().digits + 6));
        break;
      case 4:
        to.add(random.magnitude(0, format_of<T>().digits + 6), random.near_one());
        break;
      default:
        to.add(random.middling(), random.middling());
    }
  }
}

template <class T>
class PairSweep {
 public:
  explicit PairSweep(const VerifyRequest& request)
      : request_(request),
        oracle_(request.text, request.function.name()),
        values_(bound_values(request, oracle_.function())),
        kernel_(bound_kernel<T>(request, named(oracle_.function(), values_), request.kernel)) {
    total_.binades.resize(2 * Binades<T>::count);
  }

  VerifyReport run() {
    const auto begin = std::chrono::steady_clock::now();
    const Pairs<T> pairs = chosen();
    const std::vector<T> results = computed(kernel_, pairs);
    std::unique_ptr<Progress> progress;
    if (request_.progress) {
      progress = std::make_unique<Progress>(fmt::format("verifying {}", request_.label));
    }
    constexpr std::size_t chunk = 250;
    const std::size_t tasks = (pairs.size() + chunk - 1) / chunk;
    const unsigned threads = request_.threads != 0
                                 ? request_.threads
                                 : std::max(1U, std::thread::hardware_concurrency());
    in_parallel(
        threads, tasks, [&] { return Worker(*this); },
        [&](Worker& w, std::size_t task) {
          const std::size_t last = std::min(pairs.size(), (task + 1) * chunk);
          for (std::size_t i = task * chunk; i < last; ++i) {
            judge(w, pairs.at(i), as_double(results[i]));
          }
        },
        [&](Worker& w) { merge(total_, std::move(w.gathered)); },
        [&](std::size_t task) {
          if (progress) progress->update(task, tasks);
        });
    collect(total_, Binades<T>::lowest);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    total_.report.seconds = elapsed.count();
    return total_.report;
  }

 private:
  struct Worker {
    explicit Worker(const PairSweep& sweep)
        : judge(sweep.oracle_, sweep.values_, format_of<T>(), sweep.request_.gradient,
                sweep.request_.variable),
          by_second(sweep.oracle_, sweep.values_, format_of<T>(), sweep.request_.gradient, 1) {
      gathered.binades.resize(2 * Binades<T>::count);
    }
    Judge judge;
    Judge by_second;  // for the condition
    Gathered gathered;
  };

  std::vector<T> computed(const BoundKernel<T>& kernel, const Pairs<T>& pairs) const {
    std::vector<T> y(pairs.size());
    const std::array<std::span<const T>, 2> x = {pairs.a, pairs.b};
    if (!request_.gradient) {
      kernel.forward(x, y);
      return y;
    }
    const std::vector<T> one(pairs.size(), T(1));
    std::vector<T> other(pairs.size());
    std::array<std::span<T>, 2> dx = {y, other};
    if (request_.variable == 1) std::swap(dx[0], dx[1]);
    kernel.backward(x, one, dx);
    return y;
  }

  // The same pairs for the value and the gradients.
  Pairs<T> chosen() const {
    Pairs<T> all;
    const std::vector<T> special = special_numbers<T>();
    for (const T a : special) {
      for (const T b : special) all.add(a, b);
    }
    VerifyRequest value = request_;
    value.gradient = false;
    const auto kernel = bound_kernel<T>(value, named(oracle_.function(), values_), request_.kernel);
    const std::size_t wanted = all.size() + 100 * request_.points_in_binade;
    Random<T> random;
    // A function may have no other values.
    for (int round = 0; round < 8 && all.size() < wanted; ++round) {
      Pairs<T> more;
      add_random(more, random, wanted);
      std::vector<T> y(more.size());
      kernel.forward(std::array<std::span<const T>, 2>{more.a, more.b}, y);
      for (std::size_t i = 0; i < more.size() && all.size() < wanted; ++i) {
        const double v = as_double(y[i]);
        if ((std::isfinite(v) && v != 0) || i % 8 == 0) all.add(more.a[i], more.b[i]);
      }
    }
    return all;
  }

  void judge(Worker& w, const std::array<double, 2>& at, double result) {
    VerifyReport& report = w.gathered.report;
    std::optional<double> bound;
    if (request_.contract) bound = request_.contract->bound;
    const Judgement judgement = w.judge.judge(at, result, bound);
    ++report.inputs;
    ++report.by_mpfr;
    const double a = at[0];
    switch (judgement.verdict) {
      case Verdict::undecided:
        report.undecided.add(a, at[1]);
        return;
      case Verdict::no_value:
        report.no_value.add(a, at[1]);
        return;
      case Verdict::mismatch:
        report.mismatches.add(a, at[1]);
        return;
      case Verdict::measured:
        break;
    }
    if (a == 0) {
      if (bound && judgement.ulps > *bound) report.over.add(a, at[1]);
      return;
    }
    Finding finding;
    finding.at = at;
    finding.result = result;
    finding.exact = judgement.exact;
    finding.ulps = judgement.ulps;
    const auto magnitude = bits_of(T(std::abs(a)));
    Binade& binade = w.gathered.binades[static_cast<std::size_t>(
        Binades<T>::index_of(magnitude) + (std::signbit(a) ? Binades<T>::count : 0))];
    binade.picture = std::max(binade.picture, judgement.ulps);
    if (judgement.ulps <= std::max(binade.plain.ulps, binade.tail.ulps) &&
        !(bound && judgement.ulps > *bound)) {
      return;
    }
    finding.condition = w.judge.condition(at);
    if (!request_.gradient) finding.condition += w.by_second.condition(at);
    const double excess = file(binade, finding, request_.contract, {}, format_of<T>());
    if (bound && excess > *bound) binade.over.add(a, at[1]);
  }

  const VerifyRequest& request_;
  Oracle oracle_;
  std::vector<double> values_;
  BoundKernel<T> kernel_;
  Gathered total_;
};

}  // namespace

VerifyReport verify_pairs(const VerifyRequest& request) {
  return with_element_type(
      request.dtype, [&]<class T>(std::type_identity<T>) { return PairSweep<T>(request).run(); });
}

}  // namespace actc::tools
