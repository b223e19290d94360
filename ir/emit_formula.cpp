// A formula from a graph: one loop over its nodes, each of which becomes a piece from its
// arguments' pieces. What is used again and is large has a letter, and is said after the formula.
//
// Of what is over a row a node has two pieces: with the index i, and with j where a reduction runs
// over it. A reduction within a reduction has a letter, so that two indices are enough.
#include "ir/emit_formula.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "ir/algebra.h"
#include "ir/passes.h"
#include "ir/round.h"

namespace actc::ir {
namespace {

constexpr std::size_t large_size = 7;     // operations that are not said twice
constexpr std::size_t long_text = 1'500;  // in bytes of mark-up
constexpr std::size_t short_exponent = 24;

struct Formula : Piece {
  std::size_t head = 0;   // of an applied function: the length of its name
  bool negative = false;  // a minus sign, then a product
  bool number = false;    // begins with a digit
  bool constant = false;
  bool greedy = false;  // takes in what would follow, as a sum with its index does
  std::vector<std::pair<std::string, std::string>> cases = {};  // values and conditions
};

class FormulaPrinter {
 public:
  FormulaPrinter(const Emitted& definition, const Library& library, const Markup& markup)
      : definition_(definition), library_(library), markup_(markup), graph_(definition.graph) {}

  std::vector<Equation> run() {
    std::vector<Equation> equations;
    for (std::size_t k = 0; k < definition_.outputs.size(); ++k) equations.push_back(equation(k));
    return equations;
  }

 private:
  std::string put(std::string_view text, const std::string& a, const std::string& b = {}) const {
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '$') {
        result += text[++at] == '0' ? a : b;
      } else {
        result += text[at];
      }
    }
    return result;
  }

  std::string at(const Formula& f, Binding least) const {
    return f.binding >= least ? f.text : markup_.parenthesize(f.text);
  }
  std::string numeral(const std::string& digits) const { return put(markup_.number, digits); }

  // ---- names

  std::string with_subscripts(const std::string& base, std::span<const std::string> below) const {
    if (below.empty()) return base;
    std::string joined;
    for (const std::string& s : below)
      joined += (joined.empty() ? "" : std::string(markup_.comma)) + s;
    return put(markup_.subscript, base, joined);
  }

  // `x1` has its number below, and what varies along a row its index.
  std::string variable(const std::string& name, const std::string& index = {}) const {
    const std::size_t digits = name.find_last_not_of("0123456789") + 1;
    std::vector<std::string> below;
    std::string base = name;
    const std::string stem = name.substr(0, digits);
    if (digits < name.size() && (stem.size() == 1 || !greek(stem).name.empty())) {
      base = stem;
      below.push_back(numeral(name.substr(digits)));
    }
    if (!index.empty()) below.push_back(index);
    return with_subscripts(markup_.variable(base), below);
  }

  std::string index(int context) const { return markup_.variable(context == 0 ? "i" : "j"); }

  std::string input(NodeId id, int context) const {
    const Node& node = graph_[id];
    const bool seed = definition_.with_seed && node.payload + 1 == definition_.names.inputs.size();
    const std::string name = seed ? seed_name() : definition_.names.inputs[node.payload];
    const bool indexed =
        definition_.over_rows && varies_along_row(node.shape) && !(seed && value_is_of_row());
    return variable(name, indexed ? index(context) : std::string());
  }

  bool is_taken(const std::string& name) const {
    const auto in = [&](const std::vector<std::string>& group) {
      return std::ranges::find(group, name) != group.end();
    };
    return in(definition_.names.inputs) || in(definition_.names.parameters) || used_.contains(name);
  }
  std::string fresh_letter() {
    for (const char* letter : {"t", "u", "v", "w", "r", "s", "p", "q"}) {
      if (!is_taken(letter)) return *used_.insert(letter).first;
    }
    for (int k = 1;; ++k) {
      std::string name = fmt::format("t{}", k);
      if (!is_taken(name)) return *used_.insert(std::move(name)).first;
    }
  }
  std::string seed_name() const { return is_taken("g") ? definition_.names.inputs.back() : "g"; }

  std::string function_name(const std::string& name) const {
    if (name == "sigmoid") return std::string(spelling(name, markup_.tongue).text);
    if (name.size() == 1) return markup_.variable(name);
    std::string shown;
    for (const char c : name) {
      if (c == '_' && markup_.tongue == Tongue::latex) shown += '\\';
      shown += c;
    }
    return put(markup_.name, shown);
  }

  Formula applied(const std::string& head, const std::string& arguments) const {
    Formula f{{put(markup_.apply, head, markup_.parenthesize(arguments)), Binding::power}};
    f.head = head.size();
    return f;
  }

  std::string comma_separated(std::span<const Formula> args) const {
    std::string text;
    for (const Formula& f : args) text += (text.empty() ? "" : std::string(markup_.comma)) + f.text;
    return text;
  }

  // ---- numbers

  Formula number(const Rational& value) const {
    if (value < 0) return minus(number(-value));
    Formula f;
    f.number = f.constant = true;
    const std::string text = to_text(value);
    const std::size_t slash = text.find(" / ");
    const std::size_t exponent = text.find('e');
    if (slash != std::string::npos && text.size() <= short_exponent) {
      f.text =
          put(markup_.fraction, numeral(text.substr(0, slash)), numeral(text.substr(slash + 3)));
      f.number = false;
      f.binding = Binding::power;
      return f;
    }
    if (slash == std::string::npos && exponent == std::string::npos) {
      f.text = numeral(text);
      return f;
    }
    const std::string decimal =
        exponent == std::string::npos ? fmt::format("{}", round_to_binary64(value)) : text;
    const std::size_t e = decimal.find('e');
    if (e == std::string::npos) {
      f.text = numeral(decimal);
      return f;
    }
    const int power = std::stoi(decimal.substr(e + 1));
    std::string ten = put(
        markup_.power, numeral("10"),
        (power < 0 ? std::string(markup_.minus) : "") + numeral(std::to_string(std::abs(power))));
    if (decimal.substr(0, e) != "1")
      ten = numeral(decimal.substr(0, e)) + std::string(markup_.cross) + ten;
    f.text = ten;
    f.binding = Binding::product;
    return f;
  }

  // ---- arithmetic

  Formula minus(const Formula& f) const {
    Formula result{{std::string(markup_.minus) + at(f, Binding::product), Binding::sum}};
    result.negative = true;
    result.constant = f.constant;
    result.greedy = f.greedy;
    return result;
  }
  // The product after the minus sign.
  Formula without_minus(const Formula& f) const {
    Formula result{{f.text.substr(markup_.minus.size()), Binding::product}};
    result.constant = f.constant;
    result.number = starts_with_digit(result.text);
    result.greedy = f.greedy;
    return result;
  }
  bool starts_with_digit(const std::string& text) const {
    return markup_.tongue == Tongue::latex ? !text.empty() && text[0] >= '0' && text[0] <= '9'
                                           : text.starts_with("<mn>");
  }

  Formula product(Formula a, Formula b) const {
    if (a.negative && b.negative) return product(without_minus(a), without_minus(b));
    if (a.negative) return minus(product(without_minus(a), b));
    if (b.negative && !b.constant) return minus(product(a, without_minus(b)));
    if ((b.constant && !a.constant) || (a.greedy && !b.greedy)) std::swap(a, b);
    const std::string left = a.greedy ? markup_.parenthesize(a.text) : at(a, Binding::product);
    const std::string right = at(b, Binding::product);
    const bool digits = starts_with_digit(right);
    Formula result{{left, Binding::product}};
    result.text += digits ? markup_.dot : markup_.times;
    result.text += right;
    result.number = a.number;
    result.constant = a.constant && b.constant;
    result.greedy = b.greedy;
    return result;
  }

  Formula quotient(const Formula& a, const Formula& b) const {
    if (a.negative) return minus(quotient(without_minus(a), b));
    Formula result{{put(markup_.fraction, a.text, b.text), Binding::power}};
    result.constant = a.constant && b.constant;
    return result;
  }

  Formula sum(const Formula& a, const Formula& b) const {
    if (b.negative) return difference(a, without_minus(b));
    Formula result{{at(a, Binding::sum), Binding::sum}};
    result.text += markup_.plus;
    result.text += at(b, Binding::product);
    return result;
  }
  Formula difference(const Formula& a, const Formula& b) const {
    Formula result{{at(a, Binding::sum), Binding::sum}};
    result.text += markup_.less;
    result.text += at(b, Binding::product);
    return result;
  }

  // `exponent` is a number where it is known, else 0.
  Formula raised(const Formula& base, const Formula& exponent, const Rational& value) const {
    if (value == Rational(1, 2)) return {{put(markup_.root, base.text), Binding::atom}};
    if (base.head != 0 && value > 1 && denominator(value) == 1) {
      const std::string head = put(markup_.power, base.text.substr(0, base.head), exponent.text);
      return {{head + base.text.substr(base.head), Binding::power}};
    }
    return {{put(markup_.power, at(base, Binding::atom), exponent.text), Binding::power}};
  }
  Formula raised(NodeId id, int context) const {
    const NodeId exponent = graph_.arg(id, 1);
    return raised(pieces_[context][graph_.arg(id, 0)], pieces_[context][exponent],
                  graph_.is_constant(exponent) ? graph_.value(exponent) : Rational(0));
  }

  // ---- nodes

  Formula spelled(const Spelling& s, NodeId id, int context) const {
    std::vector<Formula> args;
    std::vector<Piece> plain;
    for (const NodeId a : graph_.args(id)) {
      args.push_back(pieces_[context][a]);
      plain.push_back(args.back());
    }
    if (s.text.find('$') == std::string_view::npos && !args.empty())
      return applied(std::string(s.text), comma_separated(args));
    return {{fill(s.text, plain, markup_.parenthesize), s.binding}};
  }

  // exp(x) = real_exp(x).
  static std::optional<Operation> real_function(const Function& callee) {
    const Graph& meaning = callee.meaning;
    const NodeId output = meaning.outputs.front();
    if (info(meaning[output].op).klass != OperationClass::real) return std::nullopt;
    for (std::uint32_t k = 0; k < meaning[output].arg_count; ++k) {
      const Node& arg = meaning[meaning.arg(output, k)];
      if (arg.op != Operation::Input || arg.payload != k) return std::nullopt;
    }
    return meaning[output].op;
  }

  Formula call(NodeId id, int context) const {
    const Function& callee = library_[graph_[id].payload];
    if (is_power(callee)) return raised(id, context);
    const Spelling known = spelling(callee.name, markup_.tongue);
    if (!known.text.empty()) return spelled(known, id, context);
    if (const auto op = real_function(callee))
      return spelled(spelling(*op, markup_.tongue), id, context);
    std::vector<Formula> args;
    for (const NodeId a : graph_.args(id)) args.push_back(pieces_[context][a]);
    std::string text = comma_separated(std::span(args).first(callee.inputs.size()));
    std::string_view separator = markup_.semicolon;
    for (std::size_t k = callee.inputs.size(); k < args.size(); ++k) {
      const Parameter& p = callee.parameters[k - callee.inputs.size()];
      const NodeId given = graph_.arg(id, k);
      if (p.default_value && graph_.is_constant(given) && graph_.value(given) == *p.default_value)
        continue;
      text.append(separator).append(variable(p.name));
      if (args[k].text != variable(p.name)) text.append(markup_.equals).append(args[k].text);
      separator = markup_.comma;
    }
    return applied(function_name(callee.name), text);
  }

  Formula selection(NodeId id, int context) const {
    const auto& all = pieces_[context];
    Formula f{{{}, Binding::conditional}};
    f.cases.emplace_back(all[graph_.arg(id, 1)].text, all[graph_.arg(id, 0)].text);
    const Formula& other = all[graph_.arg(id, 2)];
    if (other.cases.empty()) {
      f.cases.emplace_back(other.text, "");
    } else {
      f.cases.insert(f.cases.end(), other.cases.begin(), other.cases.end());
    }
    std::string rows;
    for (const auto& [value, condition] : f.cases) {
      if (!rows.empty()) rows += markup_.case_end;
      rows += put(condition.empty() ? markup_.case_else : markup_.case_row, value, condition);
    }
    f.text = put(markup_.cases, rows);
    return f;
  }

  Formula reduction(NodeId id) const {
    const Spelling s = spelling(graph_[id].op, markup_.tongue);
    Formula f{{put(markup_.over, std::string(s.text), index(1)), Binding::product}};
    f.text += at(pieces_[1][graph_.arg(id, 0)], Binding::product);
    f.greedy = true;
    return f;
  }

  Formula piece(NodeId id, int context) const {
    const Node& node = graph_[id];
    const auto arg = [&](std::size_t k) -> const Formula& {
      return pieces_[context][graph_.arg(id, k)];
    };
    switch (node.op) {
      case Operation::Constant:
        if (node.format == Format::boolean)
          return {{put(markup_.name, graph_.value(id) == 0 ? "false" : "true")}};
        return number(graph_.value(id));
      case Operation::Input:
        return {{input(id, context)}};
      case Operation::Parameter:
        return {{variable(definition_.names.parameters[node.payload])}};
      case Operation::ColumnIndex:
        return {{index(context)}};
      case Operation::UnitRandom:
        return {{draw_name(node.payload, context)}};
      case Operation::Add:
        return sum(arg(0), arg(1));
      case Operation::Sub:
        return difference(arg(0), arg(1));
      case Operation::Mul:
        if (graph_.arg(id, 0) == graph_.arg(id, 1)) return raised(arg(0), number(2), 2);
        return product(arg(0), arg(1));
      case Operation::Div:
        return quotient(arg(0), arg(1));
      case Operation::Neg:
        return minus(arg(0));
      case Operation::Fma:
        return sum(product(arg(0), arg(1)), arg(2));
      case Operation::RealPow:
        return raised(id, context);
      case Operation::Where:
      case Operation::Rarely:
        return selection(id, context);
      case Operation::Sum:
      case Operation::Largest:
      case Operation::Smallest:
        return reduction(id);
      case Operation::Detach:
        return arg(0);
      case Operation::Call:
        return call(id, context);
      default:
        return spelled(spelling(node.op, markup_.tongue), id, context);
    }
  }

  std::string draw_name(std::uint32_t stream, int context) const {
    return variable(fmt::format("{}{}", is_taken("u") ? "omega" : "u", stream + 1),
                    definition_.over_rows ? index(context) : std::string());
  }

  // ---- equations

  bool value_is_of_row() const {
    return definition_.over_rows && graph_[graph_.outputs[0]].shape != Shape::element &&
           !varies_along_row(graph_[graph_.outputs[0]].shape);
  }

  std::string left_side(std::size_t output) const {
    const EmittedOutput& out = definition_.outputs[output];
    std::string arguments;
    std::size_t count = definition_.names.inputs.size() - (definition_.with_seed ? 1 : 0);
    for (std::size_t k = 0; k < count; ++k)
      arguments +=
          (k == 0 ? "" : std::string(markup_.comma)) + variable(definition_.names.inputs[k]);
    std::string_view separator = markup_.semicolon;
    bool parameters = false;
    for (std::size_t k = 0; k < definition_.names.parameters.size(); ++k) {
      if (definition_.fixed[k]) continue;
      arguments.append(separator).append(variable(definition_.names.parameters[k]));
      separator = markup_.comma;
      parameters = true;
    }
    const std::string name = function_name(definition_.name);
    const std::string applied_name = put(markup_.apply, name, markup_.parenthesize(arguments));
    const std::string below[] = {index(0)};
    std::string value = definition_.over_rows && !value_is_of_row()
                            ? with_subscripts(applied_name, below)
                            : applied_name;
    if (out.of.empty()) return value;
    if (definition_.with_seed)
      return put(markup_.fraction, partial("L"), partial(out.of, index(0)));
    if (count == 1 && !parameters)
      return put(markup_.apply, put(markup_.prime, name), markup_.parenthesize(arguments));
    return put(markup_.derivative, partial(out.of)) + value;
  }

  std::string partial(const std::string& name, const std::string& index = {}) const {
    return std::string(markup_.partial) + variable(name, index);
  }

  // The nodes that reductions run over.
  std::vector<bool> within_reductions(const Graph& one) const {
    const std::vector<bool> needed = reachable(one);
    std::vector<bool> within(one.size());
    for (NodeId id = static_cast<NodeId>(one.size()); id-- > 0;) {
      if (!needed[id]) continue;
      const bool reduces = info(one[id].op).klass == OperationClass::reduction;
      for (const NodeId a : one.args(id)) within[a] = within[a] || within[id] || reduces;
    }
    return within;
  }

  Equation equation(std::size_t k) {
    used_.clear();
    Graph one = graph_;
    one.outputs = {graph_.outputs[k]};
    const std::vector<std::uint32_t> uses = use_counts(one);
    const std::vector<bool> within = within_reductions(one);
    const int contexts = definition_.over_rows ? 2 : 1;
    for (auto& pieces : pieces_) pieces.assign(graph_.size(), {});
    std::vector<std::size_t> size(graph_.size());
    Equation result;
    std::set<std::uint32_t> drawn;
    for (NodeId id = 0; id <= one.outputs[0]; ++id) {
      if (uses[id] == 0) continue;
      const Operation op = graph_[id].op;
      for (int c = 0; c < contexts; ++c) pieces_[c][id] = piece(id, c);
      if (op == Operation::UnitRandom)
        result.where.push_back(pieces_[0][id].text + std::string(markup_.distributed));
      size[id] = 1;
      for (const NodeId a : graph_.args(id)) size[id] += size[a];
      const bool reduces = info(op).klass == OperationClass::reduction;
      const bool again = uses[id] > 1 && size[id] > large_size;
      const bool named = again || pieces_[0][id].text.size() > long_text || (reduces && within[id]);
      if (!named || graph_[id].format == Format::boolean || id == one.outputs[0]) continue;
      const std::string letter = fresh_letter();
      const bool indexed = definition_.over_rows && varies_along_row(graph_[id].shape);
      const std::string text = std::move(pieces_[0][id].text);
      for (int c = 0; c < contexts; ++c)
        pieces_[c][id] = {{variable(letter, indexed ? index(c) : std::string())}};
      result.where.push_back(pieces_[0][id].text + std::string(markup_.equals) + text);
      size[id] = 1;
    }
    result.left = left_side(k);
    result.right = std::move(pieces_[0][one.outputs[0]].text);
    if (definition_.with_seed && k != 0) {
      const std::string i = value_is_of_row() ? std::string() : index(0);
      result.where.push_back(
          variable(seed_name(), i) + std::string(markup_.equals) +
          put(markup_.fraction, partial("L"), std::string(markup_.partial) + left_side(0)));
    }
    return result;
  }

  const Emitted& definition_;
  const Library& library_;
  const Markup& markup_;
  const Graph& graph_;
  std::array<std::vector<Formula>, 2> pieces_;
  std::set<std::string> used_;
};

}  // namespace

bool has_formula_name(const Function& function) {
  return !spelling(function.name, Tongue::latex).text.empty();
}

std::vector<Equation> write_equations(const Emitted& definition, const Library& library,
                                      const Markup& markup) {
  return FormulaPrinter(definition, library, markup).run();
}

}  // namespace actc::ir
