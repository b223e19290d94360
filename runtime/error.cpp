// Diagnostics of the public interface.
#include <fmt/format.h>

#include "frontend/diagnostic.h"
#include "runtime/actc.h"

namespace actc {
namespace {

std::string joined(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& d : diagnostics) text += render(d);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

std::string render(const Diagnostic& d, std::string_view source_name) {
  if (d.line == 0) {
    const char* kind = d.severity == Severity::error ? "error" : "warning";
    std::string text = fmt::format("{}: {}{}\n", kind, d.message, frontend::bracketed(d.code));
    if (!d.suggestion.empty()) text += fmt::format("  help: {}\n", d.suggestion);
    return text;
  }
  frontend::Diagnostic inner;
  inner.severity =
      d.severity == Severity::error ? frontend::Severity::error : frontend::Severity::warning;
  inner.message = d.message;
  inner.suggestion = d.suggestion;
  inner.line = d.line;
  inner.column = d.column;
  inner.width = d.width;
  inner.line_text = d.line_text;
  inner.caret = d.caret;
  return frontend::render(inner, source_name, d.code);
}

Error::Error(std::vector<Diagnostic> diagnostics)
    : std::runtime_error(joined(diagnostics)),
      diagnostics_(std::make_shared<const std::vector<Diagnostic>>(std::move(diagnostics))) {}

Error::Error(std::string message)
    : std::runtime_error(message),
      diagnostics_(std::make_shared<const std::vector<Diagnostic>>(std::vector{Diagnostic{
          .code = {}, .message = std::move(message), .suggestion = {}, .line_text = {}}})) {}

}  // namespace actc
