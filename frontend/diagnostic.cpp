// Places of bytes as lines and columns, and the text of a diagnostic.
#include "frontend/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/characters.h"

namespace actc::frontend {
namespace {

constexpr std::size_t widest_line = 200;  // columns shown of a line

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    at += std::max<std::size_t>(1, utf8_length(text.substr(at)));
  }
  return count;
}

// The code point at the start of `text` (not empty) as it is shown, and its length in bytes.
struct Shown {
  std::string text;
  std::size_t length;
};

Shown show(std::string_view text) {
  const std::size_t length = utf8_length(text);
  const auto byte = static_cast<unsigned char>(text[0]);
  const bool control = (length == 1 && (byte < 0x20 || byte == 0x7f) && byte != '\t') ||
                       (length == 2 && byte == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0);
  if (length == 0 || control) return {fmt::format("\\x{:02x}", byte), 1};
  return {std::string(text.substr(0, length)), length};
}

void locate(Diagnostic& diagnostic, std::string_view source,
            const std::vector<std::size_t>& lines) {
  std::size_t begin = std::min<std::size_t>(diagnostic.span.begin, source.size());
  std::size_t end = std::clamp<std::size_t>(diagnostic.span.end, begin, source.size());
  const auto next = std::ranges::upper_bound(lines, begin);
  const std::size_t line_begin = *(next - 1);
  std::string_view line = source.substr(line_begin);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);

  begin = std::min(begin - line_begin, line.size());
  end = std::min(end - line_begin, line.size());
  const std::size_t before = code_points(line.substr(0, begin));
  diagnostic.line = static_cast<std::uint32_t>(next - lines.begin());
  diagnostic.column = static_cast<std::uint32_t>(before + 1);

  // Of a line that is too wide, a third of what is shown stands before the span.
  std::size_t skipped = before > widest_line / 3 ? before - widest_line / 3 : 0;
  const std::size_t after = code_points(line.substr(begin, 4 * widest_line));
  if (before + after <= widest_line) {
    skipped = 0;
  } else if (after < widest_line - widest_line / 3) {
    skipped = before + after - widest_line;
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < skipped; ++i)
    at += std::max<std::size_t>(1, utf8_length(line.substr(at)));
  std::string text = skipped > 0 ? "…" : "";
  std::size_t caret = skipped > 0 ? 1 : 0;
  std::size_t width = 0;
  for (std::size_t i = 0; i < widest_line && at < line.size(); ++i) {
    const Shown shown = show(line.substr(at));
    const std::size_t columns = code_points(shown.text);
    if (at < begin) caret += columns;
    if (at >= begin && at < end) width += columns;
    text += shown.text;
    at += shown.length;
  }
  if (at < line.size()) text += "…";
  diagnostic.caret = static_cast<std::uint32_t>(caret);
  diagnostic.width = static_cast<std::uint32_t>(std::max<std::size_t>(width, 1));
  diagnostic.line_text = std::move(text);
}

}  // namespace

std::string bracketed(std::string_view code) {
  return code.empty() ? std::string() : fmt::format(" [{}]", code);
}

bool has_errors(const std::vector<Diagnostic>& diagnostics) {
  return std::ranges::any_of(diagnostics,
                             [](const auto& d) { return d.severity == Severity::error; });
}

void locate(std::vector<Diagnostic>& diagnostics, std::string_view source) {
  if (diagnostics.empty()) return;
  std::vector<std::size_t> lines{0};
  for (std::size_t at = 0; at < source.size(); ++at) {
    if (source[at] == '\n') lines.push_back(at + 1);
  }
  std::ranges::stable_sort(diagnostics, {}, [](const Diagnostic& d) { return d.span.begin; });
  for (Diagnostic& diagnostic : diagnostics) locate(diagnostic, source, lines);
}

std::string render(const Diagnostic& diagnostic, std::string_view source_name) {
  return render(diagnostic, source_name, name(diagnostic.code));
}

std::string render(const Diagnostic& diagnostic, std::string_view source_name,
                   std::string_view code) {
  const std::string_view severity = diagnostic.severity == Severity::error ? "error" : "warning";
  // Tabs before the span are repeated, so that the caret stands below whatever their width.
  std::string indent;
  const std::string& line = diagnostic.line_text;
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < diagnostic.caret && at < line.size(); ++i) {
    indent += line[at] == '\t' ? '\t' : ' ';
    at += std::max<std::size_t>(1, utf8_length(std::string_view(line).substr(at)));
  }
  std::string text =
      fmt::format("{}:{}:{}: {}: {}{}\n    {}\n    {}^{}\n", source_name, diagnostic.line,
                  diagnostic.column, severity, diagnostic.message, bracketed(code), line, indent,
                  std::string(std::max(diagnostic.width, 1U) - 1, '~'));
  if (!diagnostic.suggestion.empty()) text += fmt::format("  help: {}\n", diagnostic.suggestion);
  return text;
}

}  // namespace actc::frontend
