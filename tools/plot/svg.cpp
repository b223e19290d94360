// Writes the picture from back to front: zones, grid, asymptotes, curves, dots, words.
#include "tools/plot/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <optional>

#include "tools/plot/ranges.h"
#include "tools/plot/words.h"

namespace actc::tools::plot {
namespace {

constexpr std::size_t colour_count = 7;
constexpr double tick_size = 12, text_size = 13;  // font sizes; svg_style has them, too
constexpr double character = 0.55;                // of its size: how wide one is, about
constexpr double row_height = 20;
constexpr double sample_width = 30;  // of a line in the legend
constexpr double dot_radius = 3.8;
constexpr std::size_t longest_label = 64;
constexpr std::size_t longest_end_label = 14;

double width_of(std::string_view text, double size = text_size) {
  return static_cast<double>(code_points(text)) * size * character;
}

// Two decimals, none that say nothing.
std::string number(double v) {
  std::string text = fmt::format("{:.2f}", v);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string_view class_of(Line line) {
  switch (line) {
    case Line::solid:
      return "solid";
    case Line::dashed:
      return "dashed";
    case Line::dash_dotted:
      return "dash-dotted";
  }
  return "solid";
}

struct LegendEntry {
  enum class Kind : std::uint8_t { curve, zone, asymptote } kind = Kind::curve;
  Line line = Line::solid;
  std::optional<std::size_t> colour;  // none: the ink's, for all of them
  std::size_t family = 0;
  std::string text;
};

std::vector<LegendEntry> legend_of(const Scene& scene) {
  std::vector<LegendEntry> entries;
  for (const Curve& curve : scene.curves) {
    if (curve.label.empty()) continue;
    entries.push_back({LegendEntry::Kind::curve, curve.line, curve.colour, curve.family,
                       shortened(curve.label, longest_label)});
  }
  for (const Line line : {Line::dashed, Line::dash_dotted}) {
    const bool unnamed = std::ranges::any_of(
        scene.curves, [&](const Curve& c) { return c.line == line && c.label.empty(); });
    if (unnamed) {
      entries.push_back({LegendEntry::Kind::curve, line, {}, 0, std::string(name_of(line))});
    }
  }
  if (!scene.asymptotes.empty()) {
    entries.push_back({LegendEntry::Kind::asymptote, Line::solid, {}, 0, "asymptote"});
  }
  if (!scene.zones.empty()) {
    entries.push_back({LegendEntry::Kind::zone, Line::solid, {}, 0, "gradient is 0"});
  }
  return entries;
}

class Drawing {
 public:
  Drawing(const Scene& scene, const SvgOptions& options);
  std::string text();

 private:
  template <class... T>
  void put(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
  }
  double px(double x) const { return left_ + (x - x_.from) / x_.width() * across_; }
  double py(double y) const { return top_ + (y_.to - y) / y_.width() * up_; }
  bool marked() const { return scene_.families > 1 && !options_.thumbnail; }

  void lay_out();
  void make_units_equal();
  void zones();
  void grid();
  void asymptotes();
  void curve(const Curve& curve);
  void marks(const Curve& curve);
  void mark(double x, double y, std::size_t family);
  void dots(const Curve& curve);
  void numbers();
  void legend();
  void end_labels();

  const Scene& scene_;
  const SvgOptions& options_;
  Range x_, y_;
  double left_ = 0, top_ = 0, across_ = 0, up_ = 0;
  std::vector<LegendEntry> legend_;
  std::vector<std::pair<double, double>> legend_at_;
  double legend_top_ = 0;
  Ticks x_ticks_, y_ticks_;
  std::string out_;
};

Drawing::Drawing(const Scene& scene, const SvgOptions& options)
    : scene_(scene), options_(options), x_(scene.x), y_(scene.y) {
  lay_out();
}

// The picture becomes narrower or lower.
void Drawing::make_units_equal() {
  const double unit = std::min(across_ / x_.width(), up_ / y_.width());
  const double across = unit * x_.width(), up = unit * y_.width();
  left_ += (across_ - across) / 2;
  top_ += (up_ - up) / 2;
  across_ = across;
  up_ = up;
}

// Room for numbers and words first; the picture gets what is left.
void Drawing::lay_out() {
  if (options_.thumbnail) {
    const double margin = 4;
    left_ = top_ = margin;
    across_ = options_.width - 2 * margin;
    up_ = options_.height - 2 * margin;
    if (scene_.equal) make_units_equal();
    x_ticks_ = ticks(x_, 6);
    y_ticks_ = ticks(y_, 4);
    return;
  }
  legend_ = legend_of(scene_);
  double right = 22;
  for (const Curve& c : scene_.curves) {
    if (c.short_label.empty()) continue;
    right = std::max(right, width_of(shortened(c.short_label, longest_end_label)) + 16);
  }
  right = std::min(right, options_.width / 4);
  double top = 14;
  if (!scene_.title.empty()) top += 24;
  legend_top_ = top;
  // The legend fills rows; the numbers of the y axis decide where they begin, so a guess first.
  double x = 0, rows = legend_.empty() ? 0 : 1;
  const double room = options_.width - 60 - right;
  for (const LegendEntry& entry : legend_) {
    const double width = sample_width + 8 + width_of(entry.text) + 22;
    if (x > 0 && x + width > room + 22) {
      x = 0;
      ++rows;
    }
    legend_at_.emplace_back(x, (rows - 1) * row_height);
    x += width;
  }
  top += rows * row_height + (rows > 0 ? 8 : 0);
  const double bottom = 42;
  top_ = top;
  up_ = std::max(10.0, options_.height - top - bottom);
  y_ticks_ = ticks(y_, std::max(2, static_cast<int>(up_ / 44)));
  const auto labels_of = [&] {
    double widest = 0;
    for (const double at : y_ticks_.at) {
      widest = std::max(widest, width_of(tick_label(at, y_ticks_.step), tick_size));
    }
    return widest;
  };
  left_ = std::min(labels_of() + 20, options_.width / 3);
  across_ = std::max(10.0, options_.width - left_ - right);
  if (scene_.equal) {
    make_units_equal();
    y_ticks_ = ticks(y_, std::max(2, static_cast<int>(up_ / 44)));
  }
  x_ticks_ = ticks(x_, std::max(2, static_cast<int>(across_ / 70)));
}

void Drawing::zones() {
  // Of one definition the whole height; of several a strip each at the foot, in its colour.
  constexpr double strip = 6;
  for (const Zone& zone : scene_.zones) {
    const double from = px(std::max(zone.x.from, x_.from)), to = px(std::min(zone.x.to, x_.to));
    if (!(to > from)) continue;
    if (scene_.families == 1) {
      put("<rect class=\"zone\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n", number(from),
          number(top_), number(to - from), number(up_));
    } else {
      const double y = top_ + up_ - strip * static_cast<double>(zone.family + 1);
      put("<rect class=\"d{}\" stroke=\"none\" style=\"stroke:none;fill-opacity:.35\" x=\"{}\" "
          "y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
          zone.family % colour_count, number(from), number(y + 1), number(to - from),
          number(strip - 1.5));
    }
  }
}

void Drawing::grid() {
  std::string lines;
  const auto across = [&](double y) {
    return fmt::format("M{} {}h{}", number(left_), number(std::round(py(y)) + 0.5),
                       number(across_));
  };
  const auto upwards = [&](double x) {
    return fmt::format("M{} {}v{}", number(std::round(px(x)) + 0.5), number(top_), number(up_));
  };
  if (!options_.thumbnail) {
    for (const double x : x_ticks_.at) lines += upwards(x);
    for (const double y : y_ticks_.at) lines += across(y);
    put("<path class=\"grid\" d=\"{}\"/>\n", lines);
  }
  std::string axes;
  if (y_.holds(0)) axes += across(0);
  if (x_.holds(0)) axes += upwards(0);
  if (!axes.empty()) put("<path class=\"axis\" d=\"{}\"/>\n", axes);
}

void Drawing::asymptotes() {
  for (const Asymptote& a : scene_.asymptotes) {
    const Piece line = a.vertical ? Piece{{a.offset, y_.from}, {a.offset, y_.to}}
                                  : Piece{{a.x.from, a.slope * a.x.from + a.offset},
                                          {a.x.to, a.slope * a.x.to + a.offset}};
    for (const Piece& part : clipped(line, x_, y_)) {
      put("<path class=\"near {}\" d=\"M{} {}L{} {}\"/>\n",
          scene_.families == 1 ? std::string("pale") : fmt::format("c{}", a.family % colour_count),
          number(px(part[0].x)), number(py(part[0].y)), number(px(part[1].x)),
          number(py(part[1].y)));
    }
  }
}

// The points that a polyline needs, in pixels: those on the way from one to another that it comes
// within a 20th of a pixel of are left out.
Piece thinned(const Piece& points) {
  Piece kept;
  std::size_t from = 0;
  const auto is_near = [&](std::size_t last) {
    const Point a = points[from], b = points[last];
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    for (std::size_t k = from + 1; k < last; ++k) {
      const double cross = (points[k].x - a.x) * (b.y - a.y) - (points[k].y - a.y) * (b.x - a.x);
      if (std::abs(cross) > 0.05 * length) return false;
    }
    return true;
  };
  for (std::size_t k = 0; k < points.size(); ++k) {
    if (k == 0 || k + 1 == points.size() || k + 1 - from > 64 || !is_near(k + 1)) {
      kept.push_back(points[k]);
      from = k;
    }
  }
  return kept;
}

void Drawing::curve(const Curve& curve) {
  std::string path;
  for (const Piece& piece : curve.pieces) {
    Piece pixels;
    for (const Point& p : piece) pixels.push_back({px(p.x), py(p.y)});
    if (pixels.size() < 2) continue;
    // Relative to the number written before, so that roundings do not add up.
    double x = 0, y = 0;
    bool first = true;
    for (const Point& p : thinned(pixels)) {
      const double nx = std::round(p.x * 100) / 100, ny = std::round(p.y * 100) / 100;
      const std::string dx = number(first ? nx : nx - x), dy = number(first ? ny : ny - y);
      path += fmt::format("{}{}{}{}", first ? "M" : "l", dx, dy.starts_with('-') ? "" : " ", dy);
      x = nx;
      y = ny;
      first = false;
    }
  }
  if (path.empty()) return;
  put("<path class=\"curve {} c{}\" d=\"{}\"/>\n", class_of(curve.line),
      curve.colour % colour_count, path);
}

void Drawing::mark(double x, double y, std::size_t family) {
  constexpr std::array<std::string_view, 6> shapes = {
      "m-3.6-3.6h7.2v7.2h-7.2z",   // square
      "m0-4.6l4.6 8h-9.2z",        // triangle
      "m0-5l5 5l-5 5l-5-5z",       // diamond
      "m-4-4l8 8m0-8l-8 8",        // cross
      "m0 4.6l4.6-8h-9.2z",        // triangle on its point
      "m-4.6 0h9.2m-4.6-4.6v9.2",  // plus
  };
  if (family == 0) return;
  put("<path class=\"mark c{} hollow\" d=\"M{} {}{}\"/>\n", family % colour_count, number(x),
      number(y), shapes[(family - 1) % shapes.size()]);
}

// Every definition has its marks at places of its own, so that curves that coincide show all.
void Drawing::marks(const Curve& curve) {
  constexpr int count = 6;
  const double families = static_cast<double>(scene_.families);
  for (int k = 0; k < count; ++k) {
    const double part = (k + (static_cast<double>(curve.family) + 0.5) / families) / count;
    const double x = x_.from + part * x_.width();
    for (const Piece& piece : curve.pieces) {
      const auto after = std::ranges::find_if(piece, [&](const Point& p) { return p.x >= x; });
      if (after == piece.begin() || after == piece.end()) continue;
      const Point &a = *std::prev(after), &b = *after;
      const double y = a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x);
      mark(px(x), py(y), curve.family);
      break;
    }
  }
}

void Drawing::dots(const Curve& curve) {
  const double radius = options_.thumbnail ? 2.2 : dot_radius;
  for (const Dot& dot : curve.dots) {
    put("<circle class=\"dot d{}{}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>\n", curve.colour % colour_count,
        dot.closed ? "" : " hollow", number(px(dot.at.x)), number(py(dot.at.y)), number(radius));
  }
}

void Drawing::numbers() {
  for (const double x : x_ticks_.at) {
    put("<text class=\"tick\" text-anchor=\"middle\" x=\"{}\" y=\"{}\">{}</text>\n", number(px(x)),
        number(top_ + up_ + 18), tick_label(x, x_ticks_.step));
  }
  for (const double y : y_ticks_.at) {
    put("<text class=\"tick\" text-anchor=\"end\" x=\"{}\" y=\"{}\">{}</text>\n", number(left_ - 8),
        number(py(y) + 4.2), tick_label(y, y_ticks_.step));
  }
  put("<text class=\"name\" text-anchor=\"middle\" x=\"{}\" y=\"{}\">{}</text>\n",
      number(left_ + across_ / 2), number(top_ + up_ + 36), escape_xml(scene_.x_label));
  if (!scene_.title.empty()) {
    const auto most = static_cast<std::size_t>((options_.width - left_ - 10) / (16 * character));
    put("<text class=\"title\" x=\"{}\" y=\"{}\">{}</text>\n", number(left_), number(25),
        escape_xml(shortened(scene_.title, std::max<std::size_t>(most, 4))));
  }
}

void Drawing::legend() {
  for (std::size_t k = 0; k < legend_.size(); ++k) {
    const LegendEntry& entry = legend_[k];
    const double x = left_ + legend_at_[k].first, y = legend_top_ + legend_at_[k].second + 9;
    const std::string colour =
        entry.colour ? fmt::format("c{}", *entry.colour % colour_count) : std::string("ink");
    switch (entry.kind) {
      case LegendEntry::Kind::curve:
        put("<path class=\"curve {} {}\" d=\"M{} {}h{}\"/>\n", class_of(entry.line), colour,
            number(x), number(y), number(sample_width));
        if (entry.colour && marked()) mark(x + sample_width / 2, y, entry.family);
        break;
      case LegendEntry::Kind::asymptote:
        put("<path class=\"near pale\" d=\"M{} {}h{}\"/>\n", number(x + 1), number(y),
            number(sample_width - 2));
        break;
      case LegendEntry::Kind::zone:
        put("<rect class=\"zone sample\" x=\"{}\" y=\"{}\" width=\"{}\" "
            "height=\"12\"/>\n",
            number(x), number(y - 6), number(sample_width));
        break;
    }
    put("<text x=\"{}\" y=\"{}\">{}</text>\n", number(x + sample_width + 8), number(y + 4.5),
        escape_xml(entry.text));
  }
}

// Names beside where the curves leave to the right, moved apart where they would overlap.
void Drawing::end_labels() {
  struct Label {
    double y;
    const Curve* curve;
  };
  std::vector<Label> labels;
  for (const Curve& curve : scene_.curves) {
    if (curve.short_label.empty()) continue;
    const auto last = std::find_if(curve.pieces.rbegin(), curve.pieces.rend(),
                                   [](const Piece& piece) { return piece.size() > 1; });
    if (last == curve.pieces.rend()) continue;
    const Point& end = last->back();
    // One that leaves through the top or the bottom short of the right side is named there, too.
    if (end.x < x_.to - 0.12 * x_.width()) continue;
    labels.push_back({py(end.y), &curve});
  }
  constexpr double apart = 15;
  std::ranges::stable_sort(labels, {}, &Label::y);
  for (std::size_t k = 1; k < labels.size(); ++k) {
    labels[k].y = std::max(labels[k].y, labels[k - 1].y + apart);
  }
  double lowest = top_ + up_;
  for (std::size_t k = labels.size(); k-- > 0; lowest -= apart) {
    labels[k].y = std::min(labels[k].y, lowest);
  }
  for (const Label& label : labels) {
    put("<text class=\"t{}\" x=\"{}\" y=\"{}\">{}</text>\n", label.curve->colour % colour_count,
        number(left_ + across_ + 8), number(label.y + 4.5),
        escape_xml(shortened(label.curve->short_label, longest_end_label)));
  }
}

std::string Drawing::text() {
  const std::string id = escape_xml(options_.id);
  put("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"actc-plot\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" role=\"img\" aria-labelledby=\"{2}-title {2}-desc\">\n",
      number(options_.width), number(options_.height), id);
  put("<title id=\"{}-title\">{}</title>\n", id,
      escape_xml(scene_.title.empty() ? "plot" : scene_.title));
  put("<desc id=\"{}-desc\">{}</desc>\n", id, escape_xml(scene_.description));
  if (options_.theme != Theme::none) put("<style>\n{}</style>\n", svg_style(options_.theme));
  if (!options_.transparent) {
    put("<rect class=\"ground\" width=\"{}\" height=\"{}\"/>\n", number(options_.width),
        number(options_.height));
  }
  zones();
  grid();
  asymptotes();
  // The first definition above the others; dashes above what they may lie on.
  std::vector<const Curve*> order;
  for (const Curve& c : scene_.curves) order.push_back(&c);
  std::ranges::stable_sort(order, [](const Curve* a, const Curve* b) {
    return a->family != b->family ? a->family > b->family : a->line < b->line;
  });
  for (const Curve* c : order) curve(*c);
  if (marked()) {
    for (const Curve& c : scene_.curves) marks(c);
  }
  for (const Curve& c : scene_.curves) dots(c);
  if (!options_.thumbnail) {
    numbers();
    legend();
    end_labels();
  }
  out_ += "</svg>\n";
  return std::move(out_);
}

}  // namespace

std::string svg(const Scene& scene, const SvgOptions& options) {
  return Drawing(scene, options).text();
}

}  // namespace actc::tools::plot
