// actc saved: what gradients can be computed from, what that costs in memory, and how exact they
// are then.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>

#include "tools/commands.h"
#include "tools/json.h"

namespace actc::tools {
namespace {

struct SavedOptions {
  std::string def;
  DefinitionOptions definition;
  bool json = false;
  CacheChoice cache;
};

std::string_view word(Saved saved) {
  switch (saved) {
    case Saved::x:
      return "x";
    case Saved::y:
      return "y";
    case Saved::mask:
      return "mask";
    case Saved::nothing:
      break;
  }
  return "nothing";
}

double bytes_an_element(Saved saved) {
  return saved == Saved::nothing ? 0 : saved == Saved::mask ? 0.125 : sizeof(float);
}

// Inputs in rows, dy for them, and the gradients in binary64.
struct Sample {
  static constexpr std::size_t columns = 1000;

  std::vector<float> x;
  std::vector<float> dy;
  std::vector<double> exact;
};

// Of each element by itself: every bfloat16 number within [-100, 100], and numbers between them.
// Of rows: normal ones.
Sample sample_of(const Function& function, const Parameters& parameters, const KernelCache& cache) {
  Sample sample;
  std::mt19937 generator(1);
  std::normal_distribution<float> normal(0, 3);
  const bool rows = function.is_over_rows();
  if (!rows) {
    for (unsigned bits = 0; bits < 65536; ++bits) {
      const float v = bfloat16::from_bits(static_cast<std::uint16_t>(bits));
      if (std::abs(v) <= 100) sample.x.push_back(v);
    }
  }
  const std::size_t more = rows ? 20 : 30;
  const std::size_t whole = sample.x.size() / Sample::columns * Sample::columns;
  sample.x.resize(whole + more * Sample::columns);
  for (std::size_t i = whole; i < sample.x.size(); ++i) sample.x[i] = normal(generator);
  const std::size_t values = function.has_row_value() ? more : sample.x.size();
  for (std::size_t i = 0; i < values; ++i) sample.dy.push_back(rows ? normal(generator) : 1);

  const std::vector<double> x(sample.x.begin(), sample.x.end());
  const std::vector<double> dy(sample.dy.begin(), sample.dy.end());
  sample.exact.resize(x.size());
  const std::size_t sizes[] = {x.size() / Sample::columns, Sample::columns};
  const std::span<const std::size_t> shape = sizes;
  const auto value_shape = shape.first(function.has_row_value() ? 1 : 2);
  const View<const double> in(x.data(), shape);
  function.kernel<double>({.cache = cache})
      .backward(in, View<const double>(dy.data(), value_shape),
                View<double>(sample.exact.data(), shape), -1, parameters);
  return sample;
}

std::vector<float> gradient_from(const Function& function, Saved saved,
                                 const Parameters& parameters, const Sample& sample,
                                 const KernelCache& cache) {
  const BoundKernel<float> kernel =
      function.kernel<float>({.saved = saved, .cache = cache}).bind(parameters);
  std::vector<float> dx(sample.x.size());
  std::vector<float> y(sample.dy.size());
  const std::size_t sizes[] = {sample.x.size() / Sample::columns, Sample::columns};
  const std::span<const std::size_t> shape = sizes;
  const auto value_shape = shape.first(function.has_row_value() ? 1 : 2);
  const View<const float> x(sample.x.data(), shape);
  const View<const float> dy(sample.dy.data(), value_shape);
  const View<float> gradient(dx.data(), shape);
  switch (saved) {
    case Saved::x:
      kernel.backward(x, dy, gradient);
      break;
    case Saved::y: {
      const View<float> value(y.data(), value_shape);
      kernel.forward(x, value);
      kernel.backward_from_y(value, dy, gradient);
      break;
    }
    case Saved::mask: {
      std::vector<std::uint8_t> mask((sample.x.size() + 7) / 8);
      kernel.forward(sample.x, y, mask);
      kernel.backward_from_mask(mask, sample.dy, dx);
      break;
    }
    case Saved::nothing:
      kernel.backward_from_nothing(dy, gradient);
      break;
  }
  return dx;
}

struct Errors {
  double relative = 0;  // to the largest gradient
  double ulp = 0;
  double at = 0;  // x, of the largest in ULP
};

Errors errors_of(const Sample& sample, std::span<const float> found) {
  double largest = 0;
  for (const double v : sample.exact) largest = std::max(largest, std::abs(v));
  Errors errors;
  for (std::size_t i = 0; i < found.size(); ++i) {
    // An inf is right where the exact value rounds to it.
    if (found[i] == static_cast<float>(sample.exact[i])) continue;
    const double off = std::abs(found[i] - sample.exact[i]);
    const double magnitude =
        std::max(std::abs(sample.exact[i]), double{std::numeric_limits<float>::min()});
    const double ulp = off / std::ldexp(1.0, std::ilogb(magnitude) - 23);
    if (largest > 0) errors.relative = std::max(errors.relative, off / largest);
    if (ulp > errors.ulp) {
      errors.ulp = ulp;
      errors.at = sample.x[i];
    }
  }
  return errors;
}

// Those that have no default are taken to be 1.
Parameters all_parameters(const Function& function, Parameters given) {
  for (const ParameterInfo& parameter : function.parameters()) {
    if (!parameter.default_value) given.emplace(parameter.name, 1);
  }
  return given;
}

ExitCode saved(const SavedOptions& options) {
  std::vector<Function> functions;
  Parameters given;
  if (options.def.empty()) {
    if (!options.definition.file.empty() || !options.definition.parameters.empty()) {
      throw bad_usage("-f and --param are for a DEF", "name one");
    }
    functions = standard_library().functions();
    std::erase_if(functions, [](const Function& f) { return f.documentation().empty(); });
  } else {
    const Definition definition = resolve(options.def, options.definition);
    functions = {definition.function};
    given = parse_parameters(options.definition.parameters, {definition});
  }
  const KernelCache cache = open_cache(options.cache);
  Json array = Json::array();
  if (!options.json) {
    fmt::print("{:<20}{:<10}{:>8}{:>16}{:>14}{:>12}  {}\n", "definition", "from", "bytes",
               "of the largest", "in ULP", "at x", "where");
  }
  for (const Function& function : functions) {
    if (function.inputs().size() != 1 || function.is_random()) continue;
    const Parameters parameters = all_parameters(function, given);
    const Sample sample = sample_of(function, parameters, cache);
    for (const Saving& saving : function.savings()) {
      const Errors e =
          errors_of(sample, gradient_from(function, saving.saved, parameters, sample, cache));
      const std::string name = function.name().empty() ? options.def : function.name();
      std::string where;
      for (const std::string& p : saving.positive) {
        where += fmt::format("{}{} > 0", where.empty() ? "" : ", ", p);
      }
      if (options.json) {
        array.push_back({{"definition", name},
                         {"from", word(saving.saved)},
                         {"bytes", bytes_an_element(saving.saved)},
                         {"relative_error", e.relative},
                         {"ulp", e.ulp},
                         {"at", e.at},
                         {"positive", saving.positive}});
        continue;
      }
      fmt::print("{:<20}{:<10}{:>8}{:>16.2g}{:>14.3g}{:>12.5g}  {}\n", name, word(saving.saved),
                 bytes_an_element(saving.saved), e.relative, e.ulp, e.at, where);
    }
  }
  if (options.json) print_json(array);
  return exit_good;
}

}  // namespace

Command add_saved(CLI::App& program) {
  auto options = std::make_shared<SavedOptions>();
  CLI::App* app = add_command(
      program, "saved",
      "What a gradient can be computed from: x, y, a bit an element or nothing; the bytes an\n"
      "element that it takes in binary32, and the largest error of the gradient computed from it,\n"
      "as a part of the largest gradient and in ULP, on some 60,000 inputs (rows: 20,000, with a\n"
      "random dy). Parameters without a default are 1.",
      "  actc saved\n"
      "  actc saved elu\n"
      "  actc saved 'log(1 + exp(x))' --json\n");
  app->add_option("DEF", options->def, "A built-in's name or a formula; all built-ins without it");
  add_definition_options(*app, options->definition);
  add_cache_options(*app, options->cache);
  app->add_flag("--json", options->json, "Print JSON");
  return {app, [options] { return saved(*options); }};
}

}  // namespace actc::tools
