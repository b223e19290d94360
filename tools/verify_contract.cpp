// What is promised of a built-in: docs/accuracy.md.
#include <charconv>
#include <string_view>

#include "tools/verify.h"

namespace actc::tools {
namespace {

// "at most 4 ULP in binary64" in a function's documentation.
std::optional<double> documented(std::string_view documentation, std::string_view format) {
  constexpr std::string_view before = "at most ";
  for (std::size_t at = documentation.find(before); at != std::string_view::npos;
       at = documentation.find(before, at + 1)) {
    const std::string_view rest = documentation.substr(at + before.size());
    double bound = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), bound);
    if (error != std::errc{}) continue;
    const std::string_view after = rest.substr(static_cast<std::size_t>(end - rest.data()));
    if (after.starts_with(" ULP in ") && after.substr(8).starts_with(format)) return bound;
  }
  return {};
}

}  // namespace

std::optional<Contract> contract_of(const VerifyRequest& request) {
  if (!request.text.empty()) return {};
  const bool wide = request.dtype == ElementType::f64;
  if (!wide && request.dtype != ElementType::f32) return Contract{.bound = 1};
  const bool math = is_math_function(request.function.name());
  if (math && !request.gradient) {
    const auto own = documented(request.function.documentation(), wide ? "binary64" : "binary32");
    return Contract{.bound = own.value_or(wide ? 2 : 1)};
  }
  return Contract{.bound = request.gradient ? 4.0 : 2.0, .limits_of_sense = true};
}

}  // namespace actc::tools
