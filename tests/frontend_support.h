// For the tests of the front end: texts to trees, libraries, rendered diagnostics.
#pragma once

#include <gtest/gtest.h>
#include <pthread.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/frontend.h"
#include "ir/evaluate.h"
#include "ir/passes.h"
#include "ir/text.h"

namespace actc::frontend {

struct Compiled {
  SyntaxTree tree;
  LoweredText lowered;
  std::vector<Diagnostic> diagnostics;

  std::string errors() const {
    std::string text;
    for (const Diagnostic& d : diagnostics) text += render(d, "text");
    return text;
  }
  const ir::Library& library() const { return *lowered.library; }
  const ir::Function& entry() const { return library()[*lowered.entry]; }
  const ir::Function& function(std::string_view name) const {
    return library()[*library().find(name)];
  }
};

inline Compiled compile(std::string_view text, const std::shared_ptr<const ir::Library>& base) {
  Compiled compiled;
  compiled.tree = parse(text, compiled.diagnostics);
  compiled.lowered = lower(compiled.tree, text, base, compiled.diagnostics);
  locate(compiled.diagnostics, text);
  return compiled;
}

// A small standard library: what the tests build on whatever the real one holds.
inline std::shared_ptr<const ir::Library> base_library() {
  static const std::shared_ptr<const ir::Library> library = [] {
    const Compiled base = compile(R"(
exp(x) = real_exp(x)
d/dx exp(x) = exp(x)
binary32 exp(x) = 1 + x
log(x) = real_log(x)
d/dx log(x) = 1 / x
tanh(x) = real_tanh(x)
d/dx tanh(x) = 1 - tanh(x)^2
pow(x, y) = real_pow(x, y)
d/dx pow(x, y) = y * pow(x, y - 1)
sigmoid(x) = 1 / (1 + exp(-x))
clamp(x, lo, hi) = min(max(x, lo), hi)
swish(x; beta = 1) = x * sigmoid(beta * x)
threshold(x; threshold, value) = x > threshold ? x : value
)",
                                  nullptr);
    EXPECT_EQ(base.errors(), "");
    return base.lowered.library;
  }();
  return library;
}

inline Compiled compile(std::string_view text) { return compile(text, base_library()); }

inline std::string errors(std::string_view text) { return compile(text).errors(); }

inline double value(const Compiled& compiled, const ir::Graph& graph, std::vector<double> inputs,
                    std::vector<double> parameters = {}) {
  const ir::Graph formula = ir::expand_meaning(graph, compiled.library());
  return ir::evaluate<double>(formula, inputs, parameters).at(0);
}

inline double value(std::string_view text, std::vector<double> inputs,
                    std::vector<double> parameters = {}) {
  const Compiled compiled = compile(text);
  EXPECT_EQ(compiled.errors(), "") << text;
  if (!compiled.lowered.entry) return 0;
  return value(compiled, compiled.entry().meaning, std::move(inputs), std::move(parameters));
}

// Runs `body` on a thread with a stack of 1 MiB.
inline void on_small_stack(std::function<void()> body) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, std::size_t{1} << 20), 0);
  pthread_t thread{};
  const auto run = [](void* argument) -> void* {
    (*static_cast<std::function<void()>*>(argument))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &body), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

inline std::string repeat(std::string_view part, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += part;
  return text;
}

}  // namespace actc::frontend
