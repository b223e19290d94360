// The operator-precedence parser: what is open (an operator that waits for its right operand, a
// parenthesis, a call, a let) is a frame in a vector, so that the depth of a text costs heap and
// not stack.
//
// Mistakes whose sense is plain (`2x`, `=` for `==`, `1 < x < 2`) are reported and read as meant;
// others end the item.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frontend/parser.h"

namespace actc::frontend {

// How tightly things bind, as in the table of docs/language.md.
enum Level : int {
  let_level,
  conditional_level,
  or_level,
  and_level,
  not_level,
  comparison_level,
  sum_level,
  product_level,
  sign_level,
  power_level,
};

enum class FrameKind : std::uint8_t {
  // Waiting for a right operand that ends at an operator which binds less.
  binary,
  prefix,
  otherwise,  // c ? a : …
  let_body,   // let v = e in …
  // Barriers: waiting for a token that closes them.
  parenthesis,
  call,
  then,       // c ? …
  let_value,  // let v = …
};

struct Frame {
  FrameKind kind;
  std::size_t token;  // where it was opened
  int level = 0;
  ir::Operation op = ir::Operation::Add;
  bool plus = false;     // prefix: `+`, which leaves no node
  bool chained = false;  // binary: the second comparison of `a < b < c`
  ExprId first = 0;
  ExprId second = 0;
};

struct OpenCall {
  CallExpr call;
  bool in_parameters = false;  // past the `;`
};

struct BinaryOperator {
  ir::Operation op;
  int level;
};

// The infix operator that a token is, if it is one.
std::optional<BinaryOperator> binary_operator(TokenKind kind);

bool is_barrier(FrameKind kind);

enum class Step : std::uint8_t { more, done, failed };

class ExpressionParser {
 public:
  ExpressionParser(Parser& parser, ExpressionPlace place) : parser_(parser), place_(place) {}

  std::optional<ExprId> parse() {
    Step step = Step::more;
    while (step == Step::more) step = expecting_operand_ ? operand() : after_operand();
    if (step == Step::done) return value_;
    skip_open_parentheses();
    return std::nullopt;
  }

 private:
  Step fail(Code code, Span span, std::string message, std::string suggestion = {}) {
    parser_.report.error(code, span, std::move(message), std::move(suggestion));
    return Step::failed;
  }

  Step open(Frame frame);  // refused past max_nesting
  void close();

  void have(ExprId value) {
    value_ = value;
    expecting_operand_ = false;
  }

  const Span& span(ExprId id) const { return parser_.tree.expressions[id].span; }

  // The innermost open `(`, call, `?` or `let`, once the operators on top of it are reduced.
  Frame* barrier() { return frames_.empty() ? nullptr : &frames_.back(); }
  bool in_barrier(FrameKind kind) const { return !frames_.empty() && frames_.back().kind == kind; }

  Step operand();
  Step operand_name();
  Step operand_let();
  Step missing_operand();
  Step named_argument();

  Step after_operand();
  Step binary(const BinaryOperator& found);
  Step next_operand_or_item();
  Step close_parenthesis();
  Step comma();
  Step semicolon();
  Step assign();
  Step end();
  Step unclosed();

  void reduce(int level);  // finishes the operators that bind at least so tightly
  void reduce_top();
  void finish_call();
  bool nothing_open() const {
    return std::ranges::none_of(frames_, [](const Frame& f) { return is_barrier(f.kind); });
  }
  // After an error: past the parentheses that are open and have an end, so that what looks like an
  // item within them is not taken for one.
  void skip_open_parentheses();

  Parser& parser_;
  ExpressionPlace place_;
  std::vector<Frame> frames_;
  std::vector<OpenCall> calls_;
  std::size_t nesting_ = 0;
  bool expecting_operand_ = true;
  ExprId value_ = 0;
};

}  // namespace actc::frontend
