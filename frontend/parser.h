// What the two parts of the parser share: the tokens, the place in them, the tree that grows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/report.h"
#include "frontend/scan.h"
#include "frontend/syntax.h"

namespace actc::frontend {

struct Parser {
  std::string_view source;
  std::vector<Token> tokens;
  std::vector<std::uint32_t> closing;  // of each `(` its `)`, or 0 (no `)` is the first token)
  std::size_t at = 0;
  SyntaxTree tree;
  Reporter& report;

  Parser(std::string_view text, Reporter& reporter);

  const Token& peek(std::size_t ahead = 0) const {
    return tokens[std::min(at + ahead, tokens.size() - 1)];
  }
  bool next_is(TokenKind kind) const { return peek().kind == kind; }
  // Never moves past the end.
  const Token& take() {
    const Token& token = tokens[at];
    if (at + 1 < tokens.size()) ++at;
    return token;
  }
  bool take_if(TokenKind kind) {
    if (!next_is(kind)) return false;
    take();
    return true;
  }
  std::string_view slice(Span span) const {
    return source.substr(span.begin, span.end - span.begin);
  }

  // Does an item with a head of its own start at this token: `f(…) =`, `f =`, `d/dx f(`,
  // `binary32 f(`, `rule`? None of these can continue an expression.
  bool head_at(std::size_t index) const;
  bool definition_head_at(std::size_t index) const;
  bool derivative_head_at(std::size_t index) const;
  bool implementation_head_at(std::size_t index) const;

  // Is the token the first of its line? Newlines mean nothing; they tell slips from intentions.
  bool starts_line(std::size_t index) const;
  bool starts_line_as_head(std::size_t name) const;

  ExprId add(Span span, decltype(Expr::form) form);
};

// For messages: "`)`", "the end of the text", "the reserved word `in`".
std::string describe(const Token& token);
bool is_reserved(TokenKind kind);

enum class ExpressionPlace : std::uint8_t {
  body,            // of an item: ends where the next item starts
  parameter_list,  // a default: ends before `,` or `)` too
  rule_left,       // ends before the `=` of the rule; what looks like the head of an item is none
  rule_right,      // as a body, or ends before `for`
};

// Reads one expression from `parser.at`. On failure it has been reported, and `parser.at` is
// where to look for the next item.
std::optional<ExprId> parse_expression(Parser& parser, ExpressionPlace place);

}  // namespace actc::frontend
