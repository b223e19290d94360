// Cells hold dots of curves, and characters where something else stands in front of them.
#include "tools/plot/braille.h"

#include <fmt/format.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "tools/plot/ranges.h"
#include "tools/plot/words.h"

namespace actc::tools::plot {
namespace {

constexpr int dots_across = 2, dots_up = 4;  // of a cell

struct Cell {
  unsigned dots = 0;               // Braille's bits
  std::string front = {};          // a character instead
  std::optional<int> colour = {};  // of the terminal's palette
};

// Close to Okabe and Ito's colours in the palette of 256 that terminals have.
constexpr std::array<int, 7> palette = {33, 208, 36, 175, 178, 117, 250};
constexpr int axis_colour = 242;

int palette_at(std::size_t colour) { return palette[colour % palette.size()]; }

char letter_of(std::size_t family) { return static_cast<char>('a' + family % 26); }

// Is a dot of the line set, so many dots from its beginning?
bool is_drawn(Line line, int place) {
  switch (line) {
    case Line::solid:
      return true;
    case Line::dashed:
      return place % 6 < 3;
    case Line::dash_dotted:
      return place % 4 == 0;
  }
  return true;
}

char ascii_of(Line line) {
  switch (line) {
    case Line::solid:
      return '*';
    case Line::dashed:
      return '.';
    case Line::dash_dotted:
      return ':';
  }
  return '*';
}

std::string braille(unsigned dots) {
  const unsigned code = 0x2800 + dots;
  return {static_cast<char>(0xE0 | (code >> 12U)), static_cast<char>(0x80 | ((code >> 6U) & 0x3FU)),
          static_cast<char>(0x80 | (code & 0x3FU))};
}

// Braille's bit of a dot in its cell (Unicode's block 2800): the lowest row came last.
unsigned bit_of(int x, int y) {
  constexpr unsigned bits[dots_up][dots_across] = {
      {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
  return bits[y][x];
}

class Canvas {
 public:
  Canvas(const Scene& scene, const TerminalStyle& style);
  std::string text() const;

 private:
  std::size_t place_of(int column, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
           static_cast<std::size_t>(column);
  }
  Cell& cell(int column, int row) { return cells_[place_of(column, row)]; }
  const Cell& cell(int column, int row) const { return cells_[place_of(column, row)]; }
  // In dots, or in cells where there is no Braille.
  int grain_across() const { return style_.unicode ? dots_across : 1; }
  int grain_up() const { return style_.unicode ? dots_up : 1; }
  static int place(double part, int count) {
    return std::clamp(static_cast<int>(std::floor(part * count)), 0, count - 1);
  }
  double x_part(double x) const { return (x - x_.from) / x_.width(); }
  double y_part(double y) const { return (y_.to - y) / y_.width(); }
  int column_of(double x) const { return place(x_part(x), columns_); }
  int row_of(double y) const { return place(y_part(y), rows_); }

  void axes();
  void curve(const Curve& curve);
  void set(int x, int y, const Curve& curve);
  void letters(const Curve& curve);
  void dots(const Curve& curve);
  std::string painted(const std::string& text, std::optional<int> colour) const;
  std::string line_of(int row) const;
  std::string number_line() const;
  std::string legend() const;

  const Scene& scene_;
  const TerminalStyle& style_;
  Range x_, y_;
  int columns_ = 0, rows_ = 0;
  std::size_t margin_ = 0;  // for the numbers of the y axis
  Ticks x_ticks_, y_ticks_;
  std::vector<Cell> cells_;
};

Canvas::Canvas(const Scene& scene, const TerminalStyle& style)
    : scene_(scene), style_(style), x_(scene.x), y_(scene.y) {
  rows_ = std::max(6, style.rows) - 2;
  y_ticks_ = ticks(y_, std::max(2, rows_ / 3));
  for (const double y : y_ticks_.at) {
    margin_ = std::max(margin_, code_points(tick_label(y, y_ticks_.step)));
  }
  columns_ = std::max(16, std::max(24, style.columns) - static_cast<int>(margin_) - 2);
  if (scene.equal) {  // a character is about twice as high as it is wide
    const double unit = std::min(columns_ / x_.width(), 2 * rows_ / y_.width());
    columns_ = std::max(2, static_cast<int>(std::lround(unit * x_.width())));
    rows_ = std::max(2, static_cast<int>(std::lround(unit * y_.width() / 2)));
    y_ticks_ = ticks(y_, std::max(2, rows_ / 3));
  }
  x_ticks_ = ticks(x_, std::max(2, columns_ / 9));
  cells_.resize(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_));
  axes();
  for (std::size_t k = scene.curves.size(); k-- > 0;) curve(scene.curves[k]);
  if (scene.families > 1) {
    for (const Curve& c : scene.curves) {
      if (c.line == Line::solid) letters(c);
    }
  }
  for (const Curve& c : scene.curves) dots(c);
}

void Canvas::axes() {
  const auto put = [&](int column, int row, const char* unicode, const char* ascii) {
    cell(column, row).front = style_.unicode ? unicode : ascii;
    cell(column, row).colour = axis_colour;
  };
  if (y_.holds(0)) {
    for (int c = 0; c < columns_; ++c) put(c, row_of(0), "─", "-");
  }
  if (x_.holds(0)) {
    for (int r = 0; r < rows_; ++r) {
      const bool both = y_.holds(0) && r == row_of(0);
      put(column_of(0), r, both ? "┼" : "│", both ? "+" : "|");
    }
  }
}

void Canvas::set(int x, int y, const Curve& curve) {
  Cell& c = cell(x / grain_across(), y / grain_up());
  // Axes give way; a cell of two curves has the colour of the one drawn last, which is f.
  if (style_.unicode) {
    c.front.clear();
    c.dots |= bit_of(x % dots_across, y % dots_up);
  } else {
    c.front = std::string(1, ascii_of(curve.line));
  }
  c.colour = palette_at(curve.colour);
}

void Canvas::curve(const Curve& curve) {
  const int across = columns_ * grain_across(), up = rows_ * grain_up();
  for (const Piece& piece : curve.pieces) {
    int walked = 0, last_x = -1, last_y = -1;
    const auto visit = [&](const Point& p) {
      const int x = place(x_part(p.x), across), y = place(y_part(p.y), up);
      if (x == last_x && y == last_y) return;
      if (is_drawn(style_.unicode ? curve.line : Line::solid, walked++)) set(x, y, curve);
      last_x = x;
      last_y = y;
    };
    if (piece.size() == 1) visit(piece[0]);
    for (std::size_t k = 1; k < piece.size(); ++k) {
      const Point &a = piece[k - 1], &b = piece[k];
      const double steps = std::max(std::abs(x_part(b.x) - x_part(a.x)) * across,
                                    std::abs(y_part(b.y) - y_part(a.y)) * up);
      const int count = std::max(1, static_cast<int>(std::ceil(2 * steps)));
      for (int s = k == 1 ? 0 : 1; s <= count; ++s) {
        const double t = static_cast<double>(s) / count;
        visit({a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)});
      }
    }
  }
}

// The definition's letter, three times along its curve, where the others have theirs not.
void Canvas::letters(const Curve& curve) {
  constexpr int count = 3;
  for (int k = 0; k < count; ++k) {
    const double part =
        (k + (static_cast<double>(curve.family) + 0.5) / static_cast<double>(scene_.families)) /
        count;
    const double x = x_.from + part * x_.width();
    for (const Piece& piece : curve.pieces) {
      const auto after = std::ranges::find_if(piece, [&](const Point& p) { return p.x >= x; });
      if (after == piece.begin() || after == piece.end()) continue;
      const Point &a = *std::prev(after), &b = *after;
      Cell& c = cell(column_of(x), row_of(a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x)));
      c.front = std::string(1, letter_of(curve.family));
      c.colour = palette_at(curve.colour);
      break;
    }
  }
}

void Canvas::dots(const Curve& curve) {
  for (const Dot& dot : curve.dots) {
    Cell& c = cell(column_of(dot.at.x), row_of(dot.at.y));
    if (style_.unicode) {
      c.front = dot.closed ? "●" : "○";
    } else {
      c.front = dot.closed ? "@" : "o";
    }
    c.colour = palette_at(curve.colour);
  }
}

std::string Canvas::painted(const std::string& text, std::optional<int> colour) const {
  if (!style_.colour || !colour) return text;
  return fmt::format("\x1b[38;5;{}m{}\x1b[0m", *colour, text);
}

std::string Canvas::line_of(int row) const {
  std::string label;
  for (const double y : y_ticks_.at) {
    if (row_of(y) == row) label = tick_label(y, y_ticks_.step, !style_.unicode);
  }
  std::string line(margin_ - std::min(margin_, code_points(label)), ' ');
  line += label + (style_.unicode ? (label.empty() ? " │" : " ┤") : (label.empty() ? " |" : " +"));
  std::string run;
  std::optional<int> colour;
  std::string cells;
  for (int column = 0; column < columns_; ++column) {
    const Cell& c = cell(column, row);
    const bool blank = c.front.empty() && c.dots == 0;
    const std::string text = blank ? " " : c.front.empty() ? braille(c.dots) : c.front;
    if (!blank && c.colour != colour) {
      cells += painted(run, colour);
      run.clear();
      colour = c.colour;
    }
    run += text;
  }
  cells += painted(run, colour);
  if (!style_.colour) cells.erase(cells.find_last_not_of(' ') + 1);
  return line + cells + "\n";
}

std::string Canvas::number_line() const {
  std::string rule(margin_, ' '), numbers;
  rule += style_.unicode ? " └" : " +";
  const std::size_t begin = margin_ + 2, end = begin + static_cast<std::size_t>(columns_);
  std::size_t used = 0;
  std::vector<bool> marked(static_cast<std::size_t>(columns_), false);
  for (const double x : x_ticks_.at) {
    const std::string label = tick_label(x, x_ticks_.step, !style_.unicode);
    const std::size_t length = code_points(label);
    const auto column = static_cast<std::size_t>(column_of(x));
    marked[column] = true;
    const std::size_t middle = begin + column;
    const std::size_t at = std::min(middle - std::min(middle, length / 2), end - length);
    if (at < used) continue;
    numbers += std::string(at - used, ' ') + label + " ";
    used = at + length + 1;
  }
  for (const bool tick : marked) rule += style_.unicode ? (tick ? "┴" : "─") : (tick ? "+" : "-");
  numbers.erase(numbers.find_last_not_of(' ') + 1);
  return rule + "\n" + numbers + "\n";
}

std::string Canvas::legend() const {
  constexpr std::array<std::string_view, 3> samples = {"⠒⠒⠒⠒", "⠒⠂⠐⠒", "⠂⠂⠂⠂"};
  std::string lines;
  const std::string space(margin_ + 2, ' ');
  const auto entry = [&](const Curve& curve, std::string_view text, std::optional<int> colour) {
    const std::string sample = style_.unicode
                                   ? std::string(samples[static_cast<std::size_t>(curve.line)])
                                   : std::string(4, ascii_of(curve.line));
    const bool named = scene_.families > 1 && curve.line == Line::solid;
    const std::string letter = named ? std::string(1, letter_of(curve.family)) + " " : "";
    lines +=
        fmt::format("{}{} {}{}\n", space, painted(sample, colour), painted(letter, colour), text);
  };
  for (const Curve& curve : scene_.curves) {
    if (!curve.label.empty()) entry(curve, curve.label, palette_at(curve.colour));
  }
  for (const Line line : {Line::dashed, Line::dash_dotted}) {
    const auto unnamed = std::ranges::find_if(
        scene_.curves, [&](const Curve& c) { return c.line == line && c.label.empty(); });
    if (unnamed != scene_.curves.end()) entry(*unnamed, name_of(line), {});
  }
  return lines;
}

std::string Canvas::text() const {
  std::string text;
  if (!scene_.title.empty()) text += std::string(margin_ + 2, ' ') + printable(scene_.title) + "\n";
  for (int row = 0; row < rows_; ++row) text += line_of(row);
  text += number_line() + legend();
  return style_.unicode ? text : in_ascii(text);
}

// Is this locale's text UTF-8? Asked of the environment, whatever the program's own locale is.
bool is_utf8() {
  const locale_t locale = ::newlocale(LC_CTYPE_MASK, "", static_cast<locale_t>(nullptr));
  if (locale == static_cast<locale_t>(nullptr)) return false;
  const bool utf8 = std::string_view(::nl_langinfo_l(CODESET, locale)) == "UTF-8";
  ::freelocale(locale);
  return utf8;
}

}  // namespace

TerminalStyle terminal_style(int descriptor, bool ascii) {
  TerminalStyle style;
  if (::isatty(descriptor) != 1) return style;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string_view(term) == "dumb";
  style.colour = (no_colour == nullptr || *no_colour == '\0') && !dumb;
  style.unicode = !ascii && is_utf8();
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.columns = std::clamp(static_cast<int>(size.ws_col) - 1, 24, 100);
  }
  return style;
}

std::string terminal_plot(const Scene& scene, const TerminalStyle& style) {
  return Canvas(scene, style).text();
}

}  // namespace actc::tools::plot
