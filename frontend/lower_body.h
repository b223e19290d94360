// An expression to nodes of a graph, over the reals or in a number format.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "frontend/program.h"
#include "frontend/trace.h"
#include "ir/graph.h"

namespace actc::frontend {

// Where an error was reported: nothing that is made of it is an error too.
inline constexpr ir::NodeId poison = ~ir::NodeId{0};

// pi, e, inf, nan, columns, column_index, unit_random.
bool is_constant_name(std::string_view name);

// The rules of docs/language.md for one operation at a time: which formats go together, where
// constants are rounded, when a boolean is a number. Reports what does not fit.
class Operations {
 public:
  // `format` is that of the implementation; Format::real for a meaning.
  Operations(Program& program, ir::Graph& graph, ir::Format format)
      : program_(program), graph_(graph), format_(format) {}

  bool in_meaning() const { return format_ == ir::Format::real; }

  // In an implementation: a constant, not yet rounded to anything.
  bool is_exact(ir::NodeId id) const {
    return format(id) == ir::Format::real && !undecided_.contains(id);
  }

  // `op` of arguments, none of them poison. `span` is the expression's, `spans` the arguments'.
  ir::NodeId apply(ir::Operation op, std::span<const ir::NodeId> args, Span span,
                   std::span<const Span> spans);

  // The format that all arguments of a call have, once booleans are numbers and constants rounded
  // to it; they are changed to it. Format::real where all are constants (or in a meaning); nothing,
  // and reported, where they disagree or are integers.
  std::optional<ir::Format> unify_call(std::vector<ir::NodeId>& args, std::string_view callee,
                                       Span span, std::span<const Span> spans);

  // The value of a body: a number, in an implementation of its format.
  ir::NodeId result(ir::NodeId value, Span span);

 private:
  ir::NodeId apply_meaning(ir::Operation op, std::span<const ir::NodeId> args, Span span,
                           std::span<const Span> spans);
  ir::NodeId apply_typed(ir::Operation op, std::span<const ir::NodeId> args, Span span,
                         std::span<const Span> spans);
  ir::NodeId apply_exactly(ir::Operation op, std::span<const ir::NodeId> args);
  ir::NodeId select(ir::Operation op, std::span<const ir::NodeId> args, Span span,
                    std::span<const Span> spans);
  ir::NodeId shift(ir::Operation op, std::span<const ir::NodeId> args, Span span,
                   std::span<const Span> spans);
  ir::NodeId table(std::span<const ir::NodeId> args, Span span, std::span<const Span> spans);
  ir::NodeId convert(ir::Operation op, ir::NodeId value, Span span, Span value_span);

  ir::Format format(ir::NodeId id) const { return graph_[id].format; }
  ir::NodeId number(ir::NodeId value);  // a boolean as 0 or 1
  ir::NodeId condition(ir::NodeId value, Span span);
  // A constant in a format, a boolean as 0 or 1 of it, or the value itself where it has it; poison
  // (reported) where it does not.
  ir::NodeId in_format(ir::NodeId value, ir::Format format, Span span);
  ir::NodeId constant_in_format(ir::NodeId value, ir::Format format, Span span);
  ir::NodeId selection_in_format(ir::NodeId value, ir::Format format, Span span);
  // The one format of the arguments; `otherwise` where all are constants or booleans.
  std::optional<ir::Format> common_format(std::string_view what, std::span<const ir::NodeId> args,
                                          Span span, std::span<const Span> spans,
                                          ir::Format otherwise);
  ir::NodeId wrong_format(std::string_view what, std::string_view wanted, ir::Format found,
                          Span span);
  std::string_view slice(Span span) const { return program_.slice(span); }

  Program& program_;
  ir::Graph& graph_;
  ir::Format format_;
  // Selections of constants by a condition that is not: `where(x < 0, -1, 1)` has no format until
  // it meets one. And what became of them in a format.
  std::set<ir::NodeId> undecided_;
  std::map<std::pair<ir::NodeId, ir::Format>, ir::NodeId> decided_;
};

// Walks a body with an explicit stack of tasks. In implementations a call of a function without one
// walks that function's body with the formats of the arguments.
class BodyLowerer {
 public:
  // With `places` the text's own functions are walked where they are called, in meanings too, and
  // the nodes' places are kept.
  BodyLowerer(Program& program, ir::Graph& graph, ir::Format format,
              std::vector<NodePlace>* places = nullptr)
      : program_(program), graph_(graph), operations_(program, graph, format), places_(places) {}

  using Binding = std::pair<std::string_view, ir::NodeId>;

  // The node of the body, a number; poison where an error was reported.
  ir::NodeId lower(const ItemHead& head, ExprId body, std::span<const Binding> names);

 private:
  enum class TaskKind : std::uint8_t { visit, finish, bind, unbind, leave };
  struct Task {
    TaskKind kind;
    ExprId expr;
  };
  using CallKey = std::pair<std::size_t, std::vector<ir::NodeId>>;
  // The names of one body.
  struct Activation {
    const ItemHead* head;
    std::unordered_map<std::string_view, std::vector<ir::NodeId>> names;
    std::set<std::string_view, std::less<>> unknown;  // reported
    std::optional<CallKey> call;
  };

  void visit(ExprId expr);
  void finish(ExprId expr);
  void finish_call(const Expr& expr, const CallExpr& call);
  void finish_power(const Expr& expr, const BinaryExpr& binary);
  ir::NodeId name(const NameExpr& name, Span span);
  ir::NodeId unknown_name(const NameExpr& name, Span span);
  void unknown_function(const CallExpr& call);
  ir::NodeId apply_call(ir::Operation op, const Expr& expr, const CallExpr& call,
                        std::span<const ir::NodeId> args, std::span<const Span> spans);
  // Inputs, then parameters; nothing, and reported, where they do not fit the function.
  std::optional<std::vector<ir::NodeId>> arrange(const CallExpr& call, const Callee& callee,
                                                 std::span<const ir::NodeId> given);
  void report_inputs(const CallExpr& call, const ir::Function& function);
  std::optional<std::size_t> parameter_of(const NamedArgument& argument,
                                          const ir::Function& function);
  // Pushes the value, at once or when the body of the callee is walked.
  void call_function(const Callee& callee, std::vector<ir::NodeId> args, std::string_view name,
                     Span span, std::span<const Span> spans);
  ir::NodeId inlined(const Callee& callee, const ir::Graph& body,
                     const std::vector<ir::NodeId>& args);
  void enter(const Callee& callee, std::vector<ir::NodeId> args);
  void keep_places(ExprId expr, std::size_t nodes_before);

  void push(ir::NodeId value) { values_.push_back(value); }
  std::vector<ir::NodeId> pop(std::size_t count);
  Span span(ExprId id) const { return program_.tree.expressions[id].span; }

  Program& program_;
  ir::Graph& graph_;
  Operations operations_;
  std::vector<Task> tasks_;
  std::vector<ir::NodeId> values_;
  std::vector<Activation> activations_;
  // Calls inlined already, by their arguments: own functions by index, base ones by id after them.
  std::map<CallKey, ir::NodeId> calls_;
  std::vector<NodePlace>* places_;
  std::uint32_t streams_ = 0;  // that the graph draws from, one a place in the text
};

}  // namespace actc::frontend
