// Messages, progress and guesses at what was meant.
#include "tools/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace actc::tools {
namespace {

bool colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0') &&
         (term == nullptr || std::string_view(term) != "dumb");
}

// The first `word` of the text in bold and the colour given (an SGR code).
std::string highlight(std::string text, std::string_view word, int code) {
  const std::size_t at = text.find(word);
  if (!colour() || at == std::string::npos) return text;
  return text.replace(at, word.size(), fmt::format("\x1b[1;{}m{}\x1b[0m", code, word));
}

constexpr int red = 31;
constexpr int magenta = 35;
constexpr std::size_t bar_width = 30;

// Optimal string alignment distance: Levenshtein's with swaps of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

void print_error(std::string_view message, std::string_view suggestion) {
  std::fputs(highlight(fmt::format("actc: error: {}\n", message), "error:", red).c_str(), stderr);
  if (!suggestion.empty()) std::fputs(fmt::format("  help: {}\n", suggestion).c_str(), stderr);
}

void print_warning(std::string_view message) {
  std::fputs(highlight(fmt::format("actc: warning: {}\n", message), "warning:", magenta).c_str(),
             stderr);
}

void print_diagnostics(std::span<const Diagnostic> diagnostics, std::string_view source_name) {
  for (const Diagnostic& diagnostic : diagnostics) {
    const std::string text = render(diagnostic, source_name);
    const bool error = diagnostic.severity == Severity::error;
    std::fputs(error ? highlight(text, "error:", red).c_str()
                     : highlight(text, "warning:", magenta).c_str(),
               stderr);
  }
}

Progress::Progress(std::string label)
    : label_(std::move(label)),
      next_(Clock::now() + std::chrono::seconds(1)),
      on_terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
}

void Progress::update(std::uint64_t done, std::uint64_t total) {
  const auto now = Clock::now();
  if (!on_terminal_ || total == 0 || now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  shown_ = true;
  const double part = static_cast<double>(done) / static_cast<double>(total);
  const auto full = static_cast<std::size_t>(part * bar_width);
  std::fputs(fmt::format("\r\x1b[K{} [{:<{}}] {:3.0f} %", label_, std::string(full, '='), bar_width,
                         100 * part)
                 .c_str(),
             stderr);
  std::fflush(stderr);
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t longest = 64;  // of what a person types; the work grows with the square
  if (word.size() > longest) return {};
  std::string best;
  std::size_t best_distance = (word.size() + 1) / 3 + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > longest) continue;
    const std::size_t d = distance(word, candidate);
    if (d >= best_distance) continue;
    best_distance = d;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string guess = nearest(word, candidates);
  return guess.empty() ? guess : fmt::format("did you mean '{}'?", guess);
}

}  // namespace actc::tools
