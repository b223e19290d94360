// The document is the table: a heading a code, a line that is its title, paragraphs, two blocks.
#include "tools/messages.h"

namespace actc::tools {
namespace {

bool take_line(std::string_view& rest, std::string_view& line) {
  if (rest.empty()) return false;
  const std::size_t end = rest.find('\n');
  line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return true;
}

void trim(std::string& text) {
  while (text.ends_with('\n')) text.pop_back();
}

}  // namespace

std::vector<Message> read_messages(std::string_view document) {
  std::vector<Message> all;
  std::string* block = nullptr;  // that the line is in
  std::string_view line;
  while (take_line(document, line)) {
    if (line.starts_with("```")) {
      const bool opens = block == nullptr && !all.empty();
      block = nullptr;
      if (!opens) continue;
      block = line == "```act" ? &all.back().mended : &all.back().wrong;
      all.back().is_warning = all.back().is_warning || line == "```act-warning";
    } else if (block != nullptr) {
      *block += std::string(line) + "\n";
    } else if (line.starts_with("## ")) {
      all.push_back({.code = std::string(line.substr(3)),
                     .title = {},
                     .explanation = {},
                     .wrong = {},
                     .mended = {}});
    } else if (!all.empty() && !line.starts_with('#')) {
      Message& message = all.back();
      // What stands after the blocks is not of this message.
      if (!message.mended.empty()) continue;
      if (message.title.empty()) {
        message.title = line;
      } else if (!line.empty() || !message.explanation.empty()) {
        message.explanation += std::string(line) + "\n";
      }
    }
  }
  for (Message& message : all) {
    trim(message.explanation);
    trim(message.wrong);
    trim(message.mended);
  }
  return all;
}

}  // namespace actc::tools
