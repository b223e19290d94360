// Definitions in other languages compute what the kernels do: C with the same bits, NumPy and
// JavaScript within 1e-6 of the expected values. Each language is run once, on all built-ins.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <random>

#include "emit_support.h"
#include "reference.h"
#include "run_program.h"

namespace actc {
namespace {

using ::actc::test::read_csv;
using testing::TemporaryFolder;

// Of elements alone: what is over rows or random has no C and no JavaScript.
std::vector<Function> elementwise() {
  std::vector<Function> all;
  for (const Function& f : standard_library().functions()) {
    if (!f.is_over_rows() && !f.is_random()) all.push_back(f);
  }
  for (const Function& f : compile(test::typed_definitions).functions()) all.push_back(f);
  return all;
}

Parameters defaults(const Function& f) {
  Parameters p;
  for (const ParameterInfo& info : f.parameters()) p[info.name] = info.default_value.value_or(0.75);
  return p;
}

std::vector<std::string> learned(const Function& f) {
  std::vector<std::string> names;
  for (const ParameterInfo& p : f.parameters()) {
    if (p.learned) names.push_back(p.name);
  }
  return names;
}

std::vector<std::string> derivatives(const Function& f) {
  std::vector<std::string> names = f.inputs();
  for (const std::string& name : learned(f)) names.push_back(name);
  return names;
}

std::string gradient_name(const Function& f, const std::string& of) {
  return f.inputs().size() == 1 && of == f.inputs()[0] ? "_grad" : "_grad_" + of;
}

// One definition at some points: the inputs, each an array.
template <class T>
struct Points {
  Function function;
  Parameters parameters;
  std::vector<std::vector<T>> inputs;
  std::vector<T> dy;
};

// What the compiled kernels give: the value, then the derivative with respect to each input and
// learned parameter.
template <class T>
std::vector<std::vector<T>> compiled(const Points<T>& points) {
  const std::vector<std::string> names = learned(points.function);
  // Compiled once for all of a definition's parameters.
  static std::map<std::string, Kernel<T>> kernels;
  const std::string definition = points.function.name();
  if (!kernels.contains(definition))
    kernels.emplace(definition, points.function.template kernel<T>({.as_inputs = names}));
  const Kernel<T>& kernel = kernels.at(definition);
  std::vector<std::vector<T>> inputs = points.inputs;
  Parameters rest = points.parameters;
  const std::size_t count = inputs[0].size();
  for (const std::string& name : names) {
    inputs.emplace_back(count, static_cast<T>(rest.at(name)));
    rest.erase(name);
  }
  std::vector<std::vector<T>> results(1 + inputs.size(), std::vector<T>(count));
  std::vector<std::span<const T>> from(inputs.begin(), inputs.end());
  std::vector<std::span<T>> gradients(results.begin() + 1, results.end());
  const BoundKernel<T> bound = kernel.bind(rest);
  bound.forward(from, results[0]);
  bound.backward(from, points.dy, gradients);
  return results;
}

// ---- C

std::string c_call(const Function& f, const std::string& name, bool with_dy) {
  std::string text = name + "(";
  std::size_t at = 0;
  const std::size_t count = f.inputs().size();
  for (; at < count; ++at) text += fmt::format("{}v[{}]", at == 0 ? "" : ", ", at);
  if (with_dy) text += fmt::format(", v[{}]", at);
  ++at;
  for (std::size_t k = 0; k < f.parameters().size(); ++k) text += fmt::format(", v[{}]", at++);
  return text + ")";
}

// The name that C leaves to the definition: exp is taken.
std::string c_name(const std::string& text, const std::string& name) {
  const bool own = text.find("float " + name + "(") != std::string::npos ||
                   text.find("double " + name + "(") != std::string::npos;
  return own ? name : name + "_";
}

constexpr std::size_t most_arguments = 8;

// A program of all functions: reads the number of one and its arguments, and writes its result.
template <class T>
std::string c_program(const std::vector<Function>& functions) {
  const std::string type = sizeof(T) == 4 ? "float" : "double";
  std::string text, wrappers, table;
  int count = 0;
  for (const Function& f : functions) {
    const std::string own = f.emit<T>(Language::c);
    text += own;
    std::vector<std::string> suffixes = {""};
    for (const std::string& of : derivatives(f)) suffixes.push_back(gradient_name(f, of));
    for (const std::string& suffix : suffixes) {
      const std::string name = suffix.empty() ? c_name(own, f.name()) : f.name() + suffix;
      wrappers += fmt::format("static {0} call{1}(const {0}* v) {{ return {2}; }}\n", type, count,
                              c_call(f, name, !suffix.empty()));
      table += fmt::format("call{}, ", count++);
    }
  }
  return text + wrappers +
         fmt::format(R"(
#include <stdio.h>
static {0} (*const all[])(const {0}*) = {{ {1} }};
int main(void) {{
  {0} v[1 + {2}];
  while (fread(v, sizeof v, 1, stdin) == 1) {{
    {0} y = all[(int)v[{2}]](v);
    fwrite(&y, sizeof y, 1, stdout);
  }}
  return 0;
}}
)",
                     type, table, most_arguments);
}

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <class T>
bool same_bits(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<Bits<T>>(a) == std::bit_cast<Bits<T>>(b);
}

// The reference values' inputs, then any representations.
template <class T>
std::vector<Points<T>> c_points(const std::vector<Function>& functions, int random_count) {
  std::mt19937_64 random(1);
  const auto any = [&] { return std::bit_cast<T>(static_cast<Bits<T>>(random())); };
  std::map<std::pair<std::string, Parameters>, std::vector<T>> rows;
  for (const auto& row : test::reference_rows())
    rows[{row.name, row.parameters}].push_back(static_cast<T>(row.x));
  std::vector<Points<T>> all;
  for (const Function& f : functions) {
    for (const auto& [key, x] : rows) {
      if (key.first != f.name()) continue;
      all.push_back({f, key.second, {x}, std::vector<T>(x.size(), T(1))});
    }
    Points<T> p{f, defaults(f), std::vector<std::vector<T>>(f.inputs().size()), {}};
    constexpr T inf = std::numeric_limits<T>::infinity();
    for (const T x : {T(0), T(-0.0), inf, -inf, T(6), T(3), T(-3), T(1), T(-1), T(0.5), T(-0.5)}) {
      for (auto& input : p.inputs) input.push_back(x);
      p.dy.push_back(T(1));
    }
    for (int i = 0; i < random_count; ++i) {
      // Half of them where functions do something.
      const bool near = i % 2 == 0;
      for (auto& input : p.inputs) {
        input.push_back(near ? std::uniform_real_distribution<T>(-20, 20)(random) : any());
      }
      p.dy.push_back(std::uniform_real_distribution<T>(-2, 2)(random));
    }
    all.push_back(std::move(p));
  }
  return all;
}

template <class T>
void expect_the_bits_of_kernels(int random_count) {
  const std::vector<Function> functions = elementwise();
  const std::vector<Points<T>> points = c_points<T>(functions, random_count);
  const TemporaryFolder folder;
  testing::write_file(folder / "all.c", c_program<T>(functions));
  const auto built = test::shell(
      "command -v cc > /dev/null || { echo 'no cc: install gcc' >&2; exit 1; }; "
      "cc -std=c11 -O1 -ffp-contract=off -Wall -Wextra -Werror -o " +
      (folder / "all") + " " + (folder / "all.c") + " -lm");
  ASSERT_EQ(built.exit_code, 0) << built.errors.substr(0, 4000);

  std::string calls;
  std::map<std::string, int> first;
  int count = 0;
  for (const Function& f : functions) {
    first[f.name()] = count;
    count += 1 + static_cast<int>(derivatives(f).size());
  }
  for (const Points<T>& p : points) {
    const int outputs = 1 + static_cast<int>(derivatives(p.function).size());
    for (int k = 0; k < outputs; ++k) {
      for (std::size_t i = 0; i < p.dy.size(); ++i) {
        T v[1 + most_arguments] = {};
        std::size_t at = 0;
        for (const auto& input : p.inputs) v[at++] = input[i];
        v[at++] = p.dy[i];
        for (const ParameterInfo& q : p.function.parameters())
          v[at++] = static_cast<T>(p.parameters.at(q.name));
        v[most_arguments] = static_cast<T>(first[p.function.name()] + k);
        calls.append(reinterpret_cast<const char*>(v), sizeof v);
      }
    }
  }
  testing::write_file(folder / "calls", calls);
  const auto run = test::shell((folder / "all") + " < " + (folder / "calls"));
  ASSERT_EQ(run.exit_code, 0) << run.errors;

  std::size_t at = 0;
  for (const Points<T>& p : points) {
    for (const std::vector<T>& expected : compiled(p)) {
      for (std::size_t i = 0; i < expected.size(); ++i, ++at) {
        ASSERT_LE((at + 1) * sizeof(T), run.output.size());
        T actual;
        std::memcpy(&actual, run.output.data() + at * sizeof(T), sizeof(T));
        ASSERT_TRUE(same_bits(actual, expected[i])) << p.function.name() << " at " << p.inputs[0][i]
                                                    << ": " << actual << " for " << expected[i];
      }
    }
  }
  EXPECT_EQ(at * sizeof(T), run.output.size());
  EXPECT_GE(at, 8000u);
}

TEST(EmittedC, HasTheBitsOfTheKernels) { expect_the_bits_of_kernels<float>(400); }

TEST(EmittedC, OfBinary64HasThemToo) { expect_the_bits_of_kernels<double>(200); }

// ---- NumPy and JavaScript

// What is asked of both: the reference values and limits, then a grid with kinks, infinities and
// NaN, of which the kernels tell what is right.
struct Question {
  Points<double> points;
  std::vector<std::vector<double>> expected;  // NaN: so must the result be
};

std::vector<Question> questions() {
  std::map<std::pair<std::string, Parameters>, Question> rows;
  const auto ask = [&](const std::string& name, const Parameters& parameters, double x, double y,
                       double slope) {
    auto [it, added] = rows.try_emplace({name, parameters},
                                        Question{{builtin(name), parameters, {{}}, {}}, {{}, {}}});
    Question& q = it->second;
    q.points.inputs[0].push_back(x);
    q.points.dy.push_back(1);
    q.expected[0].push_back(y);
    q.expected[1].push_back(slope);
  };
  for (const auto& row : test::reference_rows()) {
    ask(row.name, row.parameters, row.x, static_cast<double>(row.y), static_cast<double>(row.dy));
  }
  for (const auto& cells : read_csv("limits.csv")) {
    Parameters p = defaults(builtin(cells[0]));
    if (cells[0] == "threshold") p = {{"threshold", 0.1}, {"value", 20}};
    ask(cells[0], p, std::stod(cells[1]), std::stod(cells[2]), std::stod(cells[3]));
  }
  std::vector<Question> all;
  for (auto& [key, q] : rows) {
    // The file has no derivatives by parameters, and in the far tails 0 where its differences
    // underflowed.
    std::vector<std::vector<double>> computed = compiled(q.points);
    for (std::size_t i = 0; i < q.points.dy.size(); ++i) {
      computed[0][i] = q.expected[0][i];
      if (q.expected[1][i] != 0) computed[1][i] = q.expected[1][i];
    }
    q.expected = std::move(computed);
    all.push_back(std::move(q));
  }

  std::vector<double> grid = {0,      -0.0, 1,    -1,   2,        -2,        3,
                              -3,     6,    0.5,  -0.5, INFINITY, -INFINITY, NAN,
                              1e-300, 700,  -700, 750,  -750,     1e30,      -1e30};
  for (int k = -40; k <= 40; ++k) grid.push_back(k * 0.2371);
  for (const Function& f : elementwise()) {
    Question q{{f, defaults(f), {}, {}}, {}};
    for (std::size_t k = 0; k < f.inputs().size(); ++k) {
      q.points.inputs.push_back(grid);
      std::ranges::rotate(q.points.inputs.back(), q.points.inputs.back().begin() + 7 * k);
    }
    q.points.dy.assign(grid.size(), 1);
    q.expected = compiled(q.points);
    all.push_back(std::move(q));
  }
  return all;
}

// The slope of x^y is y x^(y - 1): is y - 1 there in binary64?
bool keeps_exponent(double y) { return std::abs(y) > 1e-9 && std::abs(y) < 1e9; }

bool is_close(double actual, double expected) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected)) return actual == expected;
  // limits.csv has ten digits; below the normal numbers there are no relative errors.
  return std::abs(actual - expected) <= 1e-6 * std::abs(expected) + 1e-300;
}

// `call` writes a call of a function with its arguments "x[k]" and parameters.
template <class Call>
void expect_answers(const std::vector<Question>& all, const TemporaryFolder& folder,
                    const std::string& program, const std::string& command, Call call) {
  std::string data;
  std::string calls;
  std::size_t offset = 0;
  for (const Question& q : all) {
    const Function& f = q.points.function;
    std::vector<std::size_t> offsets;
    for (const auto& input : q.points.inputs) {
      data.append(reinterpret_cast<const char*>(input.data()), input.size() * sizeof(double));
      offsets.push_back(offset);
      offset += input.size();
    }
    calls += call(f.name(), offsets, q.points.dy.size(), q.points);
    for (const std::string& of : derivatives(f))
      calls += call(f.name() + gradient_name(f, of), offsets, q.points.dy.size(), q.points);
  }
  testing::write_file(folder / "data", data);
  std::string text = program;
  text.replace(text.find("CALLS"), 5, calls);
  testing::write_file(folder / "program", text);
  const auto run = test::shell(command);
  ASSERT_EQ(run.exit_code, 0) << run.errors.substr(0, 4000);
  std::size_t at = 0;
  for (const Question& q : all) {
    for (std::size_t k = 0; k < q.expected.size(); ++k) {
      for (std::size_t i = 0; i < q.expected[k].size(); ++i, ++at) {
        ASSERT_LE((at + 1) * sizeof(double), run.output.size());
        double actual = 0;
        std::memcpy(&actual, run.output.data() + at * sizeof(double), sizeof(double));
        const double x = q.points.inputs[0][i];
        if (q.points.function.name() == "pow" && k == 1 && !keeps_exponent(q.points.inputs[1][i]))
          continue;
        // Of a NaN the gradient is NaN or that of one branch.
        if (k != 0 &&
            std::ranges::any_of(q.points.inputs, [&](const auto& v) { return std::isnan(v[i]); }))
          continue;
        EXPECT_TRUE(is_close(actual, q.expected[k][i]))
            << q.points.function.name() << " output " << k << " at " << x
            << (q.points.inputs.size() > 1 ? fmt::format(", {}", q.points.inputs[1][i]) : "")
            << ": " << actual << " for " << q.expected[k][i]
            << ::testing::PrintToString(q.points.parameters);
      }
    }
  }
  EXPECT_EQ(at * sizeof(double), run.output.size());
  EXPECT_GE(at, 20'000u);
}

TEST(EmittedNumPy, ComputesTheReferenceValues) {
  const TemporaryFolder folder;
  std::string program = "import warnings\nwarnings.simplefilter('error')\n";
  // As in files of their own.
  for (const Function& f : elementwise()) {
    program += fmt::format("{0}_module = {{}}\nexec(r'''{1}''', {0}_module)\n", f.name(),
                           f.emit(Language::python));
  }
  program += fmt::format("import numpy as np\ndata = np.fromfile('{}')\nresults = []\nCALLS\n",
                         folder / "data") +
             "import sys\nsys.stdout.buffer.write(np.concatenate(results).tobytes())\n";
  const auto call = [](const std::string& name, const std::vector<std::size_t>& offsets,
                       std::size_t count, const Points<double>& points) {
    std::vector<std::string> arguments;
    for (const std::size_t at : offsets)
      arguments.push_back(fmt::format("data[{}:{}]", at, at + count));
    for (const auto& [parameter, value] : points.parameters)
      arguments.push_back(fmt::format("{}={}", parameter, value));
    return fmt::format("results.append({}_module['{}']({}))\n", points.function.name(), name,
                       fmt::join(arguments, ", "));
  };
  expect_answers(questions(), folder, program, test::numpy(folder / "program"), call);
}

TEST(EmittedJavaScript, ComputesTheReferenceValues) {
  const TemporaryFolder folder;
  std::string program = "\"use strict\";\n";
  for (const Function& f : elementwise()) {
    // As on a page: each definition has its helpers beside it.
    program += fmt::format("const {}_page = (() => {{\n{}return {{", f.name(),
                           f.emit(Language::javascript));
    program += f.name();
    for (const std::string& of : derivatives(f)) program += ", " + f.name() + gradient_name(f, of);
    program += "};\n})();\n";
  }
  program += fmt::format(
      "const fs = require('fs');\nconst file = fs.readFileSync('{}');\n"
      "const data = new Float64Array(file.buffer, file.byteOffset, file.length / 8);\n"
      "const results = [];\nCALLS\n"
      "fs.writeSync(1, new Uint8Array(new Float64Array(results).buffer));\n",
      folder / "data");
  const auto call = [](const std::string& name, const std::vector<std::size_t>& offsets,
                       std::size_t count, const Points<double>& points) {
    std::vector<std::string> arguments;
    for (const std::size_t at : offsets) arguments.push_back(fmt::format("data[{} + i]", at));
    for (const ParameterInfo& p : points.function.parameters())
      arguments.push_back(fmt::format("{}", points.parameters.at(p.name)));
    return fmt::format("for (let i = 0; i < {}; ++i) results.push({}_page.{}({}));\n", count,
                       points.function.name(), name, fmt::join(arguments, ", "));
  };
  expect_answers(questions(), folder, program, test::node(folder / "program"), call);
}

TEST(EmittedNumPy, ComputesRows) {
  constexpr std::size_t rows = 3;
  constexpr std::size_t columns = 7;
  const TemporaryFolder folder;
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal(0, 2);
  std::string program =
      "import warnings\nwarnings.simplefilter('error')\nimport numpy as np\n"
      "results = []\n";
  std::vector<double> expected;
  std::vector<std::string> names;
  for (const Function& f : standard_library().functions()) {
    if (!f.is_over_rows() || f.is_random()) continue;
    const std::size_t inputs = f.inputs().size();
    std::vector<std::vector<double>> x(inputs, std::vector<double>(rows * columns));
    for (auto& input : x) std::ranges::generate(input, [&] { return normal(random); });
    const std::size_t width = f.has_row_value() ? 1 : columns;
    std::vector<double> dy(rows * width);
    std::ranges::generate(dy, [&] { return normal(random); });
    std::vector<double> y(dy.size());
    std::vector<std::vector<double>> dx = x;
    const Kernel<double> kernel = f.kernel<double>();
    const BoundKernel<double> bound = kernel.bind(defaults(f));
    for (std::size_t r = 0; r < rows; ++r) {
      std::vector<std::span<const double>> in;
      std::vector<std::span<double>> out;
      for (std::size_t k = 0; k < inputs; ++k) {
        in.push_back(std::span(x[k]).subspan(r * columns, columns));
        out.push_back(std::span(dx[k]).subspan(r * columns, columns));
      }
      bound.forward(in, std::span(y).subspan(r * width, width));
      bound.backward(in, std::span(dy).subspan(r * width, width), out);
    }
    const auto array = [](const std::vector<double>& values, std::size_t across) {
      return fmt::format("np.array([{}]).reshape({}, {})", fmt::join(values, ","),
                         values.size() / across, across);
    };
    std::string arguments;
    for (const auto& input : x) arguments += array(input, columns) + ", ";
    program += fmt::format("m = {{}}\nexec(r'''{}''', m)\n", f.emit(Language::python));
    program += fmt::format("results.append(m['{}']({}))\n", f.name(), arguments);
    expected.insert(expected.end(), y.begin(), y.end());
    names.resize(expected.size(), f.name());
    for (std::size_t k = 0; k < inputs; ++k) {
      program +=
          fmt::format("results.append(m['{}']({}{}))\n", f.name() + gradient_name(f, f.inputs()[k]),
                      arguments, array(dy, width));
      expected.insert(expected.end(), dx[k].begin(), dx[k].end());
      names.resize(expected.size(), f.name() + "'");
    }
  }
  program +=
      "import sys\n"
      "sys.stdout.buffer.write(np.concatenate([r.ravel() for r in results]).tobytes())\n";
  testing::write_file(folder / "program", program);
  const auto run = test::shell(test::numpy(folder / "program"));
  ASSERT_EQ(run.exit_code, 0) << run.errors.substr(0, 4000);
  ASSERT_EQ(run.output.size(), expected.size() * sizeof(double));
  EXPECT_GE(expected.size(), 600u);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    double actual = 0;
    std::memcpy(&actual, run.output.data() + i * sizeof(double), sizeof(double));
    EXPECT_NEAR(actual, expected[i], 1e-9 * std::max(1.0, std::abs(expected[i]))) << names[i];
  }
}

}  // namespace
}  // namespace actc
