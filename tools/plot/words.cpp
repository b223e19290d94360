// A label is whatever was typed: formulas with < and &, bytes that are no text at all.
#include "tools/plot/words.h"

#include <algorithm>

namespace actc::tools::plot {
namespace {

// Bytes of the UTF-8 character that the text begins with (RFC 3629); 0 where it is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t k) {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U;
  };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool beyond = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || beyond ? 0 : length;
}

}  // namespace

std::string_view name_of(Line line) {
  switch (line) {
    case Line::solid:
      return "function";
    case Line::dashed:
      return "derivative";
    case Line::dash_dotted:
      return "second derivative";
  }
  return "";
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string shortened(std::string_view text, std::size_t most) {
  if (code_points(text) <= most) return std::string(text);
  std::size_t at = 0, count = 0;
  while (at < text.size() && ((text[at] & 0xC0) == 0x80 || count++ < most - 1)) ++at;
  return std::string(text.substr(0, at)) + "…";
}

std::string escape_xml(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view c = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(c.size());
    if (length == 0 || c == "\uFFFE" || c == "\uFFFF") {
      safe += "\uFFFD";
    } else if (c == "&") {
      safe += "&amp;";
    } else if (c == "<") {
      safe += "&lt;";
    } else if (c == ">") {
      safe += "&gt;";
    } else if (c == "\"") {
      safe += "&quot;";
    } else if (c == "'") {
      safe += "&#39;";
    } else if (length > 1 || static_cast<unsigned char>(c[0]) >= 0x20 || c == "\t" || c == "\n") {
      safe += c;
    }
  }
  return safe;
}

std::string in_ascii(std::string_view text) {
  std::string ascii;
  for (std::size_t k = 0; k < text.size(); ++k) {
    const std::string_view rest = text.substr(k);
    if (rest.starts_with("′")) {
      ascii += '\'';
    } else if (rest.starts_with("″")) {
      ascii += "''";
    } else if (static_cast<unsigned char>(text[k]) < 0x80) {
      ascii += text[k];
    } else if ((text[k] & 0xC0) != 0x80) {
      ascii += '?';
    }
  }
  return ascii;
}

std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) result += c;
  }
  return result;
}

}  // namespace actc::tools::plot
