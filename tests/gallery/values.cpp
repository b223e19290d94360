// What the compiled kernels of binary64 say of all elementwise definitions, for the pages of the
// gallery to be held against: JSON on standard output.
//   gallery_values                          every listed built-in at many inputs
//   gallery_values NAME x [name=value…]     one, of one input, at one place
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runtime/actc.h"

namespace {

using Json = nlohmann::ordered_json;

Json number(double x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "Infinity" : "-Infinity";
  return x;
}

Json numbers(const std::vector<double>& values) {
  Json array = Json::array();
  for (const double x : values) array.push_back(number(x));
  return array;
}

std::vector<double> places() {
  std::vector<double> x = {0, 1e-9, -1e-9, 0.5, -0.5, 1, -1, 3, -3, 6, -6, 30, -30, 100, -100};
  for (int k = 0; k < 60; ++k) x.push_back(-8 + 0.2718281828 * k);
  return x;
}

Json of(const actc::Function& function, const std::vector<double>& x, actc::Parameters given) {
  const std::size_t count = function.inputs().size();
  Json parameters = Json::array();
  for (const actc::ParameterInfo& p : function.parameters()) {
    given.try_emplace(p.name, p.default_value.value_or(1));
    parameters.push_back(given[p.name]);
  }
  // Other inputs take the same values in another order.
  std::vector<std::vector<double>> inputs(count, x), gradients(count, x);
  for (std::size_t k = 1; k < count; ++k) {
    for (std::size_t i = 0; i < x.size(); ++i) inputs[k][i] = x[(7 * k * i + k) % x.size()];
  }
  const std::vector<double> one(x.size(), 1);
  std::vector<double> y(x.size());
  const auto kernel = function.kernel<double>().bind(given);
  const std::vector<std::span<const double>> in(inputs.begin(), inputs.end());
  const std::vector<std::span<double>> out(gradients.begin(), gradients.end());
  kernel.forward(in, y);
  kernel.backward(in, one, out);
  Json result = {{"name", function.name()}, {"parameters", parameters}};
  result["inputs"] = Json::array();
  result["gradients"] = Json::array();
  for (std::size_t k = 0; k < count; ++k) {
    result["inputs"].push_back(numbers(inputs[k]));
    result["gradients"].push_back(numbers(gradients[k]));
  }
  result["values"] = numbers(y);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) {
    actc::Parameters given;
    for (int k = 3; k < argc; ++k) {
      const std::string word = argv[k];
      const std::size_t equals = word.find('=');
      given[word.substr(0, equals)] = std::strtod(word.c_str() + equals + 1, nullptr);
    }
    fmt::print("{}\n", of(actc::builtin(argv[1]), {std::strtod(argv[2], nullptr)}, given).dump());
    return 0;
  }
  Json all = Json::array();
  for (const actc::Function& function : actc::standard_library().functions()) {
    if (function.documentation().empty() || function.is_over_rows() || function.is_random())
      continue;
    all.push_back(of(function, places(), {}));
  }
  fmt::print("{}\n", all.dump());
  return 0;
}
