// Statements of C, JavaScript and Python from a graph: one loop over its nodes, each of which
// becomes a text from its arguments' texts, or a name where that would be long or is needed again.
#include "ir/emit_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <utility>

#include "ir/constants.h"
#include "ir/evaluate.h"
#include "ir/round.h"

namespace actc::ir {
namespace {

constexpr std::size_t short_text = 6;  // shared texts up to this length are repeated
constexpr std::size_t long_text = 84;  // texts beyond it get a name

std::string_view c_type(Format format) {
  switch (format) {
    case Format::binary32:
      return "float";
    case Format::binary64:
      return "double";
    case Format::int32:
      return "uint32_t";
    case Format::int64:
      return "uint64_t";
    case Format::boolean:
    case Format::real:
      break;
  }
  return "int";
}

std::string c_constant(const Rational& value, Format format) {
  switch (format) {
    case Format::binary32: {
      const float x = round_to_binary32(value);
      if (std::isinf(x)) return x > 0 ? "INFINITY" : "-INFINITY";
      std::string text = fmt::format("{}", x);
      if (text.find_first_of(".e") == std::string::npos) text += ".0";
      return text + "f";
    }
    case Format::binary64: {
      const double x = round_to_binary64(value);
      if (std::isinf(x)) return x > 0 ? "INFINITY" : "-INFINITY";
      const std::string text = literal(x);
      return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
    }
    case Format::int32:
    case Format::int64: {
      const std::uint64_t bits = integer_bits(value, format).value_or(0);
      const std::string digits =
          bits < 1000 ? fmt::format("{}", bits) : fmt::format("0x{:x}", bits);
      return format == Format::int32 ? digits + "u" : fmt::format("UINT64_C({})", digits);
    }
    case Format::boolean:
    case Format::real:
      break;
  }
  return value == 0 ? "0" : "1";
}

// A condition over the reals. A comparison with NaN is neither true nor false; both texts are false
// then.
struct Condition {
  Piece yes, no;
  Piece any_nan;               // is something compared NaN?
  std::uint64_t compared = 0;  // the inputs whose NaN it meets
  bool uniform = true;         // every comparison in it meets these
};

class CodePrinter {
 public:
  CodePrinter(const Graph& graph, NodeId output, const CodeOptions& options)
      : graph_(graph),
        output_(output),
        options_(options),
        constants_(graph),
        naive_(graph.size()),
        pieces_(graph.size()) {
    taken_.insert(options.inputs.begin(), options.inputs.end());
    taken_.insert(options.parameters.begin(), options.parameters.end());
    conditions_.resize(graph.size());
    carried_.resize(graph.size());
  }

  Code run() {
    Graph one = graph_;
    one.outputs = {output_};
    const std::vector<std::uint32_t> uses = use_counts(one);
    for (NodeId id = 0; id <= output_; ++id) {
      if (uses[id] == 0) continue;
      if (graph_[id].format == Format::boolean && !is_c()) {
        conditions_[id] = condition(id);
        for (Piece* p : {&conditions_[id].yes, &conditions_[id].no, &conditions_[id].any_nan})
          name_where_long(*p, Format::boolean, 1);
        continue;
      }
      pieces_[id] = piece(id);
      if (!is_c() && constants_.is_constant(id)) keep_exact(id);
      if (info(graph_[id].op).klass == OperationClass::leaf) continue;
      const bool opposite = graph_[id].op == Operation::Neg &&
                            info(graph_[graph_.arg(id, 0)].op).klass == OperationClass::leaf;
      if (id != output_ && !opposite) name_where_long(pieces_[id], graph_[id].format, uses[id]);
    }
    code_.result = std::move(pieces_[output_].text);
    return std::move(code_);
  }

 private:
  bool is_c() const { return options_.tongue == Tongue::c; }
  bool is_python() const { return options_.tongue == Tongue::python; }

  void name_where_long(Piece& p, Format format, std::uint32_t uses) {
    const bool repeated = uses > 1 && p.text.size() > short_text;
    if (p.text.size() > long_text || repeated) give_name(p, format);
  }

  void give_name(Piece& p, Format format) {
    std::string name = fresh_name("t");
    switch (options_.tongue) {
      case Tongue::python:
        code_.statements.push_back(fmt::format("{} = {}", name, p.text));
        break;
      case Tongue::javascript:
        code_.statements.push_back(fmt::format("const {} = {};", name, p.text));
        break;
      default:
        code_.statements.push_back(fmt::format("const {} {} = {};", c_type(format), name, p.text));
    }
    p = {std::move(name)};
  }

  std::string fresh_name(const char* stem) {
    std::string name;
    do name = fmt::format("{}{}", stem, ++temporaries_);
    while (taken_.contains(name));
    return name;
  }

  // In C a function's suffix is that of its arguments' format.
  std::string in_format(std::string_view text, Format operand, Format result) const {
    std::string spelled;
    for (const char c : text) {
      if (c == '%') {
        spelled += operand == Format::binary32 ? "f"
                   : operand == Format::int32  ? "32"
                   : operand == Format::int64  ? "64"
                                               : "";
      } else if (c == '#') {
        spelled += c_type(result);
      } else {
        spelled += c;
      }
    }
    return spelled;
  }

  Piece constant(NodeId id) const {
    const Rational& value = graph_.value(id);
    const Binding sign = value < 0 ? Binding::sign : Binding::atom;
    if (is_c()) return {c_constant(value, graph_[id].format), sign};
    if (denominator(value) != 1 && denominator(value) < 1000 && value < 1000 && value > -1000) {
      const std::string decimal = literal(round_to_binary64(value));
      if (decimal.size() > 8)
        return {fmt::format("{} / {}", numerator(value).str(), denominator(value).str()),
                Binding::product};
    }
    return {literal(round_to_binary64(value)), sign};
  }

  // What is constant is exact: computed as it stands, log(1 + 1e-30) would be 0, and 1 / 0 ends a
  // Python program. Where that differs the number is written.
  void keep_exact(NodeId id) {
    std::vector<double> args;
    for (const NodeId a : graph_.args(id)) args.push_back(naive_[a]);
    naive_[id] = graph_.is_constant(id) ? round_to_binary64(graph_.value(id))
                                        : detail::apply<double>(graph_[id].op, args.data());
    Graph scratch;
    const NodeId rounded = constants_.rounded(id, scratch, Format::binary64);
    const Operation op = scratch[rounded].op;
    const double exact = op == Operation::Constant     ? round_to_binary64(scratch.value(rounded))
                         : op == Operation::NotANumber ? NAN
                         : op == Operation::Neg        ? -INFINITY
                                                       : INFINITY;
    if (std::isfinite(exact) && std::abs(naive_[id] - exact) <= 1e-13 * std::abs(exact)) return;
    naive_[id] = exact;
    if (std::isfinite(exact)) {
      pieces_[id] = {literal(exact), exact < 0 ? Binding::sign : Binding::atom};
      return;
    }
    const bool nan = std::isnan(exact);
    const Spelling s = spelling(nan ? Operation::NotANumber : Operation::Infinity, options_.tongue);
    pieces_[id] = {(exact < 0 ? "-" : "") + std::string(s.text),
                   exact < 0 ? Binding::sign : Binding::atom};
  }

  Piece piece(NodeId id) {
    const Node& node = graph_[id];
    std::uint64_t& carried = carried_[id];
    for (const NodeId a : graph_.args(id)) carried |= carried_[a];
    switch (node.op) {
      case Operation::Constant:
        return constant(id);
      case Operation::Input:
        carried = node.payload < 64 ? std::uint64_t{1} << node.payload : 0;
        return {options_.inputs[node.payload]};
      case Operation::Parameter:
        return {options_.parameters[node.payload]};
      case Operation::Columns:
        return {options_.inputs.front() + ".shape[-1]"};
      case Operation::ColumnIndex:
        return {fmt::format("np.arange({}.shape[-1])", options_.inputs.front())};
      case Operation::Table:
        return table(id);
      case Operation::Call: {
        std::vector<Piece> args = arguments(id);
        return {fill(options_.call(node.payload, args.size()), args)};
      }
      case Operation::RealPow:
        if (auto product = as_product(id)) return *product;
        break;
      case Operation::Add:
      case Operation::Fma:
        if (auto difference = as_difference(id)) return *difference;
        break;
      case Operation::CopySign:
        carried = carried_[graph_.arg(id, 0)];
        break;
      case Operation::Where:
      case Operation::Rarely:
        if (!is_c()) return selection(id);
        break;
      default:
        break;
    }
    const std::vector<Piece> args = arguments(id);
    if (!is_c()) {
      const Spelling s = spelling(node.op, options_.tongue);
      if (node.op == Operation::Detach) return args[0];
      return {fill(s.text, args), s.binding};
    }
    const Format operand = args.empty() ? node.format : graph_[graph_.arg(id, 0)].format;
    const Spelling s = spelling(node.op, is_integer(operand) ? Tongue::c_integer : Tongue::c);
    // What is not chosen is computed too, and must be defined.
    if (is_shift(node.op) && !graph_.is_constant(graph_.arg(id, 1))) {
      std::vector<Piece> defined = args;
      defined[1] = {fmt::format("({} & {}u)", args[1].text, operand == Format::int32 ? 31 : 63)};
      return {fill(in_format(s.text, operand, node.format), defined), s.binding};
    }
    return {fill(in_format(s.text, operand, node.format), args), s.binding};
  }

  static bool is_shift(Operation op) {
    return op == Operation::ShiftLeft || op == Operation::ShiftRight ||
           op == Operation::ShiftRightSigned;
  }

  std::vector<Piece> arguments(NodeId id) const {
    std::vector<Piece> args;
    for (const NodeId a : graph_.args(id)) args.push_back(pieces_[a]);
    return args;
  }

  // JavaScript's powers are slow, whatever the exponent.
  std::optional<Piece> as_product(NodeId id) {
    const NodeId base = graph_.arg(id, 0);
    const NodeId exponent = graph_.arg(id, 1);
    const bool small = graph_.is_constant(exponent, 2) || graph_.is_constant(exponent, 3);
    if (options_.tongue != Tongue::javascript || !small) return std::nullopt;
    if (pieces_[base].binding != Binding::atom || pieces_[base].text.size() > short_text)
      give_name(pieces_[base], Format::real);
    const std::string& x = pieces_[base].text;
    std::string text = x + " * " + x;
    if (graph_.is_constant(exponent, 3)) text += " * " + x;
    return Piece{std::move(text), Binding::product};
  }

  // a + -b, b a number, is a - b.
  std::optional<Piece> as_difference(NodeId id) const {
    std::vector<Piece> args = arguments(id);
    Piece& last = args.back();
    if (is_c() || last.binding != Binding::sign || !graph_.is_constant(graph_.args(id).back()))
      return std::nullopt;
    last = {last.text.substr(1)};
    const bool fused = graph_[id].op == Operation::Fma;
    return Piece{fill(fused ? "$*0 * $-1 - $*2" : "$+0 - $*1", args), Binding::sum};
  }

  // Padded to a power of 2 so that no index reads beside it: what is not chosen is computed too.
  Piece table(NodeId id) {
    const auto args = graph_.args(id);
    const std::size_t size = std::bit_ceil(args.size() - 1);
    std::string entries;
    for (const NodeId a : args.subspan(1))
      entries += (entries.empty() ? "" : ", ") + pieces_[a].text;
    std::string name = fresh_name("table");
    code_.statements.push_back(fmt::format("static const {} {}[{}] = {{{}}};",
                                           c_type(graph_[id].format), name, size, entries));
    const Piece index[] = {pieces_[args[0]]};
    const Node& limited = graph_[args[0]];
    const bool within = limited.op == Operation::BitAnd &&
                        graph_.is_constant(graph_.arg(args[0], 1)) &&
                        graph_.value(graph_.arg(args[0], 1)) < size;
    return {name + (within ? "[" + index[0].text + "]"
                           : fill(fmt::format("[$@0 & {}u]", size - 1), index))};
  }

  Condition condition(NodeId id) {
    const Node& node = graph_[id];
    const auto spelled = [&](Operation op, std::initializer_list<Piece> args) -> Piece {
      const Spelling s = spelling(op, options_.tongue);
      return {fill(s.text, {args.begin(), args.size()}), s.binding};
    };
    const Piece never = truth(false);
    const auto either = [&](const Piece& a, const Piece& b) {
      return a.text == never.text                       ? b
             : b.text == never.text || a.text == b.text ? a
                                                        : spelled(Operation::Or, {a, b});
    };
    const auto both = [&](const Piece& a, const Piece& b) {
      return spelled(Operation::And, {a, b});
    };
    const auto of = [&](std::size_t k) -> const Condition& {
      return conditions_[graph_.arg(id, k)];
    };
    Condition c;
    c.any_nan = never;
    switch (node.op) {
      case Operation::Constant:
        c.yes = truth(graph_.value(id) != 0);
        c.no = truth(graph_.value(id) == 0);
        return c;
      case Operation::Not:
        c = of(0);
        std::swap(c.yes, c.no);
        return c;
      case Operation::IsNan: {
        c.yes = spelled(Operation::IsNan, {pieces_[graph_.arg(id, 0)]});
        c.no = spelled(Operation::Not, {c.yes});
        return c;
      }
      case Operation::And:
      case Operation::Or: {
        const Condition& a = of(0);
        const Condition& b = of(1);
        const bool conjoined = node.op == Operation::And;
        c.yes = conjoined ? both(a.yes, b.yes) : either(a.yes, b.yes);
        c.no = conjoined ? either(a.no, b.no) : both(a.no, b.no);
        c.any_nan = either(a.any_nan, b.any_nan);
        c.compared = a.compared | b.compared;
        c.uniform = a.uniform && b.uniform && a.compared == b.compared;
        return c;
      }
      case Operation::Where:
      case Operation::Rarely: {
        const Condition& when = of(0);
        const Condition& a = of(1);
        const Condition& b = of(2);
        c.yes = either(both(when.yes, a.yes), both(when.no, b.yes));
        c.no = either(both(when.yes, a.no), both(when.no, b.no));
        c.any_nan = either(when.any_nan, either(a.any_nan, b.any_nan));
        c.compared = when.compared | a.compared | b.compared;
        c.uniform = when.uniform && a.uniform && b.uniform && a.compared == when.compared &&
                    b.compared == when.compared;
        return c;
      }
      default:
        break;
    }
    const Piece& u = pieces_[graph_.arg(id, 0)];
    const Piece& v = pieces_[graph_.arg(id, 1)];
    const auto compare = [&](Operation op) { return spelled(op, {u, v}); };
    const Piece apart = either(compare(Operation::Less), compare(Operation::Greater));
    switch (node.op) {
      case Operation::Less:
        c.no = compare(Operation::GreaterEqual);
        break;
      case Operation::LessEqual:
        c.no = compare(Operation::Greater);
        break;
      case Operation::Greater:
        c.no = compare(Operation::LessEqual);
        break;
      case Operation::GreaterEqual:
        c.no = compare(Operation::Less);
        break;
      case Operation::Equal:
        c.no = apart;
        break;
      default:
        c.no = compare(Operation::Equal);
    }
    c.yes = node.op == Operation::NotEqual ? apart : compare(node.op);
    for (const std::size_t k : {0, 1}) {
      const NodeId side = graph_.arg(id, k);
      if (carried_[side] == 0) continue;
      c.compared |= carried_[side];
      c.any_nan = either(c.any_nan, spelled(Operation::IsNan, {pieces_[side]}));
    }
    return c;
  }

  Piece truth(bool value) const {
    return {is_python() ? (value ? "True" : "False") : (value ? "true" : "false")};
  }

  // A choice with its condition in the sense that leaves NaN to a branch which has it anyway.
  Piece selection(NodeId id) {
    const NodeId a = graph_.arg(id, 1);
    const NodeId b = graph_.arg(id, 2);
    const Condition& c = conditions_[graph_.arg(id, 0)];
    const auto choose = [&](const Piece& when, const Piece& first, const Piece& second) -> Piece {
      const Spelling s = spelling(Operation::Where, options_.tongue);
      const Piece args[] = {when, first, second};
      return {fill(s.text, args), s.binding};
    };
    // NumPy makes integers of integers.
    const auto branch = [&](NodeId k) {
      Piece p = pieces_[k];
      if (is_python() && graph_.is_constant(k) && p.text.find_first_of(".e/") == std::string::npos)
        p.text += ".0";
      return p;
    };
    const auto has_all = [&](NodeId k) { return (c.compared & ~carried_[k]) == 0; };
    const bool met = options_.carry_nan && c.compared != 0;
    const Piece nan = {std::string(spelling(Operation::NotANumber, options_.tongue).text)};
    carried_[id] = (carried_[a] & carried_[b]) | (met ? c.compared : 0);
    if (!met) return choose(c.yes, branch(a), branch(b));
    if (!c.uniform) return choose(c.any_nan, nan, choose(c.yes, branch(a), branch(b)));
    if (has_all(b)) return choose(c.yes, branch(a), branch(b));
    if (has_all(a)) return choose(c.no, branch(b), branch(a));
    return choose(c.yes, branch(a), choose(c.no, branch(b), nan));
  }

  const Graph& graph_;
  NodeId output_;
  const CodeOptions& options_;
  Constants constants_;
  std::vector<double> naive_;  // of constants, in binary64 as they are written
  Code code_;
  std::vector<Piece> pieces_;
  std::vector<Condition> conditions_;
  std::vector<std::uint64_t> carried_;  // the inputs whose NaN makes a node NaN
  std::set<std::string> taken_;
  int temporaries_ = 0;
};

}  // namespace

std::string literal(double value) {
  std::string text = fmt::format("{}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  std::erase(text, '+');  // 1e+30
  return text;
}

Code write_code(const Graph& graph, NodeId output, const CodeOptions& options) {
  return CodePrinter(graph, output, options).run();
}

}  // namespace actc::ir
