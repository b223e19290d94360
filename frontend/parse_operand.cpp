// Where an operand is expected: numbers, names, what opens a frame, and what is missing.
#include <fmt/format.h>

#include <utility>

#include "frontend/expression_parser.h"
#include "frontend/number.h"

namespace actc::frontend {

using ir::Operation;

Step ExpressionParser::operand() {
  const std::size_t place = parser_.at;
  const Token& token = parser_.peek();
  switch (token.kind) {
    case TokenKind::documentation:
      parser_.take();
      return Step::more;
    case TokenKind::number: {
      parser_.take();
      NumberReading number = read_number(token.text);
      if (!number.error.empty()) {
        parser_.report.error(Code::bad_number, token.span, std::move(number.error),
                             std::move(number.suggestion));
      }
      have(parser_.add(token.span, NumberExpr{std::move(number.value)}));
      return Step::more;
    }
    case TokenKind::name:
      return operand_name();
    case TokenKind::left_parenthesis:
      parser_.take();
      return open({.kind = FrameKind::parenthesis, .token = place});
    case TokenKind::minus:
    case TokenKind::plus:
      parser_.take();
      return open({.kind = FrameKind::prefix,
                   .token = place,
                   .level = sign_level,
                   .op = Operation::Neg,
                   .plus = token.kind == TokenKind::plus});
    case TokenKind::not_:
      parser_.take();
      return open(
          {.kind = FrameKind::prefix, .token = place, .level = not_level, .op = Operation::Not});
    case TokenKind::let:
      return operand_let();
    case TokenKind::unknown:
      return Step::failed;
    default:
      return missing_operand();
  }
}

Step ExpressionParser::operand_name() {
  const std::size_t place = parser_.at;
  // `f(x) = x +` with the next item after it. At the start of a bare expression this is no head.
  if (place_ != ExpressionPlace::rule_left && nothing_open() && parser_.head_at(place) &&
      (parser_.derivative_head_at(place) || parser_.implementation_head_at(place) ||
       parser_.peek(1).kind == TokenKind::left_parenthesis)) {
    return missing_operand();
  }
  const Token& name = parser_.take();
  if (!parser_.take_if(TokenKind::left_parenthesis)) {
    have(parser_.add(name.span, NameExpr{std::string(name.text)}));
    return Step::more;
  }
  calls_.push_back({{std::string(name.text), name.span, {}, {}}});
  if (open({.kind = FrameKind::call, .token = place}) == Step::failed) return Step::failed;
  if (parser_.next_is(TokenKind::right_parenthesis)) {  // lowering says what is missing
    parser_.take();
    finish_call();
  } else if (parser_.take_if(TokenKind::semicolon)) {
    calls_.back().in_parameters = true;
    return named_argument();
  }
  return Step::more;
}

Step ExpressionParser::operand_let() {
  const std::size_t place = parser_.at;
  parser_.take();
  const Token& name = parser_.peek();
  if (name.kind != TokenKind::name) {
    return fail(Code::syntax, name.span, fmt::format("`let` needs a name, not {}", describe(name)),
                "write `let name = value in expression`");
  }
  parser_.take();
  if (parser_.next_is(TokenKind::left_parenthesis)) {
    return fail(Code::syntax, name.span,
                fmt::format("`let` names a value; `{}` is a function here", name.text),
                "write the function as a definition of its own");
  }
  if (!parser_.take_if(TokenKind::assign)) {
    return fail(Code::syntax, parser_.peek().span,
                fmt::format("`=` is missing after `let {}`", name.text),
                "write `let name = value in expression`");
  }
  return open({.kind = FrameKind::let_value, .token = place});
}

Step ExpressionParser::missing_operand() {
  const Token& token = parser_.peek();
  if (token.kind == TokenKind::end) {
    return fail(Code::syntax, token.span, "the text ends where an expression is expected");
  }
  if (is_reserved(token.kind) && !binary_operator(token.kind) && token.kind != TokenKind::in) {
    return fail(Code::reserved_word, token.span, fmt::format("`{}` is a reserved word", token.text),
                token.kind == TokenKind::surrogate ? "it stands after the `=` of a `d/dx`" : "");
  }
  if (in_barrier(FrameKind::call) && !calls_.back().call.arguments.empty() &&
      (token.kind == TokenKind::comma || token.kind == TokenKind::right_parenthesis)) {
    return fail(Code::syntax, token.span,
                fmt::format("an argument is missing before {}", describe(token)));
  }
  std::string suggestion;
  if (token.kind == TokenKind::star && parser_.at > 0 &&
      parser_.tokens[parser_.at - 1].kind == TokenKind::power) {
    suggestion = "the power operators are `^` and `**`";
  }
  return fail(Code::syntax, token.span,
              fmt::format("an expression is missing before {}", describe(token)),
              std::move(suggestion));
}

// `name = value` after the `;` of a call: the name here, then its value is the next operand.
Step ExpressionParser::named_argument() {
  const Token& name = parser_.peek();
  if (name.kind != TokenKind::name || parser_.peek(1).kind != TokenKind::assign) {
    if (is_reserved(name.kind)) {
      return fail(Code::reserved_word, name.span,
                  fmt::format("`{}` is a reserved word", name.text));
    }
    const std::string_view callee = calls_.back().call.callee;
    return fail(Code::syntax, name.span,
                fmt::format("after `;` parameters are given by name, as `name = value`"),
                fmt::format("write `{}(...; name = value)`", callee));
  }
  calls_.back().call.named.push_back({std::string(name.text), name.span, 0});
  parser_.take();
  parser_.take();
  expecting_operand_ = true;
  return Step::more;
}

}  // namespace actc::frontend
