// How the parts of a picture look: apart from where they are, so that a page can restyle them.
#include <fmt/format.h>

#include <array>

#include "tools/plot/svg.h"

namespace actc::tools::plot {
namespace {

// Of definitions in order: lines, and a shade of the same that is legible as text.
struct Colours {
  std::string_view ground, ink, faint, grid, axis, zone;
  std::array<std::string_view, 7> lines;
  std::array<std::string_view, 7> texts;
};

// Okabe and Ito's colours. Yellow is left out of the light ones: it is none on paper.
constexpr Colours light = {
    .ground = "#ffffff",
    .ink = "#1a1a1a",
    .faint = "#595959",
    .grid = "#e9e9e9",
    .axis = "#8c8c8c",
    .zone = "#000000",
    .lines = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"},
    .texts = {"#00629b", "#b34f00", "#007a59", "#a14d7c", "#8f6300", "#1f7bb0", "#000000"},
};
constexpr Colours dark = {
    .ground = "#15181d",
    .ink = "#ececec",
    .faint = "#a9adb4",
    .grid = "#2a2e35",
    .axis = "#6f757e",
    .zone = "#ffffff",
    .lines = {"#56b4e9", "#f08a3c", "#2fc59c", "#dd93ba", "#f0e442", "#4a90d9", "#ffffff"},
    .texts = {"#7cc5ef", "#f5a566", "#55d3b0", "#e6adca", "#f0e442", "#7fb2e5", "#ffffff"},
};

std::string colours(const Colours& c, std::string_view inside) {
  const std::string root = fmt::format("{}{}.actc-plot", inside, inside.empty() ? "" : " ");
  std::string css;
  const auto rule = [&](std::string_view selector, std::string_view body) {
    css += fmt::format("{} {}{{{}}}\n", root, selector, body);
  };
  rule(".ground", fmt::format("fill:{}", c.ground));
  rule(".zone", fmt::format("fill:{};fill-opacity:.055", c.zone));
  rule(".sample", "fill-opacity:.12");  // of a zone, in the legend
  rule(".grid", fmt::format("stroke:{}", c.grid));
  rule(".axis", fmt::format("stroke:{}", c.axis));
  rule("text", fmt::format("fill:{}", c.ink));
  rule(".tick", fmt::format("fill:{}", c.faint));
  rule(".pale", fmt::format("stroke:{}", c.faint));
  rule(".ink", fmt::format("stroke:{}", c.ink));
  for (std::size_t k = 0; k < c.lines.size(); ++k) {
    rule(fmt::format(".c{}", k), fmt::format("stroke:{}", c.lines[k]));
    rule(fmt::format(".d{}", k), fmt::format("fill:{0};stroke:{0}", c.lines[k]));
    rule(fmt::format(".t{}", k), fmt::format("fill:{}", c.texts[k]));
  }
  // What is hollow shows the ground; after the colours, whose fill it replaces.
  rule(".hollow", fmt::format("fill:{}", c.ground));
  rule(".halo", fmt::format("stroke:{}", c.ground));
  return css;
}

constexpr std::string_view shapes =
    ".actc-plot{font-family:'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif;"
    "font-size:13px}\n"
    ".actc-plot .title{font-size:16px;font-weight:600}\n"
    ".actc-plot .tick{font-size:12px}\n"
    ".actc-plot .name{font-style:italic;font-size:14px}\n"
    ".actc-plot .grid,.actc-plot .axis{fill:none;stroke-width:1}\n"
    ".actc-plot .curve{fill:none;stroke-linejoin:round}\n"
    ".actc-plot .solid{stroke-width:2.4;stroke-linecap:round}\n"
    ".actc-plot .dashed{stroke-width:1.9;stroke-dasharray:8 4.5}\n"
    ".actc-plot .dash-dotted{stroke-width:1.6;stroke-dasharray:10 3.5 2 3.5}\n"
    ".actc-plot .near{fill:none;stroke-width:1.7;stroke-linecap:round;stroke-dasharray:.1 5.2}\n"
    ".actc-plot .mark{stroke-width:1.6}\n"
    ".actc-plot .dot{stroke-width:1.8}\n"
    ".actc-plot .halo{stroke-width:4;stroke-linejoin:round;fill:none}\n";

}  // namespace

std::string svg_style(Theme theme, std::string_view inside) {
  switch (theme) {
    case Theme::none:
      return {};
    case Theme::light:
      return std::string(shapes) + colours(light, inside);
    case Theme::dark:
      return std::string(shapes) + colours(dark, inside);
    case Theme::automatic:
      return std::string(shapes) + colours(light, inside) +
             "@media (prefers-color-scheme:dark){\n" + colours(dark, inside) + "}\n";
  }
  return {};
}

}  // namespace actc::tools::plot
