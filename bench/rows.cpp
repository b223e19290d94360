// actc_rows: what is over rows, gated or learned, a case at a time, for bench/rows.py.
//
//   actc_rows --list      the names of the cases
//   actc_rows             reads lines "CASE ROWS COLUMNS", answers each with nanoseconds a call
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/aligned.h"
#include "bench/turns.h"
#include "runtime/actc.h"

namespace {

using actc::BoundKernel;
using actc::KernelOptions;
using actc::Saved;
using actc::View;

struct Shape {
  std::size_t rows;
  std::size_t columns;
};

// Arrays of one shape, of standard normal numbers.
class Arrays {
 public:
  Arrays(std::size_t count, Shape shape) : sizes_{shape.rows, shape.columns} {
    std::mt19937 engine(1);
    std::normal_distribution<float> normal;
    for (std::size_t k = 0; k < count; ++k) {
      all_.emplace_back(shape.rows * shape.columns);
      std::ranges::generate(all_.back().all(), [&] { return normal(engine); });
    }
  }
  View<float> view(std::size_t k) { return {all_[k].all().data(), sizes_}; }
  View<float> row(std::size_t k) { return View<float>(all_[k].all().first(sizes_[1])); }
  std::span<float> flat(std::size_t k) { return all_[k].all(); }

 private:
  std::array<std::size_t, 2> sizes_;
  std::vector<bench::Aligned<float>> all_;
};

using Run = std::function<void()>;

struct Case {
  std::string_view name;
  Run (*make)(Shape);
};

template <class Call>
Run with_arrays(std::size_t count, Shape shape, const Call& call) {
  const auto arrays = std::make_shared<Arrays>(count, shape);
  return [arrays, call] { call(*arrays); };
}

BoundKernel<float> kernel(const char* name, const KernelOptions& options = {}) {
  return actc::builtin(name).kernel<float>(options).bind();
}

Run forward(const char* name, Shape shape) {
  return with_arrays(2, shape, [k = kernel(name)](Arrays& a) { k.forward(a.view(0), a.view(1)); });
}

Run backward(const char* name, Shape shape) {
  return with_arrays(
      3, shape, [k = kernel(name)](Arrays& a) { k.backward(a.view(0), a.view(1), a.view(2)); });
}

Run backward_from_y(const char* name, Shape shape) {
  const KernelOptions options{.saved = Saved::y};
  return with_arrays(3, shape, [k = kernel(name, options)](Arrays& a) {
    k.backward_from_y(a.view(0), a.view(1), a.view(2));
  });
}

// Memory that is read and written once.
Run copy(std::size_t arrays, Shape shape) {
  return with_arrays(2, {arrays * shape.rows, shape.columns}, [](Arrays& a) {
    std::memcpy(a.flat(1).data(), a.flat(0).data(), a.flat(0).size_bytes());
  });
}

constexpr Case cases[] = {
    {"softmax-forward", [](Shape s) { return forward("softmax", s); }},
    {"softmax-backward-y", [](Shape s) { return backward_from_y("softmax", s); }},
    {"softmax-backward-x", [](Shape s) { return backward("softmax", s); }},
    {"log_softmax-forward", [](Shape s) { return forward("log_softmax", s); }},
    {"log_softmax-backward-x", [](Shape s) { return backward("log_softmax", s); }},
    {"softmax-axis-forward",
     [](Shape s) {
       return with_arrays(
           2, s, [k = kernel("softmax")](Arrays& a) { k.forward(a.view(0), a.view(1), 0); });
     }},
    {"softmax-axis-backward-y",
     [](Shape s) {
       const KernelOptions options{.saved = Saved::y};
       return with_arrays(3, s, [k = kernel("softmax", options)](Arrays& a) {
         k.backward_from_y(a.view(0), a.view(1), a.view(2), 0);
       });
     }},
    {"layer_norm-forward",
     [](Shape s) {
       return with_arrays(4, s, [k = kernel("layer_norm")](Arrays& a) {
         const View<const float> inputs[] = {a.view(0), a.row(1), a.row(2)};
         k.forward(inputs, a.view(3));
       });
     }},
    {"layer_norm-backward-x",
     [](Shape s) {
       return with_arrays(7, s, [k = kernel("layer_norm")](Arrays& a) {
         const View<const float> inputs[] = {a.view(0), a.row(1), a.row(2)};
         const View<float> gradients[] = {a.view(4), a.row(5), a.row(6)};
         k.backward(inputs, a.view(3), gradients);
       });
     }},
    {"rms_norm-forward",
     [](Shape s) {
       return with_arrays(3, s, [k = kernel("rms_norm")](Arrays& a) {
         const View<const float> inputs[] = {a.view(0), a.row(1)};
         k.forward(inputs, a.view(2));
       });
     }},
    {"swiglu-forward",
     [](Shape s) {
       return with_arrays(3, s, [k = kernel("swiglu")](Arrays& a) {
         const std::span<const float> inputs[] = {a.flat(0), a.flat(1)};
         k.forward(inputs, a.flat(2));
       });
     }},
    {"prelu-backward",
     [](Shape s) {
       return with_arrays(
           3, s, [k = kernel("prelu")](Arrays& a) { k.backward(a.flat(0), a.flat(1), a.flat(2)); });
     }},
    {"prelu-backward-learned",
     [](Shape s) {
       return with_arrays(3, s, [k = kernel("prelu", {.learned = true})](Arrays& a) {
         double slope = 0;
         k.backward(a.flat(0), a.flat(1), a.flat(2), std::span(&slope, 1));
       });
     }},
    {"copy-1", [](Shape s) { return copy(1, s); }},
    {"copy-1.5", [](Shape s) { return copy(3, {s.rows / 2, s.columns}); }},
};

void answer() {
  std::string asked;
  std::string line;
  Run run;
  while (std::getline(std::cin, line)) {
    if (line != asked) {
      std::istringstream words(line);
      std::string name;
      Shape shape{};
      words >> name >> shape.rows >> shape.columns;
      const auto* found = std::ranges::find(cases, name, &Case::name);
      if (!words || found == std::end(cases)) {
        throw std::runtime_error(fmt::format("no case \"{}\"", line));
      }
      run = nullptr;
      run = found->make(shape);
      asked = line;
    }
    fmt::print("{}\n", bench::in_turns({run}, 1)[0][0]);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::string_view(argv[1]) == "--list") {
      for (const Case& c : cases) fmt::print("{}\n", c.name);
    } else {
      answer();
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "actc_rows: {}\n", error.what());
    return 1;
  }
  return 0;
}
