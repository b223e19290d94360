// A curve is followed by halving: a stretch is drawn as a chord once its middle lies on it to a
// quarter of a pixel. What is never near enough is a jump, and no line is drawn across it.
#include "tools/plot/sampling.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace actc::tools::plot {
namespace {

constexpr int first_stretches = 96;
constexpr int most_halvings = 12;
constexpr double near_enough = 0.25;  // pixels
constexpr double smallest_step = 1e-7;
// Beyond the picture by more than this part of its height, a curve's shape does not matter.
constexpr double margin = 0.5;

// Numbers that a person writes have few digits.
bool is_round(double v) {
  if (v == 0) return true;
  const auto bits = std::bit_cast<std::uint64_t>(v);
  return std::countr_zero(bits) >= 30 || std::abs(v * 1000 - std::round(v * 1000)) < 1e-9;
}

class Follower {
 public:
  Follower(const Real& f, const Frame& frame, Sampled& result)
      : f_(f), frame_(frame), result_(result) {}

  // The open stretch from a to b, whose end points are there where they are finite.
  void follow(Point a, Point b);

 private:
  struct Stretch {
    Point a, b;
    int halvings;
  };

  Point at(double x) {
    ++calls_;
    return {x, f_(x)};
  }
  double pixels_of(double dy) const { return dy / frame_.y.width() * frame_.pixels_up; }
  // −1 below the picture and its margin, 1 above them, 0 where it matters.
  int side(double y) const {
    const double m = margin * frame_.y.width();
    return y < frame_.y.from - m ? -1 : y > frame_.y.to + m ? 1 : 0;
  }
  bool is_near(const Stretch& s, const Point& p) const;
  bool is_straight(const Stretch& s, const Point& middle);
  bool narrow(Point& a, Point& b);
  void settle(Point a, Point b);
  void cut(const Point& a, const Point& b);
  void end_piece();
  void add(const Point& p) { piece_.push_back(p); }

  const Real& f_;
  const Frame& frame_;
  Sampled& result_;
  Piece piece_;
  int calls_ = 0;
};

void Follower::end_piece() {
  for (Piece& part : clipped(piece_, frame_.x, frame_.y)) result_.pieces.push_back(std::move(part));
  piece_.clear();
}

// Does p lie on the chord, as far as the picture shows it?
bool Follower::is_near(const Stretch& s, const Point& p) const {
  if (!std::isfinite(p.y)) return false;
  const double chord = s.a.y + (s.b.y - s.a.y) * (p.x - s.a.x) / (s.b.x - s.a.x);
  // Across the chord, not upwards: a steep curve needs no more points than a flat one.
  const double rise = pixels_of(s.b.y - s.a.y);
  const double run = (s.b.x - s.a.x) / frame_.x.width() * frame_.pixels_across;
  const double upwards = std::abs(pixels_of(p.y - chord));
  return upwards * run / std::hypot(run, rise) < near_enough && upwards < 4 * near_enough;
}

bool Follower::is_straight(const Stretch& s, const Point& middle) {
  if (!std::isfinite(s.a.y) || !std::isfinite(s.b.y) || !std::isfinite(middle.y)) return false;
  const int out = side(s.a.y);
  if (out != 0 && out == side(s.b.y) && out == side(middle.y)) return true;
  if (!is_near(s, middle)) return false;
  // The middle of a steep odd function, and of one that swings, is on the chord by chance.
  if (s.halvings >= 2 && std::abs(pixels_of(s.b.y - s.a.y)) < 4) return true;
  return is_near(s, at(s.a.x + 0.29 * (s.b.x - s.a.x)));
}

// Halves the stretch towards what is in it: the end of where there are values, or its larger rise.
bool Follower::narrow(Point& a, Point& b) {
  const Point middle = at(a.x + (b.x - a.x) / 2);
  if (middle.x <= a.x || middle.x >= b.x) return false;
  const bool left_good = std::isfinite(a.y), good = std::isfinite(middle.y);
  if (left_good != std::isfinite(b.y)) {
    (left_good == good ? a : b) = middle;
  } else if (!good || !left_good) {
    return false;
  } else {
    (std::abs(middle.y - a.y) > std::abs(b.y - middle.y) ? b : a) = middle;
  }
  return true;
}

// What is left after the last halving: a bend as sharp as a kink, the end of where there are
// values, a pole, a jump or merely a steep slope.
void Follower::settle(Point a, Point b) {
  if (std::isfinite(a.y) && (piece_.empty() || piece_.back().x < a.x)) add(a);
  const Point first = a, last = b;
  const double least = smallest_step * frame_.x.width();
  while (b.x - a.x > least && narrow(a, b)) {
  }
  const auto is_slope = [&] {
    const double now = std::abs(b.y - a.y);
    // A slope loses half of its rise with each halving; a jump keeps it, and a pole's grows.
    return pixels_of(now) < 0.5 || now < 0.25 * std::abs(last.y - first.y);
  };
  if (!std::isfinite(a.y) || !std::isfinite(b.y)) {
    cut(a, b);
    return;
  }
  const Point left = a, right = b;
  if (side(a.y) == 0 && side(b.y) == 0) {
    for (int k = 0; k < 60 && !is_slope() && narrow(a, b); ++k) {
    }
  }
  if (!is_slope()) {
    cut(left, right);
    return;
  }
  for (const Point& p : {left, right, last}) {
    if (piece_.empty() || piece_.back().x < p.x) add(p);
  }
}

void Follower::cut(const Point& a, const Point& b) {
  if (std::isfinite(a.y) && (piece_.empty() || piece_.back().x < a.x)) add(a);
  end_piece();
  if (std::isfinite(b.y)) add(b);
  // The number of few digits between them is where it was written to happen.
  // A quotient of whole numbers is rounded once: it is the number that one would type.
  const double power = std::floor(std::log10(b.x - a.x)) + 1;
  const double whole = std::pow(10, std::abs(power));
  const double place =
      (power < 0 ? std::ceil(a.x * whole) / whole : std::ceil(a.x / whole) * whole) + 0.0;
  const bool written = place <= b.x && is_round(place);
  if (side(a.y) != 0 || side(b.y) != 0) {
    const double height = 1e3 * frame_.y.width();
    if (std::abs(a.y) > height || std::abs(b.y) > height) {
      result_.poles.push_back(written ? place : a.x + (b.x - a.x) / 2);
    }
    return;  // ends that nobody sees
  }
  if (!std::isfinite(a.y) || !std::isfinite(b.y) || !written) return;
  const double value = f_(place);
  if (!std::isfinite(value)) return;
  const double same = frame_.y.width() / frame_.pixels_up / 4;
  for (const double limit : {a.y, b.y}) {
    if (std::abs(limit - value) > same && frame_.y.holds(limit)) {
      result_.dots.push_back({{place, limit}, false});
    }
  }
  if (frame_.y.holds(value)) result_.dots.push_back({{place, value}, true});
}

void Follower::follow(Point a, Point b) {
  std::vector<Stretch> open;
  const int count =
      std::max(2, static_cast<int>(std::ceil(first_stretches * (b.x - a.x) / frame_.x.width())));
  std::vector<Point> first = {a};
  for (int k = 1; k < count; ++k) first.push_back(at(a.x + (b.x - a.x) * k / count));
  first.push_back(b);
  for (std::size_t k = first.size() - 1; k-- > 0;) open.push_back({first[k], first[k + 1], 0});
  while (!open.empty()) {
    const Stretch s = open.back();
    open.pop_back();
    if (s.halvings == 0) calls_ = 0;
    if (!std::isfinite(s.a.y) && !std::isfinite(s.b.y)) {
      // A value between two places without any is not looked for.
      if (!piece_.empty()) end_piece();
      continue;
    }
    if (s.halvings == most_halvings) {
      settle(s.a, s.b);
      continue;
    }
    const Point middle = at(s.a.x + (s.b.x - s.a.x) / 2);
    const bool enough = calls_ > frame_.most_calls && std::isfinite(s.a.y) &&
                        std::isfinite(s.b.y) && std::isfinite(middle.y);
    if (enough || is_straight(s, middle)) {
      if (piece_.empty() || piece_.back().x < s.a.x) add(s.a);
      add(middle);
      add(s.b);
      continue;
    }
    open.push_back({middle, s.b, s.halvings + 1});
    open.push_back({s.a, middle, s.halvings + 1});
  }
  end_piece();
}

// The part of a segment in a box (Liang and Barsky, 1984), as the parameters of its ends.
std::optional<std::pair<double, double>> visible(const Point& a, const Point& b, const Range& x,
                                                 const Range& y) {
  double from = 0, to = 1;
  const double moves[4] = {a.x - b.x, b.x - a.x, a.y - b.y, b.y - a.y};
  const double room[4] = {a.x - x.from, x.to - a.x, a.y - y.from, y.to - a.y};
  for (int side = 0; side < 4; ++side) {
    if (moves[side] == 0) {
      if (room[side] < 0) return std::nullopt;
      continue;
    }
    const double t = room[side] / moves[side];
    if (moves[side] < 0) {
      from = std::max(from, t);
    } else {
      to = std::min(to, t);
    }
  }
  if (from > to) return std::nullopt;
  return std::pair(from, to);
}

Point between(const Point& a, const Point& b, double t, const Range& x, const Range& y) {
  if (t == 0) return a;
  if (t == 1) return b;
  return {std::clamp(a.x + t * (b.x - a.x), x.from, x.to),
          std::clamp(a.y + t * (b.y - a.y), y.from, y.to)};
}

}  // namespace

std::vector<Piece> clipped(const Piece& piece, const Range& x, const Range& y) {
  std::vector<Piece> parts;
  if (piece.size() == 1 && x.holds(piece[0].x) && y.holds(piece[0].y)) parts.push_back(piece);
  bool open = false;
  for (std::size_t k = 1; k < piece.size(); ++k) {
    const Point &a = piece[k - 1], &b = piece[k];
    const auto part = visible(a, b, x, y);
    if (!part) {
      open = false;
      continue;
    }
    if (!open || part->first > 0) parts.push_back({between(a, b, part->first, x, y)});
    const Point end = between(a, b, part->second, x, y);
    if (end.x != parts.back().back().x || end.y != parts.back().back().y) {
      parts.back().push_back(end);
    }
    open = part->second == 1;
  }
  // What only touches the box at a corner is nothing.
  std::erase_if(parts, [&](const Piece& p) { return p.size() < 2 && piece.size() > 1; });
  return parts;
}

Sampled sample(const Real& f, std::span<const CurveBreak> breaks, const Frame& frame) {
  Sampled result;
  Follower follower(f, frame, result);
  const double same = frame.y.width() / frame.pixels_up / 4;
  // The piece before a kink and the one after it are one piece: joined at the end.
  Point left = {frame.x.from, f(frame.x.from)};
  std::vector<double> kinks;
  for (const CurveBreak& b : breaks) {
    if (b.at <= frame.x.from || b.at >= frame.x.to) continue;
    follower.follow(left, {b.at, b.left});
    left = {b.at, b.right};
    if (std::isinf(b.left) || std::isinf(b.right)) result.poles.push_back(b.at);
    const auto differs = [&](double limit) {
      return std::isfinite(limit) && !(std::abs(limit - b.value) <= same);
    };
    if (!differs(b.left) && !differs(b.right) && std::isfinite(b.left) && std::isfinite(b.right)) {
      kinks.push_back(b.at);
      continue;
    }
    std::vector<double> limits;
    if (differs(b.left)) limits.push_back(b.left);
    if (differs(b.right) && !(std::abs(b.right - b.left) <= same)) limits.push_back(b.right);
    for (const double limit : limits) {
      if (frame.y.holds(limit)) result.dots.push_back({{b.at, limit}, false});
    }
    const bool seen = std::isfinite(b.value) && frame.y.holds(b.value);
    if (!limits.empty() && seen) result.dots.push_back({{b.at, b.value}, true});
  }
  follower.follow(left, {frame.x.to, f(frame.x.to)});
  std::vector<Piece> joined;
  for (Piece& piece : result.pieces) {
    if (!joined.empty() && !piece.empty()) {
      const Point& end = joined.back().back();
      const bool at_kink = std::ranges::find(kinks, end.x) != kinks.end();
      if (at_kink && end.x == piece.front().x && std::abs(end.y - piece.front().y) <= same) {
        joined.back().insert(joined.back().end(), piece.begin() + 1, piece.end());
        continue;
      }
    }
    joined.push_back(std::move(piece));
  }
  result.pieces = std::move(joined);
  return result;
}

}  // namespace actc::tools::plot
