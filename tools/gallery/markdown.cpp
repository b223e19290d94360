// Markdown by cmark-gfm, GitHub's own: its tree is where links are led to the gallery's pages and
// headings get their anchors, before it is written.
#include "tools/gallery/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "tools/gallery/html.h"
#include "tools/gallery/page.h"

namespace actc::tools::gallery {
namespace {

struct Free {
  void operator()(cmark_parser* parser) const { cmark_parser_free(parser); }
  void operator()(cmark_node* node) const { cmark_node_free(node); }
  void operator()(cmark_iter* iterator) const { cmark_iter_free(iterator); }
  void operator()(char* text) const { cmark_get_default_mem_allocator()->free(text); }
};

constexpr Document known[] = {
    {"tutorial.md", "docs/tutorial.html", "Tutorial"},
    {"language.md", "docs/language.html", "Language"},
    {"properties.md", "docs/properties.html", "Properties"},
    {"plots.md", "docs/plots.html", "Plots"},
    {"messages.md", "docs/messages.html", "Messages"},
    {"accuracy.md", "docs/accuracy.html", "Accuracy"},
    {"gallery.md", "docs/gallery.html", "About"},
};

// The words below a node.
std::string words_of(cmark_node* node) {
  std::string words;
  const std::unique_ptr<cmark_iter, Free> iterator(cmark_iter_new(node));
  for (cmark_event_type event; (event = cmark_iter_next(iterator.get())) != CMARK_EVENT_DONE;) {
    cmark_node* at = cmark_iter_get_node(iterator.get());
    const cmark_node_type type = cmark_node_get_type(at);
    if (event == CMARK_EVENT_ENTER && (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)) {
      words += cmark_node_get_literal(at);
    }
  }
  return words;
}

// As GitHub names the places of headings: letters, digits, '-' and '_'; the rest is left out.
std::string anchor_of(const std::string& words) {
  std::string anchor;
  for (const char c : words) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ') anchor += '-';
    if (std::isalnum(byte) || c == '-' || c == '_' || byte >= 0x80) {
      anchor += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
    }
  }
  return anchor;
}

// Where a link leads on the site; empty where it leaves it.
std::string led(std::string_view url) {
  if (url.starts_with('#')) return std::string(url);
  const std::size_t hash = std::min(url.find('#'), url.size());
  for (const Document& d : documents()) {
    if (url.substr(0, hash) == d.file) {
      return std::string(d.path.substr(d.path.find('/') + 1)) + std::string(url.substr(hash));
    }
  }
  if (url.ends_with(".svg") && !asset(url).empty()) return std::string(url);
  return {};
}

// The node's children take its place.
void unwrap(cmark_node* node) {
  while (cmark_node* child = cmark_node_first_child(node)) cmark_node_insert_before(node, child);
  cmark_node_free(node);
}

void lead_links(cmark_node* document) {
  std::vector<cmark_node*> out;
  const std::unique_ptr<cmark_iter, Free> iterator(cmark_iter_new(document));
  for (cmark_event_type event; (event = cmark_iter_next(iterator.get())) != CMARK_EVENT_DONE;) {
    cmark_node* node = cmark_iter_get_node(iterator.get());
    const cmark_node_type type = cmark_node_get_type(node);
    if (event != CMARK_EVENT_EXIT || (type != CMARK_NODE_LINK && type != CMARK_NODE_IMAGE))
      continue;
    const std::string to = led(cmark_node_get_url(node));
    if (to.empty()) {
      out.push_back(node);
    } else {
      cmark_node_set_url(node, to.c_str());
    }
  }
  for (cmark_node* node : out) unwrap(node);
}

std::vector<std::string> anchors(cmark_node* document) {
  std::vector<std::string> result;
  std::map<std::string, int> seen;
  for (cmark_node* node = cmark_node_first_child(document); node != nullptr;
       node = cmark_node_next(node)) {
    if (cmark_node_get_type(node) != CMARK_NODE_HEADING) continue;
    std::string anchor = anchor_of(words_of(node));
    const int before = seen[anchor]++;
    if (before > 0) anchor += fmt::format("-{}", before);
    result.push_back(anchor);
  }
  return result;
}

// The renderer writes headings without attributes, each at the start of a line.
std::string with_anchors(const std::string& html, const std::vector<std::string>& anchors) {
  std::string text;
  std::size_t next = 0, at = 0;
  while (at < html.size()) {
    const std::size_t end = std::min(html.find('\n', at), html.size() - 1);
    std::string line = html.substr(at, end + 1 - at);
    const bool heading = line.size() > 4 && line[0] == '<' && line[1] == 'h' && line[2] >= '1' &&
                         line[2] <= '6' && line[3] == '>';
    if (heading && next < anchors.size()) {
      line.insert(3, fmt::format(" id=\"{}\"", escape(anchors[next++])));
    }
    text += line;
    at = end + 1;
  }
  return text;
}

// Tables scroll by themselves where a screen is narrow.
std::string with_scrolling_tables(std::string html) {
  const auto replace = [&](std::string_view what, std::string_view with) {
    for (std::size_t at = 0; (at = html.find(what, at)) != std::string::npos; at += with.size()) {
      html.replace(at, what.size(), with);
    }
  };
  replace("<table>",
          "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>");
  replace("</table>", "</table></div>");
  replace("<pre>", "<pre tabindex=\"0\">");
  return html;
}

}  // namespace

std::span<const Document> documents() {
  static const std::vector<Document> there = [] {
    std::vector<Document> list;
    for (const Document& d : known) {
      if (!asset(d.file).empty()) list.push_back(d);
    }
    return list;
  }();
  return there;
}

std::string html_of_markdown(std::string_view text) {
  cmark_gfm_core_extensions_ensure_registered();
  constexpr int options = CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8;
  const std::unique_ptr<cmark_parser, Free> parser(cmark_parser_new(options));
  for (const char* extension : {"table", "strikethrough"}) {
    if (cmark_syntax_extension* found = cmark_find_syntax_extension(extension)) {
      cmark_parser_attach_syntax_extension(parser.get(), found);
    }
  }
  cmark_parser_feed(parser.get(), text.data(), text.size());
  const std::unique_ptr<cmark_node, Free> document(cmark_parser_finish(parser.get()));
  lead_links(document.get());
  const std::vector<std::string> places = anchors(document.get());
  const std::unique_ptr<char, Free> html(
      cmark_render_html(document.get(), options, cmark_parser_get_syntax_extensions(parser.get())));
  return with_scrolling_tables(with_anchors(html.get(), places));
}

std::string document_page(const Document& document) {
  const Layout layout = {.title = std::string(document.title) + " · actc",
                         .description = std::string(document.title),
                         .folder = 1,
                         .current = std::string(document.path)};
  return page(layout, "<article class=\"document\">\n" + html_of_markdown(asset(document.file)) +
                          "</article>\n");
}

}  // namespace actc::tools::gallery
