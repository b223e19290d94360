// What is wrong with a text, and where: values, rendered with the line and a caret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/code.h"

namespace actc::frontend {

// Bytes of the source, [begin, end).
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class Severity : std::uint8_t { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  Code code = Code::none;
  Span span;
  std::string message;     // what is wrong
  std::string suggestion;  // what to do; may be empty
  // Filled by `locate`: 1-based line and column (columns count UTF-8 code points), the line itself.
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t width = 0;  // of the caret's underline, in code points of line_text, at least 1
  std::uint32_t caret = 0;  // code points of line_text before the span
  std::string line_text;
};

// " [unknown-name]", as it follows a message; nothing where there is no code.
std::string bracketed(std::string_view code);

bool has_errors(const std::vector<Diagnostic>& diagnostics);

// Fills in line, column, width, caret and line_text of each, and sorts by place. A line longer than
// 200 columns is cut around the span (`…` at the cuts). Bytes that are not printable are shown
// escaped, as \x1b; tabs stay.
void locate(std::vector<Diagnostic>& diagnostics, std::string_view source);

// `name:line:column: error: message [code]`, the line, a caret under the span, the suggestion; each
// line ends in a newline.
std::string render(const Diagnostic& diagnostic, std::string_view source_name);
// The same with a code that stands for itself, empty where there is none.
std::string render(const Diagnostic& diagnostic, std::string_view source_name,
                   std::string_view code);

}  // namespace actc::frontend
