// Parity, operation by operation; then piece against piece.
#include "tools/card/symmetry.h"

#include <array>
#include <cmath>
#include <optional>

#include "ir/passes.h"
#include "tools/card/enclosure.h"

namespace actc::tools {
namespace {

using ir::Graph;
using ir::NodeId;
using ir::Operation;

// What is known of u(−x): it is u(x) (`even`), or c − u(x).
struct Parity {
  bool even = false;
  std::optional<Rational> complement;
  bool odd() const { return complement && *complement == 0; }
};

std::optional<Rational> value_of(const Graph& graph, NodeId id) {
  if (graph.is_constant(id)) return graph.value(id);
  return {};
}

bool is_integer(const Rational& r) { return denominator(r) == 1; }

Parity scaled(const Parity& p, const Rational& factor) {
  Parity result = p;
  if (p.complement) result.complement = *p.complement * factor;
  return result;
}

Parity sum(const Parity& a, const Parity& b, int sign) {
  Parity result;
  result.even = a.even && b.even;
  if (a.complement && b.complement) result.complement = *a.complement + sign * *b.complement;
  return result;
}

Parity product(const Graph& graph, const Parity& a, NodeId left, const Parity& b, NodeId right) {
  if (const auto c = value_of(graph, left)) return scaled(b, *c);
  if (const auto c = value_of(graph, right)) return scaled(a, *c);
  Parity result;
  result.even = (a.even && b.even) || (a.odd() && b.odd());
  if ((a.even && b.odd()) || (a.odd() && b.even)) result.complement = 0;
  return result;
}

// 1 / (1 + exp(u)) with odd u: the other side has what is missing to 1.
bool is_logistic(const Graph& graph, NodeId quotient, const std::vector<Parity>& parities) {
  const NodeId sum = graph.arg(quotient, 1);
  if (!graph.is_constant(graph.arg(quotient, 0)) || graph[sum].op != Operation::Add) return false;
  for (const std::size_t k : {0U, 1U}) {
    const NodeId power = graph.arg(sum, k);
    if (graph[power].op == Operation::RealExp && graph.is_constant(graph.arg(sum, 1 - k), 1))
      return parities[graph.arg(power, 0)].odd();
  }
  return false;
}

// exp(u) + exp(−u) with odd u.
bool is_cosh(const Graph& graph, NodeId sum, const std::vector<Parity>& parities) {
  const NodeId a = graph.arg(sum, 0), b = graph.arg(sum, 1);
  if (graph[a].op != Operation::RealExp || graph[b].op != Operation::RealExp) return false;
  const NodeId u = graph.arg(a, 0), v = graph.arg(b, 0);
  const auto negates = [&](NodeId of, NodeId other) {
    return graph[of].op == Operation::Neg && graph.arg(of, 0) == other;
  };
  return parities[u].odd() && (negates(u, v) || negates(v, u));
}

Parity parity_of(const Graph& graph, NodeId id, const std::vector<Parity>& parities) {
  const auto arg = [&](std::size_t k) -> const Parity& { return parities[graph.arg(id, k)]; };
  const auto all_even = [&] {
    for (const NodeId a : graph.args(id)) {
      if (!parities[a].even) return false;
    }
    return true;
  };
  switch (graph[id].op) {
    case Operation::Constant:
      return {true, 2 * graph.value(id)};
    case Operation::Pi:
    case Operation::E:
      return {true, {}};
    case Operation::Input:
      return {false, Rational(0)};
    case Operation::Neg:
      return scaled(arg(0), -1);
    case Operation::Detach:
      return arg(0);
    case Operation::Add: {
      Parity p = sum(arg(0), arg(1), 1);
      p.even = p.even || is_cosh(graph, id, parities);
      return p;
    }
    case Operation::Sub:
      return sum(arg(0), arg(1), -1);
    case Operation::Mul:
      return product(graph, arg(0), graph.arg(id, 0), arg(1), graph.arg(id, 1));
    case Operation::Div: {
      Parity p;
      p.even = (arg(0).even && arg(1).even) || (arg(0).odd() && arg(1).odd());
      if ((arg(0).even && arg(1).odd()) || (arg(0).odd() && arg(1).even)) p.complement = 0;
      if (const auto c = value_of(graph, graph.arg(id, 1)); c && *c != 0)
        p = scaled(arg(0), 1 / *c);
      if (is_logistic(graph, id, parities)) p.complement = graph.value(graph.arg(id, 0));
      return p;
    }
    case Operation::RealTanh:
    case Operation::RealErf:
    case Operation::RealSin:
    case Operation::RealAtan: {
      Parity p{arg(0).even, {}};
      if (arg(0).odd()) p.complement = 0;
      return p;
    }
    case Operation::RealErfc: {
      Parity p{arg(0).even, {}};
      if (arg(0).odd()) p.complement = 2;
      return p;
    }
    case Operation::Abs:
    case Operation::RealCos:
      return {arg(0).even || arg(0).odd(), {}};
    case Operation::CopySign: {
      Parity p{all_even(), {}};
      // Its sign is the other's; at 0 it is 0 or a jump.
      if ((arg(0).even || arg(0).odd()) && arg(1).odd()) p.complement = 0;
      return p;
    }
    case Operation::Where: {
      Parity p{all_even(), {}};
      const auto& c = arg(1).complement;
      if (arg(0).even && c && arg(2).complement && *c == *arg(2).complement) p.complement = c;
      return p;
    }
    case Operation::RealPow: {
      const auto n = value_of(graph, graph.arg(id, 1));
      Parity p{all_even(), {}};
      if (n && is_integer(*n) && arg(0).odd()) {
        const bool odd = numerator(*n) % 2 != 0;
        p.even = p.even || !odd;
        if (odd) p.complement = 0;
      }
      return p;
    }
    default:
      return {graph[id].arg_count > 0 && all_even(), {}};
  }
}

Parity parity(const Graph& graph) {
  const std::vector<bool> needed = ir::reachable(graph);
  std::vector<Parity> parities(graph.size());
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (needed[id]) parities[id] = parity_of(graph, id, parities);
  }
  return parities[graph.outputs.front()];
}

// A polynomial's coefficients, the constant first.
using Polynomial = std::vector<Rational>;

std::optional<Polynomial> polynomial(const Graph& graph) {
  constexpr std::size_t most = 32;
  const std::vector<bool> needed = ir::reachable(graph);
  std::vector<Polynomial> all(graph.size());
  const auto added = [](Polynomial a, const Polynomial& b, int sign) {
    a.resize(std::max(a.size(), b.size()));
    for (std::size_t k = 0; k < b.size(); ++k) a[k] += sign * b[k];
    return a;
  };
  const auto multiplied = [](const Polynomial& a, const Polynomial& b) {
    Polynomial p(a.empty() || b.empty() ? 0 : a.size() + b.size() - 1);
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t j = 0; j < b.size(); ++j) p[i + j] += a[i] * b[j];
    }
    return p;
  };
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!needed[id]) continue;
    const auto arg = [&](std::size_t k) -> const Polynomial& { return all[graph.arg(id, k)]; };
    Polynomial& p = all[id];
    switch (graph[id].op) {
      case Operation::Constant:
        p = {graph.value(id)};
        break;
      case Operation::Input:
        p = {0, 1};
        break;
      case Operation::Neg:
        p = added({}, arg(0), -1);
        break;
      case Operation::Add:
      case Operation::Sub:
        p = added(arg(0), arg(1), graph[id].op == Operation::Add ? 1 : -1);
        break;
      case Operation::Mul:
        p = multiplied(arg(0), arg(1));
        break;
      case Operation::Div:
        if (arg(1).size() != 1 || arg(1)[0] == 0) return {};
        p = multiplied(arg(0), {1 / arg(1)[0]});
        break;
      case Operation::RealPow: {
        const auto n = value_of(graph, graph.arg(id, 1));
        if (!n || !is_integer(*n) || *n < 0 || *n > most) return {};
        p = {1};
        for (int k = 0; k < *n; ++k) {
          p = multiplied(p, arg(0));
          if (p.size() > most) return {};
        }
        break;
      }
      default:
        return {};
    }
    if (p.size() > most) return {};
    while (!p.empty() && p.back() == 0) p.pop_back();
  }
  return all[graph.outputs.front()];
}

// p(−x) = sign · q(x) + c, in a constant at most?
std::optional<Rational> mirrored(const Polynomial& p, const Polynomial& q, int sign) {
  Rational c = 0;
  for (std::size_t k = 0; k < std::max(p.size(), q.size()); ++k) {
    const Rational a = k < p.size() ? p[k] : Rational(0), b = k < q.size() ? q[k] : Rational(0);
    const Rational difference = (k % 2 == 0 ? a : Rational(-a)) - sign * b;
    if (k == 0) {
      c = difference;
    } else if (difference != 0) {
      return {};
    }
  }
  return c;
}

// Of pieces that are polynomials, cut at opposite places.
std::optional<Symmetry> symmetry_of_polynomials(const Pieces& pieces) {
  const std::size_t n = pieces.pieces.size();
  std::vector<Polynomial> all;
  for (const Piece& piece : pieces.pieces) {
    if (!piece.smooth) return {};
    const auto p = polynomial(piece.formulas.value);
    if (!p) return {};
    all.push_back(*p);
  }
  for (std::size_t k = 0; k < pieces.cuts(); ++k) {
    if (pieces.cut(k) != -pieces.cut(pieces.cuts() - 1 - k)) return {};
  }
  bool even = true;
  std::optional<Rational> c;
  bool odd = true;
  for (std::size_t k = 0; k < n; ++k) {
    const auto same = mirrored(all[k], all[n - 1 - k], 1);
    even = even && same && *same == 0;
    const auto opposite = mirrored(all[k], all[n - 1 - k], -1);
    odd = odd && opposite && (!c || *c == *opposite);
    c = opposite;
  }
  // The cuts themselves are single values.
  for (std::size_t k = 0; k < pieces.cuts() && (even || odd); ++k) {
    const auto at = [&](const Rational& x) { return value_at(formulas_at(pieces, x).value, x); };
    const Limit a = at(pieces.cut(k)), b = at(-pieces.cut(k));
    if (!a.rational || !b.rational) return {};
    even = even && *a.rational == *b.rational;
    odd = odd && *a.rational + *b.rational == *c;
  }
  if (even) return Symmetry::even;
  if (!odd) return {};
  return *c == 0 ? Symmetry::odd : Symmetry::point;
}

}  // namespace

std::pair<Symmetry, Certainty> symmetry_of(const Pieces& pieces) {
  // A point that contradicts is proof enough.
  bool even = true, odd = true, point = true, proved = true;
  {
    const PrecisionScope scope(128);
    Enclosure f(pieces.whole.value);
    const Interval twice = scaled(f.at(Interval(0)), 1);
    for (const double x : {0.5, 1.25, 2.75, 0.1, 4.0, 7.5, 20.0}) {
      const Interval a = f.at(Interval(x)), b = f.at(Interval(-x));
      if (a.defined != Defined::everywhere || b.defined != Defined::everywhere) {
        const bool both = a.defined == b.defined;
        even = even && both;
        odd = odd && both;
        point = point && both;
        continue;
      }
      even = even && (a - b).holds_zero();
      odd = odd && (a + b).holds_zero();
      point = point && twice.defined == Defined::everywhere && (a + b - twice).holds_zero();
    }
  }
  if (!even && !odd && !point) return {Symmetry::neither, Certainty::proved};
  const Symmetry seen = even ? Symmetry::even : odd ? Symmetry::odd : Symmetry::point;
  const Parity p = parity(pieces.whole.value);
  proved = (seen == Symmetry::even && p.even) || (seen == Symmetry::odd && p.odd()) ||
           (seen == Symmetry::point && p.complement.has_value());
  if (!proved) proved = symmetry_of_polynomials(pieces) == seen;
  return {seen, proved ? Certainty::proved : Certainty::sampled};
}

}  // namespace actc::tools
