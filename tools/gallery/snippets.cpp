// The ten lines that use a definition from C++. Names are chosen here and never the definition's,
// which may be words that C++ has taken.
#include "tools/gallery/snippets.h"

#include <fmt/format.h>

#include <vector>

namespace actc::tools::gallery {
namespace {

// A raw string's delimiter that the text does not hold.
std::string raw_string(const std::string& text) {
  std::string mark = "act";
  while (text.find(")" + mark + "\"") != std::string::npos) mark += "_";
  return fmt::format("R\"{0}(\n{1}{2}){0}\"", mark, text, text.ends_with('\n') ? "" : "\n");
}

std::string given(const Entry& entry) {
  std::vector<std::string> parts;
  for (const Control& p : entry.parameters) {
    parts.push_back(fmt::format("{{\"{}\", {}}}", p.name, p.value));
  }
  return parts.empty() ? std::string() : fmt::format(", {{{}}}", fmt::join(parts, ", "));
}

std::string spread(std::size_t count, std::string_view stem) {
  if (count == 1) return std::string(stem);
  std::vector<std::string> names;
  for (std::size_t k = 0; k < count; ++k) names.push_back(fmt::format("{}{}", stem, k + 1));
  return fmt::format("{{{}}}", fmt::join(names, ", "));
}

std::string input_arrays(std::size_t count) {
  if (count == 1) return "  std::vector<float> x = {-2, -1, 0, 1, 2};\n";
  std::string text;
  for (std::size_t k = 0; k < count; ++k) {
    text += k == 0 ? "  std::vector<float> x1 = {-2, -1, 0, 1, 2};\n"
                   : fmt::format("  std::vector<float> x{} = {{1, 1, 1, 1, 1}};\n", k + 1);
  }
  return text;
}

}  // namespace

std::string cpp_program(const Entry& entry) {
  const std::size_t count = entry.inputs.size();
  std::string text = "#include <actc/actc.h>\n#include <vector>\n\nint main() {\n";
  if (entry.text.empty()) {
    text +=
        fmt::format("  const auto kernel = actc::builtin(\"{}\").kernel<float>();\n", entry.name);
  } else {
    text += fmt::format("  const actc::Module text = actc::compile({});\n", raw_string(entry.text));
    text +=
        fmt::format("  const auto kernel = text.functions()[{}].kernel<float>();\n", entry.place);
  }
  text += input_arrays(count);
  text += fmt::format("  std::vector<float> y({0}), dy({0}, 1.0f);\n", entry.row_value ? 1 : 5);
  std::string gradients;
  for (std::size_t k = 0; k < count; ++k) {
    gradients += fmt::format("{}dx{}(5)", k == 0 ? "" : ", ",
                             count == 1 ? std::string() : fmt::format("{}", k + 1));
  }
  text += fmt::format("  std::vector<float> {};\n", gradients);
  const std::string inputs = spread(count, "x"), slopes = spread(count, "dx");
  if (entry.random && count == 1) {
    const std::string values = given(entry);
    text += fmt::format("  const auto draws = kernel.bind({}).seeded(7);\n",
                        values.empty() ? values : values.substr(2));
    text += "  draws.forward(x, y);\n  draws.backward(x, dy, dx);\n";
    return text + "}\n";
  }
  text += fmt::format("  kernel.forward({}, y{});\n", inputs, given(entry));
  text += fmt::format("  kernel.backward({}, dy, {}{});\n", inputs, slopes, given(entry));
  return text + "}\n";
}

std::string shell_command(const Entry& entry) {
  const bool own = !entry.text.empty();
  std::string text = fmt::format("actc show {}{}\n", entry.name, own ? " -f FILE" : "");
  if (!entry.random) text += fmt::format("actc verify {}{}\n", entry.name, own ? " -f FILE" : "");
  return text;
}

}  // namespace actc::tools::gallery
