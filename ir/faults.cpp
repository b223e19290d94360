// Samples, what is needed at each, the ends of where something is wrong by bisection, and the proof
// at one of them.
#include "ir/faults.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string>

#include "ir/demands.h"
#include "ir/evaluate.h"
#include "ir/passes.h"
#include "ir/range.h"
#include "ir/trial_points.h"

namespace actc::ir {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double largest = 0x1.fffffep127;    // of binary32: what an input may be
constexpr std::size_t most_work = 1'000'000;  // operations times samples
constexpr std::size_t least_samples = 64;
constexpr std::size_t most_faults = 16;
constexpr std::size_t most_tries = 8;  // of witnesses, places of one operation
constexpr double nearness = 1e-9;      // of an end to a number of few digits, relative
constexpr double least_jump = 1e-6;    // relative to the values, absolute where they are below 1
constexpr double spoilt = 1e8;         // the value beside a zero of a divisor, at least

using Point = std::vector<double>;
// At a point: the nodes' values, and which of them the result is made of, as far as conditions are
// decided by these values.
struct Values {
  std::vector<double> of;
  std::vector<bool> live;
  double operator[](NodeId id) const { return of[id]; }
};

class FaultSearch {
 public:
  FaultSearch(const Graph& graph, const Library& library, std::size_t inputs,
              std::span<const double> parameters, const std::vector<bool>& eligible,
              std::size_t& work)
      : work_(work),
        g_(graph),
        library_(library),
        inputs_(inputs),
        parameters_(parameters.begin(), parameters.end()),
        needed_(reachable(graph)),
        varies_(varying(graph)),
        output_(graph.outputs.front()) {
    spend(2 * g_.size());
    Ranges everywhere = ranges(std::vector<Interval>(inputs_, {-largest, largest}));
    for (NodeId id = 0; id < g_.size(); ++id) {
      if (!needed_[id] || !varies_[id]) continue;
      const std::optional<Demand> demand = demand_of(g_, library_, id);
      if (demand && eligible[id] && !is_own_domain(id) && !is_safe(*demand, everywhere)) {
        demands_.push_back({id, *demand});
      }
      const Operation op = g_[id].op;
      const bool may_jump = is_staircase(op) || op == Operation::CopySign ||
                            (op == Operation::Where && g_[id].format == Format::real);
      if (inputs_ == 1 && may_jump) jumps_.push_back(id);
    }
  }

  std::vector<Fault> run() {
    if ((demands_.empty() && jumps_.empty()) || work_ == 0) return {};
    open();
    points_ = trial_points(inputs_, std::max(least_samples, most_work / open_.size()));
    for (const Point& point : points_) all_.push_back(values(point));
    std::vector<Fault> found;
    for (const auto& [id, demand] : demands_) {
      if (work_ == 0 || found.size() == most_faults) break;
      if (auto fault = violation(id, demand)) found.push_back(std::move(*fault));
    }
    if (!is_step(g_) && !is_plain_staircase()) {
      for (const NodeId id : jumps_) {
        if (work_ == 0 || found.size() == most_faults) break;
        if (auto fault = jump(id)) found.push_back(std::move(*fault));
      }
    }
    std::ranges::stable_sort(found, {}, &Fault::node);
    return found;
  }

 private:
  struct Candidate {
    NodeId id;
    Demand demand;
  };

  // The graph with all calls written out, each node an output.
  void open() {
    Graph whole = g_;
    whole.outputs.clear();
    for (NodeId id = 0; id < g_.size(); ++id) whole.outputs.push_back(id);
    open_ = expand_meaning(whole, library_);
    constants_.assign(open_.size(), 0);
    for (NodeId id = 0; id < open_.size(); ++id) {
      if (open_.is_constant(id)) constants_[id] = from_rational<double>(open_.value(id));
    }
  }

  // log(x) is made for positive x alone, and so are what are its multiples, 1 / sqrt(x) and the
  // like: a definition that is one of these has the domain that its name says.
  bool is_own_domain(NodeId id) const {
    NodeId at = output_;
    for (std::size_t steps = 0; steps < 8; ++steps) {
      if (at == id) {
        const auto plain = [&](NodeId a) {
          return g_[a].op == Operation::Input || !varies_[a] || g_[a].op == Operation::Sqrt;
        };
        return std::ranges::all_of(g_.args(id), plain);
      }
      const Operation op = g_[at].op;
      if (op == Operation::Neg || op == Operation::Sqrt) {
        at = g_.arg(at, 0);
      } else if ((op == Operation::Mul || op == Operation::Div) &&
                 varies_[g_.arg(at, 0)] != varies_[g_.arg(at, 1)]) {
        at = g_.arg(at, varies_[g_.arg(at, 0)] ? 0 : 1);
      } else {
        return false;
      }
    }
    return false;
  }

  bool is_plain_staircase() const {
    return is_staircase(g_[output_].op) && g_[g_.arg(output_, 0)].op == Operation::Input;
  }

  Ranges ranges(std::span<const Interval> inputs) const {
    std::vector<Interval> parameters;
    for (const double p : parameters_) parameters.push_back({p, p});
    return {g_, library_, {inputs.begin(), inputs.end()}, std::move(parameters)};
  }
  Ranges ranges_at(const Point& point) const {
    spend(2 * g_.size());
    std::vector<Interval> inputs;
    for (const double x : point) inputs.push_back({x, x});
    return ranges(inputs);
  }

  // Do bounds show that nothing can go wrong?
  static bool is_safe(const Demand& demand, Ranges& all) {
    const Interval& of = all.of(demand.argument);
    if (demand.kind == FaultKind::zero_divisor) return of.low > 0 || of.high < 0;
    return of.low >= demand.least;
  }

  void spend(std::size_t amount) const { work_ -= std::min(work_, amount); }

  Values values(const Point& point) const {
    spend(open_.size());
    std::vector<double> of(open_.size());
    std::array<double, 3> args{};
    for (NodeId id = 0; id < open_.size(); ++id) {
      const Node& node = open_[id];
      switch (node.op) {
        case Operation::Constant:
          of[id] = constants_[id];
          break;
        case Operation::Input:
          of[id] = point[node.payload];
          break;
        case Operation::Parameter:
          of[id] = parameters_[node.payload];
          break;
        default:
          for (std::size_t k = 0; k < node.arg_count; ++k) args[k] = of[open_.arg(id, k)];
          of[id] = detail::apply<double>(node.op, args.data());
      }
    }
    Values result{std::vector<double>(g_.size()), std::vector<bool>(g_.size())};
    for (NodeId id = 0; id < g_.size(); ++id) result.of[id] = of[open_.outputs[id]];
    mark_live(result);
    return result;
  }

  void mark_live(Values& v) const {
    v.live[output_] = true;
    for (NodeId id = output_ + 1; id-- > 0;) {
      if (!v.live[id]) continue;
      if (g_[id].op == Operation::Where) {
        const double condition = v[g_.arg(id, 0)];
        v.live[g_.arg(id, 0)] = true;
        if (!std::isnan(condition)) v.live[g_.arg(id, condition != 0 ? 1 : 2)] = true;
      } else {
        for (const NodeId a : g_.args(id)) v.live[a] = true;
      }
    }
  }

  bool is_bad(const Candidate& c, const Values& v) const {
    const double a = v[c.demand.argument];
    switch (c.demand.kind) {
      case FaultKind::negative_root:
      case FaultKind::negative_logarithm:
        return a < c.demand.least && std::isnan(v[output_]) && v.live[c.id];
      case FaultKind::negative_power:
        if (a == 0) return std::isinf(v[c.id]) && !std::isfinite(v[output_]) && v.live[c.id];
        return a < 0 && std::isfinite(a) && std::isnan(v[c.id]) && std::isnan(v[output_]) &&
               v.live[c.id];
      case FaultKind::zero_divisor:
        return a == 0 && !std::isfinite(v[output_]) && !std::isnan(v[g_.arg(c.id, 0)]) &&
               v.live[c.id];
      case FaultKind::jump:
        break;
    }
    return false;
  }

  bool is_proved(const Candidate& c, const Point& point, const Values& v) const {
    Ranges at = ranges_at(point);
    const Interval& of = at.of(c.demand.argument);
    const bool zero = v[c.demand.argument] == 0;
    return zero ? of.low == 0 && of.high == 0 : of.high < c.demand.least;
  }

  std::vector<std::size_t> by_strangeness(const std::vector<bool>& flags) const {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < flags.size(); ++i) {
      if (flags[i]) order.push_back(i);
    }
    const auto cost = [&](std::size_t i) {
      return std::accumulate(points_[i].begin(), points_[i].end(), 0.0,
                             [](double sum, double x) { return sum + strangeness(x); });
    };
    std::ranges::stable_sort(order, {}, cost);
    return order;
  }

  std::optional<Fault> violation(NodeId id, const Demand& demand) {
    const Candidate c{id, demand};
    std::vector<bool> bad;
    for (const Values& v : all_) bad.push_back(is_bad(c, v));
    Fault fault;
    fault.kind = demand.kind;
    fault.node = id;
    std::size_t tries = 0;
    for (const std::size_t i : by_strangeness(bad)) {
      if (tries++ == most_tries) break;
      if (!is_proved(c, points_[i], all_[i])) continue;
      describe(fault, c, points_[i], all_[i]);
      break;
    }
    if (fault.witness.empty()) {
      return demand.kind == FaultKind::zero_divisor && inputs_ == 1 ? crossing(c) : std::nullopt;
    }
    if (demand.kind == FaultKind::negative_root || demand.kind == FaultKind::negative_logarithm) {
      Ranges all = ranges(std::vector<Interval>(inputs_, {-largest, largest}));
      spend(g_.size());
      fault.always = all.of(demand.argument).high < demand.least &&
                     std::ranges::all_of(bad, [](bool b) { return b; });
    }
    if (inputs_ == 1 && !fault.always) fault.where = stretches(c, bad);
    return fault;
  }

  void describe(Fault& fault, const Candidate& c, const Point& point, const Values& v) const {
    fault.witness = point;
    fault.argument = v[c.demand.argument];
    if (fault.kind == FaultKind::zero_divisor) fault.argument = v[g_.arg(c.id, 0)];
    if (fault.kind != FaultKind::negative_power) return;
    fault.other = v[g_.arg(c.id, 1)];
    if (fault.argument == 0) {  // to a negative power
      fault.kind = FaultKind::zero_divisor;
      fault.argument = 1;
    }
  }

  // A number of three digits where one is that near.
  static double rounded(double x) {
    if (std::fabs(x) < 1e-30) return 0;
    const double scale = std::pow(10.0, 2 - std::floor(std::log10(std::fabs(x))));
    const double r = std::round(x * scale) / scale;
    return std::isfinite(r) && std::fabs(r - x) <= nearness * std::fabs(x) ? r : x;
  }

  // The end between a point where `test` is true and one where it is not.
  template <class Test>
  std::pair<double, double> bisect(double yes, double no, Test test) const {
    for (int i = 0; i < 120; ++i) {
      const double middle = yes + (no - yes) / 2;
      if (middle == yes || middle == no) break;
      (test(values({middle})) ? yes : no) = middle;
    }
    return {yes, no};
  }

  std::vector<Fault::Stretch> stretches(const Candidate& c, const std::vector<bool>& bad) const {
    const auto test = [&](const Values& v) { return is_bad(c, v); };
    std::vector<Fault::Stretch> all;
    for (std::size_t i = 0; i < bad.size(); ++i) {
      if (!bad[i]) continue;
      std::size_t last = i;
      while (last + 1 < bad.size() && bad[last + 1]) ++last;
      Fault::Stretch s{-inf, inf};
      if (i > 0) {
        s.low = rounded(bisect(points_[i][0], points_[i - 1][0], test).first);
        s.has_low = test(values({s.low}));
      }
      if (last + 1 < bad.size()) {
        s.high = rounded(bisect(points_[last][0], points_[last + 1][0], test).first);
        s.has_high = test(values({s.high}));
      }
      all.push_back(s);
      i = last;
    }
    sort(all);
    return all;
  }

  // Those first that a person would look at first.
  static void sort(std::vector<Fault::Stretch>& all) {
    std::ranges::stable_sort(all, {}, [](const Fault::Stretch& s) {
      const double nearest = std::min(std::fabs(s.low), std::fabs(s.high));
      return std::pair(static_cast<float>(nearest), -s.high);
    });
  }

  // Where a divisor passes through 0, shown by its signs before and after.
  std::optional<Fault> crossing(const Candidate& c) const {
    const auto sign = [&](const Values& v) {
      const double d = v[c.demand.argument];
      return d < 0 ? -1 : d > 0 ? 1 : 0;
    };
    Fault fault;
    fault.kind = FaultKind::zero_divisor;
    fault.node = c.id;
    std::vector<bool> changes(points_.size());
    std::vector<std::size_t> next(points_.size());  // the sample after, zeros left out
    for (std::size_t i = 0, j = 0; i + 1 < points_.size(); i = j) {
      for (j = i + 1; j + 1 < points_.size() && sign(all_[j]) == 0;) ++j;
      next[i] = j;
      changes[i] = sign(all_[i]) * sign(all_[j]) < 0;
    }
    std::size_t tries = 0;
    for (const std::size_t i : by_strangeness(changes)) {
      if (tries++ == most_tries) break;
      const std::size_t j = next[i];
      const auto [below, above] = bisect(points_[i][0], points_[j][0],
                                         [&](const Values& v) { return sign(v) == sign(all_[i]); });
      if (!is_crossing(c, below, above)) continue;
      // A sample between, or a number of few digits, at which the divisor is computed as 0.
      std::optional<double> zero;
      for (std::size_t k = i + 1; k < j; ++k) {
        if (!zero || strangeness(points_[k][0]) < strangeness(*zero)) zero = points_[k][0];
      }
      if (!zero) zero = rounded(above);
      Values here = values({*zero});
      const bool exact = is_bad(c, here);
      if (!exact) here = values({*(zero = above)});
      if (!exact && (std::fabs(here[output_]) < spoilt || !here.live[c.id])) continue;
      if (fault.witness.empty()) {
        describe(fault, c, {*zero}, here);
        fault.exact = exact;
      }
      fault.where.push_back({*zero, *zero, true, true});
    }
    if (fault.witness.empty()) return std::nullopt;
    sort(fault.where);
    return fault;
  }

  // Are the signs on the two sides proved, as near as they can be, and is there no jump between?
  bool is_crossing(const Candidate& c, double below, double above) const {
    const auto divisor = [&](double x) { return values({x})[c.demand.argument]; };
    const double far = 0.1 * std::max(1.0, std::fabs(above));
    const double scale = std::fabs(divisor(below - far)) + std::fabs(divisor(above + far));
    for (double step = 0x1p-52; step < 0x1p-20; step *= 16) {
      const double reach = step * std::max(std::fabs(above), 0x1p-20);
      Ranges before = ranges_at({below - reach});
      Ranges after = ranges_at({above + reach});
      const Interval& d0 = before.of(c.demand.argument);
      const Interval& d1 = after.of(c.demand.argument);
      if ((d0.high < 0 && d1.low > 0) || (d0.low > 0 && d1.high < 0)) {
        const double rise = std::fabs(divisor(below - reach)) + std::fabs(divisor(above + reach));
        return rise < 1e-4 * scale;
      }
    }
    return false;
  }

  // Leaves of the selections that the value is, on both sides: is one a constant that was chosen?
  bool is_cut_off(const Values& left, const Values& right) const {
    const auto leaf = [&](const Values& v) {
      NodeId id = without_constants(g_, varies_, output_);
      while (g_[id].op == Operation::Where) id = g_.arg(id, v[g_.arg(id, 0)] != 0 ? 1 : 2);
      return id;
    };
    const NodeId a = leaf(left);
    const NodeId b = leaf(right);
    return a != b && (!varies_[a] || !varies_[b]);
  }

  std::optional<Fault> jump(NodeId id) const {
    // What flips: a condition, the step of a staircase, a sign.
    const Operation op = g_[id].op;
    const auto state = [&](const Values& v) {
      if (op == Operation::Where) return v[g_.arg(id, 0)];
      return op == Operation::CopySign ? std::copysign(1.0, v[g_.arg(id, 1)]) : v[id];
    };
    std::vector<bool> flips(points_.size());
    for (std::size_t i = 0; i + 1 < points_.size(); ++i) {
      const double a = state(all_[i]);
      const double b = state(all_[i + 1]);
      flips[i] = std::isfinite(a) && std::isfinite(b) && a != b &&
                 (!is_staircase(op) || std::fabs(a - b) < 1.5);
    }
    std::size_t tries = 0;
    for (const std::size_t i : by_strangeness(flips)) {
      if (tries++ == most_tries) break;
      const double first = state(all_[i]);
      const auto [below, above] = bisect(points_[i][0], points_[i + 1][0],
                                         [&](const Values& v) { return state(v) == first; });
      // Beside it: at the point itself there may be a third value.
      const double at = rounded(std::fabs(above) < std::fabs(below) ? above : below);
      const double reach = std::max(0x1p-40 * std::fabs(at), 1e-30);
      const Values left = values({at - reach});
      const Values right = values({at + reach});
      if (!left.live[id] || !right.live[id] || is_cut_off(left, right)) continue;
      if (!leaves_gap(id, left) && !leaves_gap(id, right)) continue;
      if (!is_apart(left[output_], right[output_])) continue;
      Fault fault;
      fault.kind = FaultKind::jump;
      fault.node = id;
      fault.witness = {at};
      const double scale = std::max(std::fabs(left[output_]), std::fabs(right[output_]));
      const auto shown = [&](double v) { return std::fabs(v) < 1e-9 * scale ? 0 : v; };
      fault.argument = shown(left[output_]);
      fault.other = shown(right[output_]);
      return fault;
    }
    return std::nullopt;
  }

  static bool is_apart(double a, double b) {
    return std::isfinite(a) && std::isfinite(b) &&
           std::fabs(a - b) > least_jump * std::max({1.0, std::fabs(a), std::fabs(b)});
  }

  // Do the two values that the operation chooses from differ here?
  bool leaves_gap(NodeId id, const Values& v) const {
    if (is_staircase(g_[id].op)) return true;
    if (g_[id].op == Operation::CopySign) return is_apart(v[g_.arg(id, 0)], -v[g_.arg(id, 0)]);
    return is_apart(v[g_.arg(id, 1)], v[g_.arg(id, 2)]);
  }

  std::size_t& work_;
  const Graph& g_;
  const Library& library_;
  std::size_t inputs_;
  std::vector<double> parameters_;
  std::vector<bool> needed_;
  std::vector<bool> varies_;
  NodeId output_;
  std::vector<Candidate> demands_;
  std::vector<NodeId> jumps_;
  Graph open_;
  std::vector<double> constants_;  // of open_
  std::vector<Point> points_;      // of one input in its order
  std::vector<Values> all_;        // at each of them
};

}  // namespace

std::vector<Fault> find_faults(const Graph& graph, const Library& library, std::size_t input_count,
                               std::span<const double> parameters,
                               const std::vector<bool>& eligible, std::size_t& work) {
  return FaultSearch(graph, library, input_count, parameters, eligible, work).run();
}

}  // namespace actc::ir
