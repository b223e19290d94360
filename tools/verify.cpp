// actc verify: every input of a number format through the compiled kernel, against the meaning; or
// what another program computed for the same inputs.
#include <fmt/format.h>

#include <memory>

#include "tools/commands.h"
#include "tools/json.h"
#include "tools/sweep_store.h"
#include "tools/verify_report.h"
#include "tools/verify_rows_report.h"

namespace actc::tools {
namespace {

struct VerifyOptions {
  std::vector<std::string> defs;
  DefinitionOptions definition;
  std::string dtype = "f32";
  bool forward = false;
  bool gradient = false;
  std::optional<double> bound;
  std::uint64_t stride = 1;
  std::optional<std::size_t> points;
  std::optional<std::size_t> columns;
  unsigned threads = 0;
  bool all = false;
  bool avx2 = false;
  bool json = false;
  bool key = false;
  CacheChoice cache;
  std::string inputs;
  std::string against;
};

bool is_prime(std::uint64_t n) {
  for (std::uint64_t d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return n > 1;
}

// 1000 points a binade where every input is swept; in a quick look fewer, in proportion.
std::size_t points_for(const VerifyOptions& options) {
  if (options.points) return *options.points;
  // binary64 has eight times the binades, and MPFR alone.
  if (parse_dtype(options.dtype) == ElementType::f64)
    return std::max<std::size_t>(1, 100 / options.stride);
  return std::max<std::size_t>(16, 1000 / options.stride);
}

void write_inputs(const VerifyRequest& request, const std::string& path) {
  const NpyArray array = inputs_of(request);
  OutputFile file(path);
  std::visit([&](const auto& x) { write_npy(file, array.shape, x); }, array.elements);
  file.commit();
}

void check_files(const VerifyOptions& options) {
  if (options.inputs.empty() && options.against.empty()) return;
  if (!options.inputs.empty() && !options.against.empty()) {
    throw bad_usage("--inputs and --against exclude each other",
                    "first --inputs X.npy, then the other program, then --against Y.npy");
  }
  if (options.all || options.defs.size() != 1) {
    throw bad_usage(
        fmt::format("{} is for one definition", options.inputs.empty() ? "--against" : "--inputs"));
  }
  if (!options.against.empty() && options.forward == options.gradient) {
    throw bad_usage("--against wants either --forward or --gradient: which of them the file holds");
  }
}

void check_rows(const VerifyOptions& options, std::span<const Definition> definitions) {
  constexpr std::size_t most_columns = 65'536;
  if (options.columns && (*options.columns == 0 || *options.columns > most_columns)) {
    throw bad_usage(fmt::format("--columns must be from 1 to {}", most_columns));
  }
  for (const Definition& definition : definitions) {
    if (!definition.function.is_over_rows()) {
      if (!options.columns) continue;
      throw bad_usage(fmt::format("{} is not over a row", definition.label),
                      "--columns is how long the rows are of what is");
    }
    if (options.stride != 1 || options.points || !options.inputs.empty() ||
        !options.against.empty()) {
      throw bad_usage(fmt::format("{} is over a row: --stride, --points, --inputs and --against "
                                  "are for what is not",
                                  definition.label),
                      "--columns N looks at rows of N columns");
    }
  }
}

std::string key_of(const VerifyRequest& request, const std::string& dtype) {
  return sweep_key(request.function, request.parameters, dtype, request.kernel.stabilize);
}

// Every input of the format was looked at: then it is worth keeping.
void keep_sweep(const VerifyRequest& request, const VerifyReport& found, const std::string& dtype) {
  const bool every_input = request.stride == 1 && request.against.empty() && dtype != "f64" &&
                           request.function.inputs().size() == 1;
  if (!every_input) return;
  store_error(key_of(request, dtype), request.label,
              {.dtype = dtype,
               .what = request.gradient ? "gradient" : "forward",
               .ulps = found.largest(),
               .inputs = found.inputs,
               .date = today()});
}

// Does it keep its contract?
bool verify_over_rows(VerifyRequest of, const VerifyOptions& options, Json& results) {
  RowRequest request{.of = std::move(of), .columns = options.columns, .contract = {}};
  request.contract = row_contract_of(request.of);
  if (options.bound) request.contract = RowContract{.bound = *options.bound};
  bool good = true;
  for (const bool gradient : {false, true}) {
    const bool wanted = gradient ? options.gradient : options.forward;
    if (!wanted && (options.forward || options.gradient)) continue;
    request.of.gradient = gradient;
    for (const RowReport& found : verify_rows(request)) {
      good = good && keeps(found);
      if (options.json) {
        results.push_back(report_json(request, found));
      } else {
        fmt::print("{}", report_text(request, found));
        std::fflush(stdout);
      }
    }
  }
  return good;
}

ExitCode verify_all(const VerifyOptions& options) {
  const ElementType dtype = parse_dtype(options.dtype);
  if (options.stride != 1 && !is_prime(options.stride)) {
    throw bad_usage("--stride must be a prime", "257 sees every 257th input");
  }
  check_files(options);
  std::vector<Definition> definitions;
  for (const std::string& def : options.defs) {
    definitions.push_back(resolve(def, options.definition));
  }
  if (options.all) {
    for (const Function& function : standard_library().functions()) {
      if (function.inputs().size() <= 2 && !function.is_over_rows() && !function.is_random())
        definitions.push_back({function, function.name(), options.definition.stabilize});
    }
  }
  if (definitions.empty())
    throw bad_usage("DEF is missing", "--all verifies every built-in of one or two inputs");
  for (const Definition& definition : definitions) {
    if (!definition.function.is_random()) continue;
    throw bad_content(fmt::format("{} draws random numbers", definition.label),
                      "what is verified is a function of its inputs: give what is drawn as one");
  }
  check_rows(options, definitions);
  const Parameters given = parse_parameters(options.definition.parameters, definitions);
  const KernelCache cache = open_cache(options.cache);
  Json results = Json::array();
  bool good = true;
  for (const Definition& definition : definitions) {
    VerifyRequest request;
    request.function = definition.function;
    request.label = definition.label;
    request.text = definition.text;
    request.dtype = dtype;
    request.parameters = parameters_of(definition, given);
    request.kernel.avx2_only = options.avx2;
    request.kernel.stabilize = definition.stabilize;
    request.kernel.cache = cache;
    request.stride = options.stride;
    request.points_in_binade = points_for(options);
    request.threads = options.threads;
    request.progress = true;
    if (options.key) {
      fmt::print("{}\n", key_of(request, options.dtype));
      continue;
    }
    if (definition.function.is_over_rows()) {
      good = verify_over_rows(std::move(request), options, results) && good;
      continue;
    }
    const std::size_t inputs = definition.function.inputs().size();
    if (inputs != 1 && !(options.inputs.empty() && options.against.empty())) {
      throw bad_usage(fmt::format("{} has {} inputs; --inputs and --against are for one",
                                  definition.label, inputs));
    }
    if (!options.inputs.empty()) {
      write_inputs(request, options.inputs);
      return exit_good;
    }
    request.against = options.against;
    const auto report = [&] {
      request.contract = contract_of(request);
      if (options.bound) {
        request.contract =
            Contract{.bound = *options.bound,
                     .limits_of_sense = !request.contract || request.contract->limits_of_sense};
      }
      const VerifyReport found = verify(request);
      good = good && keeps(found);
      keep_sweep(request, found, options.dtype);
      if (options.json) {
        results.push_back(report_json(request, found));
      } else {
        fmt::print("{}", options.all ? report_line(request, found) : report_text(request, found));
        std::fflush(stdout);
      }
    };
    if (options.forward || !options.gradient) report();
    request.gradient = true;
    if (options.forward && !options.gradient) continue;
    for (request.variable = 0; request.variable < inputs; ++request.variable) report();
  }
  if (options.json && !options.key) print_json(results.size() == 1 ? results[0] : results);
  return good ? exit_good : exit_bad_content;
}

}  // namespace

Command add_verify(CLI::App& program) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* app = add_command(
      program, "verify", "Holds a kernel against its formula over every input of a number format",
      "  actc verify gelu\n"
      "  actc verify 'x * tanh(log(1 + exp(x)))' --gradient --bound 4\n"
      "  actc verify silu mish --dtype bf16 --json\n"
      "  actc verify softmax layer_norm             # over a row: samples of rows\n"
      "  actc verify gelu --stride 257              # a quick look\n"
      "  actc verify gelu --stride 257 --inputs x.npy\n"
      "  actc verify gelu --stride 257 --forward --against y.npy");
  app->add_option("DEF", options->defs, "Built-ins' names, formulas, texts, or names in FILE");
  app->add_flag("--all", options->all, "Every built-in of one or two inputs; a line for each");
  add_dtype_option(*app, options->dtype, "The number format; f32 where it is not given");
  app->add_flag("--forward", options->forward, "The values only");
  app->add_flag("--gradient", options->gradient, "The gradient only");
  app->add_option(
         "--bound", options->bound,
         "The largest error allowed; of a built-in its contract's where it is not given. Over "
         "a row in ULP of the terms: of |a| + |b| where a - b was computed")
      ->type_name("ULP");
  app->add_option("--stride", options->stride, "Only every P-th input, P a prime")->type_name("P");
  app->add_option("--points", options->points,
                  "Inputs in each binade of each sign that MPFR judges; 1000, less with --stride")
      ->type_name("N");
  app->add_option("--columns", options->columns,
                  "Over a row: rows of N columns only; of 1 to 3000 where it is not given")
      ->type_name("N");
  app->add_option("--threads", options->threads, "Threads; one a processor where it is not given")
      ->type_name("N");
  add_avx2_option(*app, options->avx2);
  app->add_option("--inputs", options->inputs, "Write the inputs that are looked at, and no more")
      ->type_name("FILE.npy");
  app->add_option("--against", options->against,
                  "Judge these results of the same inputs, not the compiled kernel's")
      ->type_name("FILE.npy");
  app->add_flag("--key", options->key,
                "Print the key under which the result is kept (docs/properties.md), and no more");
  add_definition_options(*app, options->definition);
  add_stabilize_option(*app, options->definition);
  add_cache_options(*app, options->cache);
  app->add_flag("--json", options->json, "Print JSON");
  return {app, [options] { return verify_all(*options); }};
}

}  // namespace actc::tools
