// The sign of a function on parts of the line, and its roots: branch and bound in intervals.
//
// On a part where the interval of the function has a sign, that is its sign. Where it has not, but
// that of the derivative has one, the function is monotone there, and its values at the ends
// decide; a root is then the only one, and is closed in by bisection. Else the part is halved.
// Beyond the outermost pieces tail_of (limits.h) decides.
#pragma once

#include <vector>

#include "tools/card/limits.h"

namespace actc::tools {

struct Segment {
  static constexpr int unknown = 2;
  static constexpr int nowhere = 3;  // there is no value

  double low = 0, high = 0;  // within the piece; ±inf at the ends of the line
  // −1, 0 (it is 0 on all of it), 1: weak, it may be 0 at single points.
  int sign = 0;
  bool strict = false;   // it is not 0 anywhere between the ends
  bool sampled = false;  // by looking at some points
  bool is_known() const { return sign != unknown && sign != nowhere; }
};

// Between two segments of a piece: one root, where the function changes its sign.
struct Root {
  double low = 0, high = 0;
  double middle() const { return low + (high - low) / 2; }
};

struct Signs {
  std::vector<Segment> segments;  // in order; neighbours have different signs
  std::vector<Root> roots;        // root k is between segments k and k + 1 where it is a number
  bool proved() const;            // all of it
};

// Of `graph` on the piece from `low` to `high`; `derivative` is the graph's. What is not decided at
// the deadline, or not at all, is sampled, and unknown only where the line does not end.
// `strictly`: looks closer where the sign is weak.
Signs signs_of(const ir::Graph& graph, const ir::Graph& derivative, const Piece& piece,
               Clock::time_point deadline, bool strictly = false);

// An enclosure of a graph on an interval, by its own and the mean value form.
Interval enclosed(const ir::Graph& graph, const ir::Graph& derivative, double low, double high);

// A double below (above) an interval's end; outward.
double lower(const Interval& v);
double upper(const Interval& v);

}  // namespace actc::tools
