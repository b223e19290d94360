// What docs/messages.md says of each code, for `actc explain`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace actc::tools {

struct Message {
  std::string code;
  std::string title;        // a line
  std::string explanation;  // paragraphs; may be empty
  bool is_warning = false;
  std::string wrong;   // a text that gets the message
  std::string mended;  // and one that does not
};

// In the document's order.
std::vector<Message> read_messages(std::string_view document);

// The document, as it was when this was built.
std::string_view messages_document();

}  // namespace actc::tools
