// From the signs of value, derivatives and slope on each piece to the properties.
#include "tools/card/shape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "ir/passes.h"
#include "tools/card/enclosure.h"
#include "tools/card/extent.h"
#include "tools/card/smoothness.h"
#include "tools/card/symmetry.h"

namespace actc::tools {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t most_points = 32;
// Slopes below are saturated.
const Rational saturation(1, 1000);

using ir::Graph;
using ir::Operation;

Graph derived(const Graph& graph) {
  const std::array<std::size_t, 1> input = {0};
  return ir::derive(graph, ir::Library(), 1, input);
}

Graph plus(const Graph& graph, const Rational& c) {
  Graph result = graph;
  result.outputs = {
      result.node(Operation::Add, ir::Format::real, {graph.outputs.front(), result.constant(c)})};
  return ir::simplify(result, ir::Library());
}

// The signs of everything on one piece.
struct Analysis {
  Graph second;  // the value's second derivative, where it is not the slope's
  Signs value, derivative, bend, curve;
  Signs above, below;  // of slope − and + the saturation's bound
};

class Shaper {
 public:
  Shaper(const Pieces& pieces, Clock::time_point deadline)
      : pieces_(pieces), deadline_(deadline + std::chrono::milliseconds(200)) {
    // Later graphs get what earlier ones leave of the time, but never nothing.
    const auto begin = Clock::now();
    const double steps = 6.0 * static_cast<double>(pieces.pieces.size());
    double step = 0;
    const auto part = [&] {
      step += 1;
      const auto share = std::chrono::duration<double>(deadline - begin) * (step / steps);
      return begin + std::chrono::duration_cast<Clock::duration>(share);
    };
    for (const Piece& piece : pieces.pieces) {
      const Formulas& f = piece.formulas;
      Analysis a;
      const Graph third = derived(f.curve);
      a.second = pieces.written_slope ? derived(f.derivative) : f.curve;
      a.value = signs_of(f.value, f.derivative, piece, part(), true);
      a.derivative = signs_of(f.derivative, a.second, piece, part());
      a.curve = signs_of(f.curve, third, piece, part());
      a.bend =
          pieces.written_slope ? signs_of(a.second, derived(a.second), piece, part()) : a.curve;
      a.above = signs_of(plus(f.slope, -saturation), f.curve, piece, part());
      a.below = signs_of(plus(f.slope, saturation), f.curve, piece, part());
      all_.push_back(std::move(a));
    }
    for (std::size_t k = 0; k < pieces.cuts(); ++k) {
      const Rational& x = pieces.cut(k);
      Cut c;
      c.x = to_double(x);
      c.left = one_sided_limit(pieces.pieces[k].formulas.value, x, Side::left);
      c.right = one_sided_limit(pieces.pieces[k + 1].formulas.value, x, Side::right);
      c.left_slope = one_sided_limit(pieces.pieces[k].formulas.derivative, x, Side::left).value;
      c.right_slope =
          one_sided_limit(pieces.pieces[k + 1].formulas.derivative, x, Side::right).value;
      const Formulas at = formulas_at(pieces, x);
      c.value = value_at(at.value, x);
      c.slope = value_at(at.slope, x);
      c.continuous = !differ(c.left.value, c.right.value) && !differ(c.left.value, c.value.value) &&
                     std::isfinite(c.value.value);
      cuts_.push_back(c);
    }
  }

  void fill(Shape& shape) const {
    find_range(shape);
    find_zeros(shape);
    find_monotony(shape);
    find_bends(shape);
    if (!smooth()) look(shape);
    shape.saturated = zones([](const Analysis& a) { return flat(a); }, true);
    shape.dead.zones = dead_zones_of(pieces_);
    shape.dead.certainty = smooth() ? Certainty::proved : Certainty::sampled;
    shape.surrogate = pieces_.written_slope && differs_from_slope();
  }

  bool smooth() const { return std::ranges::all_of(pieces_.pieces, &Piece::smooth); }

 private:
  // Where conditions are left in a piece its derivative says little of it: some of its values.
  void look(Shape& shape) const {
    constexpr int points = 4000;
    constexpr double far = 20;
    const PrecisionScope scope(64);
    Enclosure f(pieces_.whole.value), slope(pieces_.whole.slope);
    Extent range, slopes;
    bool rises = false, falls = false, rests = false, jumps = false;
    double before = std::nan("");
    const auto take = [](Extent& extent, double x, const Interval& v) {
      if (v.defined != Defined::everywhere) return;
      const Known k{lower(v), lower(v), upper(v), Certainty::sampled};
      const auto end = [&](End& e, bool better) {
        if (better || std::isnan(e.value.value)) e = {k, true, {x}, false};
      };
      end(extent.low, k.value < extent.low.value.value);
      end(extent.high, k.value > extent.high.value.value);
    };
    for (int i = 0; i <= points; ++i) {
      const double x = far * (2.0 * i / points - 1);
      const Interval v = f.at(Interval(x));
      take(range, x, v);
      take(slopes, x, slope.at(Interval(x)));
      const double now = v.defined == Defined::everywhere ? lower(v) : std::nan("");
      const double most = std::max(1.0, std::abs(slopes.high.value.value));
      jumps = jumps || std::abs(now - before) > 100 * most * (2 * far / points);
      rises = rises || now > before;
      falls = falls || now < before;
      rests = rests || now == before;
      before = now;
    }
    shape.range = range;
    shape.slope = slopes;
    shape.turns.clear();
    shape.differentiable = jumps ? -1 : 0;
    shape.monotone = direction(rises, falls, rests);
    shape.monotone_certainty = Certainty::sampled;
    shape.lipschitz = std::max(std::abs(slopes.low.value.value), std::abs(slopes.high.value.value));
  }

  static Monotone direction(bool rises, bool falls, bool rests) {
    if (rises && falls) return Monotone::neither;
    if (rises) return rests ? Monotone::non_decreasing : Monotone::increasing;
    if (falls) return rests ? Monotone::non_increasing : Monotone::decreasing;
    return Monotone::constant;
  }

  struct Cut {
    double x = 0;
    Limit left, value, right, slope;
    double left_slope = 0, right_slope = 0;
    bool continuous = false;
  };

  Certainty certain(Signs Analysis::* part) const {
    const bool proved = smooth() && std::ranges::all_of(all_, [&](const Analysis& a) {
                          return (a.*part).proved() || is_nowhere(a.*part);
                        });
    return proved ? Certainty::proved : Certainty::sampled;
  }
  static bool is_nowhere(const Signs& s) {
    return std::ranges::all_of(s.segments,
                               [](const Segment& g) { return g.sign == Segment::nowhere; });
  }

  void find_range(Shape& shape) const {
    OnPieces value{&pieces_, &Formulas::value, {}, {}, {}, deadline_};
    OnPieces slope{&pieces_, &Formulas::slope, {}, {}, {}, deadline_};
    for (std::size_t k = 0; k < all_.size(); ++k) {
      value.derivatives.push_back(&pieces_.pieces[k].formulas.derivative);
      value.signs.push_back(&all_[k].derivative);
      slope.derivatives.push_back(&pieces_.pieces[k].formulas.curve);
      slope.signs.push_back(&all_[k].curve);
      value.defined.push_back(!is_nowhere(all_[k].value));
    }
    slope.defined = value.defined;
    shape.range = extent_of(value);
    shape.slope = extent_of(slope);
    const bool jumps = std::ranges::any_of(cuts_, [](const Cut& c) {
      return !c.continuous && !std::isnan(c.left.value) && !std::isnan(c.right.value);
    });
    shape.lipschitz = jumps ? infinity
                            : std::max(std::abs(shape.slope.low.value.value),
                                       std::abs(shape.slope.high.value.value));
  }

  void find_zeros(Shape& shape) const {
    bool all = certain(&Analysis::value) == Certainty::proved;
    const auto add = [&](const Known& zero) {
      if (shape.zeros.size() < most_points) {
        shape.zeros.push_back(zero);
      } else {
        all = false;
      }
    };
    for (std::size_t k = 0; k < all_.size(); ++k) {
      const Signs& s = all_[k].value;
      for (std::size_t j = 0; j < s.segments.size(); ++j) {
        const Segment& g = s.segments[j];
        if (g.sign == 0) {
          if (!shape.zero_zones.empty() && shape.zero_zones.back().high == g.low) {
            shape.zero_zones.back().high = g.high;
          } else {
            shape.zero_zones.push_back({g.low, g.high});
          }
        }
        all = all && (g.strict || g.sign == 0 || g.sign == Segment::nowhere);
        if (j + 1 == s.segments.size()) continue;
        const Segment& next = s.segments[j + 1];
        if (g.sign * next.sign != -1) continue;
        const Root& r = s.roots[j];
        const bool proved = !g.sampled && !next.sampled && pieces_.pieces[k].smooth;
        add({r.middle(), r.low, r.high, proved ? Certainty::proved : Certainty::sampled});
      }
      if (k < cuts_.size() && !differ(cuts_[k].value.value, 0)) {
        const double x = cuts_[k].x;
        const bool exact = cuts_[k].value.exact && cuts_[k].value.enclosure.is_zero();
        if (!in_zero_zone(k)) add({x, x, x, exact ? Certainty::proved : Certainty::sampled});
      }
    }
    std::ranges::sort(shape.zeros, {}, &Known::value);
    shape.all_zeros = all;
    const Rational zero(0);
    const auto cut = std::ranges::find(cuts_, 0.0, &Cut::x);
    shape.at_zero = known(cut->value);
    shape.slope_at_zero = known(cut->slope);
  }
  // Is f 0 on a piece beside the cut?
  bool in_zero_zone(std::size_t cut) const {
    return all_[cut].value.segments.back().sign == 0 ||
           all_[cut + 1].value.segments.front().sign == 0;
  }

  void find_monotony(Shape& shape) const {
    bool rises = false, falls = false, rests = false;
    const auto step = [&](double difference) {
      if (std::isnan(difference)) return;
      rises = rises || difference > 0;
      falls = falls || difference < 0;
    };
    const auto turn = [&](const Known& at, const Known& value, int before, int after) {
      if (before * after != -1 || shape.turns.size() >= most_points) return;
      shape.turns.push_back({at, value, after > 0});
    };
    shape.monotone_certainty = certain(&Analysis::derivative);
    int before = 0;
    for (std::size_t k = 0; k < all_.size(); ++k) {
      const Signs& s = all_[k].derivative;
      const Formulas& f = pieces_.pieces[k].formulas;
      const bool no_value = is_nowhere(all_[k].value);
      if (k > 0 && cuts_[k - 1].continuous && !no_value) {
        const Cut& c = cuts_[k - 1];
        turn({c.x, c.x, c.x, shape.monotone_certainty}, known(c.value), before,
             s.segments.front().sign);
      } else if (k > 0) {
        const Cut& c = cuts_[k - 1];
        step(c.value.value - c.left.value);
        step(c.right.value - c.value.value);
        step(c.right.value - c.left.value);
      }
      for (std::size_t j = 0; j < s.segments.size() && !no_value; ++j) {
        const Segment& g = s.segments[j];
        before = g.sign;
        rises = rises || g.sign == 1;
        falls = falls || g.sign == -1;
        rests = rests || g.sign == 0;
        if (j + 1 == s.segments.size()) continue;
        const Root& r = s.roots[j];
        const bool proved = !g.sampled && !s.segments[j + 1].sampled && pieces_.pieces[k].smooth;
        const Known at{r.middle(), r.low, r.high, proved ? Certainty::proved : Certainty::sampled};
        turn(at, known(enclosed(f.value, f.derivative, r.low, r.high)), g.sign,
             s.segments[j + 1].sign);
      }
    }
    shape.monotone = direction(rises, falls, rests);
    // That it turns needs two places alone.
    if (shape.monotone == Monotone::neither && smooth()) {
      bool up = false, down = false;
      for (const Analysis& a : all_) {
        for (const Segment& g : a.derivative.segments) {
          up = up || (g.sign == 1 && !g.sampled);
          down = down || (g.sign == -1 && !g.sampled);
        }
      }
      if (up && down) shape.monotone_certainty = Certainty::proved;
    }
  }

  // Where f′ does not fall: within pieces, and across a cut where it does not fall there either.
  void find_bends(Shape& shape) const {
    for (const int sign : {1, -1}) {
      Zones& z = sign > 0 ? shape.convex : shape.concave;
      z.certainty = certain(&Analysis::bend);
      for (std::size_t k = 0; k < all_.size(); ++k) {
        bool first = true;
        for (const Segment& g : all_[k].bend.segments) {
          const bool at_cut = first && k > 0;
          first = false;
          if ((g.sign != sign && g.sign != 0) || is_nowhere(all_[k].value)) continue;
          const bool ends_here = !z.zones.empty() && z.zones.back().high == g.low;
          const bool smooth_join =
              !at_cut || (cuts_[k - 1].continuous &&
                          sign * (cuts_[k - 1].right_slope - cuts_[k - 1].left_slope) >= -1e-12);
          if (ends_here && smooth_join) {
            z.zones.back().high = g.high;
          } else {
            z.zones.push_back({g.low, g.high});
          }
        }
      }
      std::erase_if(z.zones, [](const Zone& zone) { return !(zone.low < zone.high); });
    }
  }

  // Where |slope| is below the bound, on a piece.
  static std::vector<Zone> flat(const Analysis& a) {
    std::vector<Zone> result;
    for (const Segment& s : a.above.segments) {
      for (const Segment& t : a.below.segments) {
        if (s.sign != -1 || t.sign != 1) continue;
        const Zone z{std::max(s.low, t.low), std::min(s.high, t.high)};
        if (z.low < z.high) result.push_back(z);
      }
    }
    return result;
  }

  Zones zones(const std::function<std::vector<Zone>(const Analysis&)>& of, bool join) const {
    Zones result;
    for (const Analysis& a : all_) {
      if (is_nowhere(a.value)) continue;
      for (const Zone& z : of(a)) {
        if (join && !result.zones.empty() && result.zones.back().high == z.low) {
          result.zones.back().high = z.high;
        } else {
          result.zones.push_back(z);
        }
      }
    }
    const bool proved = certain(&Analysis::above) == Certainty::proved &&
                        certain(&Analysis::below) == Certainty::proved;
    result.certainty = proved ? Certainty::proved : Certainty::sampled;
    return result;
  }

  // Is the gradient that is written another than the derivative?
  bool differs_from_slope() const {
    const PrecisionScope scope(128);
    for (const Piece& piece : pieces_.pieces) {
      const double low = piece.low ? to_double(*piece.low) : -infinity;
      const double high = piece.high ? to_double(*piece.high) : infinity;
      for (const double x : {-3.3, -0.7, -0.2, 0.3, 0.8, 3.7, low / 3 + 2 * high / 3}) {
        if (!(x > low && x < high)) continue;
        const double a = one_sided_limit(piece.formulas.derivative, Rational(x), Side::left).value;
        const double b = one_sided_limit(piece.formulas.slope, Rational(x), Side::left).value;
        if (std::abs(a - b) > 1e-6 * std::max(1.0, std::abs(a))) return true;
      }
    }
    return false;
  }

  const Pieces& pieces_;
  Clock::time_point deadline_;
  std::vector<Analysis> all_;
  std::vector<Cut> cuts_;
};

}  // namespace

Shape shape_of(const Pieces& pieces, Clock::time_point deadline, std::vector<std::string>& notes) {
  Shape shape;
  const Shaper shaper(pieces, deadline);
  shaper.fill(shape);
  std::tie(shape.symmetry, shape.symmetry_certainty) = symmetry_of(pieces);
  if (shaper.smooth())
    std::tie(shape.differentiable, shape.differentiable_certainty) = differentiable(pieces);
  shape.breaks = breaks_of(pieces);
  shape.asymptotes = asymptotes_of(pieces);
  if (!shaper.smooth()) {
    notes.push_back(
        "a condition compares what is not affine in the input: nothing is proved across it");
  }
  return shape;
}

}  // namespace actc::tools
