// The intermediate representation: an immutable, hash-consed graph of operations.
//
// Nodes are appended in topological order (arguments before users), so that a pass over a graph is
// a loop over its nodes: nothing here or in any pass recurses with the depth of the input. Two
// nodes that compute the same thing are the same node: equality is identity, common
// subexpressions are free, and a derivative shares what it has in common with its function.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ir/format.h"
#include "ir/operation.h"

namespace actc::ir {

// Literals and constant subexpressions are exact.
using Rational = boost::multiprecision::cpp_rational;

using NodeId = std::uint32_t;
using FunctionId = std::uint32_t;

struct Node {
  Operation op;
  Format format;
  Shape shape;
  std::uint32_t payload;    // Constant: index of its value. Input, Parameter: position. Call:
                            // FunctionId. Reductions: the axes reduced, a Shape.
                            // UnitRandom: the stream, by which draws of one element differ.
  std::uint32_t first_arg;  // into the graph's pool of arguments
  std::uint32_t arg_count;

  friend bool operator==(const Node&, const Node&) = default;
};

// Thrown (inside the compiler only) when a graph would pass its limit of nodes.
struct GraphTooLarge {};

class Graph {
 public:
  // The limit on nodes of one graph, formula or lowered. Chosen so that the largest graph compiles
  // within two seconds.
  static constexpr std::size_t max_nodes = 20'000;

  // Each returns the existing node where there is one. Shapes are inferred: parameters and
  // constants are scalars, an input is always of one shape. Throws GraphTooLarge past max_nodes.
  NodeId constant(const Rational& value, Format format = Format::real);
  NodeId input(std::uint32_t position, Format format = Format::real) {
    return input(position, Shape::element, format);
  }
  NodeId input(std::uint32_t position, Shape shape, Format format = Format::real);
  NodeId parameter(std::uint32_t position, Format format = Format::real);
  NodeId call(FunctionId callee, std::span<const NodeId> args, Format format = Format::real);
  // Any other operation. `format` is the result's; argument formats are the caller's to get right
  // (`check` in ir/wellformed.h verifies them). `payload` is for reductions and UnitRandom.
  NodeId node(Operation op, Format format, std::span<const NodeId> args, std::uint32_t payload = 0);
  NodeId node(Operation op, Format format, std::initializer_list<NodeId> args) {
    return node(op, format, std::span<const NodeId>(args.begin(), args.size()));
  }
  // The node that `node` would return, where it is there already.
  std::optional<NodeId> find(Operation op, Format format, std::span<const NodeId> args,
                             std::uint32_t payload = 0) const;

  std::size_t size() const { return nodes_.size(); }
  const Node& operator[](NodeId id) const { return nodes_[id]; }
  std::span<const NodeId> args(NodeId id) const {
    return {arguments_.data() + nodes_[id].first_arg, nodes_[id].arg_count};
  }
  NodeId arg(NodeId id, std::size_t k) const { return arguments_[nodes_[id].first_arg + k]; }
  const Rational& value(NodeId constant_id) const {
    return constants_[nodes_[constant_id].payload];
  }
  bool is_constant(NodeId id) const { return nodes_[id].op == Operation::Constant; }
  bool is_constant(NodeId id, int value) const {
    return is_constant(id) && this->value(id) == value;
  }

  // What the graph computes, in order: a meaning has one output; a gradient has one an input.
  std::vector<NodeId> outputs;

 private:
  std::optional<NodeId> known(const Node& node, std::span<const NodeId> args) const;
  NodeId intern(Node node, std::span<const NodeId> args);

  std::vector<Node> nodes_;
  std::vector<NodeId> arguments_;
  std::vector<Rational> constants_;
  std::unordered_multimap<std::uint64_t, NodeId> by_hash_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> constants_by_hash_;
};

// One flag a node: is it reachable from the outputs?
std::vector<bool> reachable(const Graph& graph);

// Does a value depend on others of its row, on its place in it or on how many there are?
bool is_over_rows(const Graph& graph);

// One past the last stream that the graph draws from; 0 where it draws nothing. A definition draws
// from at most max_streams: each is as much code as some hundred operations.
constexpr std::uint32_t max_streams = 256;
std::uint32_t stream_count(const Graph& graph);
inline bool is_random(const Graph& graph) { return stream_count(graph) != 0; }

// How often each node is an argument of a reachable node or an output.
std::vector<std::uint32_t> use_counts(const Graph& graph);

}  // namespace actc::ir
