// One derivative after the other from both sides of a cut; between cuts, that no part of the
// formula leaves the inside of its domain.
#include "tools/card/smoothness.h"

#include <array>
#include <cmath>

#include "ir/passes.h"
#include "ir/text.h"
#include "tools/card/enclosure.h"

namespace actc::tools {
namespace {

using ir::Graph;
using ir::NodeId;
using ir::Operation;

constexpr int most_derivatives = 8;

std::optional<Graph> derived(const Graph& graph) {
  constexpr std::size_t most_nodes = 4000;
  const std::array<std::size_t, 1> input = {0};
  try {
    Graph d = ir::derive(graph, ir::Library(), 1, input);
    if (d.size() < most_nodes) return d;
  } catch (const ir::GraphTooLarge&) {
    return {};
  }
  return {};
}

bool same_formula(const Graph& a, const Graph& b) {
  const ir::Names names{{"x"}, {}};
  return ir::to_listing(a, ir::Library(), names) == ir::to_listing(b, ir::Library(), names);
}

// What must hold so that a function of analytic ones is analytic: on parts of the piece, which
// cover it.
bool is_analytic(const Piece& piece) {
  if (!piece.smooth) return false;
  const Graph& graph = piece.formulas.value;
  const std::vector<bool> needed = ir::reachable(graph);
  Enclosure enclosure(graph);
  const PrecisionScope scope(64);
  const auto inside = [&](const Interval& x) {
    enclosure.at(x);
    for (NodeId id = 0; id < graph.size(); ++id) {
      if (!needed[id]) continue;
      const auto arg = [&](std::size_t k) -> const Interval& {
        return enclosure.of(graph.arg(id, k));
      };
      switch (graph[id].op) {
        case Operation::Div:
          if (arg(1).holds_zero()) return false;
          break;
        case Operation::Sqrt:
        case Operation::RealLog:
          if (arg(0).low.sign() <= 0) return false;
          break;
        case Operation::RealLog1p:
          if (arg(0).low <= Number(-1)) return false;
          break;
        case Operation::RealPow: {
          const NodeId n = graph.arg(id, 1);
          const bool whole = graph.is_constant(n) && denominator(graph.value(n)) == 1;
          if (whole && graph.value(n) >= 0) break;
          if (whole ? arg(0).holds_zero() : arg(0).low.sign() <= 0) return false;
          break;
        }
        default:
          break;
      }
    }
    return true;
  };
  // What happens at a cut is the cut's matter: a little inside of it.
  constexpr double little = 0x1p-60, far = 0x1p1023;
  const double low = piece.low ? to_double(*piece.low) : -far;
  const double high = piece.high ? to_double(*piece.high) : far;
  std::vector<Interval> open = {{Number(low), Number(high)}};
  for (int steps = 0; !open.empty(); ++steps) {
    constexpr int most_steps = 400;
    if (steps > most_steps) return false;
    const Interval x = open.back();
    open.pop_back();
    if (inside(x)) continue;
    const double a = x.low.nearest(), b = x.high.nearest();
    if (b - a < little * std::max(1.0, std::abs(a))) {
      if ((piece.low && a == low) || (piece.high && b == high)) continue;
      return false;
    }
    double middle = a / 2 + b / 2;
    if (std::abs(a) == far || std::abs(b) == far)
      middle = a == -far ? std::min(-2.0, b * 2 - 1) : std::max(2.0, a * 2 + 1);
    if (middle <= a || middle >= b) middle = a / 2 + b / 2;
    open.push_back({Number(a), Number(middle)});
    open.push_back({Number(middle), Number(b)});
  }
  return true;
}

// The order of the first derivative that differs at a cut; nothing where none does.
std::pair<std::optional<int>, bool> first_difference(const Pieces& pieces, std::size_t k) {
  const Rational& x = pieces.cut(k);
  Graph left = pieces.pieces[k].formulas.value, right = pieces.pieces[k + 1].formulas.value;
  bool proved = true;
  if (same_formula(left, right)) {
    const Limit l = one_sided_limit(left, x, Side::left);
    if (l.exact) return {{}, true};
  }
  for (int order = 0; order <= most_derivatives; ++order) {
    const Limit l = one_sided_limit(left, x, Side::left);
    const Limit r = one_sided_limit(right, x, Side::right);
    const Limit at = order == 0 ? value_at(formulas_at(pieces, x).value, x) : l;
    const bool exact = l.exact && r.exact && at.exact;
    if (differ(l.value, r.value) || differ(l.value, at.value) || !std::isfinite(l.value)) {
      return {order, proved && (exact || order == 0)};
    }
    const bool equal =
        exact && l.enclosure.is_point() && r.enclosure.is_point() && at.enclosure.is_point();
    const bool rational = l.rational && r.rational && at.rational;
    proved = proved && (equal || rational);
    auto next_left = derived(left), next_right = derived(right);
    if (!next_left || !next_right) return {{}, false};
    left = std::move(*next_left);
    right = std::move(*next_right);
  }
  return {{}, false};
}

}  // namespace

std::pair<std::optional<int>, Certainty> differentiable(const Pieces& pieces) {
  std::optional<int> least;
  bool proved = true;
  for (const Piece& piece : pieces.pieces) proved = proved && is_analytic(piece);
  for (std::size_t k = 0; k < pieces.cuts(); ++k) {
    const auto [order, certain] = first_difference(pieces, k);
    if (order && (!least || *order - 1 < *least)) least = *order - 1;
    proved = proved && certain;
  }
  return {least, proved ? Certainty::proved : Certainty::sampled};
}

}  // namespace actc::tools
