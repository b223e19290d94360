// actc explain: what a message means, with a text that gets it and the same text mended.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "tools/commands.h"
#include "tools/json.h"
#include "tools/messages.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

struct ExplainOptions {
  std::string code;
  bool json = false;
};

void print_indented(const std::string& text) {
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    fmt::print("    {}\n", text.substr(begin, end - begin));
    begin = end + 1;
  }
}

Json describe(const Message& message) {
  return {{"code", message.code},   {"severity", message.is_warning ? "warning" : "error"},
          {"title", message.title}, {"explanation", message.explanation},
          {"wrong", message.wrong}, {"mended", message.mended}};
}

ExitCode list(const std::vector<Message>& messages, bool json) {
  if (json) {
    Json array = Json::array();
    for (const Message& message : messages) array.push_back(describe(message));
    print_json(array);
    return exit_good;
  }
  std::size_t width = 0;
  for (const Message& message : messages) width = std::max(width, message.code.size());
  for (const bool warnings : {false, true}) {
    fmt::print("{}\n", warnings ? "\nWarnings:" : "Errors:");
    for (const Message& message : messages) {
      if (message.is_warning != warnings) continue;
      fmt::print("  {:<{}}  {}\n", message.code, width, message.title);
    }
  }
  return exit_good;
}

ExitCode explain(const ExplainOptions& options) {
  const std::vector<Message> messages = read_messages(messages_document());
  if (options.code.empty()) return list(messages, options.json);
  std::string code = options.code;
  // As it stands in the message.
  if (code.starts_with('[') && code.ends_with(']')) code = code.substr(1, code.size() - 2);
  const auto found = std::ranges::find(messages, code, &Message::code);
  if (found == messages.end()) {
    std::vector<std::string> codes;
    for (const Message& message : messages) codes.push_back(message.code);
    const std::string guess = did_you_mean(code, codes);
    throw bad_usage(fmt::format("there is no message '{}'", code),
                    guess.empty() ? "'actc explain' lists them" : guess);
  }
  if (options.json) {
    print_json(describe(*found));
    return exit_good;
  }
  fmt::print("{} [{}]: {}\n", found->is_warning ? "warning" : "error", found->code, found->title);
  if (!found->explanation.empty()) fmt::print("\n{}\n", found->explanation);
  fmt::print("\nA text that gets it:\n\n");
  print_indented(found->wrong);
  fmt::print("\nMended:\n\n");
  print_indented(found->mended);
  return exit_good;
}

}  // namespace

Command add_explain(CLI::App& program) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* app =
      add_command(program, "explain", "Tells more about a message: the word in brackets at its end",
                  "  actc explain negative-sqrt\n"
                  "  actc explain\n");
  app->add_option("CODE", options->code, "The word; without it all are listed");
  app->add_flag("--json", options->json, "Print JSON");
  return {app, [options] { return explain(*options); }};
}

}  // namespace actc::tools
