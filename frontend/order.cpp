// Which definition uses which: the order of lowering, recursion, and helpers of implementations.
// Everything here is a loop over lists of edges: a chain of definitions may be as long as the limit
// on definitions.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "frontend/program.h"

namespace actc::frontend {
namespace {

struct Edge {
  std::size_t to;
  Span span;
};

struct BitsUse {
  Span span;
  ir::Operation operation;
};

struct Uses {
  std::vector<Edge> own;        // calls of the text's own functions
  std::optional<BitsUse> bits;  // the first operation without a meaning
};

Uses uses_of(const Program& program, const ItemHead& head) {
  Uses uses;
  for (ExprId id = head.first; id < head.last; ++id) {
    const Expr& expr = program.tree.expressions[id];
    Callee callee;
    Span span = expr.span;
    if (const auto* call = std::get_if<CallExpr>(&expr.form)) {
      callee = program.resolve(call->callee);
      span = call->callee_span;
    } else if (const auto* binary = std::get_if<BinaryExpr>(&expr.form);
               binary != nullptr && binary->op == ir::Operation::RealPow) {
      callee = program.resolve_power();
    }
    if (callee.kind == Callee::Kind::own) uses.own.push_back({callee.own, span});
    if (callee.kind == Callee::Kind::operation && !uses.bits &&
        ir::info(callee.operation).klass == ir::OperationClass::bits) {
      uses.bits = {span, callee.operation};
    }
  }
  return uses;
}

// Everything from which a start can be reached over the edges.
std::vector<bool> spread(std::vector<std::size_t> starts,
                         const std::vector<std::vector<std::size_t>>& edges) {
  std::vector<bool> marked(edges.size(), false);
  while (!starts.empty()) {
    const std::size_t at = starts.back();
    starts.pop_back();
    if (marked[at]) continue;
    marked[at] = true;
    for (const std::size_t next : edges[at]) starts.push_back(next);
  }
  return marked;
}

void find_helpers(Program& program, const std::vector<Uses>& uses) {
  const std::size_t count = program.own.size();
  std::vector<std::vector<std::size_t>> users(count);
  std::vector<std::vector<std::size_t>> used(count);
  std::vector<std::size_t> with_bits;
  for (std::size_t i = 0; i < count; ++i) {
    if (uses[i].bits) with_bits.push_back(i);
    for (const Edge& edge : uses[i].own) {
      users[edge.to].push_back(i);
      used[i].push_back(edge.to);
    }
  }
  std::vector<std::size_t> from_implementations;
  for (const Item& item : program.tree.items) {
    const auto* implementation = std::get_if<ImplementationItem>(&item);
    if (implementation == nullptr) continue;
    for (const Edge& edge : uses_of(program, implementation->head).own) {
      from_implementations.push_back(edge.to);
    }
  }
  const std::vector<bool> helper = spread(std::move(with_bits), users);
  const std::vector<bool> wanted = spread(std::move(from_implementations), used);
  for (std::size_t i = 0; i < count; ++i) {
    OwnFunction& function = program.own[i];
    if (!helper[i]) continue;
    if (wanted[i] && !function.opaque) {
      function.helper = true;
      continue;
    }
    function.broken = true;
    const std::string name = function.definition->name.empty()
                                 ? std::string("the expression")
                                 : fmt::format("`{}`", function.definition->name);
    const std::string suggestion = fmt::format(
        "only implementations (`binary32 f(x) = ...`) and what they alone use can compute so");
    if (uses[i].bits) {
      program.report.error(Code::no_meaning, uses[i].bits->span,
                           fmt::format("`{}` has no meaning over the reals, so {} has none",
                                       ir::info(uses[i].bits->operation).name, name),
                           suggestion);
    } else {
      const auto edge =
          std::ranges::find_if(uses[i].own, [&](const Edge& e) { return helper[e.to]; });
      program.report.error(Code::no_meaning, edge->span,
                           fmt::format("`{}` has no meaning over the reals, so {} has none",
                                       program.own[edge->to].definition->name, name),
                           suggestion);
    }
  }
}

struct Visit {
  std::size_t function;
  std::size_t next_edge = 0;
};

void report_cycle(Program& program, const std::vector<Uses>& uses, std::span<const Visit> cycle) {
  const auto name = [&](const Visit& visit) -> const std::string& {
    return program.own[visit.function].definition->name;
  };
  constexpr std::size_t shown = 8;
  std::string way;
  for (std::size_t i = 0; i < std::min(cycle.size(), shown); ++i) {
    const Visit& next = cycle[(i + 1) % cycle.size()];
    way += fmt::format("{}`{}` calls `{}`", i > 0 ? ", " : "", name(cycle[i]), name(next));
  }
  if (cycle.size() > shown) way += ", ...";
  const Edge& edge = uses[cycle[0].function].own[cycle[0].next_edge - 1];
  if (cycle.size() == 1) way = fmt::format("`{}` calls itself", name(cycle[0]));
  program.report.error(Code::recursion, edge.span, way,
                       "a definition cannot use itself, directly or through others");
  for (const Visit& visit : cycle) program.own[visit.function].broken = true;
}

}  // namespace

std::vector<std::size_t> order_definitions(Program& program) {
  std::vector<Uses> uses(program.own.size());
  for (std::size_t i = 0; i < program.own.size(); ++i) {
    const ItemHead* head = program.own[i].definition;
    if (head != nullptr && head->damage == Damage::none) uses[i] = uses_of(program, *head);
  }
  find_helpers(program, uses);

  enum class Color : std::uint8_t { white, grey, black };
  std::vector<Color> color(program.own.size(), Color::white);
  std::vector<std::size_t> order;
  std::vector<Visit> path;
  for (std::size_t start = 0; start < program.own.size(); ++start) {
    if (color[start] != Color::white) continue;
    path.push_back({start});
    color[start] = Color::grey;
    while (!path.empty()) {
      Visit& visit = path.back();
      if (visit.next_edge == uses[visit.function].own.size()) {
        color[visit.function] = Color::black;
        order.push_back(visit.function);
        path.pop_back();
        continue;
      }
      const std::size_t to = uses[visit.function].own[visit.next_edge++].to;
      if (color[to] == Color::white) {
        color[to] = Color::grey;
        path.push_back({to});
      } else if (color[to] == Color::grey) {
        const auto first = std::ranges::find(path, to, &Visit::function);
        const bool known = std::ranges::all_of(
            first, path.end(), [&](const Visit& v) { return program.own[v.function].broken; });
        if (!known) report_cycle(program, uses, {first, path.end()});
      }
    }
  }
  return order;
}

void check_implementation_cycles(Program& program) {
  // What is computed: a function in a format. Its edges are the calls of the implementation, or of
  // the meaning where there is none.
  using Computed = std::pair<ir::FunctionId, ir::Format>;
  struct Step {
    Computed computed;
    std::vector<Computed> calls;
    std::size_t next = 0;
  };
  const auto calls_of = [&](const Computed& computed) {
    const ir::Function& function = (*program.library)[computed.first];
    const auto implementation = function.implementations.find(computed.second);
    const bool implemented = implementation != function.implementations.end();
    const ir::Graph& graph = implemented ? implementation->second.graph() : function.meaning;
    std::vector<Computed> calls;
    if (computed.first < program.library->base_size()) return calls;  // never calls the text's own
    for (ir::NodeId id = 0; id < graph.size(); ++id) {
      if (graph[id].op != ir::Operation::Call) continue;
      if (implemented && graph[id].format == ir::Format::real) continue;  // a constant
      calls.push_back({graph[id].payload, implemented ? graph[id].format : computed.second});
    }
    return calls;
  };

  std::set<Computed> done;
  for (const Item& item : program.tree.items) {
    const auto* implementation = std::get_if<ImplementationItem>(&item);
    if (implementation == nullptr) continue;
    const Callee callee = program.resolve(implementation->head.name);
    if (callee.kind != Callee::Kind::own || program.own[callee.own].helper) continue;
    std::vector<Step> path;
    const auto enter = [&](const Computed& computed) {
      path.push_back({computed, calls_of(computed)});
    };
    enter({callee.id, implementation->format});
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next == step.calls.size()) {
        done.insert(step.computed);
        path.pop_back();
        continue;
      }
      const Computed to = step.calls[step.next++];
      if (done.contains(to)) continue;
      if (std::ranges::find(path, to, &Step::computed) != path.end()) {
        const ir::Function& function = (*program.library)[to.first];
        program.report.error(Code::recursion, implementation->head.name_span,
                             fmt::format("this implementation computes `{}` in {} with itself",
                                         function.name, ir::name(to.second)),
                             "an implementation cannot use itself, directly or through others");
        return;
      }
      enter(to);
    }
  }
}

}  // namespace actc::frontend
