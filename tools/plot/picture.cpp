// From definitions to a scene. The oracle is asked at each point once for a value and its
// derivatives, and the card's breaks say where a curve is not smooth.
#include "tools/plot/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <unordered_map>

#include "ir/round.h"
#include "tools/card/breaks.h"
#include "tools/card/limits.h"
#include "tools/errors.h"
#include "tools/oracle.h"
#include "tools/plot/ranges.h"
#include "tools/plot/sampling.h"
#include "tools/terminal.h"

namespace actc::tools::plot {
namespace {

// Operations for a 96th of a picture's width.
constexpr double most_work = 40'000;

// At which the oracle is asked for a definition's picture, for the bar that shows progress.
constexpr std::uint64_t usual_points = 3000;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// The number that an interval is known to be, if it is.
std::optional<double> known(const Interval& v) {
  if (v.defined == Defined::nowhere) return nan;
  const double low = v.low.nearest(), high = v.high.nearest();
  if (low == high) return low;
  if (!(std::abs(high - low) <= 1e-7 * std::max(1.0, std::abs(low)))) return std::nullopt;
  return low + (high - low) / 2;
}

std::vector<double> values_of(const ir::Function& function, const Parameters& given) {
  std::vector<double> values;
  for (const ir::Parameter& p : function.parameters) {
    const auto value = given.find(p.name);
    values.push_back(value != given.end() ? value->second
                     : p.default_value    ? ir::round_to_binary64(*p.default_value)
                                          : 0);
  }
  return values;
}

// A definition as functions of one number. What is asked for is remembered: the curves of a
// definition are followed at many of the same places.
class Subjected {
 public:
  // `tick` is called for each point that the oracle is asked at.
  Subjected(const Subject& subject, int order, std::function<void()> tick);

  double at(double x, int order);
  Real function(int order) {
    return [this, order](double x) { return at(x, order); };
  }
  std::vector<CurveBreak> breaks(int order, const Range& x);
  const std::vector<Break>& breaks() const { return breaks_; }
  const std::vector<tools::Zone>& dead() const { return dead_; }
  const std::vector<tools::Asymptote>& asymptotes() const { return asymptotes_; }
  std::size_t operations() const { return oracle_.function().meaning.size(); }
  const std::string& variable() const { return variable_; }
  const std::string& label() const { return label_; }
  const std::string& name() const { return name_; }

 private:
  Oracle oracle_;
  std::vector<double> values_;
  Evaluator evaluator_;
  int order_;
  std::function<void()> tick_;
  std::size_t input_ = 0;
  std::vector<double> inputs_;
  std::string variable_, label_, name_;
  std::vector<Break> breaks_;
  std::vector<tools::Zone> dead_;
  std::vector<tools::Asymptote> asymptotes_;
  std::unordered_map<double, std::array<double, 3>> known_;
};

void check(const Subject& subject) {
  const Function& function = subject.definition.function;
  const std::string& label = subject.definition.label;
  if (function.is_over_rows()) {
    throw bad_usage(fmt::format("{} is over a row: it has no curve", label),
                    "what is plotted is a function of one number");
  }
  if (function.is_random()) {
    throw bad_usage(fmt::format("{} draws random numbers: it has no curve", label),
                    "plot what it is for inference, or its mean");
  }
  const std::vector<std::string> inputs = function.inputs();
  std::vector<std::string> open;
  for (const std::string& input : inputs) {
    if (!subject.held.contains(input)) open.push_back(input);
  }
  if (open.size() > 1) {
    throw bad_usage(
        fmt::format("{} has {} inputs: {}", label, inputs.size(), fmt::join(inputs, ", ")),
        fmt::format("hold all but one at a value: --at {}=1", open.back()));
  }
  if (open.empty()) {
    throw bad_usage(fmt::format("every input of {} is held at a value", label),
                    "leave one out of --at");
  }
}

std::string one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space) line += c;
    if (space && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::string label_of(const Subject& subject) {
  if (!subject.label.empty()) return subject.label;
  std::string label = one_line(subject.definition.label);
  for (const auto& [name, value] : subject.parameters) {
    label += fmt::format(", {} = {}", name, value);
  }
  for (const auto& [name, value] : subject.held) label += fmt::format(", {} = {}", name, value);
  return label;
}

Subjected::Subjected(const Subject& subject, int order, std::function<void()> tick)
    : oracle_(subject.definition.text, subject.definition.function.name()),
      values_(values_of(oracle_.function(), subject.parameters)),
      evaluator_(oracle_, values_),
      order_(order),
      tick_(std::move(tick)),
      label_(label_of(subject)),
      name_(subject.definition.function.name()) {
  const std::vector<std::string> inputs = subject.definition.function.inputs();
  inputs_.resize(inputs.size());
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const auto held = subject.held.find(inputs[k]);
    if (held != subject.held.end()) {
      inputs_[k] = held->second;
    } else {
      input_ = k;
      variable_ = inputs[k];
    }
  }
  const Pieces pieces = pieces_of(oracle_, values_);  // none where there are several inputs
  breaks_ = breaks_of(pieces);
  dead_ = dead_zones_of(pieces);
  asymptotes_ = tools::asymptotes_of(pieces);
}

double Subjected::at(double x, int order) {
  const auto found = known_.find(x);
  if (found != known_.end()) return found->second[static_cast<std::size_t>(order)];
  tick_();
  std::array<double, 3> result = {nan, nan, nan};
  std::vector<Interval> inputs;
  for (const double input : inputs_) inputs.emplace_back(input);
  inputs[input_] = Interval(x);
  // As much precision as it takes, within reason: a formula may cancel.
  for (const mpfr_prec_t bits : {64, 256, 2048}) {
    const PrecisionScope scope(bits);
    const Jet jet = evaluator_.at(inputs, order_, input_);
    const std::optional<double> value = known(jet.value);
    const std::optional<double> first = jet.varies ? known(jet.first) : 0;
    const std::optional<double> second = jet.varies ? known(jet.second) : 0;
    result = {value.value_or(nan), order_ > 0 ? first.value_or(nan) : nan,
              order_ > 1 ? second.value_or(nan) : nan};
    if (value && (order_ < 1 || first) && (order_ < 2 || second)) break;
  }
  if (std::isnan(result[0])) result[1] = result[2] = nan;
  known_.emplace(x, result);
  return result[static_cast<std::size_t>(order)];
}

std::vector<CurveBreak> Subjected::breaks(int order, const Range& x) {
  std::vector<CurveBreak> result;
  const double near = 1e-7 * x.width();
  for (const Break& b : breaks_) {
    if (!b.is_jump() && !b.is_kink()) continue;
    switch (order) {
      case 0:
        result.push_back({b.at, b.left, b.value, b.right});
        break;
      case 1:
        result.push_back({b.at, b.left_slope, b.slope, b.right_slope});
        break;
      default:
        result.push_back({b.at, at(b.at - near, 2), at(b.at, 2), at(b.at + near, 2)});
    }
  }
  return result;
}

// A straight line that the function nears to one side, if the numbers far out say so: where the
// formula's expansion is not known.
std::optional<Asymptote> sampled_asymptote(const Real& f, Side side) {
  const double near = side == Side::left ? -1e5 : 1e5, far = 100 * near;
  const double a = f(near), b = f(far);
  if (!std::isfinite(a) || !std::isfinite(b)) return std::nullopt;
  const auto tidy = [](double v) {
    const double rounded = std::round(v * 1e4) / 1e4;
    return std::abs(v - rounded) < 2e-5 ? rounded : v;
  };
  const double slope = tidy((b - a) / (far - near));
  const double offset = tidy(a - slope * near);
  if (std::abs(slope * far + offset - b) > 1e-3) return std::nullopt;
  return Asymptote{.vertical = false, .slope = slope, .offset = offset};
}

bool is_same(const Asymptote& a, const Asymptote& b, const Range& x) {
  return a.vertical == b.vertical && a.slope == b.slope &&
         std::abs(a.offset - b.offset) < 1e-5 * x.width();
}

std::string in_words(double v) {
  if (std::isnan(v)) return "nothing";
  if (std::isinf(v)) return v < 0 ? "minus infinity" : "infinity";
  return fmt::format("{:.4g}", v);
}

std::string in_words(const Asymptote& a) {
  if (a.vertical) return fmt::format("x = {:.4g}", a.offset);
  if (a.slope == 0) return fmt::format("y = {:.4g}", a.offset);
  std::string text = a.slope == 1    ? "y = x"
                     : a.slope == -1 ? "y = -x"
                                     : fmt::format("y = {:.4g} x", a.slope);
  if (a.offset != 0)
    text += fmt::format(" {} {:.4g}", a.offset < 0 ? '-' : '+', std::abs(a.offset));
  return text;
}

bool is_short(const std::string& text) { return !text.empty() && text.size() <= 11; }

constexpr std::array<const char*, 3> primes = {"", "′", "″"};

class Composer {
 public:
  Composer(const std::vector<Subject>& subjects, const PictureOptions& options);
  Scene scene();

 private:
  void choose_ranges();
  void draw(std::size_t family);
  void asymptotes_of(std::size_t family, const std::vector<double>& poles);
  void name(std::size_t family, int order, Curve& curve) const;
  std::string title(const std::vector<Subject>& subjects) const;
  std::string describe(std::size_t family) const;

  const PictureOptions& options_;
  Progress progress_{"plot"};
  std::uint64_t points_ = 0;
  std::vector<std::unique_ptr<Subjected>> subjects_;
  std::vector<int> orders_;
  Scene scene_;
};

Composer::Composer(const std::vector<Subject>& subjects, const PictureOptions& options)
    : options_(options) {
  orders_ = {0};
  if (options.derivative) orders_.push_back(1);
  if (options.second) orders_.push_back(2);
  for (const Subject& subject : subjects) {
    check(subject);
    parameters_of(subject.definition, subject.parameters);  // are all given?
    const auto tick = [this, total = usual_points * subjects.size()] {
      progress_.update(std::min(++points_, total), total);
    };
    subjects_.push_back(std::make_unique<Subjected>(subject, orders_.back(), tick));
  }
  scene_.families = subjects.size();
  scene_.equal = options.equal;
  scene_.x_label = subjects_.front()->variable();
  for (const auto& s : subjects_) {
    if (s->variable() != scene_.x_label) scene_.x_label = "x";
  }
  scene_.title = options.title.empty() ? title(subjects) : one_line(options.title);
}

std::string Composer::title(const std::vector<Subject>& subjects) const {
  constexpr std::size_t longest = 60;
  const Subject& first = subjects.front();
  const std::string name = first.definition.function.name();
  if (subjects.size() == 1) {
    if (name.empty() || !first.parameters.empty()) return subjects_[0]->label();
    const std::string formula = one_line(first.definition.function.formula());
    const std::string whole = fmt::format(
        "{}({}) = {}", name, fmt::join(first.definition.function.inputs(), ", "), formula);
    // What stands for a function of the reals is no formula to read.
    const bool readable = whole.size() <= longest && formula.find("real_") == std::string::npos;
    return readable ? whole : subjects_[0]->label();
  }
  std::vector<std::string> labels;
  for (const Subject& s : subjects) labels.push_back(one_line(s.definition.label));
  if (std::ranges::all_of(labels, [&](const std::string& l) { return l == labels[0]; })) {
    return labels[0];
  }
  return fmt::format("{}", fmt::join(labels, ", "));
}

void Composer::choose_ranges() {
  std::vector<Real> plain, all;
  std::vector<double> breaks;
  for (const auto& s : subjects_) {
    plain.push_back(s->function(0));
    for (const int order : orders_) all.push_back(s->function(order));
    for (const Break& b : s->breaks()) {
      if (b.is_jump() || b.is_kink()) breaks.push_back(b.at);
    }
  }
  scene_.x = options_.x ? *options_.x : interesting_x(plain, breaks);
  // A level that is nearly reached is shown: softsign's 1.
  for (const auto& s : subjects_) {
    for (const tools::Asymptote& a : s->asymptotes()) {
      const double end = a.side == Side::left ? scene_.x.from : scene_.x.to;
      const double value = s->at(end, 0), level = a.offset;
      if (!a.is_horizontal() || !(std::abs(value - level) < 0.5 * std::abs(level))) continue;
      all.emplace_back([level](double) { return level; });
    }
  }
  scene_.y = options_.y ? *options_.y : interesting_y(all, scene_.x);
  if (!options_.equal) return;
  // What is not given is widened; of two that are given, the drawing is narrowed.
  Range x = scene_.x, y = scene_.y;
  make_equal(x, y, options_.width - 80, options_.height - 110);
  if (!options_.x) scene_.x = x;
  if (!options_.y) scene_.y = y;
}

void Composer::name(std::size_t family, int order, Curve& curve) const {
  const Subjected& s = *subjects_[family];
  const bool named = is_short(s.name());
  if (subjects_.size() == 1) {
    constexpr std::array<const char*, 3> words = {"", "its derivative", "its second derivative"};
    curve.label = order == 0 ? s.label() : words[static_cast<std::size_t>(order)];
    curve.short_label = (named ? s.name() : "f") + primes[static_cast<std::size_t>(order)];
    return;
  }
  if (order == 0) curve.label = s.label();
  const bool alike = std::ranges::all_of(
      subjects_, [&](const auto& other) { return other->name() == subjects_[0]->name(); });
  std::string text = s.name();
  if (alike) {
    const std::size_t comma = s.label().find(", ");
    text = comma == std::string::npos ? "" : s.label().substr(comma + 2);
  }
  if (!text.empty() && text.size() <= 13) {
    curve.short_label = text + (order == 0 ? "" : primes[static_cast<std::size_t>(order)]);
  }
}

void Composer::draw(std::size_t family) {
  Subjected& s = *subjects_[family];
  // A formula of thousands of operations is followed less closely: the picture takes seconds.
  const auto work = static_cast<double>(s.operations() * orders_.size() * subjects_.size());
  const int calls = static_cast<int>(std::clamp(most_work / work, 8.0, 400.0));
  const Frame frame = {scene_.x, scene_.y, options_.width, options_.height, calls};
  for (const int order : orders_) {
    const std::vector<CurveBreak> breaks = s.breaks(order, scene_.x);
    Sampled sampled = sample(s.function(order), breaks, frame);
    Curve curve;
    curve.pieces = std::move(sampled.pieces);
    // Where the first derivative jumps the second is none: its curve ends there, without dots.
    // So many dots would hide the curve that they belong to.
    constexpr std::size_t most_dots = 40;
    if (order < 2 && sampled.dots.size() <= most_dots) curve.dots = std::move(sampled.dots);
    curve.line = static_cast<Line>(order);
    curve.family = family;
    curve.colour = subjects_.size() == 1 ? static_cast<std::size_t>(order) : family;
    name(family, order, curve);
    scene_.curves.push_back(std::move(curve));
    if (order == 0) asymptotes_of(family, sampled.poles);
  }
  for (const tools::Zone& zone : s.dead()) {
    const Range seen = {std::max(zone.low, scene_.x.from), std::min(zone.high, scene_.x.to)};
    if (seen.from < seen.to) scene_.zones.push_back({seen, family});
  }
}

void Composer::asymptotes_of(std::size_t family, const std::vector<double>& poles) {
  std::vector<Asymptote> found;
  Subjected& s = *subjects_[family];
  for (const Side side : {Side::left, Side::right}) {
    std::optional<Asymptote> line;
    for (const tools::Asymptote& a : s.asymptotes()) {
      if (a.side == side) line = {.vertical = false, .slope = a.slope, .offset = a.offset};
    }
    if (!line) line = sampled_asymptote(s.function(0), side);
    if (!line) continue;
    // Where the curve lies on it in the picture, it is no help.
    const Range x = scene_.x;
    const double end = side == Side::left ? x.from : x.to;
    const double off = std::abs(s.at(end, 0) - (line->slope * end + line->offset));
    if (!(off > 1e-12)) continue;
    const double middle = x.holds(0) ? 0 : x.from + x.width() / 2;
    line->x = side == Side::left ? Range{x.from, middle} : Range{middle, x.to};
    found.push_back(*line);
  }
  for (const double pole : poles) found.push_back({.vertical = true, .offset = pole});
  for (Asymptote& a : found) {
    a.family = family;
    const auto same = std::ranges::find_if(
        scene_.asymptotes, [&](const Asymptote& other) { return is_same(a, other, scene_.x); });
    if (same == scene_.asymptotes.end()) {
      scene_.asymptotes.push_back(a);
    } else {
      same->x = {std::min(same->x.from, a.x.from), std::max(same->x.to, a.x.to)};
    }
  }
}

std::string Composer::describe(std::size_t family) const {
  Subjected& s = *subjects_[family];
  std::string text = fmt::format("{}:", s.label());
  for (const double x : {scene_.x.from, 0.0, scene_.x.to}) {
    const double value = s.at(x, 0);
    if (scene_.x.holds(x) && std::isfinite(value)) {
      text += fmt::format(" {:.4g} at {} = {:.4g},", value, s.variable(), x);
    }
  }
  text.back() = '.';
  for (const Break& b : s.breaks()) {
    if (!scene_.x.holds(b.at)) continue;
    if (std::isinf(b.left) || std::isinf(b.right)) continue;  // a pole: its line is named below
    const std::string place = fmt::format(" At {} = {:.4g} it", s.variable(), b.at);
    if (b.is_jump()) {
      text += fmt::format("{} jumps from {} to {}, with {}.", place, in_words(b.left),
                          in_words(b.right),
                          std::isfinite(b.value) ? fmt::format("the value {:.4g}", b.value)
                                                 : std::string("no value there"));
    } else if (b.is_kink()) {
      text += fmt::format("{} has a kink, from slope {} to {}.", place, in_words(b.left_slope),
                          in_words(b.right_slope));
    }
  }
  for (const Zone& zone : scene_.zones) {
    if (zone.family != family) continue;
    text += fmt::format(" Its gradient is 0 from {:.4g} to {:.4g}.", zone.x.from, zone.x.to);
  }
  for (const Asymptote& a : scene_.asymptotes) {
    if (a.family == family) text += fmt::format(" It nears the line {}.", in_words(a));
  }
  return text;
}

Scene Composer::scene() {
  choose_ranges();
  for (std::size_t family = 0; family < subjects_.size(); ++family) draw(family);
  std::string& text = scene_.description;
  text = fmt::format("Curves over {} from {:.4g} to {:.4g}, drawn from {:.4g} to {:.4g}.",
                     scene_.x_label, scene_.x.from, scene_.x.to, scene_.y.from, scene_.y.to);
  if (options_.derivative) text += " The derivatives are dashed.";
  if (options_.second) text += " The second derivatives are dash-dotted.";
  for (std::size_t family = 0; family < subjects_.size(); ++family) text += " " + describe(family);
  return std::move(scene_);
}

}  // namespace

Scene picture_of(const std::vector<Subject>& subjects, const PictureOptions& options) {
  return Composer(subjects, options).scene();
}

bool has_curve(const Function& function) {
  return !function.is_over_rows() && !function.is_random() && function.inputs().size() == 1;
}

std::string terminal_of(const std::vector<Subject>& subjects, const TerminalStyle& style) {
  PictureOptions options;
  options.derivative = subjects.size() == 1;
  return terminal_plot(picture_of(subjects, options), style);
}

std::string svg_of(const Subject& subject, const SvgOptions& options) {
  PictureOptions picture;
  picture.derivative = !options.thumbnail;
  picture.width = options.width;
  picture.height = options.height;
  return svg(picture_of({subject}, picture), options);
}

}  // namespace actc::tools::plot
