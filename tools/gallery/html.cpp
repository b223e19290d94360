// Escaping and templates, in one place: what is written twice is forgotten once.
#include "tools/gallery/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "tools/plot/words.h"

namespace actc::tools::gallery {

std::string escape(std::string_view text) { return plot::escape_xml(text); }

std::string prose(std::string_view text) {
  std::string html;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = text.find('`', at);
    const std::size_t close = open == std::string_view::npos ? open : text.find('`', open + 1);
    if (close == std::string_view::npos) break;
    html += escape(text.substr(at, open - at));
    html += "<code>" + escape(text.substr(open + 1, close - open - 1)) + "</code>";
    at = close + 1;
  }
  return html + escape(text.substr(std::min(at, text.size())));
}

std::string raw(double value) {
  if (std::isnan(value)) return {};
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return fmt::format("{}", value);
}

std::string in_script(std::string_view json) {
  std::string text;
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

std::string fill(std::string_view page,
                 std::initializer_list<std::pair<std::string_view, std::string>> values) {
  std::string text;
  std::set<std::string_view> used;
  std::size_t at = 0;
  for (std::size_t open = 0; (open = page.find("{{", at)) != std::string_view::npos;) {
    const std::size_t close = page.find("}}", open);
    const std::string_view name = page.substr(open + 2, close - open - 2);
    text += page.substr(at, open - at);
    const auto* const value =
        std::ranges::find(values, name, [](const auto& pair) { return pair.first; });
    if (value == values.end()) throw std::logic_error(fmt::format("no value for '{}'", name));
    text += value->second;
    used.insert(name);
    at = close + 2;
  }
  if (used.size() != values.size()) throw std::logic_error("a value that no template has");
  return text.append(page.substr(at));
}

}  // namespace actc::tools::gallery
