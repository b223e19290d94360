// What is promised of a built-in: docs/accuracy.md.
#include <charconv>
#include <string_view>

#include "tools/verify.h"

namespace actc::tools {
namespace {

// "at most 4 ULP in binary64", or "Gradient at most 4 ULP in binary64", in a function's
// documentation, where it states a bound of its own.
std::optional<double> documented(std::string_view documentation, bool gradient,
                                 std::string_view format) {
  constexpr std::string_view before = "at most ";
  constexpr std::string_view unit = " ULP in ";
  for (std::size_t at = documentation.find(before); at != std::string_view::npos;
       at = documentation.find(before, at + 1)) {
    if (documentation.substr(0, at).ends_with("Gradient ") != gradient) continue;
    const std::string_view rest = documentation.substr(at + before.size());
    double bound = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), bound);
    if (error != std::errc{}) continue;
    const std::string_view after = rest.substr(static_cast<std::size_t>(end - rest.data()));
    if (after.starts_with(unit) && after.substr(unit.size()).starts_with(format)) return bound;
  }
  return {};
}

}  // namespace

std::optional<Contract> contract_of(const VerifyRequest& request) {
  if (!request.text.empty()) return {};
  // A partial derivative is as ill-conditioned as the other input makes it.
  if (request.gradient && request.function.inputs().size() > 1) return {};
  const bool math = is_math_function(request.function.name()) && !request.gradient;
  // Of a product of two inputs' functions one may underflow where the other is large: each is
  // within its own contract.
  if (!math && request.function.inputs().size() > 1) return {};
  const std::string documentation = request.function.documentation();
  switch (request.dtype) {
    case ElementType::f16:
    case ElementType::bf16:
      return Contract{.bound = 1};
    case ElementType::f64:
      if (!math) return {};
      return Contract{.bound = documented(documentation, false, "binary64").value_or(2)};
    case ElementType::f32:
      break;
  }
  const auto own = documented(documentation, request.gradient, "binary32");
  if (math) return Contract{.bound = own.value_or(1)};
  return Contract{.bound = own.value_or(request.gradient ? 4 : 2), .limits_of_sense = true};
}

}  // namespace actc::tools
