// Where the passes of the front end put what they find wrong.
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "frontend/diagnostic.h"

namespace actc::frontend {

// The most errors that one text gets; a last diagnostic then says that there are more.
inline constexpr std::size_t max_diagnostics = 100;

class Reporter {
 public:
  explicit Reporter(std::vector<Diagnostic>& diagnostics) : diagnostics_(diagnostics) {}

  void error(Code code, Span span, std::string message, std::string suggestion = {}) {
    if (full()) return;
    // A helper whose body is lowered for several calls is wrong once.
    const auto same = [&](const Diagnostic& d) {
      return d.span.begin == span.begin && d.span.end == span.end && d.message == message;
    };
    if (std::ranges::any_of(diagnostics_, same)) return;
    if (diagnostics_.size() == max_diagnostics) {
      code = Code::limit;
      message = "too many errors: the others are not shown";
      suggestion.clear();
      span.begin = span.end = std::numeric_limits<std::uint32_t>::max();  // so that it sorts last
    }
    Diagnostic diagnostic;
    diagnostic.code = code;
    diagnostic.span = span;
    diagnostic.message = std::move(message);
    diagnostic.suggestion = std::move(suggestion);
    diagnostics_.push_back(std::move(diagnostic));
  }

  // No further error would be kept.
  bool full() const { return diagnostics_.size() > max_diagnostics; }
  std::size_t count() const { return diagnostics_.size(); }

 private:
  std::vector<Diagnostic>& diagnostics_;
};

}  // namespace actc::frontend
