// actc run: a definition and its gradients over the arrays of .npy files.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "tools/commands.h"
#include "tools/files.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

struct RunOptions {
  std::string def;
  DefinitionOptions definition;
  std::vector<std::string> inputs;
  std::string output;
  std::vector<std::string> gradients;  // FILE or NAME=FILE
  std::string upstream;
  std::string dtype;
  std::optional<std::ptrdiff_t> axis;
  std::optional<std::ptrdiff_t> channel_axis;
  std::optional<std::uint64_t> seed;
  CacheChoice cache;
};

using Shape = std::vector<std::uint64_t>;

// The shapes of a run's arrays.
struct Shapes {
  std::vector<Shape> inputs;  // and their gradients; parameters that are arrays stand last
  Shape common;               // of all inputs together
  Shape value;                // and the gradient from above
  std::ptrdiff_t axis = -1;   // of the rows, where there are any

  bool is_one() const {
    return std::ranges::all_of(inputs, [&](const Shape& shape) { return shape == common; });
  }
};

// A parameter whose values are an array.
struct ArrayParameter {
  std::string name;
  std::string path;
};

// Elements in one call, so that progress can be shown; the bits do not depend on it.
constexpr std::size_t step_elements = std::size_t{1} << 20;

std::string_view numpy_name(ElementType type) {
  switch (type) {
    case ElementType::f32:
      return "float32";
    case ElementType::f64:
      return "float64";
    case ElementType::f16:
      return "float16";
    case ElementType::bf16:
      break;
  }
  return "uint16";
}

// A file of uint16 may hold integers: that they are the bits of bfloat16 must be said.
NpyArray read_array(const std::string& path, const RunOptions& options) {
  Progress progress("reading " + path);
  NpyArray array =
      read_npy(path, [&](std::uint64_t done, std::uint64_t all) { progress.update(done, all); });
  if (array.type() == ElementType::bf16 &&
      (options.dtype.empty() || parse_dtype(options.dtype) != ElementType::bf16)) {
    throw bad_content(
        fmt::format("{}: elements of dtype 'uint16' are not numbers to compute with", path),
        "if they are the bits of bfloat16, say --dtype bf16; else convert them: "
        "np.save(file, x.astype(np.float32))");
  }
  return array;
}

// --param NAME=FILE.npy, taken out of the words.
std::vector<ArrayParameter> array_parameters(const Definition& definition,
                                             std::vector<std::string>& words) {
  std::vector<ArrayParameter> arrays;
  std::erase_if(words, [&](const std::string& word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || !word.ends_with(".npy")) return false;
    arrays.push_back({word.substr(0, equals), word.substr(equals + 1)});
    return true;
  });
  std::vector<std::string> names;
  for (const ParameterInfo& p : definition.function.parameters()) names.push_back(p.name);
  for (const ArrayParameter& array : arrays) {
    if (std::ranges::find(names, array.name) == names.end()) {
      throw bad_usage(fmt::format("--param {}={}: {} has no parameter '{}'", array.name, array.path,
                                  definition.label, array.name),
                      did_you_mean(array.name, names));
    }
    const auto same = [&](const ArrayParameter& other) { return other.name == array.name; };
    if (std::ranges::count_if(arrays, same) > 1) {
      throw bad_usage(fmt::format("two arrays are given for the parameter {}", array.name));
    }
    // Its number is not missed.
    words.push_back(array.name + "=1");
  }
  return arrays;
}

// What has a gradient: each input, each parameter that is an array, each other learned parameter.
std::vector<std::string> variables(const Function& function,
                                   const std::vector<ArrayParameter>& arrays) {
  std::vector<std::string> names = function.inputs();
  for (const ArrayParameter& array : arrays) names.push_back(array.name);
  for (const ParameterInfo& parameter : function.parameters()) {
    const auto same = [&](const ArrayParameter& a) { return a.name == parameter.name; };
    if (parameter.learned && std::ranges::none_of(arrays, same)) names.push_back(parameter.name);
  }
  return names;
}

// The file for the gradient of each variable, empty where none is asked for.
std::vector<std::string> gradient_files(const Definition& definition,
                                        const std::vector<std::string>& inputs,
                                        const std::vector<std::string>& words) {
  std::vector<std::string> files(inputs.size());
  std::size_t next = 0;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    std::size_t place = next;
    std::string file = word;
    if (equals != std::string::npos) {
      const std::string name = word.substr(0, equals);
      const auto found = std::ranges::find(inputs, name);
      if (found == inputs.end()) {
        const std::string guess = did_you_mean(name, inputs);
        throw bad_usage(fmt::format("--grad {}: {} has no input and learns no parameter '{}'", word,
                                    definition.label, name),
                        guess.empty()
                            ? fmt::format("it has: {}; a file whose name has a '=' is written "
                                          "with its directory and the variable: {}=./FILE",
                                          fmt::join(inputs, ", "), inputs.front())
                            : guess);
      }
      place = static_cast<std::size_t>(found - inputs.begin());
      file = word.substr(equals + 1);
    } else {
      ++next;
    }
    if (place >= inputs.size()) {
      throw bad_usage(fmt::format("--grad is given more often than {} has inputs ({})",
                                  definition.label, fmt::join(inputs, ", ")));
    }
    if (!files[place].empty()) {
      throw bad_usage(fmt::format("two --grad for {}", inputs[place]));
    }
    if (file.empty()) throw bad_usage(fmt::format("--grad {} names no file", word));
    files[place] = file;
  }
  return files;
}

std::vector<NpyArray> read_inputs(const Definition& definition, const RunOptions& options) {
  const std::vector<std::string>& paths = options.inputs;
  const std::vector<std::string> inputs = definition.function.inputs();
  if (paths.size() != inputs.size()) {
    throw bad_usage(
        fmt::format("{} has {} input{} ({}), and --input is given {} time{}", definition.label,
                    inputs.size(), inputs.size() == 1 ? "" : "s", fmt::join(inputs, ", "),
                    paths.size(), paths.size() == 1 ? "" : "s"),
        "give --input once for each, in this order");
  }
  std::vector<NpyArray> arrays;
  for (const std::string& path : paths) {
    arrays.push_back(read_array(path, options));
  }
  return arrays;
}

// As NumPy broadcasts: axes are matched from the last, and are equal or 1.
Shape common_shape(const std::vector<NpyArray>& arrays, const std::vector<std::string>& paths) {
  Shape common;
  for (std::size_t n = 0; n < arrays.size(); ++n) {
    const Shape& own = arrays[n].shape;
    if (own.size() > common.size()) common.insert(common.begin(), own.size() - common.size(), 1);
    for (std::size_t k = 0; k < own.size(); ++k) {
      std::uint64_t& size = common[common.size() - own.size() + k];
      if (size == 1) size = own[k];
      if (own[k] == size || own[k] == 1) continue;
      throw bad_content(fmt::format("{} has the shape {}, but {} has {}", paths[n], shape_text(own),
                                    n == 1 ? paths.front() : "what stands before it",
                                    n == 1 ? shape_text(arrays.front().shape) : shape_text(common)),
                        "the shapes of inputs are equal, or spread over others as NumPy's do: "
                        "matched from the last axis, where they are equal or 1");
    }
  }
  return common;
}

// The array as one value for each place along an axis of the common shape.
void make_channels(NpyArray& array, const std::string& path, const Shape& common,
                   std::ptrdiff_t axis) {
  const auto rank = static_cast<std::ptrdiff_t>(common.size());
  if (axis < -rank || axis >= rank) {
    throw bad_content(fmt::format("there is no axis {} in the shape {}", axis, shape_text(common)),
                      "--channel-axis is one of the inputs'");
  }
  const auto at = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  if (array.shape.size() != 1 || array.shape[0] != common[at]) {
    throw bad_content(fmt::format("{} has the shape {}, and along axis {} are {} channels", path,
                                  shape_text(array.shape), axis, common[at]),
                      "it is one value for each");
  }
  Shape shape(common.size(), 1);
  shape[at] = common[at];
  array.shape = shape;
}

ElementType computing_type(const RunOptions& options, const std::vector<NpyArray>& arrays) {
  if (!options.dtype.empty()) return parse_dtype(options.dtype);
  for (const NpyArray& array : arrays) {
    if (array.type() != arrays.front().type()) {
      throw bad_content(fmt::format("some inputs are {} and others {}",
                                    numpy_name(arrays.front().type()), numpy_name(array.type())),
                        "choose one with --dtype, as in --dtype f32");
    }
  }
  return arrays.front().type();
}

// What C++ has as a number: the 16-bit formats are float.
constexpr double arithmetic(double x) { return x; }
constexpr float arithmetic(float x) { return x; }

template <class T>
std::vector<T> elements_as(NpyArray array) {
  return std::visit(
      [](auto& elements) {
        using Stored = typename std::decay_t<decltype(elements)>::value_type;
        if constexpr (std::is_same_v<Stored, T>) {
          return std::move(elements);
        } else {
          std::vector<T> converted;
          converted.reserve(elements.size());
          for (const Stored& element : elements) {
            converted.push_back(static_cast<T>(arithmetic(element)));
          }
          return converted;
        }
      },
      array.elements);
}

// The files that a run writes: opened before anything is computed, so that a place that cannot be
// written is known at once, and renamed together at the end.
struct Outputs {
  std::unique_ptr<OutputFile> value;                   // nothing where it is not asked for
  std::vector<std::unique_ptr<OutputFile>> gradients;  // one a variable, or nothing

  Outputs(const std::string& value_file, const std::vector<std::string>& gradient_files) {
    std::set<std::string> targets;
    const auto open = [&](const std::string& path) -> std::unique_ptr<OutputFile> {
      if (path.empty()) return nullptr;
      auto file = std::make_unique<OutputFile>(path);
      if (!targets.insert(file->target()).second) {
        throw bad_usage(fmt::format("two results are to be written to {}", path));
      }
      return file;
    };
    value = open(value_file);
    for (const std::string& path : gradient_files) gradients.push_back(open(path));
  }
};

template <class T>
void save(OutputFile& file, const std::vector<std::uint64_t>& shape, const std::vector<T>& data) {
  Progress progress("writing " + file.target());
  write_npy(file, shape, data,
            [&](std::uint64_t done, std::uint64_t all) { progress.update(done, all); });
}

std::uint64_t elements_in(const std::vector<std::uint64_t>& shape) {
  std::uint64_t count = 1;
  for (const std::uint64_t size : shape) count *= size;
  return count;
}

// Each element for itself, some at a time.
template <class T>
void compute_elements(const BoundKernel<T>& kernel, std::span<const std::vector<T>> inputs,
                      const std::vector<T>& upstream, std::vector<T>& value,
                      std::span<std::vector<T>> gradients, bool backward, std::uint64_t seed) {
  const std::size_t count = inputs.front().size();
  const std::vector<T> ones(upstream.empty() ? std::min(count, step_elements) : 0, T(1));
  Progress progress("computing");
  for (std::size_t begin = 0; begin < count; begin += step_elements) {
    const std::size_t step = std::min(step_elements, count - begin);
    std::vector<std::span<const T>> x;
    std::vector<std::span<T>> dx;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      x.push_back(std::span<const T>(inputs[k]).subspan(begin, step));
      if (backward) dx.push_back(std::span<T>(gradients[k]).subspan(begin, step));
    }
    const BoundKernel<T> here = kernel.seeded(seed, begin);
    if (!value.empty()) here.forward(x, std::span<T>(value).subspan(begin, step));
    if (backward) {
      const std::span<const T> dy = upstream.empty()
                                        ? std::span<const T>(ones).first(step)
                                        : std::span<const T>(upstream).subspan(begin, step);
      here.backward(x, dy, dx);
    }
    progress.update(begin + step, count);
  }
}

// All at once: rows, and what is summed over all elements.
template <class T>
void compute_whole(const BoundKernel<T>& kernel, std::span<const std::vector<T>> inputs,
                   std::vector<T> upstream, const Shapes& shapes, std::vector<T>& value,
                   std::span<std::vector<T>> gradients, bool backward, std::span<double> learned) {
  const std::vector<std::size_t> value_sizes(shapes.value.begin(), shapes.value.end());
  if (backward && upstream.empty()) upstream.assign(elements_in(shapes.value), T(1));
  std::vector<View<const T>> x;
  std::vector<View<T>> dx;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const std::vector<std::size_t> sizes(shapes.inputs[k].begin(), shapes.inputs[k].end());
    x.emplace_back(inputs[k].data(), sizes);
    if (backward) dx.emplace_back(gradients[k].data(), sizes);
  }
  if (!value.empty()) kernel.forward(x, View<T>(value.data(), value_sizes), shapes.axis);
  if (backward) {
    kernel.backward(x, View<const T>(upstream.data(), value_sizes), dx, shapes.axis, learned);
  }
}

template <class T>
void compute(const Definition& definition, const Parameters& parameters,
             const std::vector<ArrayParameter>& arrays, std::vector<std::vector<T>> inputs,
             const std::vector<T>& upstream, const Shapes& shapes, std::uint64_t seed,
             const KernelCache& cache, Outputs& outputs) {
  const auto asked = [](const auto& file) { return file != nullptr; };
  const bool backward = std::ranges::any_of(outputs.gradients, asked);
  const std::size_t learned_count = outputs.gradients.size() - inputs.size();
  KernelOptions options;
  options.forward = outputs.value != nullptr;
  options.backward = backward;
  options.learned = std::ranges::any_of(std::span(outputs.gradients).subspan(inputs.size()), asked);
  options.stabilize = definition.stabilize;
  options.cache = cache;
  Parameters numbers = parameters;
  for (const ArrayParameter& array : arrays) {
    options.as_inputs.push_back(array.name);
    numbers.erase(array.name);
  }
  const BoundKernel<T> kernel = definition.function.kernel<T>(options).bind(numbers).seeded(seed);

  std::vector<T> value(outputs.value ? elements_in(shapes.value) : 0);
  std::vector<std::vector<T>> gradients;
  for (const std::vector<T>& input : inputs) gradients.emplace_back(backward ? input.size() : 0);
  std::vector<double> learned(options.learned ? learned_count : 0);
  if (options.learned || definition.function.is_over_rows() || !shapes.is_one()) {
    compute_whole<T>(kernel, inputs, upstream, shapes, value, gradients, backward, learned);
  } else {
    compute_elements<T>(kernel, inputs, upstream, value, gradients, backward, seed);
  }
  if (outputs.value) save(*outputs.value, shapes.value, value);
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    if (outputs.gradients[k]) save(*outputs.gradients[k], shapes.inputs[k], gradients[k]);
  }
  for (std::size_t k = 0; k < learned.size(); ++k) {
    auto& file = outputs.gradients[inputs.size() + k];
    if (file) save(*file, {}, std::vector<double>{learned[k]});
  }
  if (outputs.value) outputs.value->commit();
  for (const auto& file : outputs.gradients) {
    if (file) file->commit();
  }
}

template <class T>
void run_as(const Definition& definition, const Parameters& parameters,
            const std::vector<ArrayParameter>& array_parameters, std::vector<NpyArray>&& arrays,
            std::optional<NpyArray>&& upstream, const Shapes& shapes, std::uint64_t seed,
            const KernelCache& cache, Outputs& outputs) {
  std::vector<std::vector<T>> inputs;
  for (NpyArray& array : arrays) inputs.push_back(elements_as<T>(std::move(array)));
  std::vector<T> dy;
  if (upstream) dy = elements_as<T>(std::move(*upstream));
  compute<T>(definition, parameters, array_parameters, std::move(inputs), dy, shapes, seed, cache,
             outputs);
}

Shapes shapes_of(const Definition& definition, const std::vector<NpyArray>& arrays,
                 const Shape& inputs, const RunOptions& options) {
  Shapes shapes{.inputs = {}, .common = inputs, .value = inputs};
  for (const NpyArray& array : arrays) shapes.inputs.push_back(array.shape);
  if (!definition.function.is_over_rows()) {
    if (!options.axis) return shapes;
    throw bad_usage(fmt::format("--axis is for rows, and {} computes each element for itself",
                                definition.label));
  }
  const auto rank = static_cast<std::ptrdiff_t>(inputs.size());
  shapes.axis = options.axis.value_or(-1);
  if (shapes.axis < -rank || shapes.axis >= rank) {
    throw bad_content(
        fmt::format("there is no axis {} in the shape {}", shapes.axis, shape_text(inputs)),
        rank == 0 ? std::string("a row needs an array of one axis or more")
                  : fmt::format("--axis is from {} to {}", -rank, rank - 1));
  }
  if (shapes.axis < 0) shapes.axis += rank;
  if (inputs[static_cast<std::size_t>(shapes.axis)] == 0) {
    throw bad_content(fmt::format("along axis {} the shape {} has rows without elements",
                                  shapes.axis, shape_text(inputs)));
  }
  if (definition.function.has_row_value()) shapes.value.erase(shapes.value.begin() + shapes.axis);
  return shapes;
}

ExitCode run(const RunOptions& options) {
  if (!options.dtype.empty()) parse_dtype(options.dtype);
  if (options.output.empty() && options.gradients.empty()) {
    throw bad_usage("there is nothing to write", "give --output y.npy, --grad dx.npy, or both");
  }
  if (!options.upstream.empty() && options.gradients.empty()) {
    throw bad_usage("--upstream is for gradients, and no --grad is given");
  }
  const Definition definition = resolve(options.def, options.definition);
  if (options.seed && !definition.function.is_random()) {
    throw bad_usage(
        fmt::format("--seed is for random numbers, and {} draws none", definition.label));
  }
  std::vector<std::string> words = options.definition.parameters;
  const std::vector<ArrayParameter> array_params = array_parameters(definition, words);
  if (options.channel_axis && array_params.empty()) {
    throw bad_usage("--channel-axis is for a parameter whose values are an array",
                    "give one with --param NAME=FILE.npy");
  }
  const Parameters parameters = parameters_of(definition, parse_parameters(words, {definition}));
  const std::vector<std::string> gradients =
      gradient_files(definition, variables(definition.function, array_params), options.gradients);
  std::vector<NpyArray> arrays = read_inputs(definition, options);
  std::vector<std::string> paths = options.inputs;
  const Shape of_inputs = common_shape(arrays, paths);
  for (const ArrayParameter& array : array_params) {
    arrays.push_back(read_array(array.path, options));
    paths.push_back(array.path);
    if (!options.channel_axis) continue;
    make_channels(arrays.back(), array.path, of_inputs, *options.channel_axis);
  }
  const Shapes shapes = shapes_of(definition, arrays, common_shape(arrays, paths), options);
  std::optional<NpyArray> upstream;
  if (!options.upstream.empty()) {
    upstream = read_array(options.upstream, options);
    if (upstream->shape != shapes.value) {
      throw bad_content(fmt::format(
          "{} has the shape {}, but the {} {}", options.upstream, shape_text(upstream->shape),
          shapes.value == shapes.common ? "inputs have" : "value has", shape_text(shapes.value)));
    }
  }
  Outputs outputs(options.output, gradients);
  const ElementType type = computing_type(options, arrays);
  if (type != ElementType::f64) print_warnings(definition, parameters);
  with_element_type(type, [&]<class T>(std::type_identity<T>) {
    run_as<T>(definition, parameters, array_params, std::move(arrays), std::move(upstream), shapes,
              options.seed.value_or(0), open_cache(options.cache), outputs);
  });
  return exit_good;
}

}  // namespace

Command add_run(CLI::App& program) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* app = add_command(
      program, "run", "Applies a definition, and its gradients, to NumPy files",
      "  actc run gelu --input x.npy --output y.npy\n"
      "  actc run 'x * erf(x)' --input x.npy --output y.npy --grad dx.npy --upstream dy.npy\n"
      "  actc run 'f(a, b) = a * sigmoid(b)' --input a.npy --input b.npy --output y.npy --grad "
      "b=db.npy\n"
      "  actc run prelu --input x.npy --grad dx.npy --grad a=da.npy --upstream dy.npy\n"
      "  actc run prelu --input x.npy --param a=slopes.npy --channel-axis 1 --grad dx.npy --grad "
      "a=da.npy\n"
      "  actc run softmax --input x.npy --output y.npy --axis 1\n"
      "  actc run dropout --input x.npy --output y.npy --seed 7\n");
  app->add_option("DEF", options->def, "A built-in's name, a formula, a text, or a name in FILE")
      ->required();
  app->add_option("--input", options->inputs, "An input; once for each, in the definition's order")
      ->type_name("X.npy")
      ->required()
      ->allow_extra_args(false);
  app->add_option("--output", options->output, "Where the value goes")->type_name("Y.npy");
  app->add_option("--grad", options->gradients,
                  "Where a gradient goes: once for each input, then for each learned parameter, in "
                  "order, or by name")
      ->type_name("[NAME=]DX.npy")
      ->allow_extra_args(false);
  app->add_option("--upstream", options->upstream,
                  "The gradient that comes from above; 1 where it is not given")
      ->type_name("DY.npy");
  app->add_option("--axis", options->axis,
                  "The axis along which rows lie, for what is over a row: 0 is the first, -1 the "
                  "last, which it is where it is not given")
      ->type_name("K");
  app->add_option("--channel-axis", options->channel_axis,
                  "The axis of the inputs along which a parameter given as --param NAME=FILE.npy "
                  "has its values; without it the array is spread over the inputs as NumPy would")
      ->type_name("K");
  app->add_option("--seed", options->seed,
                  "The seed of what a definition draws at random; 0 where it is not given")
      ->type_name("N");
  add_dtype_option(
      *app, options->dtype,
      "The number format of the results; the file's where it is not given. f16 and bf16 "
      "are computed in f32, and bf16 travels as uint16");
  add_definition_options(*app, options->definition);
  add_convention_option(*app, options->definition);
  add_stabilize_option(*app, options->definition);
  add_cache_options(*app, options->cache);
  return {app, [options] { return run(*options); }};
}

}  // namespace actc::tools
