// Hash-consing: every node is looked up before it is made.
#include "ir/graph.h"

#include <algorithm>
#include <array>

namespace actc::ir {
namespace {

// The mixing step of Murmur3's finalizer (Appleby, public domain).
constexpr std::uint64_t mix(std::uint64_t h) {
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

std::uint64_t hash(const Node& node, std::span<const NodeId> args) {
  std::uint64_t h = mix(static_cast<std::uint64_t>(node.op) << 40 |
                        static_cast<std::uint64_t>(node.format) << 32 | node.payload);
  for (const NodeId a : args) h = mix(h ^ a);
  return h;
}

}  // namespace

NodeId Graph::constant(const Rational& value, Format format) {
  const std::uint64_t h = hash_value(value);
  const auto [first, last] = constants_by_hash_.equal_range(h);
  // Boost 1.74 compares rationals by their order, of which a continued fraction decides.
  const auto known = std::find_if(first, last, [&](const auto& e) {
    const Rational& other = constants_[e.second];
    return numerator(other) == numerator(value) && denominator(other) == denominator(value);
  });
  std::uint32_t index = 0;
  if (known != last) {
    index = known->second;
  } else {
    index = static_cast<std::uint32_t>(constants_.size());
    constants_.push_back(value);
    constants_by_hash_.emplace(h, index);
  }
  return intern({Operation::Constant, format, Shape::scalar, index, 0, 0}, {});
}

NodeId Graph::input(std::uint32_t position, Shape shape, Format format) {
  return intern({Operation::Input, format, shape, position, 0, 0}, {});
}

NodeId Graph::parameter(std::uint32_t position, Format format) {
  return intern({Operation::Parameter, format, Shape::scalar, position, 0, 0}, {});
}

NodeId Graph::call(FunctionId callee, std::span<const NodeId> args, Format format) {
  return intern({Operation::Call, format, Shape::scalar, callee, 0, 0}, args);
}

NodeId Graph::node(Operation op, Format format, std::span<const NodeId> args,
                   std::uint32_t payload) {
  const Shape shape = op == Operation::ColumnIndex  ? Shape::column
                      : op == Operation::UnitRandom ? Shape::element
                                                    : Shape::scalar;
  return intern({op, format, shape, payload, 0, 0}, args);
}

std::optional<NodeId> Graph::find(Operation op, Format format, std::span<const NodeId> args,
                                  std::uint32_t payload) const {
  return known({op, format, Shape::scalar, payload, 0, 0}, args);
}

std::optional<NodeId> Graph::known(const Node& node, std::span<const NodeId> args) const {
  const auto find = [&](std::span<const NodeId> wanted) -> std::optional<NodeId> {
    const auto [first, last] = by_hash_.equal_range(hash(node, wanted));
    for (auto it = first; it != last; ++it) {
      const Node& n = nodes_[it->second];
      if (n.op == node.op && n.format == node.format && n.payload == node.payload &&
          std::ranges::equal(this->args(it->second), wanted)) {
        return it->second;
      }
    }
    return std::nullopt;
  };
  if (const auto id = find(args)) return id;
  return is_commutative(node.op) ? find(std::array{args[1], args[0]}) : std::nullopt;
}

NodeId Graph::intern(Node node, std::span<const NodeId> args) {
  if (const auto id = known(node, args)) return *id;
  for (const NodeId a : args) node.shape = join(node.shape, nodes_[a].shape);
  if (info(node.op).klass == OperationClass::reduction) {
    node.shape = without(node.shape, static_cast<Shape>(node.payload));
  }
  node.arg_count = static_cast<std::uint32_t>(args.size());

  if (nodes_.size() >= max_nodes) throw GraphTooLarge{};
  const auto id = static_cast<NodeId>(nodes_.size());
  by_hash_.emplace(hash(node, args), id);
  node.first_arg = static_cast<std::uint32_t>(arguments_.size());
  // `args` may point into the pool that is about to grow.
  const std::vector<NodeId> copy(args.begin(), args.end());
  arguments_.insert(arguments_.end(), copy.begin(), copy.end());
  nodes_.push_back(node);
  return id;
}

std::vector<bool> reachable(const Graph& graph) {
  std::vector<bool> needed(graph.size(), false);
  for (const NodeId id : graph.outputs) needed[id] = true;
  for (NodeId id = static_cast<NodeId>(graph.size()); id-- > 0;) {
    if (!needed[id]) continue;
    for (const NodeId a : graph.args(id)) needed[a] = true;
  }
  return needed;
}

bool is_over_rows(const Graph& graph) {
  const std::vector<bool> needed = reachable(graph);
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Operation op = graph[id].op;
    const bool reduces_row = info(op).klass == OperationClass::reduction &&
                             static_cast<Shape>(graph[id].payload) == Shape::column;
    const bool of_row = reduces_row || op == Operation::Columns || op == Operation::ColumnIndex;
    if (needed[id] && of_row) return true;
  }
  return false;
}

std::uint32_t stream_count(const Graph& graph) {
  const std::vector<bool> needed = reachable(graph);
  std::uint32_t count = 0;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (needed[id] && graph[id].op == Operation::UnitRandom) {
      count = std::max(count, graph[id].payload + 1);
    }
  }
  return count;
}

std::vector<std::uint32_t> use_counts(const Graph& graph) {
  const std::vector<bool> needed = reachable(graph);
  std::vector<std::uint32_t> uses(graph.size(), 0);
  for (const NodeId id : graph.outputs) ++uses[id];
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!needed[id]) continue;
    for (const NodeId a : graph.args(id)) ++uses[a];
  }
  return uses;
}

}  // namespace actc::ir
