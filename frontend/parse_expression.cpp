// Where an operator is expected: operators by precedence, what closes a frame, the end.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "frontend/expression_parser.h"
#include "frontend/frontend.h"

namespace actc::frontend {

using ir::Operation;

std::optional<BinaryOperator> binary_operator(TokenKind kind) {
  switch (kind) {
    case TokenKind::or_:
      return {{Operation::Or, or_level}};
    case TokenKind::and_:
      return {{Operation::And, and_level}};
    case TokenKind::less:
      return {{Operation::Less, comparison_level}};
    case TokenKind::less_equal:
      return {{Operation::LessEqual, comparison_level}};
    case TokenKind::greater:
      return {{Operation::Greater, comparison_level}};
    case TokenKind::greater_equal:
      return {{Operation::GreaterEqual, comparison_level}};
    case TokenKind::equal:
      return {{Operation::Equal, comparison_level}};
    case TokenKind::not_equal:
      return {{Operation::NotEqual, comparison_level}};
    case TokenKind::plus:
      return {{Operation::Add, sum_level}};
    case TokenKind::minus:
      return {{Operation::Sub, sum_level}};
    case TokenKind::star:
      return {{Operation::Mul, product_level}};
    case TokenKind::slash:
      return {{Operation::Div, product_level}};
    case TokenKind::power:
      return {{Operation::RealPow, power_level}};
    default:
      return std::nullopt;
  }
}

bool is_barrier(FrameKind kind) {
  switch (kind) {
    case FrameKind::binary:
    case FrameKind::prefix:
    case FrameKind::otherwise:
    case FrameKind::let_body:
      return false;
    case FrameKind::parenthesis:
    case FrameKind::call:
    case FrameKind::then:
    case FrameKind::let_value:
      return true;
  }
  return true;
}

namespace {

// Operators to the left take turns on one level and do not nest; everything else does.
bool nests(const Frame& frame) {
  return frame.kind != FrameKind::binary || frame.level == power_level;
}

}  // namespace

Step ExpressionParser::open(Frame frame) {
  if (nests(frame) && ++nesting_ > max_nesting) {
    return fail(Code::limit, parser_.tokens[frame.token].span,
                fmt::format("the expression nests deeper than {}", max_nesting));
  }
  frames_.push_back(frame);
  expecting_operand_ = true;
  return Step::more;
}

void ExpressionParser::close() {
  if (nests(frames_.back())) --nesting_;
  frames_.pop_back();
}
Step ExpressionParser::after_operand() {
  const Token& token = parser_.peek();
  if (const auto found = binary_operator(token.kind)) return binary(*found);
  switch (token.kind) {
    case TokenKind::question: {
      reduce(or_level);
      const std::size_t place = parser_.at;
      parser_.take();
      return open({.kind = FrameKind::then, .token = place, .first = value_});
    }
    case TokenKind::colon: {
      reduce(let_level);
      if (!in_barrier(FrameKind::then))
        return fail(Code::syntax, token.span, "`:` without its `?`");
      parser_.take();
      Frame frame = frames_.back();
      frame.kind = FrameKind::otherwise;
      frame.level = conditional_level;
      frame.second = value_;
      frames_.back() = frame;
      expecting_operand_ = true;
      return Step::more;
    }
    case TokenKind::in: {
      reduce(let_level);
      if (!in_barrier(FrameKind::let_value))
        return fail(Code::syntax, token.span, "`in` without its `let`");
      parser_.take();
      frames_.back().kind = FrameKind::let_body;
      frames_.back().level = let_level;
      frames_.back().first = value_;
      expecting_operand_ = true;
      return Step::more;
    }
    case TokenKind::right_parenthesis:
      return close_parenthesis();
    case TokenKind::comma:
      return comma();
    case TokenKind::semicolon:
      return semicolon();
    case TokenKind::assign:
      return assign();
    case TokenKind::unknown:
      return Step::failed;
    case TokenKind::end:
      return end();
    case TokenKind::documentation:
      if (nothing_open()) return end();
      parser_.take();
      return Step::more;
    case TokenKind::learn:
    case TokenKind::surrogate:
      return fail(Code::reserved_word, token.span,
                  fmt::format("`{}` is a reserved word", token.text));
    default:
      return next_operand_or_item();  // rule, number, name, `(`, let, not
  }
}

Step ExpressionParser::binary(const BinaryOperator& found) {
  const bool to_the_right = found.level == power_level;
  const bool comparison = found.level == comparison_level;
  reduce(to_the_right || comparison ? found.level + 1 : found.level);
  Frame frame{.kind = FrameKind::binary,
              .token = parser_.at,
              .level = found.level,
              .op = found.op,
              .first = value_};
  if (comparison && !frames_.empty() && frames_.back().kind == FrameKind::binary &&
      frames_.back().level == comparison_level) {
    // Read as `first and middle op right`; the error waits for the right operand, to show it.
    frame.second = value_;
    frame.chained = true;
    reduce_top();
    frame.first = value_;
  }
  parser_.take();
  return open(frame);
}

// Two operands with nothing between them: the next item, or an operator that is missing.
Step ExpressionParser::next_operand_or_item() {
  const Token& token = parser_.peek();
  const Token& before = parser_.tokens[parser_.at - 1];
  const bool outermost = nothing_open();
  if (outermost && place_ == ExpressionPlace::rule_right && token.text == "for") return end();
  if (outermost && place_ == ExpressionPlace::rule_left) return end();
  if (parser_.head_at(parser_.at)) return outermost ? end() : unclosed();
  if (token.kind == TokenKind::rule) return outermost ? end() : missing_operand();

  // A bare expression may follow another item. On the same line it is a slip far more often.
  const bool last = place_ == ExpressionPlace::body || place_ == ExpressionPlace::rule_right;
  if (outermost && last && parser_.starts_line(parser_.at) &&
      token.kind != TokenKind::left_parenthesis) {
    return end();
  }
  if (token.text == "if" || token.text == "else" || token.text == "then") {
    return fail(Code::missing_operator, token.span, fmt::format("there is no `{}`", token.text),
                "write `condition ? a : b` or `where(condition, a, b)`");
  }
  if (token.kind == TokenKind::let || token.kind == TokenKind::not_) {
    return fail(Code::missing_operator, token.span,
                fmt::format("an operator is missing before `{}`", token.text));
  }
  const std::string_view left = before.kind == TokenKind::right_parenthesis ? "(...)" : before.text;
  const std::string_view right = token.kind == TokenKind::left_parenthesis ? "(...)" : token.text;
  parser_.report.error(Code::missing_operator, token.span,
                       fmt::format("an operator is missing before {}", describe(token)),
                       fmt::format("for the product write `{} * {}`", left, right));
  reduce(product_level);
  return open({.kind = FrameKind::binary,
               .token = parser_.at,
               .level = product_level,
               .op = Operation::Mul,
               .first = value_});
}

Step ExpressionParser::close_parenthesis() {
  const Token& token = parser_.peek();
  reduce(let_level);
  const Frame* open_frame = barrier();
  if (open_frame == nullptr) {
    if (place_ == ExpressionPlace::parameter_list) return Step::done;
    parser_.take();
    return fail(Code::syntax, token.span, "`)` without its `(`");
  }
  switch (open_frame->kind) {
    case FrameKind::parenthesis: {
      const Token& opening = parser_.tokens[open_frame->token];
      parser_.take();
      parser_.tree.expressions[value_].span = {opening.span.begin, token.span.end};
      close();
      return Step::more;
    }
    case FrameKind::call: {
      OpenCall& call = calls_.back();
      if (call.in_parameters) {
        call.call.named.back().value = value_;
      } else {
        call.call.arguments.push_back(value_);
      }
      parser_.take();
      finish_call();
      return Step::more;
    }
    default:
      return unclosed();
  }
}

Step ExpressionParser::comma() {
  const Token& token = parser_.peek();
  reduce(let_level);
  if (frames_.empty() && place_ == ExpressionPlace::parameter_list) return Step::done;
  if (!in_barrier(FrameKind::call)) {
    if (!frames_.empty() && frames_.back().kind != FrameKind::parenthesis) return unclosed();
    return fail(Code::syntax, token.span, "`,` stands only between the arguments of a call");
  }
  parser_.take();
  OpenCall& call = calls_.back();
  if (call.in_parameters) {
    call.call.named.back().value = value_;
    return named_argument();
  }
  call.call.arguments.push_back(value_);
  expecting_operand_ = true;
  return Step::more;
}

Step ExpressionParser::semicolon() {
  const Token& token = parser_.peek();
  reduce(let_level);
  if (!in_barrier(FrameKind::call)) {
    if (!frames_.empty() && frames_.back().kind != FrameKind::parenthesis) return unclosed();
    return fail(Code::syntax, token.span, "`;` stands only before the parameters of a call",
                frames_.empty() ? "items need nothing between them" : "");
  }
  OpenCall& call = calls_.back();
  if (call.in_parameters) {
    return fail(Code::syntax, token.span, "a second `;`", "between parameters write `,`");
  }
  parser_.take();
  call.call.arguments.push_back(value_);
  call.in_parameters = true;
  return named_argument();
}

Step ExpressionParser::assign() {
  const Token& token = parser_.peek();
  if (place_ == ExpressionPlace::rule_left && nothing_open()) return end();
  const auto* name = std::get_if<NameExpr>(&parser_.tree.expressions[value_].form);
  if (in_barrier(FrameKind::call) && name != nullptr && !calls_.back().in_parameters) {
    const CallExpr& call = calls_.back().call;
    std::string arguments;
    for (const ExprId argument : call.arguments) {
      arguments +=
          fmt::format("{}{}", arguments.empty() ? "" : ", ", parser_.slice(span(argument)));
    }
    std::string suggestion =
        fmt::format("write `{}({}; {} = ...)`", call.callee, arguments, name->name);
    parser_.report.error(Code::misplaced_parameter, span(value_),
                         fmt::format("the parameter `{}` is given before the `;`", name->name),
                         std::move(suggestion));
    parser_.take();
    calls_.back().in_parameters = true;
    calls_.back().call.named.push_back({name->name, span(value_), 0});
    expecting_operand_ = true;
    return Step::more;
  }
  parser_.report.error(Code::equals_sign, token.span, "`=` defines; it does not compare",
                       "to compare write `==`");
  return binary({Operation::Equal, comparison_level});
}

Step ExpressionParser::end() {
  reduce(let_level);
  return frames_.empty() ? Step::done : unclosed();
}

// Something is open where the text, the item or an enclosing parenthesis ends.
Step ExpressionParser::unclosed() {
  reduce(let_level);
  const Frame& frame = frames_.back();
  const Token& opening = parser_.tokens[frame.token];
  switch (frame.kind) {
    case FrameKind::parenthesis:
      return fail(Code::syntax, opening.span, "`(` without its `)`");
    case FrameKind::call: {
      const Span parenthesis = parser_.tokens[frame.token + 1].span;
      return fail(Code::syntax, {opening.span.begin, parenthesis.end},
                  fmt::format("the call of `{}` has no `)`", opening.text));
    }
    case FrameKind::then:
      return fail(Code::syntax, opening.span, "`?` without its `:`", "write `condition ? a : b`");
    case FrameKind::let_value:
      return fail(Code::syntax, opening.span, "`let` without its `in`",
                  "write `let name = value in expression`");
    default:
      break;
  }
  return Step::failed;
}

void ExpressionParser::reduce(int level) {
  while (!frames_.empty() && !is_barrier(frames_.back().kind) && frames_.back().level >= level) {
    reduce_top();
  }
}

void ExpressionParser::reduce_top() {
  const Frame frame = frames_.back();
  close();
  const Token& opening = parser_.tokens[frame.token];
  const std::uint32_t end = span(value_).end;
  switch (frame.kind) {
    case FrameKind::binary: {
      if (!frame.chained) {
        const std::uint32_t begin = span(frame.first).begin;
        value_ = parser_.add({begin, end}, BinaryExpr{frame.op, frame.first, value_});
        break;
      }
      const Span whole{span(frame.first).begin, end};
      const auto* first = std::get_if<BinaryExpr>(&parser_.tree.expressions[frame.first].form);
      if (first != nullptr && first->op != Operation::And) {  // once a chain
        parser_.report.error(
            Code::chained_comparison, whole, "comparisons do not chain",
            fmt::format("write `{} and {} {} {}`", parser_.slice(span(frame.first)),
                        parser_.slice(span(frame.second)), opening.text,
                        parser_.slice(span(value_))));
      }
      const ExprId second =
          parser_.add({span(frame.second).begin, end}, BinaryExpr{frame.op, frame.second, value_});
      value_ = parser_.add(whole, BinaryExpr{Operation::And, frame.first, second});
      break;
    }
    case FrameKind::prefix:
      if (frame.plus) {
        parser_.tree.expressions[value_].span.begin = opening.span.begin;
      } else {
        value_ = parser_.add({opening.span.begin, end}, UnaryExpr{frame.op, value_});
      }
      break;
    case FrameKind::otherwise:
      value_ = parser_.add({span(frame.first).begin, end},
                           ConditionalExpr{frame.first, frame.second, value_});
      break;
    case FrameKind::let_body: {
      const Token& name = parser_.tokens[frame.token + 1];
      value_ = parser_.add({opening.span.begin, end},
                           LetExpr{std::string(name.text), name.span, frame.first, value_});
      break;
    }
    case FrameKind::parenthesis:
    case FrameKind::call:
    case FrameKind::then:
    case FrameKind::let_value:
      break;  // not operators
  }
}

// The `)` has just been taken.
void ExpressionParser::finish_call() {
  CallExpr call = std::move(calls_.back().call);
  calls_.pop_back();
  close();
  const Span whole{call.callee_span.begin, parser_.tokens[parser_.at - 1].span.end};
  have(parser_.add(whole, std::move(call)));
}

void ExpressionParser::skip_open_parentheses() {
  for (const Frame& frame : frames_) {
    if (frame.kind != FrameKind::parenthesis && frame.kind != FrameKind::call) continue;
    const std::size_t opening = frame.token + (frame.kind == FrameKind::call ? 1 : 0);
    if (parser_.closing[opening] == 0) continue;
    parser_.at = std::max<std::size_t>(parser_.at, parser_.closing[opening]);
  }
}

std::optional<ExprId> parse_expression(Parser& parser, ExpressionPlace place) {
  return ExpressionParser(parser, place).parse();
}

}  // namespace actc::frontend
