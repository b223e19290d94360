// Candidates for the ends of a range: turning points, ends of pieces, limits at infinity.
#include "tools/card/extent.h"

#include <algorithm>
#include <cmath>

#include "tools/card/enclosure.h"

namespace actc::tools {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t most_places = 8;
// Candidates this close, relative to their size, are one.
constexpr double same = 1e-12;

double slack_at(double value) {
  return std::isfinite(value) ? same * std::max(1.0, std::abs(value)) : 0;
}

struct Candidate {
  Known value;
  double at = 0;
  bool attained = false;
  bool interval = false;
};

class Candidates {
 public:
  explicit Candidates(const OnPieces& function) : function_(function) {}

  Extent run() {
    const auto& pieces = function_.pieces->pieces;
    for (std::size_t k = 0; k < pieces.size(); ++k) of_piece(k);
    for (std::size_t k = 0; k + 1 < pieces.size(); ++k) {
      const Rational& x = function_.pieces->cut(k);
      const Limit v = value_at(formulas_at(*function_.pieces, x).*function_.graph, x);
      if (!std::isfinite(v.value)) continue;
      all_.push_back({known(v), to_double(x), true, false});
      proved_ = proved_ && v.exact;
    }
    Extent extent;
    extent.low = end(false);
    extent.high = end(true);
    // What was not followed may not lie beyond what was found.
    const double low = extent.low.value.value, high = extent.high.value.value;
    const bool within = outer_low_ >= low - slack_at(low) && outer_high_ <= high + slack_at(high);
    extent.certainty = proved_ && within ? Certainty::proved : Certainty::sampled;
    extent.low.value.certainty = extent.high.value.certainty = extent.certainty;
    return extent;
  }

 private:
  void of_piece(std::size_t k) {
    if (!function_.defined[k]) return;
    const Piece& piece = function_.pieces->pieces[k];
    const ir::Graph& graph = piece.formulas.*function_.graph;
    const ir::Graph& derivative = *function_.derivatives[k];
    const Signs& signs = *function_.signs[k];
    proved_ = proved_ && piece.smooth;
    const bool constant = graph.is_constant(graph.outputs.front());
    if (piece.low) {
      limit(one_sided_limit(graph, *piece.low, Side::right), to_double(*piece.low), constant);
    } else {
      tail(graph, Side::left, constant);
    }
    if (piece.high) {
      limit(one_sided_limit(graph, *piece.high, Side::left), to_double(*piece.high), constant);
    } else {
      tail(graph, Side::right, constant);
    }
    for (std::size_t j = 0; j < signs.segments.size(); ++j) {
      const Segment& s = signs.segments[j];
      if (!s.is_known() || s.sampled) unknown(graph, s);
      if (j + 1 == signs.segments.size()) continue;
      const Root& root = signs.roots[j];
      if (!std::isfinite(root.low)) continue;
      const Interval v = enclosed(graph, derivative, root.low, root.high);
      if (v.defined == Defined::everywhere) all_.push_back({known(v), root.middle(), true, false});
    }
  }

  void limit(const Limit& l, double at, bool constant) {
    if (std::isnan(l.value)) return;
    all_.push_back({known(l), at, constant, constant});
    proved_ = proved_ && (l.exact || std::isinf(l.value));
  }

  void tail(const ir::Graph& graph, Side side, bool constant) {
    const double at = side == Side::left ? -infinity : infinity;
    for (const double from : {16.0, 1024.0, 0x1p40}) {
      const auto t = tail_of(graph, side, from, function_.deadline);
      if (!t || std::isnan(t->limit)) continue;
      Known v{t->limit, t->limit, t->limit, Certainty::proved};
      all_.push_back({v, at, constant, constant});
      return;
    }
    // Without a limit the bounds of what is not known decide (sin).
  }

  // Some of its values, and bounds on all of them.
  void unknown(const ir::Graph& graph, const Segment& s) {
    if (Clock::now() > function_.deadline) {
      proved_ = false;
      return;
    }
    const PrecisionScope scope(64);
    Enclosure value(graph);
    const double a = std::max(s.low, -0x1p1023), b = std::min(s.high, 0x1p1023);
    const double from = std::max(a, -64.0), to = std::min(b, 64.0);
    constexpr int points = 64;
    for (int i = 0; i <= points && from <= to; ++i) {
      const double x = from + (to - from) * i / points;
      const Interval v = value.at(Interval(x));
      if (v.defined == Defined::everywhere) all_.push_back({known(v), x, true, false});
    }
    if (s.sign == Segment::nowhere) return;
    const bool finite = from == a && to == b;
    const int parts = finite ? points : 1;
    for (int i = 0; i < parts; ++i) {
      const double l = i == 0 ? a : a + (b - a) * i / parts;
      const double h = i + 1 == parts ? b : a + (b - a) * (i + 1) / parts;
      const Interval v = value.at({Number(l), Number(h)});
      outer_low_ = std::min(outer_low_, v.defined == Defined::nowhere ? infinity : lower(v));
      outer_high_ = std::max(outer_high_, v.defined == Defined::nowhere ? -infinity : upper(v));
    }
  }

  End end(bool high) const {
    End result;
    if (all_.empty()) return result;
    const auto less = [&](const Candidate& a, const Candidate& b) {
      return high ? a.value.value > b.value.value : a.value.value < b.value.value;
    };
    const Candidate best = *std::ranges::min_element(all_, less);
    result.value = best.value;
    std::vector<const Candidate*> close;
    for (const Candidate& c : all_) {
      const bool equal = c.value.value == best.value.value;
      const double distance = std::abs(c.value.value - best.value.value);
      if (equal || distance <= slack_at(best.value.value)) close.push_back(&c);
    }
    result.attained =
        std::ranges::any_of(close, &Candidate::attained) && std::isfinite(best.value.value);
    for (const Candidate* c : close) {
      result.on_an_interval = result.on_an_interval || c->interval;
      if (c->attained != result.attained || result.at.size() >= most_places) continue;
      // A turning point beside an end is that end.
      const bool known_place = std::ranges::any_of(result.at, [&](double x) {
        return x == c->at || std::abs(x - c->at) < 1e-9 * std::max(1.0, std::abs(x));
      });
      if (!known_place) result.at.push_back(c->at);
    }
    std::ranges::sort(result.at);
    return result;
  }

  const OnPieces& function_;
  std::vector<Candidate> all_;
  bool proved_ = true;
  double outer_low_ = infinity, outer_high_ = -infinity;
};

}  // namespace

Extent extent_of(const OnPieces& function) { return Candidates(function).run(); }

Known known(const Interval& v) {
  const double low = lower(v), high = upper(v);
  const Interval middle = scaled(Interval(v.low) + Interval(v.high), -1);
  // What is 0 up to the width of the arithmetic is shown as that.
  const bool zero = v.holds_zero() && high - low < 1e-15;
  return {zero ? 0 : middle.low.nearest(), low, high, Certainty::proved};
}

Known known(const Limit& limit) {
  if (limit.exact) {
    Known k = known(limit.enclosure);
    k.value = limit.value;
    return k;
  }
  return {limit.value, limit.value, limit.value, Certainty::sampled};
}

}  // namespace actc::tools
