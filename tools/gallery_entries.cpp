// Entries are made side by side, since proofs take most of the time; times are measured after that,
// with nothing beside them.
#include "tools/gallery_entries.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cmath>
#include <exception>
#include <mutex>
#include <set>
#include <thread>

#include "stdlib/stdlib.h"
#include "tools/card/cost.h"
#include "tools/commands.h"
#include "tools/plot/picture.h"
#include "tools/show_card.h"

namespace actc::tools {
namespace {

using gallery::Control;
using gallery::Entry;

constexpr double picture_width = 800, picture_height = 460;
constexpr double thumbnail_width = 320, thumbnail_height = 200;

struct Subject {
  Definition definition;
  Parameters parameters;
  Entry entry;
};

// The files of the library whose definitions are listed, and the order that the gallery has them
// in.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> library_files = {
    {{"activations.act", "activation"},
     {"gated.act", "gated"},
     {"rows.act", "row"},
     {"random.act", "random"},
     {"math.act", "math"}}};

// Where "name(" begins a line of the text.
std::size_t place_of(std::string_view text, const std::string& name) {
  const std::string head = name + "(";
  for (std::size_t at = text.find(head); at != std::string_view::npos;
       at = text.find(head, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') return at;
  }
  return std::string_view::npos;
}

// The definition with its documentation and its own derivatives, as the library's file has it.
std::string block_at(std::string_view text, std::size_t at) {
  std::size_t from = at;
  while (from > 0) {
    const std::size_t line = from < 2 ? 0 : text.rfind('\n', from - 2) + 1;
    if (text[line] != '#') break;
    from = line;
  }
  std::size_t to = text.find('\n', at) + 1;
  while (to < text.size()) {
    const bool goes_on = text[to] == ' ' || text.substr(to, 2) == "d/";
    if (!goes_on) break;
    to = std::min(text.find('\n', to), text.size() - 1) + 1;
  }
  return std::string(text.substr(from, to - from));
}

// In a text of the user's newlines mean nothing, so that it is written anew.
std::string written(const Function& function) {
  std::string text;
  const std::string documentation = function.documentation();
  for (std::size_t at = 0; at < documentation.size();) {
    const std::size_t end = std::min(documentation.find('\n', at), documentation.size());
    text += "## " + documentation.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return text +
         (function.name().empty() ? function.source()
                                  : signature(function) + " = " + function.source()) +
         "\n";
}

// Where a slider ends: four times the default, and for negative ones as far on the other side.
Control slider(const std::string& name, double value) {
  Control c{.name = name, .value = value};
  const double reach = value == 0 ? 4 : 4 * std::abs(value);
  c.from = value > 0 ? 0 : -reach;
  c.to = reach;
  return c;
}

// Is it a straight line along this input, as far as three points tell?
bool is_straight(const Function& function, std::vector<double> inputs, std::size_t axis,
                 const Parameters& parameters) {
  std::array<double, 3> values{};
  for (std::size_t k = 0; k < 3; ++k) {
    inputs[axis] = 2 * (static_cast<double>(k) - 1);
    values[k] = function.evaluate(inputs, parameters);
  }
  return std::abs(values[0] + values[2] - 2 * values[1]) <= 1e-12 * std::abs(values[2]);
}

// Of several inputs one is the axis: the first along which something bends while the others are
// held at 1, or spread evenly from −1 to 1; else at 2.
void choose_axis(Subject& subject) {
  std::vector<Control>& inputs = subject.entry.inputs;
  const std::size_t count = inputs.size();
  subject.entry.curve = gallery::Curve{};
  if (count == 1) return;
  for (const double scale : {1.0, 2.0}) {
    for (std::size_t axis = 0; axis < count; ++axis) {
      std::vector<double> held(count, scale);
      for (std::size_t k = 0, other = 0; k < count; ++k) {
        if (k == axis || count == 2) continue;
        held[k] = scale * (-1 + 2 * static_cast<double>(other++) / static_cast<double>(count - 2));
      }
      const bool last = scale == 2 && axis + 1 == count;
      if (!last && is_straight(subject.definition.function, held, axis, subject.parameters))
        continue;
      subject.entry.curve->axis = axis;
      for (std::size_t k = 0; k < count; ++k) inputs[k].value = k == axis ? scale : held[k];
      return;
    }
  }
}

Subject subject_of(const Function& function, const std::string& text, std::size_t place) {
  Subject subject{
      .definition = {.function = function,
                     .label = function.name().empty() ? function.source() : function.name(),
                     .text = text},
      .parameters = {},
      .entry = {}};
  Entry& entry = subject.entry;
  entry.own = !text.empty();
  entry.name = subject.definition.label;
  entry.signature = function.name().empty() ? function.source() : signature(function);
  entry.documentation = function.documentation();
  entry.source = entry.own ? written(function) : std::string();
  entry.text = text;
  entry.place = place;
  entry.over_rows = function.is_over_rows();
  entry.row_value = function.has_row_value();
  entry.random = function.is_random();
  for (const std::string& input : function.inputs()) {
    entry.inputs.push_back({.name = input, .value = 1, .from = -4, .to = 4});
  }
  for (const ParameterInfo& p : function.parameters()) {
    Control control = slider(p.name, p.default_value.value_or(1));
    control.learned = p.learned;
    control.has_default = p.default_value.has_value();
    subject.parameters[p.name] = control.value;
    entry.parameters.push_back(std::move(control));
  }
  entry.kind = entry.inputs.size() > 1 ? "gated" : "activation";
  for (const auto& [file, kind] : library_files) {
    if (entry.own) break;
    const std::string_view content = stdlib::file(file);
    const std::size_t at = place_of(content, entry.name);
    if (at == std::string_view::npos) continue;
    entry.source = block_at(content, at);
    entry.kind = kind;
  }
  if (entry.over_rows) entry.kind = "row";
  if (entry.random) entry.kind = "random";
  return subject;
}

std::string emitted(const Function& function, Language language) {
  try {
    std::string text = function.emit(language);
    // What ends a line for JavaScript alone could only stand in a comment, and would end it.
    for (const std::string_view end : {"\r", "\u2028", "\u2029"}) {
      for (std::size_t at = 0; (at = text.find(end, at)) != std::string::npos;) {
        text.replace(at, end.size(), " ");
      }
    }
    return text;
  } catch (const Error&) {
    return {};  // the language cannot say it
  }
}

void draw(Subject& subject) {
  gallery::Curve& curve = *subject.entry.curve;
  plot::Subject drawn{.definition = subject.definition, .parameters = subject.parameters};
  for (std::size_t k = 0; k < subject.entry.inputs.size(); ++k) {
    if (k != curve.axis) drawn.held[subject.entry.inputs[k].name] = subject.entry.inputs[k].value;
  }
  const plot::Scene scene =
      plot::picture_of({drawn}, {.width = picture_width, .height = picture_height});
  curve.x_from = scene.x.from;
  curve.x_to = scene.x.to;
  curve.y_from = scene.y.from;
  curve.y_to = scene.y.to;
  curve.svg = plot::svg(scene, {.width = picture_width,
                                .height = picture_height,
                                .theme = plot::Theme::none,
                                .id = "still"});
  curve.thumbnail = plot::svg_of(drawn, {.width = thumbnail_width,
                                         .height = thumbnail_height,
                                         .theme = plot::Theme::none,
                                         .thumbnail = true,
                                         .transparent = true,
                                         .id = "t-" + subject.entry.slug});
}

void complete(Subject& subject, const GalleryRequest& request) {
  Entry& entry = subject.entry;
  const Function& function = subject.definition.function;
  entry.mathml = emitted(function, Language::mathml);
  entry.latex = emitted(function, Language::latex);
  entry.python = emitted(function, Language::python);
  entry.javascript = emitted(function, Language::javascript);
  entry.c = emitted(function, Language::c);
  try {
    if (!entry.over_rows && !entry.random) {
      choose_axis(subject);
      draw(subject);
    }
    entry.card = card_with_sweeps(subject.definition, subject.parameters, request.cache,
                                  {.seconds = request.seconds, .timed = false});
  } catch (const Error& error) {
    entry.card.no_shape = error.what();
    if (entry.curve && entry.curve->svg.empty()) entry.curve.reset();
  }
}

// Runs task(0) to task(count - 1) on some threads; what is thrown first is thrown again.
void side_by_side(std::size_t count, unsigned threads,
                  const std::function<void(std::size_t)>& task) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr thrown;
  std::mutex mutex;
  const auto work = [&] {
    for (std::size_t k = 0; (k = next++) < count;) {
      try {
        task(k);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!thrown) thrown = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (unsigned t = 1; t < threads; ++t) others.emplace_back(work);
    work();
  }
  if (thrown) std::rethrow_exception(thrown);
}

// Names as file names, unique where letters' case is ignored, those of the library first.
void name_files(std::vector<Subject>& subjects) {
  std::set<std::string> taken;
  for (const bool own : {false, true}) {
    for (Subject& s : subjects) {
      if (s.entry.own != own) continue;
      const std::string name = s.definition.function.name();
      const std::string stem = name.empty() ? "formula" : name;
      for (int number = 1;; ++number) {
        s.entry.slug = number == 1 ? stem : fmt::format("{}-{}", stem, number);
        std::string lower = s.entry.slug;
        std::ranges::transform(lower, lower.begin(),
                               [](unsigned char c) { return std::tolower(c); });
        if (taken.insert(lower).second) break;
      }
    }
  }
}

// The user's own first, then by kind.
std::ptrdiff_t rank(const Entry& entry) {
  if (entry.own) return -1;
  return std::ranges::find(library_files, entry.kind,
                           [](const auto& file) { return file.second; }) -
         library_files.begin();
}

}  // namespace

std::vector<gallery::Entry> gallery_entries(const GalleryRequest& request) {
  std::vector<Subject> subjects;
  if (!request.file.empty()) {
    const std::string text = read_source(request.file);
    const std::vector<Function> own = compile_file(request.file).functions();
    for (std::size_t k = 0; k < own.size(); ++k) subjects.push_back(subject_of(own[k], text, k));
  }
  for (const Function& function : listed_builtins())
    subjects.push_back(subject_of(function, {}, 0));
  std::ranges::stable_sort(subjects, {}, [](const Subject& s) { return rank(s.entry); });
  name_files(subjects);
  const std::size_t steps = subjects.size() * (request.timed ? 2 : 1);
  std::size_t done = 0;
  std::mutex mutex;
  const auto step = [&] {
    const std::lock_guard lock(mutex);
    if (request.progress) request.progress(++done, steps);
  };
  side_by_side(subjects.size(), request.threads, [&](std::size_t k) {
    complete(subjects[k], request);
    step();
  });
  std::vector<gallery::Entry> entries;
  for (Subject& subject : subjects) {
    if (request.timed) {
      std::vector<KnownError> errors = std::move(subject.entry.card.cost.errors);
      try {
        subject.entry.card.cost = cost_of(subject.definition.function, subject.parameters,
                                          {.cache = request.cache}, true);
      } catch (const Error&) {
        // A definition without a kernel has no time.
      }
      subject.entry.card.cost.errors = std::move(errors);
      step();
    }
    entries.push_back(std::move(subject.entry));
  }
  return entries;
}

}  // namespace actc::tools
