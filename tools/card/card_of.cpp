// Formula and compiled kernels to a card.
#include "tools/card/card_of.h"

#include <bit>
#include <cmath>

#include "ir/round.h"
#include "tools/card/cost.h"
#include "tools/card/normal.h"
#include "tools/card/shape.h"

namespace actc::tools {
namespace {

std::string reason_for_no_shape(const Function& function) {
  if (function.is_random()) return "it draws random numbers: its values are not those of a formula";
  if (function.is_over_rows()) return "its values depend on the whole row";
  if (function.inputs().size() != 1) return "it has several inputs";
  return {};
}

std::vector<double> values_of(const CardRequest& request, const ir::Function& function) {
  std::vector<double> values;
  for (const ir::Parameter& p : function.parameters) {
    const auto given = request.parameters.find(p.name);
    values.push_back(given != request.parameters.end() ? given->second
                     : p.default_value                 ? ir::round_to_binary64(*p.default_value)
                                                       : 0);
  }
  return values;
}

KernelOptions options_of(const CardRequest& request) {
  KernelOptions options;
  options.stabilize = request.stabilize;
  options.cache = request.cache;
  return options;
}

// One number in 65,536, evenly among the representations, and the neighbours of where the meaning
// has its ends.
Binary32 sampled_binary32(const CardRequest& request, const Shape& shape) {
  std::vector<float> x;
  constexpr std::uint32_t largest = 0x7f7fffff, step = 1U << 14;
  for (std::uint32_t bits = 0; bits <= largest; bits += step) {
    x.push_back(std::bit_cast<float>(bits));
    x.push_back(-std::bit_cast<float>(bits));
  }
  for (const double sign : {-1.0, 1.0})
    x.push_back(static_cast<float>(sign) * std::bit_cast<float>(largest));
  for (const End* end : {&shape.range.low, &shape.range.high}) {
    for (const double at : end->at) {
      if (!(std::abs(at) < 1e38)) continue;
      auto from = static_cast<float>(at);
      for (int k = 0; k < 64; ++k) from = std::nextafterf(from, -1e38F);
      for (int k = 0; k < 128; ++k) {
        x.push_back(from);
        from = std::nextafterf(from, 1e38F);
      }
    }
  }
  std::vector<float> y(x.size());
  KernelOptions options = options_of(request);
  request.function.kernel<float>(options).forward(x, y, request.parameters);
  Binary32 found;
  found.low = std::numeric_limits<double>::infinity();
  found.high = -found.low;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (std::isnan(y[k])) continue;
    ++found.inputs;
    if (y[k] < found.low) {
      found.low = y[k];
      found.low_at = x[k];
    }
    if (y[k] > found.high) {
      found.high = y[k];
      found.high_at = x[k];
    }
  }
  return found;
}

Evaluated evaluated_by_kernels(const CardRequest& request) {
  const BoundKernel<double> kernel =
      request.function.kernel<double>(options_of(request)).bind(request.parameters);
  return {[kernel](std::span<const double> x, std::span<double> y) { kernel.forward(x, y); },
          [kernel](std::span<const double> x, std::span<double> y) {
            const std::vector<double> one(x.size(), 1);
            kernel.backward(x, one, y);
          }};
}

double negative_slope_of(const CardRequest& request) {
  for (const ParameterInfo& p : request.function.parameters()) {
    if (p.name != "negative_slope") continue;
    const auto given = request.parameters.find(p.name);
    return given != request.parameters.end() ? given->second : p.default_value.value_or(0);
  }
  return 0;
}

void add_shape(Card& card, const CardRequest& request, const Pieces& pieces,
               Clock::time_point begin) {
  const auto time = std::chrono::duration<double>(request.seconds);
  const auto deadline = begin + std::chrono::duration_cast<Clock::duration>(time);
  Shape shape = shape_of(pieces, deadline, card.notes);
  if (Clock::now() > deadline) card.notes.emplace_back("the time for proofs did not suffice");
  const bool built_in = request.text.empty();
  fill_normal(shape, evaluated_by_kernels(request),
              built_in ? request.function.name() : std::string(), negative_slope_of(request));
  card.binary32 = sampled_binary32(request, shape);
  card.shape = std::move(shape);
}

}  // namespace

Card card_of(const CardRequest& request) {
  Card card;
  card.label = request.label;
  const auto begin = Clock::now();
  card.no_shape = reason_for_no_shape(request.function);
  if (card.no_shape.empty()) {
    const Oracle oracle(request.text, request.function.name());
    const std::vector<double> values = values_of(request, oracle.function());
    const Pieces pieces = pieces_of(oracle, values);
    card.no_shape = "its formula, or that of its second derivative, is too large";
    if (!pieces.pieces.empty()) {
      try {
        add_shape(card, request, pieces, begin);
        card.no_shape.clear();
      } catch (const ir::GraphTooLarge&) {
        card.shape.reset();
      }
    }
  }
  card.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  card.cost = cost_of(request.function, request.parameters, options_of(request), request.timed);
  return card;
}

}  // namespace actc::tools
