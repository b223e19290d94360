// Where the formula's pieces meet, as far as that can be read off it.
#include <algorithm>
#include <cmath>

#include "ir/round.h"
#include "tools/oracle.h"

namespace actc::tools {
namespace {

using ir::NodeId;
using ir::Operation;

// A node as slope · x + offset, or |that|, where it is one; in binary64: a place to look at.
struct Affine {
  double slope = 0, offset = 0;
  bool known = false;
  bool magnitude = false;

  bool is_plain() const { return known && !magnitude; }
  bool is_constant() const { return known && slope == 0; }
};

Affine plain(double slope, double offset) { return {slope, offset, true, false}; }

Affine affine(const ir::Graph& graph, NodeId id, std::span<const Affine> all,
              std::span<const double> parameters, std::size_t variable) {
  const ir::Node& node = graph[id];
  const auto arg = [&](std::size_t k) -> const Affine& { return all[graph.arg(id, k)]; };
  switch (node.op) {
    case Operation::Constant:
      return plain(0, ir::round_to_binary64(graph.value(id)));
    case Operation::Parameter:
      return plain(0, parameters[node.payload]);
    case Operation::Input:
      return plain(node.payload == variable ? 1 : 0, 0);
    case Operation::Add:
    case Operation::Sub: {
      if (!arg(0).is_plain() || !arg(1).is_plain()) return {};
      const double sign = node.op == Operation::Add ? 1 : -1;
      return plain(arg(0).slope + sign * arg(1).slope, arg(0).offset + sign * arg(1).offset);
    }
    case Operation::Neg:
      return arg(0).is_plain() ? plain(-arg(0).slope, -arg(0).offset) : Affine();
    case Operation::Mul:
      for (const std::size_t k : {1U, 0U}) {
        if (!arg(k).is_constant() || !arg(1 - k).is_plain()) continue;
        return plain(arg(k).offset * arg(1 - k).slope, arg(k).offset * arg(1 - k).offset);
      }
      return {};
    case Operation::Div:
      if (!arg(1).is_constant() || !arg(0).is_plain()) return {};
      return plain(arg(0).slope / arg(1).offset, arg(0).offset / arg(1).offset);
    case Operation::Abs: {
      if (!arg(0).known) return {};
      Affine w = arg(0);
      w.magnitude = w.slope != 0;
      if (!w.magnitude) w.offset = std::abs(w.offset);
      return w;
    }
    default:
      // Any other function of constants is one; where it matters, its value is in the formula.
      return {};
  }
}

}  // namespace

std::vector<double> Oracle::switching_points(std::span<const double> parameters,
                                             std::size_t variable) const {
  std::vector<double> points;
  const auto solve = [&](const Affine& a, double value) {
    if (!a.known || a.slope == 0 || !std::isfinite(value)) return;
    points.push_back((value - a.offset) / a.slope);
    if (a.magnitude) points.push_back((-value - a.offset) / a.slope);
  };
  std::vector<Affine> all(value_.size());
  const std::vector<bool> needed = ir::reachable(value_);
  for (NodeId id = 0; id < value_.size(); ++id) {
    if (!needed[id]) continue;
    all[id] = affine(value_, id, all, parameters, variable);
    const auto arg = [&](std::size_t k) -> const Affine& { return all[value_.arg(id, k)]; };
    switch (value_[id].op) {
      case Operation::Abs:
        solve(all[id], 0);
        break;
      case Operation::CopySign:
        solve(arg(1), 0);
        break;
      case Operation::Floor:
      case Operation::Ceil:
      case Operation::Trunc:
      case Operation::Round:
        for (double k = -2; k <= 2; k += 0.5) solve(arg(0), k);
        break;
      case Operation::Min:
      case Operation::Max:
      case Operation::Less:
      case Operation::LessEqual:
      case Operation::Greater:
      case Operation::GreaterEqual:
      case Operation::Equal:
      case Operation::NotEqual:
        if (arg(1).is_constant()) {
          solve(arg(0), arg(1).offset);
        } else if (arg(0).is_constant()) {
          solve(arg(1), arg(0).offset);
        } else if (arg(0).is_plain() && arg(1).is_plain()) {
          solve(plain(arg(0).slope - arg(1).slope, arg(0).offset - arg(1).offset), 0);
        }
        break;
      default:
        break;
    }
  }
  std::erase_if(points, [](double x) { return !std::isfinite(x); });
  std::ranges::sort(points);
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

}  // namespace actc::tools
