// A scene as SVG 1.1: one self-contained text, no fonts or styles from elsewhere, nothing that
// runs.
//
// Lines tell derivatives apart (solid, dashed, dash-dotted), colours (Okabe and Ito, "Color
// Universal Design", 2008: distinct for the colour-blind) and marks along the curve tell
// definitions apart, so that a grey print says as much. Zones are grey, asymptotes dotted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/plot/scene.h"

namespace actc::tools::plot {

enum class Theme : std::uint8_t {
  light,
  dark,
  automatic,  // light, and dark where the reader's system asks for it
  none,       // no style of its own: the page has `svg_style`, once for all its pictures
};

struct SvgOptions {
  double width = 800, height = 500;  // pixels; at least 40 each
  Theme theme = Theme::light;
  bool thumbnail = false;    // the curves and the axes through 0 alone
  bool transparent = false;  // no background
  std::string id = "plot";   // begins the ids inside: unique among the pictures of a page
};

// The text, from `<svg` to `</svg>` and a newline. As a file it needs no more; inside HTML it may
// stand as it is. Labels are escaped; what no XML may hold is left out of them.
std::string svg(const Scene& scene, const SvgOptions& options = {});

// The style sheet, each rule of which begins with `.actc-plot`: a page that has a switch of its
// own puts svg_style(Theme::dark, "[data-theme=dark]") behind svg_style(Theme::light).
std::string svg_style(Theme theme, std::string_view inside = {});

}  // namespace actc::tools::plot
