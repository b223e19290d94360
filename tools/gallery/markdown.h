// The documents of docs/ as pages.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace actc::tools::gallery {

struct Document {
  std::string_view file;   // "language.md", as it is embedded
  std::string_view path;   // "docs/language.html", from the root of the site
  std::string_view title;  // in the navigation
};
std::span<const Document> documents();

// GitHub's Markdown to HTML. Headings have GitHub's anchors; links to another of the documents lead
// to its page, links out of the gallery's folder are left out and their words stay. HTML in the
// text is left out.
std::string html_of_markdown(std::string_view text);

std::string document_page(const Document& document);

}  // namespace actc::tools::gallery
