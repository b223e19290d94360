// What a person at a terminal sees: colour, progress, messages with suggestions. All of it goes to
// standard error; a pipe or NO_COLOR (no-color.org) gets plain text.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/actc.h"

namespace actc::tools {

// "error: message" and the suggestion on a line of its own.
void print_error(std::string_view message, std::string_view suggestion);
// "warning: message".
void print_warning(std::string_view message);
void print_diagnostics(std::span<const Diagnostic> diagnostics, std::string_view source_name);

// A bar that appears on a terminal after a second and is gone when the work is done.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::uint64_t done, std::uint64_t total);

 private:
  using Clock = std::chrono::steady_clock;
  std::string label_;
  Clock::time_point next_;
  bool on_terminal_;
  bool shown_ = false;
};

// The candidate that is nearest to a misspelt word, or empty where none is near: at most a third
// of the letters differ (inserted, left out, changed, or two neighbours swapped).
std::string nearest(std::string_view word, std::span<const std::string> candidates);

// "did you mean 'beta'?", or empty.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace actc::tools
