// The rules are those of the classes of operations; only representations have rules of their own.
#include "ir/wellformed.h"

#include <fmt/format.h>

#include <algorithm>

namespace actc::ir {
namespace {

bool takes_integers(Operation op) {
  return op == Operation::Add || op == Operation::Sub || op == Operation::Mul ||
         op == Operation::Neg;
}

class Checker {
 public:
  explicit Checker(const Graph& graph) : graph_(graph) {}

  std::string run() const {
    for (NodeId id = 0; id < graph_.size(); ++id) {
      const std::string_view wrong = node(id);
      if (!wrong.empty()) {
        return fmt::format("%{}, `{}` in {}: {}", id, info(graph_[id].op).name,
                           name(graph_[id].format), wrong);
      }
    }
    for (const NodeId output : graph_.outputs) {
      if (output >= graph_.size()) return fmt::format("no node %{}, an output", output);
    }
    return {};
  }

 private:
  Format of(NodeId id, std::size_t k) const { return graph_[graph_.arg(id, k)].format; }
  bool all(NodeId id, Format format, std::size_t from = 0) const {
    return std::ranges::all_of(graph_.args(id).subspan(from),
                               [&](NodeId a) { return graph_[a].format == format; });
  }

  std::string_view node(NodeId id) const {
    const Node& n = graph_[id];
    const OperationInfo& operation = info(n.op);
    if (operation.arity >= 0 && n.arg_count != static_cast<std::uint32_t>(operation.arity)) {
      return "a wrong number of arguments";
    }
    if (!std::ranges::all_of(graph_.args(id), [&](NodeId a) { return a < id; })) {
      return "an argument that is not before it";
    }
    if (n.format == Format::real) return "over the reals";
    const bool number = n.format != Format::boolean;
    switch (operation.klass) {
      case OperationClass::leaf:
        if (n.op == Operation::Constant) return {};
        if (n.op == Operation::Input || n.op == Operation::Parameter)
          return number ? "" : "a boolean variable";
        return is_float(n.format) ? "" : "not a float";
      case OperationClass::reduction:
        if (!is_float(n.format)) return "not a float";
        if (common(n.shape, static_cast<Shape>(n.payload)) != Shape::scalar || n.payload == 0) {
          return "no axes";
        }
        // A sum may be kept as wide as it is taken.
        if (n.op == Operation::Sum && n.format == Format::binary64 &&
            of(id, 0) == Format::binary32) {
          return "";
        }
        return all(id, n.format) ? "" : "an argument of another format";
      case OperationClass::arithmetic:
        if (!is_float(n.format) && !(is_integer(n.format) && takes_integers(n.op)))
          return "not a float";
        return all(id, n.format) ? "" : "arguments of another format";
      case OperationClass::comparison:
        return comparison(id);
      case OperationClass::logic:
        return n.format == Format::boolean && all(id, Format::boolean) ? "" : "not booleans";
      case OperationClass::selection:
        if (of(id, 0) != Format::boolean) return "a condition that is not boolean";
        return all(id, n.format, 1) ? "" : "branches of another format";
      case OperationClass::bits:
        return representation(id);
      case OperationClass::real:
        return "over the reals";
      case OperationClass::structure:
        return "left over";
    }
    return "no operation";
  }

  std::string_view comparison(NodeId id) const {
    if (graph_[id].format != Format::boolean) return "a comparison that is not boolean";
    const Format compared = of(id, 0);
    if (graph_[id].op == Operation::IsNan) return is_float(compared) ? "" : "not of a float";
    if (!is_float(compared) && !is_integer(compared)) return "not of numbers";
    return all(id, compared) ? "" : "of two formats";
  }

  // The arguments' format from the result's, an operation at a time.
  std::string_view representation(NodeId id) const {
    const Format result = graph_[id].format;
    const auto when = [](bool right) {
      return std::string_view(right ? "" : "formats that do not go together");
    };
    switch (graph_[id].op) {
      case Operation::BitAnd:
      case Operation::BitOr:
      case Operation::BitXor:
      case Operation::ShiftLeft:
      case Operation::ShiftRight:
      case Operation::ShiftRightSigned:
        return when(is_integer(result) && all(id, result));
      case Operation::Bits:
      case Operation::ToInteger:
        return when(is_float(of(id, 0)) && result == integer_of(of(id, 0)));
      case Operation::FromBits:
      case Operation::ToFloat:
        return when(is_integer(of(id, 0)) && result == float_of(of(id, 0)));
      case Operation::ToBinary32:
        return when(result == Format::binary32 && is_float(of(id, 0)));
      case Operation::ToBinary64:
        return when(result == Format::binary64 && is_float(of(id, 0)));
      case Operation::ToInt32:
        return when(result == Format::int32 && is_integer(of(id, 0)));
      case Operation::ToInt64:
        return when(result == Format::int64 && is_integer(of(id, 0)));
      case Operation::Table: {
        if (graph_[id].arg_count < 2) return "no entries";
        const bool constants = std::ranges::all_of(graph_.args(id).subspan(1),
                                                   [&](NodeId a) { return graph_.is_constant(a); });
        if (!constants) return "an entry that is not a constant";
        return when(is_float(result) && is_integer(of(id, 0)) && all(id, result, 1));
      }
      default:
        return "no operation on representations";
    }
  }

  const Graph& graph_;
};

}  // namespace

std::string check(const Graph& lowered) { return Checker(lowered).run(); }

}  // namespace actc::ir
