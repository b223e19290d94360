// Samples, verdicts, runs of bad samples, their ends by subdivision, and the way from a bad result
// back to the operation that made it bad.
#include "ir/cancellation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "ir/emulate.h"
#include "ir/passes.h"

namespace actc::ir {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double unit = 0x1p-24;  // binary32's largest relative rounding error
constexpr double largest = 0x1.fffffep127;
constexpr double smallest_normal = 0x1p-126;
constexpr double enlarged = 0x1p23;         // what a disturbance of 2^-47 is to one of 2^-24
constexpr double last_place = 0x1p-23;      // of an input, relative
constexpr double small_step = 0x1p-40;      // one whose effect is linear
constexpr std::size_t most_work = 400'000;  // operations times samples
constexpr std::size_t least_samples = 48;
constexpr std::size_t block = 128;  // samples at once: its columns stay in the cache
constexpr std::size_t most_reports = 8;
constexpr std::size_t gap = 3;  // samples, of which all but the last may be good by luck
constexpr std::size_t subdivisions = 33;
constexpr double least_excess = 2;  // of the allowance, for a report

using Column = std::vector<double>;

double ulp(double x) {
  const double magnitude = std::max(std::fabs(x), smallest_normal);
  return std::ldexp(1.0, std::ilogb(magnitude) - 23);
}

enum class State : std::uint8_t { good, bad, undecided };

// Of one output at one point.
struct Verdict {
  State state = State::undecided;
  double excess = 0;      // the error over what is allowed
  double lost = 0;        // the relative error in units of 2^-24
  bool measured = false;  // with a binary64 result that can be trusted
};

// Where a result changes its sign, other than at 0.
struct Crossing {
  double at = 0;
  double magnitude = 0;  // the largest within 1 of it
};

// Of one output at many points.
struct Results {
  Column narrow, wide, disturbed, moved, stepped;
  std::vector<bool> overflows;  // in binary64, on the way
};

// Points in the order of the first input.
using Points = std::vector<Column>;  // a column an input

std::size_t count_of(const Points& points) { return points.front().size(); }

double fraction(std::size_t k) {  // of [0, 1), well spread (the golden ratio's multiples)
  const double x = static_cast<double>(k) * 0.6180339887498949;
  return x - std::floor(x);
}

// Two in each binade of each sign, and 400 between -20 and 20.
Column one_input_samples() {
  Column all;
  std::size_t k = 0;
  for (int e = -149; e <= 127; ++e) {
    for (const double base : {1.0, 1.5}) {
      const double x = std::ldexp(base + 0.5 * fraction(++k), e);
      for (const double s : {x, -x})
        all.push_back(static_cast<float>(std::clamp(s, -largest, largest)));
    }
  }
  for (int i = -200; i < 200; ++i) all.push_back(static_cast<float>((i + fraction(++k)) * 0.1));
  std::erase(all, 0);
  std::ranges::sort(all);
  const auto rest = std::ranges::unique(all);
  all.erase(rest.begin(), rest.end());
  return all;
}

// Half over the binades from 2^-30 to 2^30, half uniform in [-20, 20].
Points samples(std::size_t inputs, std::size_t limit) {
  if (inputs == 1) {
    const Column all = one_input_samples();
    const std::size_t stride = (all.size() + limit - 1) / limit;
    Points points(1);
    for (std::size_t i = stride / 2; i < all.size(); i += stride) points[0].push_back(all[i]);
    return points;
  }
  Points points(inputs);
  for (std::size_t i = 0; i < std::min<std::size_t>(limit, 1024); ++i) {
    for (std::size_t k = 0; k < inputs; ++k) {
      // Steps that no two inputs share.
      const double u = fraction((i + 1) * (2 * k + 1) * 7919 + 31 * k);
      const double x = (i + k / 2) % 2 == 0 ? 40 * u - 20
                       : u < 0.5            ? std::exp2(120 * u - 30)
                                            : -std::exp2(120 * (u - 0.5) - 30);
      points[k].push_back(static_cast<float>(x));
    }
  }
  return points;
}

class Search {
 public:
  Search(const Graph& graph, const Library& library, std::span<const double> parameters,
         std::size_t inputs)
      : emulator_(graph, library),
        parameters_(parameters.begin(), parameters.end()),
        inputs_(inputs),
        outputs_(emulator_.graph().outputs.size()),
        crossings_(outputs_) {}

  std::vector<Cancellation> run() {
    const std::size_t limit = std::max(least_samples, most_work / emulator_.cost());
    points_ = samples(inputs_, limit);
    const std::vector<Results> results = compute(points_);
    for (std::size_t k = 0; k < outputs_; ++k) {
      if (inputs_ == 1) find_crossings(k, results[k]);
      verdicts_ = judged(k, points_, results[k]);
      if (inputs_ == 1) {
        runs(k, results[k].overflows);
      } else {
        hull(k);
      }
    }
    std::vector<Cancellation> all;
    for (auto& [node, report] : found_) all.push_back(std::move(report));
    std::ranges::stable_sort(all, std::greater{}, &Cancellation::digits);
    if (all.size() > most_reports) all.resize(most_reports);
    std::ranges::stable_sort(all, std::less{}, &Cancellation::output);
    return all;
  }

 private:
  // An infinity that is no pole's: its arguments are finite and not 0.
  bool overflows(std::span<const Column> columns, std::size_t element) const {
    const Graph& g = emulator_.graph();
    for (NodeId id = 0; id < g.size(); ++id) {
      if (columns[id].empty() || g.args(id).empty() || !std::isinf(columns[id][element])) continue;
      if (std::ranges::all_of(g.args(id), [&](NodeId a) {
            const double x = columns[a][element];
            return std::isfinite(x) && (x != 0 || g[id].op == Operation::Add);
          })) {
        return true;
      }
    }
    return false;
  }

  std::vector<Results> compute(const Points& points) {
    std::vector<Results> results(outputs_);
    const std::size_t count = count_of(points);
    for (std::size_t begin = 0; begin < count; begin += block) {
      const std::size_t end = std::min(count, begin + block);
      Points part, moved, stepped;
      for (std::size_t k = 0; k < inputs_; ++k) {
        part.emplace_back(points[k].begin() + static_cast<std::ptrdiff_t>(begin),
                          points[k].begin() + static_cast<std::ptrdiff_t>(end));
        // Directions and lengths of which no two are equal or opposite: no product hides them.
        const double way = (k % 2 == 0 ? 1 : -1) * (1 + static_cast<double>(k) / 4);
        moved.push_back(part.back());
        for (double& x : moved.back()) x *= 1 + way * small_step;
        stepped.push_back(part.back());
        for (double& x : stepped.back()) x *= 1 + way * last_place;
      }
      collect(results, &Results::narrow, part, Arithmetic::binary32);
      collect(results, &Results::disturbed, part, Arithmetic::perturbed);
      collect(results, &Results::moved, moved, Arithmetic::binary64);
      collect(results, &Results::stepped, stepped, Arithmetic::binary64);
      const auto columns = collect(results, &Results::wide, part, Arithmetic::binary64);
      for (Results& r : results) {
        for (std::size_t e = 0; e < end - begin; ++e) {
          const bool finite = std::isfinite(r.wide[begin + e]);
          r.overflows.push_back(!finite && overflows(columns, e));
        }
      }
    }
    return results;
  }

  std::span<const Column> collect(std::vector<Results>& results, Column Results::* member,
                                  const Points& points, Arithmetic arithmetic) {
    const auto columns = emulator_.run(points, parameters_, arithmetic);
    for (std::size_t k = 0; k < outputs_; ++k) {
      const Column& column = columns[emulator_.graph().outputs[k]];
      Column& all = results[k].*member;
      all.insert(all.end(), column.begin(), column.end());
    }
    return columns;
  }

  void find_crossings(std::size_t output, const Results& r) {
    const Column& x = points_.front();
    const auto certain = [&](std::size_t i) {
      return std::isfinite(r.wide[i]) &&
             std::fabs(r.disturbed[i] - r.wide[i]) < 0.5 * std::fabs(r.wide[i]);
    };
    for (std::size_t i = 1; i < x.size(); ++i) {
      if (x[i] - x[i - 1] > 0.5 || x[i] * x[i - 1] <= 0 || !certain(i) || !certain(i - 1) ||
          (r.wide[i] > 0) == (r.wide[i - 1] > 0)) {
        continue;
      }
      Crossing c{x[i], 0};
      for (std::size_t j = 0; j < x.size(); ++j) {
        if (std::fabs(x[j] - c.at) <= 1 && std::isfinite(r.wide[j])) {
          c.magnitude = std::max(c.magnitude, std::fabs(r.wide[j]));
        }
      }
      crossings_[output].push_back(c);
    }
  }

  std::vector<Verdict> judged(std::size_t output, const Points& points, const Results& r) const {
    const double roundings = 16 + 0.5 * static_cast<double>(emulator_.graph().size());
    std::vector<Verdict> verdicts(count_of(points));
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      Verdict& v = verdicts[i];
      const double exact = r.wide[i];
      const double needed[] = {exact, r.moved[i], r.stepped[i], r.disturbed[i]};
      if (!std::ranges::all_of(needed, [](double y) { return std::isfinite(y); })) continue;
      const double noise = std::fabs(r.disturbed[i] - exact);
      // Less what binary64's own roundings can have moved, which are 2^5 times smaller than noise.
      const double moved = std::fabs(r.moved[i] - exact) - noise / 8;
      double allowed = std::min(roundings, 64.0) * ulp(exact) +
                       last_place / small_step * std::max(0.0, moved) +
                       std::fabs(r.stepped[i] - exact);
      for (const Crossing& c : crossings_[output]) {
        if (std::fabs(points.front()[i] - c.at) < 0.35) allowed += 8 * unit * c.magnitude;
      }
      v.measured = noise < allowed / 4;
      const double error = v.measured ? std::fabs(r.narrow[i] - exact) : noise * enlarged;
      if (std::fabs(exact) > 0.999 * largest) {
        v.state = State::good;  // where binary32 ends, too
        continue;
      }
      v.excess = std::isfinite(error) ? error / allowed : 1 / unit;
      v.lost = std::isfinite(error) && exact != 0 ? error / std::fabs(exact) / unit : 1 / unit;
      v.state = v.excess > 1 ? State::bad : State::good;
    }
    return verdicts;
  }

  // Between bad samples that are near each other, others are good by luck.
  bool is_near(std::size_t i, std::size_t j) const {
    const Column& x = points_.front();
    return j <= i + gap || (x[i] * x[j] > 0 && std::fabs(std::log2(x[j] / x[i])) < 0.3);
  }

  // Runs of bad samples on the line.
  void runs(std::size_t output, const std::vector<bool>& overflows) {
    const Column& x = points_.front();
    const auto belongs = [&](std::size_t i) {
      return verdicts_[i].state == State::bad ||
             (verdicts_[i].state == State::undecided && overflows[i]);
    };
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!belongs(i)) continue;
      std::size_t last = i;
      for (std::size_t j = i + 1; j < x.size() && is_near(last, j); ++j) {
        if (belongs(j)) last = j;
      }
      report_run(output, i, last);
      i = last;
    }
  }

  bool is_worth_a_report(std::size_t first, std::size_t last) const {
    double excess = 0;
    for (std::size_t i = first; i <= last; ++i) {
      if (verdicts_[i].state == State::bad) excess = std::max(excess, verdicts_[i].excess);
    }
    return excess >= least_excess;
  }

  void report_run(std::size_t output, std::size_t first, std::size_t last) {
    if (!is_worth_a_report(first, last)) return;
    const Column& x = points_.front();
    const bool from_start = first < gap;
    const bool to_end = last + gap >= x.size();
    auto parts = culprits(output, first, last);
    const auto by_first = [](const auto& a, const auto& b) {
      return a.second.first < b.second.first;
    };
    const auto by_last = [](const auto& a, const auto& b) { return a.second.last < b.second.last; };
    // The undecided ones at the ends are as those beside them.
    std::ranges::min_element(parts, by_first)->second.first = first;
    std::ranges::max_element(parts, by_last)->second.last = last;
    for (const auto& [culprit, part] : parts) {
      const double low = part.first > first ? x[part.first]
                         : from_start       ? -infinity
                                            : end_of(output, x[first - 1], x[first]);
      const double high = part.last < last ? x[part.last]
                          : to_end         ? infinity
                                           : end_of(output, x[last + 1], x[last]);
      add(output, culprit, part, {{outward(low, false), outward(high, true)}});
    }
  }

  void hull(std::size_t output) {
    const std::size_t last = verdicts_.size() - 1;
    if (!is_worth_a_report(0, last)) return;
    for (const auto& [culprit, part] : culprits(output, 0, last)) {
      Cancellation::Region where;
      for (const Column& x : points_) {
        Cancellation::Bounds w{infinity, -infinity};
        for (const std::size_t i : part.samples) {
          w = {std::min(w.low, x[i]), std::max(w.high, x[i])};
        }
        where.push_back({outward(w.low, false), outward(w.high, true)});
      }
      add(output, culprit, part, std::move(where));
    }
  }

  // The bad point that is nearest to a good one, by subdivision.
  double end_of(std::size_t output, double good, double bad) {
    if (good * bad <= 0) return 0;
    for (int round = 0; round < 3; ++round) {
      Points between(1);
      const bool wide = std::fabs(std::log2(good / bad)) > 1;
      for (std::size_t i = 1; i <= subdivisions; ++i) {
        const double t = static_cast<double>(i) / static_cast<double>(subdivisions + 1);
        between[0].push_back(
            static_cast<float>(wide ? good * std::pow(bad / good, t) : good + (bad - good) * t));
      }
      const auto verdicts = judged(output, between, compute(between)[output]);
      std::size_t i = 0;
      while (i < verdicts.size() && verdicts[i].state != State::bad) ++i;
      if (i < verdicts.size()) bad = between[0][i];
      if (i > 0) good = between[0][i - 1];
    }
    return bad;
  }

  // Three digits that leave the bound inside.
  static double outward(double x, bool up) {
    if (!std::isfinite(x) || x == 0) return x;
    if (std::fabs(x) < 0x1p-140 && (x > 0) != up) return 0;
    const double scale = std::pow(10.0, std::floor(std::log10(std::fabs(x))) - 2);
    return (up ? std::ceil(x / scale - 1e-9) : std::floor(x / scale + 1e-9)) * scale;
  }

  // What one culprit is to blame for: samples of a run.
  struct Part {
    std::size_t first = 0;
    std::size_t last = 0;
    std::vector<std::size_t> samples;
  };
  using Culprit = std::pair<NodeId, Loss>;

  void add(std::size_t output, Culprit culprit, const Part& part, Cancellation::Region where) {
    double lost = 0;
    for (const std::size_t i : part.samples) lost = std::max(lost, verdicts_[i].lost);
    const double digits = std::clamp(std::log10(lost), 1.0, 7.0);
    const auto known = found_.find(culprit);
    if (known == found_.end()) {
      Graph one = emulator_.graph();
      one.outputs = {culprit.first};
      const std::size_t only[] = {0};
      found_[culprit] = {output, culprit.second, extract(one, only), {std::move(where)}, digits};
    } else if (known->second.output == output) {
      known->second.where.push_back(std::move(where));
      known->second.digits = std::max(known->second.digits, digits);
    }
  }

  // Those of the bad samples of a run, but for the few whose errors took another way by chance.
  std::map<Culprit, Part> culprits(std::size_t output, std::size_t first, std::size_t last) {
    std::vector<std::size_t> bad;
    for (std::size_t i = first; i <= last; ++i) {
      if (verdicts_[i].state == State::bad) bad.push_back(i);
    }
    std::map<Culprit, Part> parts;
    for (std::size_t begin = 0; begin < bad.size(); begin += block) {
      const std::size_t end = std::min(bad.size(), begin + block);
      Points points(inputs_);
      for (std::size_t i = begin; i < end; ++i) {
        for (std::size_t k = 0; k < inputs_; ++k) points[k].push_back(points_[k][bad[i]]);
      }
      const auto values = [&](Arithmetic arithmetic) {
        const auto columns = emulator_.run(points, parameters_, arithmetic);
        return std::vector<Column>(columns.begin(), columns.end());
      };
      const Computed computed = {values(Arithmetic::binary32), values(Arithmetic::binary64),
                                 values(Arithmetic::perturbed)};
      for (std::size_t i = begin; i < end; ++i) {
        const Culprit c = trace(emulator_.graph().outputs[output], computed, i - begin);
        const auto [it, is_first] = parts.try_emplace(c);
        if (is_first) it->second.first = bad[i];
        it->second.last = bad[i];
        it->second.samples.push_back(bad[i]);
      }
    }
    std::size_t most = 0;
    for (const auto& [culprit, part] : parts) most = std::max(most, part.samples.size());
    std::erase_if(parts, [&](const auto& p) {
      const std::size_t n = p.second.samples.size();
      return n < most && (n < 3 || n < bad.size() / 10);
    });
    return parts;
  }

  struct Computed {
    std::vector<Column> narrow, wide, disturbed;
  };

  // From a bad result back along what makes it bad, to where good arguments become a bad value.
  Culprit trace(NodeId id, const Computed& computed, std::size_t element) const {
    const Graph& g = emulator_.graph();
    const auto narrow = [&](NodeId a) { return computed.narrow[a][element]; };
    const auto wide = [&](NodeId a) { return computed.wide[a][element]; };
    const auto error = [&](NodeId id) {  // relative
      const double size = std::max(std::fabs(wide(id)), std::numeric_limits<double>::min());
      const double measured = std::fabs(narrow(id) - wide(id)) / size;
      const double likely = std::fabs(computed.disturbed[id][element] - wide(id)) / size * enlarged;
      return std::isnan(measured) ? infinity : std::max(measured, likely);
    };

    Culprit culprit(id, Loss::amplification);
    double gain = 0;
    while (true) {
      const Node& node = g[id];
      std::vector<NodeId> args;
      for (const NodeId a : g.args(id)) {
        if (g[a].format != Format::boolean) args.push_back(a);
      }
      if (node.op == Operation::Where || node.op == Operation::Rarely) {
        args = {g.arg(id, wide(g.arg(id, 0)) != 0 ? 1 : 2)};
      }
      std::optional<NodeId> next;
      double most = 0;
      double worst_argument = unit;
      for (const NodeId a : args) {
        const double e = error(a);
        worst_argument = std::max(worst_argument, e);
        const bool sum = node.op == Operation::Add || node.op == Operation::Sub;
        const double share = !std::isfinite(narrow(a)) ? infinity
                             : sum                     ? e * std::fabs(wide(a))
                                                       : e;
        if (e > 2 * unit && share > most) {
          most = share;
          next = a;
        }
      }
      if (!std::isfinite(narrow(id))) {
        // A quotient by what has become 0 is no overflow.
        if (!next || (most < infinity && error(*next) < 0.5)) return {id, Loss::overflow};
      } else if (const double own = error(id) / worst_argument; own > gain && !args.empty()) {
        gain = own;
        const bool sum =
            node.op == Operation::Add || node.op == Operation::Sub || node.op == Operation::Fma;
        culprit = {id, std::fabs(wide(id)) < smallest_normal && wide(id) != 0 ? Loss::underflow
                       : sum                                                  ? Loss::cancellation
                             : Loss::amplification};
      }
      if (!next) return culprit;
      id = *next;
    }
  }

  Emulator emulator_;
  Column parameters_;
  std::size_t inputs_;
  std::size_t outputs_;
  Points points_;
  std::vector<std::vector<Crossing>> crossings_;
  std::vector<Verdict> verdicts_;  // of the output at hand
  std::map<Culprit, Cancellation> found_;
};

}  // namespace

std::vector<Cancellation> find_cancellations(const Graph& graph, const Library& library,
                                             std::size_t input_count,
                                             std::span<const double> parameters) {
  if (input_count == 0) return {};
  Graph seeded;
  std::vector<NodeId> args;
  for (std::uint32_t k = 0; k < input_count; ++k) args.push_back(seeded.input(k));
  args.push_back(seeded.constant(1));
  for (std::uint32_t k = 0; k < parameters.size(); ++k) args.push_back(seeded.parameter(k));
  seeded.outputs = inline_body(seeded, graph, input_count + 1, args);
  return Search(seeded, library, parameters, input_count).run();
}

}  // namespace actc::ir
