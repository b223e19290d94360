// One operation at a time: over the reals any numbers go together; in an implementation formats
// must agree, and exact constants are rounded where they meet one.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "frontend/fold.h"
#include "frontend/lower_body.h"
#include "ir/round.h"

namespace actc::frontend {

using ir::Format;
using ir::NodeId;
using ir::Operation;
using ir::OperationClass;

namespace {

std::string quoted(Operation op) {
  return op == Operation::RealPow ? "`^`" : fmt::format("`{}`", ir::info(op).name);
}

bool takes_integers(Operation op) {
  switch (op) {
    case Operation::Add:
    case Operation::Sub:
    case Operation::Mul:
    case Operation::Neg:
    case Operation::Less:
    case Operation::LessEqual:
    case Operation::Greater:
    case Operation::GreaterEqual:
    case Operation::Equal:
    case Operation::NotEqual:
    case Operation::BitAnd:
    case Operation::BitOr:
    case Operation::BitXor:
      return true;
    default:
      return false;
  }
}

}  // namespace

NodeId Operations::apply(Operation op, std::span<const NodeId> args, Span span,
                         std::span<const Span> spans) {
  return in_meaning() ? apply_meaning(op, args, span, spans) : apply_typed(op, args, span, spans);
}

NodeId Operations::result(NodeId value, Span span) {
  if (in_meaning()) return number(value);
  if (format(value) == format_ || format(value) == Format::real ||
      format(value) == Format::boolean) {
    return in_format(value, format_, span);
  }
  program_.report.error(Code::wrong_format, span,
                        fmt::format("the implementation is for {}, its value is {}",
                                    ir::name(format_), ir::name(format(value))),
                        ir::is_float(format(value)) ? fmt::format("write `{}(...)`", name(format_))
                                                    : "`from_bits` or `to_float` gives a float");
  return poison;
}

NodeId Operations::number(NodeId value) {
  if (format(value) != Format::boolean) return value;
  // The branches of an implementation are rounded like any constant.
  const Format as = format_;
  return graph_.node(Operation::Where, as, {value, graph_.constant(1, as), graph_.constant(0, as)});
}

NodeId Operations::condition(NodeId value, Span span) {
  if (format(value) == Format::boolean) return value;
  program_.report.error(Code::not_a_condition, span, "a condition is expected, this is a number",
                        fmt::format("write `{} != 0`", slice(span)));
  return poison;
}

NodeId Operations::apply_meaning(Operation op, std::span<const NodeId> args, Span span,
                                 std::span<const Span> spans) {
  std::vector<NodeId> numbers;
  switch (ir::info(op).klass) {
    case OperationClass::arithmetic:
    case OperationClass::real:
    case OperationClass::structure:
    case OperationClass::comparison:
      for (const NodeId a : args) numbers.push_back(number(a));
      return graph_.node(
          op, ir::info(op).klass == OperationClass::comparison ? Format::boolean : Format::real,
          numbers);
    case OperationClass::reduction:
      numbers.push_back(number(args[0]));
      return graph_.node(op, Format::real, numbers, static_cast<std::uint32_t>(ir::Shape::column));
    case OperationClass::logic:
      for (std::size_t i = 0; i < args.size(); ++i) numbers.push_back(condition(args[i], spans[i]));
      if (std::ranges::find(numbers, poison) != numbers.end()) return poison;
      return graph_.node(op, Format::boolean, numbers);
    case OperationClass::selection:
      return select(Operation::Where, args, span, spans);
    case OperationClass::bits:
      program_.report.error(Code::no_meaning, span,
                            fmt::format("{} has no meaning over the reals", quoted(op)),
                            "only implementations (`binary32 f(x) = ...`) can use it");
      return poison;
    case OperationClass::leaf:
      break;
  }
  return poison;
}

NodeId Operations::select(Operation op, std::span<const NodeId> args, Span span,
                          std::span<const Span> spans) {
  const NodeId chosen = condition(args[0], spans[0]);
  if (chosen == poison) return poison;
  if (format(args[1]) == Format::boolean && format(args[2]) == Format::boolean) {
    return graph_.node(op, Format::boolean, {chosen, args[1], args[2]});
  }
  if (in_meaning()) {
    return graph_.node(op, Format::real, {chosen, number(args[1]), number(args[2])});
  }
  if (graph_.is_constant(chosen)) {
    const NodeId branch = graph_.value(chosen) != 0 ? args[1] : args[2];
    if (format(branch) == Format::real) return branch;
  }
  const auto as = common_format(quoted(op), args.subspan(1), span, spans.subspan(1), Format::real);
  if (!as) return poison;
  if (*as == Format::real) {
    const NodeId value = graph_.node(op, Format::real, {chosen, args[1], args[2]});
    undecided_.insert(value);
    return value;
  }
  const NodeId then = in_format(args[1], *as, spans[1]);
  const NodeId otherwise = in_format(args[2], *as, spans[2]);
  if (then == poison || otherwise == poison) return poison;
  return graph_.node(op, *as, {chosen, then, otherwise});
}

NodeId Operations::apply_exactly(Operation op, std::span<const NodeId> args) {
  std::vector<ir::Rational> values;
  for (const NodeId a : args) {
    if (!graph_.is_constant(a)) break;
    values.push_back(graph_.value(a));
  }
  if (values.size() == args.size()) {
    if (const auto value = fold(op, values)) return graph_.constant(*value);
  }
  return graph_.node(op, Format::real, args);
}

NodeId Operations::apply_typed(Operation op, std::span<const NodeId> args, Span span,
                               std::span<const Span> spans) {
  const OperationClass klass = ir::info(op).klass;
  const bool exact = std::ranges::all_of(args, [&](NodeId a) { return is_exact(a); });
  switch (klass) {
    case OperationClass::arithmetic:
      break;
    case OperationClass::reduction:
      program_.report.error(
          Code::over_rows, span,
          fmt::format("{} of a row has no place in an implementation", quoted(op)),
          "an implementation computes one element");
      return poison;
    case OperationClass::comparison:
      if (exact && std::ranges::all_of(args, [&](NodeId a) { return graph_.is_constant(a); })) {
        std::vector<ir::Rational> values;
        for (const NodeId a : args) values.push_back(graph_.value(a));
        if (const auto truth = fold_comparison(op, values)) {
          return graph_.constant(*truth ? 1 : 0, Format::boolean);
        }
      }
      break;
    case OperationClass::logic: {
      std::vector<NodeId> conditions;
      for (std::size_t i = 0; i < args.size(); ++i) {
        conditions.push_back(condition(args[i], spans[i]));
        if (conditions.back() == poison) return poison;
      }
      return graph_.node(op, Format::boolean, conditions);
    }
    case OperationClass::selection:
      return select(op, args, span, spans);
    case OperationClass::real:
      if (exact) return apply_exactly(op, args);
      program_.report.error(
          Code::no_code, span, fmt::format("{} has no code of its own", quoted(op)),
          op == Operation::RealPow
              ? "an implementation multiplies"
              : fmt::format("call `{}`, which has an implementation", ir::info(op).name.substr(5)));
      return poison;
    case OperationClass::structure:
      return args[0];  // detach
    case OperationClass::bits:
      switch (op) {
        case Operation::BitAnd:
        case Operation::BitOr:
        case Operation::BitXor:
          break;
        case Operation::ShiftLeft:
        case Operation::ShiftRight:
        case Operation::ShiftRightSigned:
          return shift(op, args, span, spans);
        case Operation::Table:
          return table(args, span, spans);
        default:
          return convert(op, args[0], span, spans[0]);
      }
      break;
    case OperationClass::leaf:
      return poison;
  }

  if (exact && klass == OperationClass::arithmetic) return apply_exactly(op, args);
  const Format otherwise = klass == OperationClass::bits ? ir::integer_of(format_) : format_;
  const auto as = common_format(quoted(op), args, span, spans, otherwise);
  if (!as) return poison;
  if (ir::is_integer(*as) && !takes_integers(op)) {
    return wrong_format(quoted(op), "floats", *as, span);
  }
  if (ir::is_float(*as) && klass == OperationClass::bits) {
    return wrong_format(quoted(op), "integers", *as, span);
  }
  std::vector<NodeId> values;
  for (std::size_t i = 0; i < args.size(); ++i) {
    values.push_back(in_format(args[i], *as, spans[i]));
    if (values.back() == poison) return poison;
  }
  return graph_.node(op, klass == OperationClass::comparison ? Format::boolean : *as, values);
}

NodeId Operations::wrong_format(std::string_view what, std::string_view wanted, Format found,
                                Span span) {
  std::string suggestion;
  if (wanted == "floats") suggestion = "`to_float(i)` converts, `from_bits(i)` reinterprets";
  if (wanted == "integers") suggestion = "`to_integer(x)` converts, `bits(x)` reinterprets";
  program_.report.error(Code::wrong_format, span,
                        fmt::format("{} takes {}, this is {}", what, wanted, ir::name(found)),
                        std::move(suggestion));
  return poison;
}

std::optional<Format> Operations::common_format(std::string_view what, std::span<const NodeId> args,
                                                Span span, std::span<const Span> spans,
                                                Format otherwise) {
  std::optional<Format> found;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const Format f = format(args[i]);
    if (f == Format::real || f == Format::boolean) continue;
    if (found && *found != f) {
      std::string suggestion;
      if (ir::is_float(f) && ir::is_float(*found)) {
        const Format narrow = Format::binary32;
        const std::size_t which = f == narrow ? i : i - 1;
        suggestion = fmt::format("convert one: `binary64({})`, or the other with `binary32(...)`",
                                 slice(spans[which]));
      } else if (ir::is_integer(f) && ir::is_integer(*found)) {
        suggestion = "convert one with `int32(...)` or `int64(...)`";
      } else {
        suggestion = "`to_float` and `to_integer` convert, `bits` and `from_bits` reinterpret";
      }
      program_.report.error(Code::mixed_formats, span,
                            fmt::format("{} has operands of different formats, {} and {}", what,
                                        ir::name(*found), ir::name(f)),
                            std::move(suggestion));
      return std::nullopt;
    }
    found = f;
  }
  return found.value_or(otherwise);
}

NodeId Operations::in_format(NodeId value, Format as, Span span) {
  const ir::Node node = graph_[value];
  if (node.format == as) return value;
  if (node.format == Format::boolean) {
    return graph_.node(Operation::Where, as,
                       {value, graph_.constant(1, as), graph_.constant(0, as)});
  }
  if (node.format != Format::real) {
    return wrong_format("this place", ir::name(as), node.format, span);
  }
  return undecided_.contains(value) ? selection_in_format(value, as, span)
                                    : constant_in_format(value, as, span);
}

// Selections of selections may be as deep as the text: a list of them, arguments first.
NodeId Operations::selection_in_format(NodeId value, Format as, Span span) {
  std::set<NodeId> selections;
  std::vector<NodeId> pending{value};
  while (!pending.empty()) {
    const NodeId id = pending.back();
    pending.pop_back();
    if (!undecided_.contains(id) || decided_.contains({id, as})) continue;
    if (!selections.insert(id).second) continue;
    pending.push_back(graph_.arg(id, 1));
    pending.push_back(graph_.arg(id, 2));
  }
  const auto branch = [&](NodeId id) {
    return undecided_.contains(id) ? decided_.at({id, as}) : in_format(id, as, span);
  };
  for (const NodeId id : selections) {
    const NodeId then = branch(graph_.arg(id, 1));
    const NodeId otherwise = branch(graph_.arg(id, 2));
    const bool fits = then != poison && otherwise != poison;
    decided_[{id, as}] =
        fits ? graph_.node(graph_[id].op, as, {graph_.arg(id, 0), then, otherwise}) : poison;
  }
  return decided_.at({value, as});
}

NodeId Operations::constant_in_format(NodeId value, Format as, Span span) {
  const ir::Node node = graph_[value];
  const bool constant = graph_.is_constant(value);
  if (ir::is_integer(as)) {
    if (!constant) {
      program_.report.error(Code::bad_constant, span,
                            "an integer constant is expected, this is not rational");
      return poison;
    }
    if (!ir::integer_bits(graph_.value(value), as)) {
      const bool integer = denominator(graph_.value(value)) == 1;
      program_.report.error(Code::bad_constant, span,
                            integer ? fmt::format("the constant does not fit {}", name(as))
                                    : fmt::format("the constant is not an integer; {} is "
                                                  "expected here",
                                                  name(as)));
      return poison;
    }
    return graph_.constant(ir::Rational(graph_.value(value)), as);
  }
  if (constant) return graph_.constant(ir::Rational(graph_.value(value)), as);
  if (node.op == Operation::Infinity || node.op == Operation::NotANumber) {
    return graph_.node(node.op, as, {});
  }
  if (node.op == Operation::Neg && graph_[graph_.arg(value, 0)].op == Operation::Infinity) {
    return graph_.node(Operation::Neg, as, {graph_.node(Operation::Infinity, as, {})});
  }
  return graph_.node(as == Format::binary32 ? Operation::ToBinary32 : Operation::ToBinary64, as,
                     {value});
}

std::optional<Format> Operations::unify_call(std::vector<NodeId>& args, std::string_view callee,
                                             Span span, std::span<const Span> spans) {
  if (in_meaning()) {
    for (NodeId& a : args) a = number(a);
    return Format::real;
  }
  if (std::ranges::all_of(args, [&](NodeId a) { return is_exact(a); })) return Format::real;
  const std::string what = fmt::format("`{}`", callee);
  const auto as = common_format(what, args, span, spans, format_);
  if (!as) return std::nullopt;
  if (ir::is_integer(*as)) {
    wrong_format(what, "floats", *as, span);
    return std::nullopt;
  }
  for (std::size_t i = 0; i < args.size(); ++i) args[i] = in_format(args[i], *as, spans[i]);
  return as;
}

NodeId Operations::shift(Operation op, std::span<const NodeId> args, Span span,
                         std::span<const Span> spans) {
  const auto as = common_format(quoted(op), args, span, spans, ir::integer_of(format_));
  if (!as) return poison;
  if (!ir::is_integer(*as)) return wrong_format(quoted(op), "integers", *as, span);
  const int width = *as == Format::int32 ? 32 : 64;
  if (graph_.is_constant(args[1])) {
    const ir::Rational& n = graph_.value(args[1]);
    if (n < 0 || n >= width || denominator(n) != 1) {
      program_.report.error(Code::bad_constant, spans[1],
                            fmt::format("{} is shifted by 0 to {} bits", name(*as), width - 1));
      return poison;
    }
  }
  const NodeId value = in_format(args[0], *as, spans[0]);
  const NodeId amount = in_format(args[1], *as, spans[1]);
  if (value == poison || amount == poison) return poison;
  return graph_.node(op, *as, {value, amount});
}

NodeId Operations::table(std::span<const NodeId> args, Span span, std::span<const Span> spans) {
  const Format index_format = format(args[0]);
  if (!ir::is_integer(index_format)) {
    const std::string_view found =
        index_format == Format::real ? "a constant" : ir::name(index_format);
    program_.report.error(Code::wrong_format, spans[0],
                          fmt::format("`table` is indexed by an integer, not {}", found),
                          "mask it: `bit_and(i, 15)`");
    return poison;
  }
  const auto entries = args.subspan(1);
  const auto as = common_format("`table`", entries, span, spans.subspan(1), format_);
  if (!as) return poison;
  if (!ir::is_float(*as)) return wrong_format("`table`", "floats", *as, span);
  std::vector<NodeId> values{args[0]};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const ir::Node& entry = graph_[entries[i]];
    const bool rounded =
        entry.arg_count == 1 && graph_[graph_.arg(entries[i], 0)].format == Format::real;
    if (!is_exact(entries[i]) && entry.op != Operation::Constant && !rounded) {
      program_.report.error(Code::bad_constant, spans[i + 1],
                            "the entries of a `table` are constants");
      return poison;
    }
    values.push_back(in_format(entries[i], *as, spans[i + 1]));
  }
  return graph_.node(Operation::Table, *as, values);
}

NodeId Operations::convert(Operation op, NodeId value, Span span, Span value_span) {
  const auto to = [&](Format as, Format from) {
    return graph_.node(op, as, {in_format(value, from, value_span)});
  };
  const Format found = format(value);
  const bool exact = found == Format::real;
  const bool floating = ir::is_float(found) || found == Format::boolean;
  const Format from = found == Format::boolean ? format_ : found;
  switch (op) {
    case Operation::Bits:
    case Operation::ToInteger: {
      if (!exact && !floating) return wrong_format(quoted(op), "floats", found, span);
      const Format source = exact ? format_ : from;
      return to(ir::integer_of(source), source);
    }
    case Operation::FromBits:
    case Operation::ToFloat: {
      if (!exact && floating) return wrong_format(quoted(op), "integers", found, span);
      const Format source = exact ? ir::integer_of(format_) : from;
      const NodeId integer = in_format(value, source, value_span);
      return integer == poison ? poison : graph_.node(op, ir::float_of(source), {integer});
    }
    case Operation::ToBinary32:
    case Operation::ToBinary64: {
      const Format wanted = op == Operation::ToBinary32 ? Format::binary32 : Format::binary64;
      if (!exact && !floating) return wrong_format(quoted(op), "floats", found, span);
      return exact || from == wanted ? in_format(value, wanted, value_span) : to(wanted, from);
    }
    case Operation::ToInt32:
    case Operation::ToInt64: {
      const Format wanted = op == Operation::ToInt32 ? Format::int32 : Format::int64;
      if (!exact && floating) return wrong_format(quoted(op), "integers", found, span);
      return exact || from == wanted ? in_format(value, wanted, value_span) : to(wanted, from);
    }
    default:
      break;
  }
  return poison;
}

}  // namespace actc::frontend
