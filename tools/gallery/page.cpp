// The page of a definition, and what every page has around it.
#include "tools/gallery/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "runtime/actc.h"
#include "tools/gallery/card_table.h"
#include "tools/gallery/html.h"
#include "tools/gallery/markdown.h"
#include "tools/gallery/snippets.h"
#include "tools/plot/svg.h"

namespace actc::tools::gallery {
namespace {

using Json = nlohmann::ordered_json;

std::string navigation(const Layout& layout) {
  const std::string root = layout.folder == 0 ? "" : "../";
  const auto item = [&](std::string_view path, std::string_view title) {
    return fmt::format("<li><a href=\"{}{}\"{}>{}</a></li>\n", root, path,
                       layout.current == path ? " aria-current=\"page\"" : "", escape(title));
  };
  std::string html = item("index.html", "Gallery");
  for (const Document& d : documents()) html += item(d.path, d.title);
  return html;
}

std::string formulas(const Entry& entry) {
  std::string html;
  std::size_t at = 0;
  while (at < entry.mathml.size()) {
    const std::size_t end = std::min(entry.mathml.find('\n', at), entry.mathml.size());
    if (end > at) {
      html += "<div class=\"line\" tabindex=\"0\" role=\"group\" aria-label=\"Formula\">" +
              entry.mathml.substr(at, end - at) + "</div>\n";
    }
    at = end + 1;
  }
  return html;
}

Json numbers_of(const std::vector<Control>& controls) {
  Json array = Json::array();
  for (const Control& c : controls) array.push_back({{"name", c.name}, {"value", c.value}});
  return array;
}

std::string control(const Control& c, std::string_view kind, std::size_t number) {
  const std::string id = fmt::format("{}-{}", kind, number);
  return fmt::format(
      "<div class=\"control\" data-{0}=\"{1}\"><label for=\"{2}\">{1}{3}</label>\n"
      "<input type=\"number\" step=\"any\" value=\"{4}\" aria-label=\"{1}, as a number\">\n"
      "<input id=\"{2}\" type=\"range\" min=\"{5}\" max=\"{6}\" step=\"any\" "
      "value=\"{4}\"></div>\n",
      kind, escape(c.name), id, c.learned ? " <span class=\"learned\">learned</span>" : "",
      raw(c.value), raw(c.from), raw(c.to));
}

std::string controls(const Entry& entry) {
  std::string html;
  if (entry.inputs.size() > 1) {
    html += "<p class=\"field\"><label for=\"axis\">Along the axis</label><select id=\"axis\">\n";
    for (std::size_t k = 0; k < entry.inputs.size(); ++k) {
      html += fmt::format("<option value=\"{}\"{}>{}</option>\n", k,
                          k == entry.curve->axis ? " selected" : "", escape(entry.inputs[k].name));
    }
    html += "</select></p>\n";
    for (std::size_t k = 0; k < entry.inputs.size(); ++k) {
      html += control(entry.inputs[k], "input", k);
    }
  }
  for (std::size_t k = 0; k < entry.parameters.size(); ++k) {
    html += control(entry.parameters[k], "parameter", k);
  }
  return html;
}

std::string plot(const Entry& entry) {
  if (!entry.curve) return {};
  const Curve& curve = *entry.curve;
  if (entry.javascript.empty()) return fill(asset("still.html"), {{"svg", curve.svg}});
  const Json data = {{"inputs", numbers_of(entry.inputs)},
                     {"parameters", numbers_of(entry.parameters)},
                     {"axis", curve.axis},
                     {"x", {curve.x_from, curve.x_to}},
                     {"y", {curve.y_from, curve.y_to}},
                     {"at", std::clamp(1.0, curve.x_from, curve.x_to)}};
  return fill(asset("plot.html"), {{"data", in_script(data.dump())},
                                   {"axis", escape(entry.inputs[curve.axis].name)},
                                   {"svg", curve.svg},
                                   {"name", escape(entry.name)},
                                   {"controls", controls(entry)}});
}

std::string card(const Entry& entry) {
  const std::string table = card_table(entry.card);
  if (table.empty()) return {};
  std::vector<std::string> held;
  for (const Control& p : entry.parameters) {
    held.push_back(fmt::format("{} = {}", escape(p.name), typeset(fmt::format("{:.6g}", p.value))));
  }
  const std::string of =
      held.empty() || !entry.card.shape
          ? std::string()
          : fmt::format("<p class=\"note\">With {}.</p>\n", fmt::join(held, ", "));
  return "<section aria-labelledby=\"properties\">\n<h2 id=\"properties\">Properties</h2>\n" + of +
         table + "</section>\n";
}

std::string code(std::string_view title, const std::string& text, bool open = false) {
  if (text.empty()) return {};
  return fmt::format(
      "<details class=\"code\"{}><summary>{}</summary><div class=\"copied\"><button class=\"copy\" "
      "type=\"button\" hidden>Copy</button><pre "
      "tabindex=\"0\"><code>{}</code></pre></div></details>\n",
      open ? " open" : "", title, escape(text));
}

std::string numbers(const Entry& entry) {
  const std::string tables = numbers_tables(entry.card);
  if (tables.empty()) return {};
  return "<section aria-labelledby=\"numbers\">\n<h2 id=\"numbers\">Accuracy and speed</h2>\n" +
         tables + "</section>\n";
}

}  // namespace

std::string page(const Layout& layout, std::string content) {
  return fill(asset("layout.html"), {{"title", escape(layout.title)},
                                     {"description", escape(layout.description)},
                                     {"root", layout.folder == 0 ? "" : "../"},
                                     {"scripts", layout.scripts},
                                     {"navigation", navigation(layout)},
                                     {"version", std::string(version())},
                                     {"content", std::move(content)}});
}

std::string definition_page(const Entry& entry, const Entry* before, const Entry* after) {
  std::string turn;
  if (before != nullptr) {
    turn += fmt::format("<a rel=\"prev\" href=\"{}.html\">← {}</a>\n", before->slug,
                        escape(before->name));
  }
  turn += "<a href=\"../index.html\">all</a>\n";
  if (after != nullptr) {
    turn += fmt::format("<a rel=\"next\" href=\"{}.html\">{} →</a>\n", after->slug,
                        escape(after->name));
  }
  std::string kind = escape(entry.kind);
  if (entry.is_learned()) kind += ", learned";
  if (entry.own) kind += ", of your file";
  const std::string documentation =
      entry.documentation.empty() ? std::string()
                                  : "<p class=\"lead\">" + prose(entry.documentation) + "</p>\n";
  const std::string programs =
      code("actc", entry.source, true) + code("C++", cpp_program(entry), true) +
      code("Shell", shell_command(entry)) + code("C", entry.c) + code("NumPy", entry.python) +
      code("JavaScript", entry.javascript) + code("LaTeX", entry.latex);
  const Layout layout = {
      .title = entry.name + " · actc",
      .description = entry.documentation.empty() ? entry.signature : entry.documentation,
      .folder = 1,
      .current = "",
      .scripts = definition_script(entry).empty()
                     ? ""
                     : fmt::format("<script src=\"{}.js\" defer></script>\n", entry.slug)};
  return page(layout, fill(asset("definition.html"), {{"kind", kind},
                                                      {"name", escape(entry.signature)},
                                                      {"documentation", documentation},
                                                      {"formulas", formulas(entry)},
                                                      {"plot", plot(entry)},
                                                      {"card", card(entry)},
                                                      {"numbers", numbers(entry)},
                                                      {"code", programs},
                                                      {"turn", turn}}));
}

std::string definition_script(const Entry& entry) {
  if (!entry.curve || entry.javascript.empty()) return {};
  // What is emitted last are the value and its derivatives with respect to the inputs and to what
  // is learned, in this order.
  std::vector<std::string> names;
  const std::string& text = entry.javascript;
  constexpr std::string_view word = "function ";
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, word.size(), word) == 0) {
      const std::size_t name = at + word.size();
      names.push_back(text.substr(name, text.find('(', name) - name));
    }
    const std::size_t end = text.find('\n', at);
    at = end == std::string::npos ? text.size() : end + 1;
  }
  const auto learned =
      static_cast<std::size_t>(std::ranges::count_if(entry.parameters, &Control::learned));
  const std::size_t inputs = entry.inputs.size(), wanted = 1 + inputs + learned;
  if (names.size() < wanted) return {};
  const std::vector<std::string> own(names.end() - static_cast<std::ptrdiff_t>(wanted),
                                     names.end());
  return fmt::format(
      "window.actc_definition = (function () {{\n{}return {{ value: {}, gradients: [{}] "
      "}};\n}})();\n",
      text, own.front(), fmt::join(std::span(own).subspan(1, inputs), ", "));
}

std::string style_sheet() {
  using plot::Theme;
  std::string css(asset("gallery.css"));
  css += plot::svg_style(Theme::light);
  css += "@media (prefers-color-scheme: dark) {\n" +
         plot::svg_style(Theme::dark, ":root:not([data-theme=\"light\"])") + "}\n";
  return css + plot::svg_style(Theme::dark, ":root[data-theme=\"dark\"]");
}

bool Entry::is_learned() const { return std::ranges::any_of(parameters, &Control::learned); }

}  // namespace actc::tools::gallery
