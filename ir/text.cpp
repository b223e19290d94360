// Printing without recursion: each node's text is made once, from its arguments' texts.
#include "ir/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ir/round.h"

namespace actc::ir {
namespace {

using Integer = boost::multiprecision::cpp_int;

// How tightly an expression holds together; an argument looser than its place gets parentheses.
enum Binding : int {
  loose,
  conditional,
  disjunction,
  conjunction,
  negation,
  comparison,
  sum,
  product,
  sign,
  power,
  atom
};

struct Piece {
  std::string text;
  int binding = atom;
};

constexpr std::size_t short_text = 12;  // shared texts up to this length are repeated
constexpr int max_decimals = 17;

int binding_of(Operation op) {
  switch (op) {
    case Operation::Or:
      return disjunction;
    case Operation::And:
      return conjunction;
    case Operation::Not:
      return negation;
    case Operation::Less:
    case Operation::LessEqual:
    case Operation::Greater:
    case Operation::GreaterEqual:
    case Operation::Equal:
    case Operation::NotEqual:
      return comparison;
    case Operation::Add:
    case Operation::Sub:
      return sum;
    case Operation::Mul:
    case Operation::Div:
      return product;
    case Operation::Neg:
      return sign;
    default:
      return atom;
  }
}

std::string decimal(const Integer& digits, int places) {
  std::string text = digits.str();
  if (places == 0) return text;
  if (static_cast<int>(text.size()) <= places)
    text.insert(0, static_cast<std::size_t>(places) - text.size() + 1, '0');
  text.insert(text.size() - static_cast<std::size_t>(places), 1, '.');
  return text;
}

Piece number_piece(const Rational& value) {
  const Rational magnitude = abs(value);
  const char* minus = value < 0 ? "-" : "";
  const int binding = value < 0 ? sign : atom;
  if (denominator(magnitude) == 1 && magnitude < 1'000'000'000) {
    return {minus + Integer(numerator(magnitude)).str(), binding};
  }
  Rational shifted = magnitude;
  for (int places = 0;
       places <= max_decimals && magnitude > Rational(1, 100000) && magnitude < 1'000'000'000;
       ++places, shifted *= 10) {
    if (denominator(shifted) == 1)
      return {minus + decimal(Integer(numerator(shifted)), places), binding};
  }
  // A value that came from a double is written as the shortest decimal that gives it back.
  const double nearest = round_to_binary64(magnitude);
  if (nearest <= 1e308 && nearest > 0 && exact(nearest) == magnitude)
    return {fmt::format("{}{}", minus, nearest), binding};
  return {
      minus + Integer(numerator(magnitude)).str() + " / " + Integer(denominator(magnitude)).str(),
      product};
}

// A sum over rows, which no text can say, is in gradients alone.
bool sums_rows(const Node& node) {
  return node.op == Operation::Sum &&
         common(static_cast<Shape>(node.payload), Shape::row) == Shape::row;
}

class Printer {
 public:
  Printer(const Graph& graph, const Library& library, const Names& names)
      : graph_(graph), library_(library), names_(names), pieces_(graph.size()) {
    for (const auto* group : {&names.inputs, &names.parameters})
      taken_.insert(group->begin(), group->end());
  }

  std::string formula(NodeId output) {
    Graph one = graph_;
    one.outputs = {output};
    const std::vector<std::uint32_t> uses = use_counts(one);
    std::string lets = draws(one);
    for (NodeId id = 0; id <= output; ++id) {
      if (uses[id] == 0 || graph_[id].op == Operation::UnitRandom) continue;
      pieces_[id] = piece(id);
      const bool leaf = info(graph_[id].op).klass == OperationClass::leaf;
      // Conditions are not values: a let may hold numbers only where it may stand anywhere.
      if (uses[id] > 1 && !leaf && pieces_[id].text.size() > short_text) {
        const std::string name = fresh_name();
        lets += fmt::format("let {} = {} in ", name, pieces_[id].text);
        pieces_[id] = {name, atom};
      }
    }
    return lets + pieces_[output].text;
  }

 private:
  // What is drawn, bound first and in the order of the streams, unused ones too: so that the text
  // draws what the graph does.
  std::string draws(const Graph& graph) {
    const std::vector<bool> needed = reachable(graph);
    std::string lets;
    std::vector<std::string> names(stream_count(graph));
    for (std::string& name : names) {
      name = fresh_name();
      lets += fmt::format("let {} = {} in ", name, info(Operation::UnitRandom).name);
    }
    for (NodeId id = 0; id < graph.size(); ++id) {
      if (!needed[id] || graph[id].op != Operation::UnitRandom) continue;
      pieces_[id] = {names[graph[id].payload], atom};
    }
    return lets;
  }

  std::string fresh_name() {
    std::string name;
    do name = fmt::format("t{}", ++temporaries_);
    while (taken_.contains(name));
    return name;
  }

  std::string at(NodeId id, int least) {
    const Piece& p = pieces_[id];
    return p.binding >= least ? p.text : "(" + p.text + ")";
  }

  std::string comma_separated(std::span<const NodeId> args) {
    std::string text;
    for (const NodeId a : args) text += (text.empty() ? "" : ", ") + at(a, loose);
    return text;
  }

  Piece call_piece(NodeId id) {
    const Function& callee = library_[graph_[id].payload];
    const auto args = graph_.args(id);
    if (is_power_shaped(callee)) return {at(args[0], atom) + "^" + at(args[1], power), power};
    const std::size_t inputs = callee.inputs.size();
    std::string text = comma_separated(args.first(inputs));
    for (std::size_t k = inputs; k < args.size(); ++k) {
      const Parameter& p = callee.parameters[k - inputs];
      if (p.default_value && graph_.is_constant(args[k]) &&
          graph_.value(args[k]) == *p.default_value)
        continue;
      text += fmt::format("{} {} = {}", text.find(';') == std::string::npos ? ";" : ",", p.name,
                          at(args[k], loose));
    }
    return {fmt::format("{}({})", callee.name, text), atom};
  }

  static bool is_power_shaped(const Function& f) { return f.name == "pow" && f.inputs.size() == 2; }

  Piece piece(NodeId id) {
    const Node& node = graph_[id];
    const auto arg = [&](std::size_t k) { return graph_.arg(id, k); };
    const std::string_view name = info(node.op).name;
    switch (node.op) {
      case Operation::Constant:
        if (node.format == Format::boolean)
          return {graph_.value(id) == 0 ? "0 > 1" : "1 > 0", comparison};
        return number_piece(graph_.value(id));
      case Operation::Input:
        return {names_.inputs[node.payload], atom};
      case Operation::Parameter:
        return {names_.parameters[node.payload], atom};
      case Operation::Call:
        return call_piece(id);
      case Operation::Not:
        return {"not " + at(arg(0), negation), negation};
      case Operation::Neg:
        return {"-" + at(arg(0), power), sign};
      case Operation::Add:
      case Operation::Sub:
      case Operation::Mul:
      case Operation::Div:
      case Operation::And:
      case Operation::Or:
      case Operation::Less:
      case Operation::LessEqual:
      case Operation::Greater:
      case Operation::GreaterEqual:
      case Operation::Equal:
      case Operation::NotEqual: {
        const int own = binding_of(node.op);
        const int left = own == comparison ? own + 1 : own;
        // The left text is moved and grown, so that long chains stay linear.
        std::string text = at(arg(0), left);
        return {std::move(text.append(" ").append(name).append(" ").append(at(arg(1), own + 1))),
                own};
      }
      default:
        if (graph_.args(id).empty()) return {std::string(name), atom};
        if (sums_rows(node)) return {fmt::format("total({})", at(arg(0), loose)), atom};
        return {fmt::format("{}({})", name, comma_separated(graph_.args(id))), atom};
    }
  }

  const Graph& graph_;
  const Library& library_;
  const Names& names_;
  std::vector<Piece> pieces_;
  std::set<std::string, std::less<>> taken_;
  int temporaries_ = 0;
};

}  // namespace

Names names_of(const Function& function) {
  Names names{function.inputs, {}};
  for (const Parameter& p : function.parameters) names.parameters.push_back(p.name);
  return names;
}

std::string to_text(const Rational& value) { return number_piece(value).text; }

std::string to_formula(const Graph& graph, const Library& library, const Names& names,
                       std::size_t output) {
  return Printer(graph, library, names).formula(graph.outputs[output]);
}

std::string to_listing(const Graph& graph, const Library& library, const Names& names) {
  const std::vector<bool> needed = reachable(graph);
  std::string text;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!needed[id]) continue;
    const Node& node = graph[id];
    text += fmt::format("%{} = ", id);
    const auto name_or = [](const std::vector<std::string>& all, std::size_t k, const char* other) {
      return k < all.size() ? all[k] : fmt::format("{}{}", other, k);
    };
    switch (node.op) {
      case Operation::Constant:
        text += to_text(graph.value(id));
        break;
      case Operation::Input:
        text += "input " + name_or(names.inputs, node.payload, "dy");
        break;
      case Operation::Parameter:
        text += "parameter " + name_or(names.parameters, node.payload, "p");
        break;
      case Operation::Call:
        text += "call " + library[node.payload].name;
        break;
      case Operation::UnitRandom:
        text += fmt::format("unit_random {}", node.payload);
        break;
      default:
        text += sums_rows(node) ? "total" : info(node.op).name;
    }
    for (const NodeId a : graph.args(id)) text += fmt::format(" %{}", a);
    text += fmt::format(" : {}\n", name(node.format));
  }
  text += "outputs";
  for (const NodeId id : graph.outputs) text += fmt::format(" %{}", id);
  return text + "\n";
}

}  // namespace actc::ir
