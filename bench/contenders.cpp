// The data, and a callable for each contender.
#include "bench/contenders.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <random>
#include <utility>

namespace bench {

std::string_view name(Direction direction) {
  switch (direction) {
    case Direction::forward:
      return "forward";
    case Direction::backward:
      return "backward";
  }
  return "";
}

std::string_view name(Who who) {
  switch (who) {
    case Who::actc:
      return "actc";
    case Who::actc_avx2:
      return "actc, AVX2";
    case Who::hand_written:
      return "hand-written";
    case Who::loop:
      return "C++ loop";
    case Who::copy:
      return "memcpy";
  }
  return "";
}

Data::Data(std::size_t n) : input_(2 * n), output_(n + n / 2) {
  std::mt19937 generator(20261121);
  std::normal_distribution<float> normal(0, 2);
  std::ranges::generate(input_.all(), [&] { return normal(generator); });
  std::ranges::fill(output_.all(), 0.0f);
}

void Data::copy(Direction direction) const {
  const std::size_t floats = direction == Direction::forward ? size() : size() + size() / 2;
  std::memcpy(output_.all().data(), input_.all().data(), floats * sizeof(float));
}

const actc::BoundKernel<float>& ActcKernels::get(std::string_view function, bool avx2_only) {
  const std::pair key(std::string(function), avx2_only);
  auto found = kernels_.find(key);
  if (found == kernels_.end()) {
    // The parameters are fixed at their defaults, as they are in the other contenders.
    const actc::Function f = actc::builtin(function);
    actc::KernelOptions options{.avx2_only = avx2_only};
    for (const actc::ParameterInfo& p : f.parameters())
      options.fixed[p.name] = p.default_value.value();
    found = kernels_.emplace(key, f.kernel<float>(options).bind()).first;
  }
  return found->second;
}

namespace {

std::function<void()> of_actc(const actc::BoundKernel<float>& kernel, Direction direction,
                              const Data& data) {
  if (direction == Direction::forward) {
    return [kernel, &data] { kernel.forward(data.x(), data.out()); };
  }
  return [kernel, &data] { kernel.backward(data.x(), data.dy(), data.out()); };
}

std::function<void()> of_function(const UnaryKernel& kernel, Direction direction,
                                  const Data& data) {
  if (direction == Direction::forward) {
    return [f = kernel.forward, &data] { f(data.x().data(), data.out().data(), data.size()); };
  }
  return [f = kernel.backward, &data] {
    f(data.x().data(), data.dy().data(), data.out().data(), data.size());
  };
}

}  // namespace

std::function<void()> contender(Who who, std::size_t function, Direction direction,
                                const Data& data, ActcKernels& actc) {
  const std::string_view activation = avx2_kernels()[function].name;
  switch (who) {
    case Who::actc:
      return of_actc(actc.get(activation, false), direction, data);
    case Who::actc_avx2:
      return of_actc(actc.get(activation, true), direction, data);
    case Who::hand_written:
      return of_function(avx2_kernels()[function], direction, data);
    case Who::loop:
      return of_function(plain_loops()[function], direction, data);
    case Who::copy:
      return [&data, direction] { data.copy(direction); };
  }
  return {};
}

}  // namespace bench
