// Branch and bound for signs.
#include "tools/card/signs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tools/card/enclosure.h"

namespace actc::tools {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr mpfr_prec_t coarse = 64;
// Of values at points, where 64 bits do not tell the sign.
constexpr std::array<mpfr_prec_t, 3> at_points = {64, 256, 1200};
// Narrower parts are left open; about roots narrower ones still are looked for.
constexpr double narrowest = 0x1p-36;
// Where a tail is not known, this far is looked at.
constexpr double far_enough = 24;
// Parts in which a weak sign is looked at closer.
constexpr double closer = 0x1p-6;

constexpr std::array tails_from = {4.0, 8.0, 16.0, 32.0, 128.0, 1024.0, 65536.0, 0x1p40};

int weak_sign(const Interval& v) {
  if (v.defined == Defined::nowhere) return Segment::nowhere;
  if (v.defined != Defined::everywhere) return Segment::unknown;
  if (v.is_zero()) return 0;
  if (v.low.sign() >= 0) return 1;
  return v.high.sign() <= 0 ? -1 : Segment::unknown;
}
bool has_sign(int sign) { return sign >= -1 && sign <= 1; }

class Search {
 public:
  Search(const ir::Graph& graph, const ir::Graph& derivative, const Piece& piece,
         Clock::time_point deadline, bool strictly)
      : value_(graph),
        slope_(derivative),
        graph_(graph),
        piece_(piece),
        deadline_(deadline),
        strictly_(strictly) {}

  Signs run() {
    const PrecisionScope scope(coarse);
    if (graph_.is_constant(graph_.outputs.front())) {
      const ir::Rational& c = graph_.value(graph_.outputs.front());
      add({low_end(), high_end(), c > 0 ? 1 : c < 0 ? -1 : 0, c != 0, false});
      return std::move(result_);
    }
    if (whole()) return std::move(result_);
    double from = low_end(), to = high_end();
    std::optional<Segment> after;
    if (!piece_.low) from = -tail(Side::left, to);
    if (!piece_.high) to = tail(Side::right, from, &after);
    search(from, to);
    if (after) add(*after);
    return std::move(result_);
  }

 private:
  double low_end() const { return piece_.low ? to_double(*piece_.low) : -infinity; }
  double high_end() const { return piece_.high ? to_double(*piece_.high) : infinity; }

  // Is the sign that of the interval of the whole piece?
  bool whole() {
    Interval x = domain(low_end(), high_end());
    if (!piece_.low) x.low = Number(-0x1p1023);
    if (!piece_.high) x.high = Number(0x1p1023);
    if (const auto inner = inside(x); value_.at(inner).defined == Defined::nowhere) {
      add({low_end(), high_end(), Segment::nowhere, false, false});
      return true;
    }
    const Interval v = value_.at(x);
    const int sign = weak_sign(v);
    const bool strict = v.low.sign() > 0 || v.high.sign() < 0;
    if (!has_sign(sign) || (strictly_ && !strict)) return false;
    add({low_end(), high_end(), sign, strict, false});
    return true;
  }
  // Without a little at its ends, where a pole may be.
  Interval inside(const Interval& x) const {
    const PrecisionScope fine(2100);
    const Interval little(0x1p-1000);
    return {(Interval(x.low) + little).low, (Interval(x.high) - little).high};
  }

  // Where the tail begins; its segment is added, or kept for later.
  double tail(Side side, double other, std::optional<Segment>* later = nullptr) {
    Segment s{.sign = Segment::unknown};
    double from = std::max(far_enough, 2 * std::abs(other));
    for (const double t : tails_from) {
      if (t <= std::abs(other) || Clock::now() > deadline_) continue;
      if (const auto found = tail_of(graph_, side, t, deadline_)) {
        from = t;
        s.sign = found->sign;
        s.strict = found->strict;
        break;
      }
    }
    s.low = side == Side::left ? -infinity : from;
    s.high = side == Side::left ? -from : infinity;
    if (!has_sign(s.sign)) {
      // sin and the like: a bound may do.
      const Interval all = value_.at(side == Side::left ? Interval(Number(-0x1p1023), Number(-from))
                                                        : Interval(Number(from), Number(0x1p1023)));
      s.sign = weak_sign(all);
    }
    if (later != nullptr) {
      *later = s;
    } else {
      add(s);
    }
    return from;
  }

  // The ends of a piece may be no doubles.
  Interval domain(double a, double b) const {
    Interval x{Number(a), Number(b)};
    if (piece_.low && a == to_double(*piece_.low)) x.low = interval_of(*piece_.low).low;
    if (piece_.high && b == to_double(*piece_.high)) x.high = interval_of(*piece_.high).high;
    return x;
  }
  Interval point(double a) const {
    if (piece_.low && a == to_double(*piece_.low)) return interval_of(*piece_.low);
    if (piece_.high && a == to_double(*piece_.high)) return interval_of(*piece_.high);
    return Interval(a);
  }
  int sign_at(double a) {
    int s = Segment::unknown;
    for (const mpfr_prec_t bits : at_points) {
      const PrecisionScope scope(bits);
      s = weak_sign(value_.at(point(a)));
      if (s != Segment::unknown) break;
    }
    return s;
  }

  void search(double from, double to) {
    std::vector<std::pair<double, double>> open;
    if (from < to) open.push_back({from, to});
    while (!open.empty()) {
      const auto [a, b] = open.back();
      open.pop_back();
      if (Clock::now() < deadline_ && decide(a, b)) continue;
      // Not the middle: roots like to be at round numbers, where signs cannot be told.
      const double middle = a + (b - a) * 0.4921875;
      const double scale = std::max({0x1p-10, std::abs(a), std::abs(b)});
      if (Clock::now() > deadline_ || b - a < narrowest * scale || middle <= a || middle >= b) {
        look(a, b);
        continue;
      }
      open.push_back({middle, b});
      open.push_back({a, middle});
    }
  }

  // Some points.
  void look(double a, double b) {
    constexpr int points = 32;
    const bool narrow = b - a < 0x1p-20 * std::max(1.0, std::abs(a));
    double from = a;
    for (int k = 0; k < (narrow ? 1 : points); ++k) {
      const double to = k + 1 == points || narrow ? b : a + (b - a) * (k + 1) / points;
      const PrecisionScope scope(coarse);
      const double middle = from + (to - from) / 2;
      int sign = weak_sign(value_.at(Interval(middle)));
      // Too narrow to tell: as the part before.
      if (!has_sign(sign) && narrow && !result_.segments.empty())
        sign = result_.segments.back().sign;
      add({from, to, sign, false, true});
      from = to;
    }
  }

  bool decide(double a, double b) {
    const Interval x = domain(a, b);
    Interval v = value_.at(x);
    const bool at_end = a == low_end() || b == high_end();
    // A pole at the end of the piece.
    if (v.defined == Defined::perhaps && at_end &&
        value_.at(inside(x)).defined == Defined::everywhere) {
      v = value_.at(x);
      v.defined = Defined::everywhere;
    }
    const int sign = weak_sign(v);
    const bool strict = has_sign(sign) && (v.low.sign() > 0 || v.high.sign() < 0);
    if (sign == 0 || sign == Segment::nowhere || strict || (has_sign(sign) && !strictly_)) {
      add({a, b, sign, strict, false});
      return true;
    }
    const int direction = weak_sign(slope_.at(x));
    if (direction == 1 || direction == -1) {
      const int at_a = sign_at(a), at_b = sign_at(b);
      // Rising from where it is not below 0, it is above: a formula that is analytic and not
      // constant is 0 at single points only, and a monotone one at one.
      const int start = at_a * direction, end = at_b * direction;
      if (has_sign(at_a) && start >= 0) {
        add({a, b, direction, true, false});
        return true;
      }
      if (has_sign(at_b) && end <= 0) {
        add({a, b, -direction, true, false});
        return true;
      }
      if (has_sign(at_a) && has_sign(at_b)) {
        bisect(a, b, direction);
        return true;
      }
    }
    if (has_sign(sign) && b - a < closer) {
      add({a, b, sign, false, false});
      return true;
    }
    return false;
  }

  void bisect(double a, double b, int direction) {
    Root root{a, b};
    for (int k = 0; k < 200; ++k) {
      double middle = root.middle();
      if (middle <= root.low || middle >= root.high) break;
      int s = sign_at(middle);
      for (const double part : {0.375, 0.625}) {
        if (s != Segment::unknown) break;
        middle = root.low + (root.high - root.low) * part;
        s = sign_at(middle);
      }
      if (!has_sign(s)) break;
      if (s == 0) {
        root = {middle, middle};
        break;
      }
      (s == direction ? root.high : root.low) = middle;
    }
    add({a, root.low, -direction, true, false});
    pending_ = root;
    add({root.high, b, direction, true, false});
  }

  void add(Segment s) {
    auto& all = result_.segments;
    if (!all.empty() && all.back().sign == s.sign) {
      // Where the two meet a zero may lie that touches.
      Segment& last = all.back();
      last.strict = last.strict && s.strict && !(strictly_ && sign_at(s.low) == 0);
      last.high = s.high;
      last.sampled = last.sampled || s.sampled;
      return;
    }
    if (!all.empty()) result_.roots.push_back(pending_ ? *pending_ : Root{all.back().high, s.low});
    pending_.reset();
    all.push_back(s);
  }

  Enclosure value_;
  Enclosure slope_;
  const ir::Graph& graph_;
  const Piece& piece_;
  Clock::time_point deadline_;
  bool strictly_;
  std::optional<Root> pending_;
  Signs result_;
};

}  // namespace

bool Signs::proved() const {
  return std::ranges::all_of(segments, [](const Segment& s) { return s.is_known() && !s.sampled; });
}

Signs signs_of(const ir::Graph& graph, const ir::Graph& derivative, const Piece& piece,
               Clock::time_point deadline, bool strictly) {
  return Search(graph, derivative, piece, deadline, strictly).run();
}

Interval enclosed(const ir::Graph& graph, const ir::Graph& derivative, double low, double high) {
  const PrecisionScope scope(coarse);
  const Interval x{Number(low), Number(high)};
  Interval v = Enclosure(graph).at(x);
  if (low == high) return v;
  const double middle = low + (high - low) / 2;
  const Interval at = Enclosure(graph).at(Interval(middle));
  Interval form = at + Enclosure(derivative).at(x) * (x - Interval(middle));
  if (form.defined != Defined::everywhere) return v;
  if (v.defined != Defined::everywhere) return form;
  return {max(Interval(v.low), Interval(form.low)).low,
          min(Interval(v.high), Interval(form.high)).high};
}

double lower(const Interval& v) {
  if (!v.low.is_wide()) return mpfr_get_d(v.low.get(), MPFR_RNDD);
  if (v.low.is_tiny()) return v.low.sign() > 0 ? 0 : -std::numeric_limits<double>::denorm_min();
  return v.low.sign() > 0 ? std::numeric_limits<double>::max() : -infinity;
}
double upper(const Interval& v) { return -lower(-v); }

}  // namespace actc::tools
