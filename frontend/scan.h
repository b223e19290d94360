// Source text to a flat list of tokens.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "frontend/diagnostic.h"
#include "frontend/report.h"

namespace actc::frontend {

enum class TokenKind : std::uint8_t {
  end,
  number,  // raw text, well-formed or not: `number.h` reads it
  name,
  documentation,  // a `##` line
  let,
  in,
  and_,
  or_,
  not_,
  learn,
  rule,
  surrogate,
  left_parenthesis,
  right_parenthesis,
  comma,
  semicolon,
  question,
  colon,
  assign,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  plus,
  minus,
  star,
  slash,
  power,
  unknown,  // a character that means nothing; it has been reported
};

struct Token {
  TokenKind kind;
  Span span;
  // The source's, or for a character that was reported the text it was taken for (`pi` for `π`).
  std::string_view text;
};

// The tokens of a source, the last of which is `end`. White space and `#` comments leave none. A
// source that is too long, not UTF-8 or holds a NUL byte is reported and gives only `end`; any
// other character that does not belong is reported and taken for what was meant where that is plain
// (`×` for `*`, `&&` for `and`), so that the rest of the text is still read.
std::vector<Token> scan(std::string_view source, Reporter& report);

}  // namespace actc::frontend
