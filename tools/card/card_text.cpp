// Numbers and intervals to short phrases.
#include "tools/card/card_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace actc::tools {
namespace {

std::string number(double x, int digits = 7) {
  if (std::isnan(x)) return "none";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return fmt::format("{:.{}g}", x + 0.0, digits);
}

std::string short_number(double x) { return number(x, 4); }

std::string percent(double share) {
  if (share == 0) return "0 %";
  if (share < 1e-4) return fmt::format("{:.1e} %", 100 * share);
  return fmt::format("{:.3g} %", 100 * share);
}

std::string word(Certainty certainty) {
  return certainty == Certainty::proved ? "proved" : "sampled";
}

std::string interval(const Extent& e, bool brief) {
  const int digits = brief ? 5 : 7;
  return fmt::format("{}{}, {}{}", e.low.attained ? "[" : "(", number(e.low.value.value, digits),
                     number(e.high.value.value, digits), e.high.attained ? "]" : ")");
}

std::string places(const End& end) {
  std::vector<std::string> words;
  const std::size_t most = 4;
  for (std::size_t k = 0; k < std::min(most, end.at.size()); ++k)
    words.push_back(number(end.at[k]));
  return fmt::format("{}{}", fmt::join(words, ", "), end.at.size() > most ? ", ..." : "");
}

std::string where_attained(const Extent& e, std::string_view low, std::string_view high) {
  std::vector<std::string> parts;
  for (const auto& [end, name] : {std::pair(&e.low, low), std::pair(&e.high, high)}) {
    if (!end->attained || end->on_an_interval) continue;
    parts.push_back(fmt::format("{} at {}", name, places(*end)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string zone_text(const Zone& z, bool brief) {
  const int digits = brief ? 4 : 6;
  if (std::isinf(z.low) && std::isinf(z.high)) return "everywhere";
  if (std::isinf(z.low)) return fmt::format("x < {}", number(z.high, digits));
  if (std::isinf(z.high)) return fmt::format("x > {}", number(z.low, digits));
  return fmt::format("[{}, {}]", number(z.low, digits), number(z.high, digits));
}

std::string zones_text(const std::vector<Zone>& zones, bool brief) {
  if (zones.empty()) return "nowhere";
  const std::size_t most = brief ? 2 : 4;
  std::vector<std::string> words;
  for (std::size_t k = 0; k < std::min(most, zones.size()); ++k)
    words.push_back(zone_text(zones[k], brief));
  const std::string more =
      zones.size() > most ? fmt::format(" and {} more", zones.size() - most) : "";
  return fmt::format("{}{}", fmt::join(words, ", "), more);
}

std::string shared(const Zones& zones, bool brief) {
  std::string text = zones_text(zones.zones, brief);
  if (!zones.zones.empty()) text += fmt::format("; {} of N(0, 1)", percent(zones.share));
  return text;
}

std::string zeros_text(const Shape& s, bool brief) {
  std::vector<std::string> words;
  for (const Zone& z : s.zero_zones) {
    std::string text = zone_text(z, brief);
    // Its end is a zero too.
    if (text.starts_with("x ")) text.insert(3, "=");
    words.push_back(text);
  }
  const std::size_t most = brief ? 3 : 8;
  for (std::size_t k = 0; k < std::min(most, s.zeros.size()); ++k)
    words.push_back(number(s.zeros[k].value));
  if (s.zeros.size() > most) words.emplace_back("...");
  return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

std::string symmetry_text(const Shape& s) {
  switch (s.symmetry) {
    case Symmetry::odd:
      return "odd";
    case Symmetry::even:
      return "even";
    case Symmetry::point:
      return fmt::format("odd about (0, {})", number(s.at_zero.value));
    case Symmetry::neither:
      break;
  }
  return "neither odd nor even";
}

std::string smoothness_text(const Shape& s) {
  if (!s.differentiable) return "differentiable any number of times";
  if (*s.differentiable < 0) return "not continuous";
  if (*s.differentiable == 0) return "continuous, not differentiable";
  if (*s.differentiable == 1) return "continuously differentiable once";
  return fmt::format("continuously differentiable {} times", *s.differentiable);
}

std::string break_text(const Break& b) {
  if (b.is_jump()) {
    return fmt::format("jump at {}: {} | {} | {}", number(b.at), number(b.left), number(b.value),
                       number(b.right));
  }
  return fmt::format("kink at {}: slopes {} | {}, gradient {}", number(b.at), number(b.left_slope),
                     number(b.right_slope), number(b.slope));
}

std::string monotone_text(const Shape& s) {
  switch (s.monotone) {
    case Monotone::constant:
      return "constant";
    case Monotone::increasing:
      return "increasing";
    case Monotone::decreasing:
      return "decreasing";
    case Monotone::non_decreasing:
      return "never falls";
    case Monotone::non_increasing:
      return "never rises";
    case Monotone::neither:
      break;
  }
  return "rises and falls";
}

std::string line_text(const Asymptote& a) {
  const char* side = a.side == Side::left ? "left" : "right";
  if (a.is_horizontal()) return fmt::format("{}: y = {}", side, number(a.offset));
  const std::string slope = a.slope == 1 ? "x" : a.slope == -1 ? "-x" : number(a.slope) + " x";
  if (a.offset == 0) return fmt::format("{}: y = {}", side, slope);
  return fmt::format("{}: y = {} {} {}", side, slope, a.offset < 0 ? "-" : "+",
                     number(std::abs(a.offset)));
}

class Rows {
 public:
  Rows(const Card& card, bool brief) : card_(card), brief_(brief) {}

  std::vector<CardRow> run() {
    if (card_.shape) {
      shape(*card_.shape);
      normal(*card_.shape);
    } else {
      row("shape", brief_ ? "none" : "none: " + card_.no_shape);
    }
    if (card_.binary32) binary32(*card_.binary32);
    cost(card_.cost);
    return std::move(rows_);
  }

 private:
  void row(std::string label, std::string value, std::string how = {}) {
    rows_.push_back({std::move(label), std::move(value), std::move(how)});
  }
  // More on the row above; not in a table.
  void more(std::string value, std::string how = {}) {
    if (!brief_) row("", std::move(value), std::move(how));
  }

  void shape(const Shape& s) {
    row("range", interval(s.range, brief_), word(s.range.certainty));
    if (const std::string at = where_attained(s.range, "least", "largest"); !at.empty()) more(at);
    row("zeros", zeros_text(s, brief_), s.all_zeros ? "proved" : "sampled");
    row("at 0",
        fmt::format("f = {}, f' = {}", number(s.at_zero.value), number(s.slope_at_zero.value)),
        word(s.at_zero.certainty));
    row("symmetry", symmetry_text(s), word(s.symmetry_certainty));
    row("smooth", smoothness_text(s), word(s.differentiable_certainty));
    for (const Break& b : s.breaks) more(break_text(b), b.proved ? "proved" : "sampled");
    row("monotone", monotone_text(s), word(s.monotone_certainty));
    turns(s);
    row("convex", zones_text(s.convex.zones, brief_), word(s.convex.certainty));
    row("concave", zones_text(s.concave.zones, brief_), word(s.concave.certainty));
    row("slope", interval(s.slope, brief_), word(s.slope.certainty));
    if (const std::string at = where_attained(s.slope, "least", "largest"); !at.empty()) more(at);
    if (s.surrogate) more("the gradient is written, and another than the derivative");
    row("Lipschitz", std::isinf(s.lipschitz) ? "no constant" : number(s.lipschitz),
        word(s.slope.certainty));
    row("saturated", shared(s.saturated, brief_), word(s.saturated.certainty));
    row("dead", shared(s.dead, brief_), word(s.dead.certainty));
    std::vector<std::string> lines;
    for (const Asymptote& a : s.asymptotes) lines.push_back(line_text(a));
    row("asymptotes", lines.empty() ? "none" : fmt::format("{}", fmt::join(lines, ", ")),
        lines.empty() ? "" : "proved");
  }

  void turns(const Shape& s) {
    const std::size_t most = brief_ ? 0 : 6;
    for (std::size_t k = 0; k < std::min(most, s.turns.size()); ++k) {
      const Turn& t = s.turns[k];
      more(fmt::format("{} {} at x = {}", t.is_minimum ? "minimum" : "maximum",
                       number(t.value.value, 9), number(t.at.value, 9)),
           word(t.at.certainty));
    }
    if (s.turns.size() > most && !brief_)
      more(fmt::format("and {} more turns", s.turns.size() - most));
  }

  void normal(const Shape& s) {
    row("for N(0, 1)",
        fmt::format("mean {}, variance {}", short_number(s.zero_centred ? 0 : s.mean),
                    short_number(s.variance)));
    row("zero-centred", s.zero_centred ? "yes" : "no");
    row("gain", brief_ || !s.pytorch_gain ? short_number(s.gain)
                                          : fmt::format("{} (PyTorch has {})", short_number(s.gain),
                                                        short_number(*s.pytorch_gain)));
    std::vector<std::string> points;
    for (const FixedPoint& p : s.fixed_points) {
      points.push_back(
          fmt::format("mean {}, variance {}{}", short_number(std::abs(p.mean) < 1e-7 ? 0 : p.mean),
                      number(p.variance, 6), p.attracts() ? ", attracts" : ", repels"));
    }
    row("fixed point", s.fixed_everywhere ? "every variance"
                       : points.empty()   ? "none"
                                          : fmt::format("{}", fmt::join(points, "; ")));
    for (const Depth& d : s.depths) {
      if (d.weights == 1) continue;
      row(fmt::format("{} layers", d.layers),
          fmt::format("signal {}, gradient {}", short_number(d.signal), short_number(d.gradient)));
      for (const Depth& plain : s.depths) {
        if (plain.weights != 1 || plain.layers != d.layers) continue;
        more(fmt::format("signal {}, gradient {} with weights of variance 1/n",
                         short_number(plain.signal), short_number(plain.gradient)));
      }
    }
  }

  void binary32(const Binary32& b) {
    const std::string of =
        b.swept ? fmt::format("all inputs, {}", b.date) : fmt::format("{} inputs", b.inputs);
    row("binary32",
        brief_ ? fmt::format("[{}, {}]", short_number(b.low), short_number(b.high))
               : fmt::format("values in [{}, {}]", number(b.low), number(b.high)),
        brief_ ? "" : of);
    if (!b.swept) return;
    more(fmt::format("slopes in [{}, {}]", number(b.smallest_slope), number(b.largest_slope)), of);
    more(fmt::format("{} values against the symmetry, {} steps against the direction", b.asymmetric,
                     b.against),
         of);
    more(fmt::format("slope 0 for {} of N(0, 1)", percent(b.dead_share)), of);
  }

  void cost(const Cost& c) {
    if (c.forward > 0) {
      const auto time = [&](double own, double relu) {
        return brief_ ? fmt::format("{:.2f} relu", own / relu)
                      : fmt::format("{:.3f} ns an element, {:.2f} of relu's", own, own / relu);
      };
      row("forward", time(c.forward, c.relu_forward));
      row("backward", time(c.backward, c.relu_backward));
    }
    bool first = true;
    for (const KnownError& e : c.errors) {
      if (brief_ && e.what != "forward") continue;
      const std::string value =
          brief_ ? fmt::format("{:.2f} ULP", e.ulps)
                 : fmt::format("{} {:.2f} ULP ({}, all inputs, {})", e.what, e.ulps,
                               e.dtype == "f32" ? "binary32" : e.dtype, e.date);
      row(first ? "error" : "", value);
      first = false;
    }
    if (first) row("error", brief_ ? "not known" : "not known: `actc verify` finds it");
    row("kept", fmt::format("{} {} an element for backward{}", short_number(c.saved_bytes),
                            c.saved_bytes == 1 ? "byte" : "bytes",
                            c.saved.empty() ? "" : fmt::format(" ({})", c.saved.front())));
    if (brief_) rows_.back().value = fmt::format("{} B", short_number(c.saved_bytes));
  }

  const Card& card_;
  bool brief_;
  std::vector<CardRow> rows_;
};

}  // namespace

std::vector<CardRow> card_rows(const Card& card, bool brief) { return Rows(card, brief).run(); }

}  // namespace actc::tools
