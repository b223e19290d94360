// Pages: whole HTML documents of the gallery.
#pragma once

#include <span>
#include <string>

#include "tools/gallery/entry.h"

namespace actc::tools::gallery {

// What all pages have around them. `folder`: 0 for the index, 1 for what is a folder down.
struct Layout {
  std::string title, description;
  int folder = 0;
  std::string current;       // of the navigation: "index.html", "docs/language.html", …
  std::string scripts = {};  // elements before the common script
};
std::string page(const Layout& layout, std::string content);

// The index; entries in the order given.
std::string index_page(std::span<const Entry> entries);

// The page of one; `before` and `after` may be null.
std::string definition_page(const Entry& entry, const Entry* before, const Entry* after);
// Its functions in JavaScript, as the page's script reads them: `actc_definition.value` and
// `.gradients`, one for each input. Empty where there is no curve.
std::string definition_script(const Entry& entry);

// The style sheet of all pages, that of the plots included.
std::string style_sheet();

}  // namespace actc::tools::gallery
