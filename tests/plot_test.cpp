// Pictures of curves: what is sampled, and what is written.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/run_program.h"
#include "tests/xml.h"
#include "tools/plot/braille.h"
#include "tools/plot/ranges.h"
#include "tools/plot/sampling.h"
#include "tools/plot/svg.h"

namespace actc::tools::plot {
namespace {

using actc::testing::contains;
using actc::testing::count;
using actc::testing::parse_xml;
using actc::testing::Xml;

const double inf = std::numeric_limits<double>::infinity();

const Frame frame = {{-4, 4}, {-1, 5}, 800, 500};

double relu(double x) { return x > 0 ? x : 0; }
double step(double x) { return x > 0 ? 1 : 0; }

// The largest |dy| of a segment in pixels, of those that are narrower than a pixel.
double steepest_hair(const Sampled& sampled, const Frame& f) {
  double largest = 0;
  for (const Piece& piece : sampled.pieces) {
    for (std::size_t k = 1; k < piece.size(); ++k) {
      const double across = (piece[k].x - piece[k - 1].x) / f.x.width() * f.pixels_across;
      const double up = std::abs(piece[k].y - piece[k - 1].y) / f.y.width() * f.pixels_up;
      if (across < 1) largest = std::max(largest, up);
    }
  }
  return largest;
}

// Each segment's distance from the function at five places, upwards, in pixels.
double furthest_off(const Sampled& sampled, const Real& f, const Frame& frame) {
  double worst = 0;
  for (const Piece& piece : sampled.pieces) {
    for (std::size_t k = 1; k < piece.size(); ++k) {
      const Point &a = piece[k - 1], &b = piece[k];
      for (const double t : {0.1, 0.3, 0.5, 0.7, 0.9}) {
        const double x = a.x + t * (b.x - a.x), y = a.y + t * (b.y - a.y);
        const double slope = (b.y - a.y) / frame.y.width() * frame.pixels_up /
                             ((b.x - a.x) / frame.x.width() * frame.pixels_across);
        const double up = std::abs(f(x) - y) / frame.y.width() * frame.pixels_up;
        worst = std::max(worst, up / std::hypot(1, slope));
      }
    }
  }
  return worst;
}

bool has_dot(const Sampled& sampled, Point at, bool closed) {
  return std::ranges::any_of(sampled.dots, [&](const Dot& d) {
    return d.at.x == at.x && d.at.y == at.y && d.closed == closed;
  });
}

TEST(Sampling, AJumpEndsThePieceWithItsDots) {
  const std::vector<CurveBreak> breaks = {{0, 0, 0, 1}};
  for (const auto& known : {breaks, {}}) {  // told of it, and not
    const Sampled sampled = sample(step, known, frame);
    ASSERT_EQ(sampled.pieces.size(), 2u);
    EXPECT_NEAR(sampled.pieces[0].back().x, 0, 1e-6);
    EXPECT_EQ(sampled.pieces[0].back().y, 0);
    EXPECT_NEAR(sampled.pieces[1].front().x, 0, 1e-6);
    EXPECT_EQ(sampled.pieces[1].front().y, 1);
    EXPECT_EQ(sampled.dots.size(), 2u);
    EXPECT_TRUE(has_dot(sampled, {0, 0}, true));
    EXPECT_TRUE(has_dot(sampled, {0, 1}, false));
    EXPECT_EQ(steepest_hair(sampled, frame), 0);
  }
}

TEST(Sampling, AValueOfItsOwnHasAClosedDotBetweenTwoOpenOnes) {
  const Real sign = [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; };
  const std::vector<CurveBreak> breaks = {{0, -1, 0, 1}};
  const Sampled sampled = sample(sign, breaks, {{-4, 4}, {-2, 2}, 800, 500});
  EXPECT_EQ(sampled.pieces.size(), 2u);
  EXPECT_EQ(sampled.dots.size(), 3u);
  EXPECT_TRUE(has_dot(sampled, {0, -1}, false));
  EXPECT_TRUE(has_dot(sampled, {0, 0}, true));
  EXPECT_TRUE(has_dot(sampled, {0, 1}, false));
}

TEST(Sampling, AKinkIsAVertexOfOnePiece) {
  const double at = 0.123456;
  const Real kinked = [&](double x) { return std::abs(x - at); };
  const std::vector<CurveBreak> breaks = {{at, 0, 0, 0}};
  const Sampled sampled = sample(kinked, breaks, frame);
  ASSERT_EQ(sampled.pieces.size(), 1u);
  EXPECT_TRUE(std::ranges::any_of(sampled.pieces[0],
                                  [&](const Point& p) { return p.x == at && p.y == 0; }));
  EXPECT_TRUE(sampled.dots.empty());
}

TEST(Sampling, ChordsStayNearTheCurve) {
  const std::vector<Real> curves = {
      [](double x) { return std::exp(-x * x); },
      [](double x) { return std::sin(20 * x); },
      [](double x) { return 1 / (1 + std::exp(-200 * x)); },
      [](double x) { return std::cbrt(x); },
      [](double x) { return std::exp(x); },
  };
  for (const Real& f : curves) EXPECT_LT(furthest_off(sample(f, {}, frame), f, frame), 0.6);
}

TEST(Sampling, NoLineCrossesAPole) {
  for (const auto& f :
       {Real([](double x) { return 1 / x; }), Real([](double x) { return std::tan(x - 0.3); })}) {
    const Frame about = {{-1.4, 1.4}, {-5, 5}, 800, 500};
    int calls = 0;
    const Sampled sampled = sample([&](double x) { return ++calls, f(x); }, {}, about);
    ASSERT_EQ(sampled.poles.size() > 0, true);
    for (const Piece& piece : sampled.pieces) {
      for (std::size_t k = 1; k < piece.size(); ++k) {
        EXPECT_FALSE(piece[k - 1].y > 4 && piece[k].y < -4) << piece[k].x;
        EXPECT_FALSE(piece[k - 1].y < -4 && piece[k].y > 4) << piece[k].x;
      }
    }
    EXPECT_LT(calls, 4000);
  }
}

TEST(Sampling, ASteepSlopeIsNoJump) {
  const Sampled sampled = sample([](double x) { return 1 / (1 + std::exp(-1e8 * x)); }, {}, frame);
  EXPECT_EQ(sampled.pieces.size(), 1u);
  EXPECT_TRUE(sampled.dots.empty());
}

TEST(Sampling, StairsAreCutAtEachStep) {
  const Sampled sampled =
      sample([](double x) { return std::floor(4 * x); }, {}, {{-1.1, 1.1}, {-6, 6}, 800, 500});
  EXPECT_EQ(sampled.pieces.size(), 10u);  // −5 to 4
  EXPECT_EQ(sampled.dots.size(), 18u);
  EXPECT_EQ(steepest_hair(sampled, frame), 0);
}

TEST(Sampling, EverythingLiesInTheFrameAndIsFinite) {
  const std::vector<Real> curves = {
      [](double x) { return 1e300 * x; },       [](double x) { return 1e-300 / x; },
      [](double x) { return std::log(x); },     [](double x) { return std::sqrt(x) * inf; },
      [](double x) { return std::sin(1 / x); }, [](double x) { return std::exp(1e4 * x); },
      [](double) { return std::nan(""); },      [](double x) { return std::sin(1e6 * x); },
  };
  for (const Real& f : curves) {
    int calls = 0;
    const Sampled sampled = sample([&](double x) { return ++calls, f(x); }, {}, frame);
    EXPECT_LT(calls, 50'000);
    for (const Piece& piece : sampled.pieces) {
      for (const Point& p : piece) {
        ASSERT_TRUE(frame.x.holds(p.x) && frame.y.holds(p.y)) << p.x << ' ' << p.y;
      }
    }
  }
}

TEST(Ranges, TicksAreOneTwoOrFiveApart) {
  for (double width = 1e-6; width < 1e9; width *= 1.37) {
    const Ticks t = ticks({-width / 3, width}, 8);
    EXPECT_LE(t.at.size(), 9u) << width;
    EXPECT_GE(t.at.size(), 3u) << width;
    const double digit = t.step / std::pow(10, std::floor(std::log10(t.step) + 1e-9));
    EXPECT_TRUE(std::abs(digit - 1) < 1e-6 || std::abs(digit - 2) < 1e-6 ||
                std::abs(digit - 5) < 1e-6)
        << t.step;
  }
  EXPECT_EQ(tick_label(-0.5, 0.5), "\u22120.5");
  EXPECT_EQ(tick_label(-2, 1, true), "-2");
  EXPECT_EQ(tick_label(1e-20, 0.25), "0.0");
}

TEST(Ranges, ShowWhatHappens) {
  const std::vector<Real> gelu = {[](double x) { return x * std::erfc(-x / std::sqrt(2)) / 2; }};
  const Range x = interesting_x(gelu, {});
  EXPECT_LE(x.from, -3);
  EXPECT_GE(x.from, -8);
  EXPECT_GE(x.to, 3);
  const Range y = interesting_y(gelu, x);
  EXPECT_LT(y.from, -0.17);
  EXPECT_GE(y.to, x.to);
  // 6 is a break: it is not at the edge.
  const std::vector<double> breaks = {0, 6};
  const std::vector<Real> relu6 = {[](double v) { return std::clamp(v, 0.0, 6.0); }};
  EXPECT_GE(interesting_x(relu6, breaks).to, 7);
  // What runs away does not flatten what happens.
  EXPECT_LE(interesting_y(std::vector<Real>{[](double v) { return std::exp(v); }}, {-4, 4}).to, 10);
  EXPECT_LE(interesting_y(std::vector<Real>{[](double v) { return 1 / v; }}, {-4, 4}).to, 10);
}

Scene scene_of(const Real& f, const std::vector<CurveBreak>& breaks, const Range& x,
               const Range& y) {
  Scene scene;
  scene.x = x;
  scene.y = y;
  const Sampled sampled = sample(f, breaks, {x, y, 800, 500});
  Curve curve;
  curve.pieces = sampled.pieces;
  curve.dots = sampled.dots;
  curve.label = "f";
  scene.curves = {curve};
  return scene;
}

TEST(Svg, IsXmlWhateverTheLabelsHold) {
  Scene scene = scene_of(step, {{0, 0, 0, 1}}, {-4, 4}, {-0.2, 1.2});
  scene.title = "where(x < 0 & 1, \"a\", 'b') -> ]]> \x01\xff\xc0\x80 \xed\xa0\x80 \xef\xbf\xbf σ";
  scene.curves[0].label = "a < b && c > d";
  scene.description = "<script>";
  for (const Theme theme : {Theme::light, Theme::dark, Theme::automatic, Theme::none}) {
    const Xml xml = parse_xml(svg(scene, {.theme = theme, .id = "a\"b"}));
    EXPECT_TRUE(xml.good) << xml.error;
    EXPECT_TRUE(contains(xml.text, "a < b && c > d"));
    EXPECT_TRUE(contains(xml.text, "where(x < 0 & 1, \"a\", 'b') -> ]]> "));
    EXPECT_TRUE(contains(xml.text, "σ"));
    EXPECT_EQ(count(xml.elements, "script"), 0u);
    EXPECT_EQ(count(xml.elements, "title"), 1u);
    EXPECT_EQ(count(xml.elements, "desc"), 1u);
  }
}

TEST(Svg, HoldsAJumpsDotsAndNoNumberThatIsNone) {
  const std::string text = svg(scene_of(step, {{0, 0, 0, 1}}, {-4, 4}, {-0.2, 1.2}));
  EXPECT_EQ(count(parse_xml(text).elements, "circle"), 2u);
  EXPECT_TRUE(contains(text, " hollow"));
  const std::vector<Real> curves = {
      [](double x) { return 1 / x; }, [](double x) { return std::log(x); },
      [](double) { return std::nan(""); }, [](double x) { return std::exp(1e3 * x); }};
  for (const Real& f : curves) {
    std::string picture = svg(scene_of(f, {}, {-4, 4}, {-1, 5}), {.theme = Theme::none});
    EXPECT_TRUE(parse_xml(picture).good);
    EXPECT_FALSE(contains(picture, "nan")) << picture;
    EXPECT_FALSE(contains(picture, "inf")) << picture;
  }
}

TEST(Svg, SaysInWordsWhatItShowsAndIsSmall) {
  Scene scene = scene_of([](double x) { return std::tanh(x); }, {}, {-4, 4}, {-1.2, 1.2});
  scene.title = "tanh";
  scene.description = "It rises from −1 to 1.";
  const std::string text = svg(scene, {.id = "one"});
  EXPECT_TRUE(contains(text, "role=\"img\" aria-labelledby=\"one-title one-desc\""));
  EXPECT_TRUE(contains(text, "<title id=\"one-title\">tanh</title>"));
  EXPECT_TRUE(contains(text, "<desc id=\"one-desc\">It rises from −1 to 1.</desc>"));
  EXPECT_LT(text.size(), 8000u);
  const std::string thumbnail = svg(
      scene, {.width = 160, .height = 100, .theme = Theme::none, .thumbnail = true, .id = "two"});
  EXPECT_LT(thumbnail.size(), 1500u);
  EXPECT_TRUE(parse_xml(thumbnail).good);
}

TEST(Terminal, ReluInBraille) {
  Scene scene = scene_of(relu, {{0, 0, 0, 0}}, {-2, 2}, {-0.5, 2});
  EXPECT_EQ(terminal_plot(scene, {.columns = 32, .rows = 10, .unicode = true}),
            R"(2 ┤              │           ⢀⡴⠊
  │              │         ⢀⠴⠋
  │              │       ⣠⠖⠁
  │              │     ⡠⠚⠁
  │              │  ⢀⡴⠋
  │              │⢀⠔⠋
0 ┤⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠚⠁─────────────
  │              │
  └┴─────────────┴─────────────┴
  −2             0             2
   ⠒⠒⠒⠒ f
)");
}

TEST(Terminal, StepInAscii) {
  const Scene scene = scene_of(step, {{0, 0, 0, 1}}, {-2, 2}, {-0.5, 1.5});
  EXPECT_EQ(terminal_plot(scene, {.columns = 32, .rows = 10}), R"(  |              |
  |              |
1 +              o**************
  |              |
  |              |
  |              |
0 +**************@--------------
  |              |
  ++-------------+-------------+
  -2             0             2
   **** f
)");
}

TEST(Terminal, ColourIsAddedAndNothingElseChanges) {
  const Scene scene = scene_of(relu, {{0, 0, 0, 0}}, {-2, 2}, {-0.5, 2});
  const std::string plain = terminal_plot(scene, {.unicode = true});
  std::string coloured = terminal_plot(scene, {.unicode = true, .colour = true});
  EXPECT_FALSE(contains(plain, "\x1b"));
  EXPECT_TRUE(contains(coloured, "\x1b[38;5;"));
  std::string stripped;
  for (std::size_t k = 0; k < coloured.size(); ++k) {
    if (coloured[k] == '\x1b') {
      k = coloured.find('m', k);
    } else {
      stripped += coloured[k];
    }
  }
  // Trailing blanks apart.
  const auto trimmed = [](const std::string& text) {
    std::string result;
    for (const char c : text) {
      while (c == '\n' && result.ends_with(' ')) result.pop_back();
      result += c;
    }
    return result;
  };
  EXPECT_EQ(trimmed(stripped), trimmed(plain));
}

}  // namespace
}  // namespace actc::tools::plot
