// The actc program: finds the command, runs it, and turns what goes wrong into an exit code.
// Results go to standard output, all else to standard error.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <new>

#include "tools/commands.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

constexpr const char* examples =
    "  actc show 'x * tanh(log(1 + exp(x)))'\n"
    "  actc compare relu gelu silu mish\n"
    "  actc plot gelu silu -o curves.svg\n"
    "  actc run gelu --input x.npy --output y.npy --grad dx.npy\n"
    "  actc bench gelu silu mish\n"
    "  actc verify gelu\n"
    "  actc list\n";

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// A formula may begin with a minus sign. What cannot be an option of ours is marked by a space in
// front, which means nothing in a formula: then it is an argument.
std::string mark_formula(const std::string& word, const std::vector<Command>& commands) {
  const bool one_dash = word.size() >= 2 && word[0] == '-' && word[1] != '-';
  if (!one_dash || word[1] == 'f' || word[1] == 'h' || word[1] == 'o') return word;
  for (const Command& command : commands) {
    const auto names = option_names(*command.app);
    if (std::ranges::find(names, "-" + word) != names.end()) return word;  // -json for --json
  }
  return " " + word;
}

[[noreturn]] void throw_unknown_command(const std::string& word,
                                        const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.app->get_name());
  const std::string guess = did_you_mean(word, names);
  throw bad_usage(
      fmt::format("there is no command '{}'", word),
      guess.empty() ? fmt::format("the commands are: {}", fmt::join(names, ", ")) : guess);
}

// What the options parser says, with a guess where a word was not expected.
ToolError usage_error(const CLI::ParseError& error, const std::vector<Command>& commands) {
  for (const Command& command : commands) {
    if (!command.app->parsed()) continue;
    const std::string help = fmt::format("'actc {} --help' shows how", command.app->get_name());
    const std::vector<std::string> rest = command.app->remaining();
    if (rest.empty() || dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) {
      return bad_usage(error.what(), help);
    }
    std::string word = rest.front().substr(0, rest.front().find('='));
    if (!word.starts_with('-')) {
      return bad_usage(fmt::format("'{}' is one argument too many", rest.front()), help);
    }
    const std::vector<std::string> names = option_names(*command.app);
    const std::string typed = word;
    if (!word.starts_with("--")) word = "-" + word;
    const std::string guess = did_you_mean(word, names);
    return bad_usage(
        fmt::format("'actc {}' has no option {}", command.app->get_name(), typed),
        guess.empty() ? fmt::format("its options are: {}", fmt::join(names, ", ")) : guess);
  }
  return bad_usage(error.what(), "'actc --help' shows how");
}

ExitCode parse_and_run(int argc, char** argv) {
  CLI::App program("actc, the activation compiler: a line of text in, native kernels out.");
  program.name("actc");
  examples_first(program, examples);
  program.set_version_flag("--version", fmt::format("actc {}", version()));
  program.require_subcommand(1);
  const std::vector<Command> commands = {
      add_list(program),    add_show(program),  add_compare(program), add_plot(program),
      add_gallery(program), add_check(program), add_explain(program), add_emit(program),
      add_run(program),     add_bench(program), add_verify(program),  add_saved(program),
      add_cache(program)};
  std::vector<std::string> words;
  for (int k = argc - 1; k >= 1; --k) words.push_back(mark_formula(argv[k], commands));
  if (words.empty()) {
    std::fputs(program.help().c_str(), stderr);
    return exit_bad_usage;
  }
  const std::string& first = words.back();
  if (!first.starts_with('-') && std::ranges::none_of(commands, [&](const Command& command) {
        return command.app->get_name() == first;
      })) {
    throw_unknown_command(first, commands);
  }
  try {
    program.parse(words);
  } catch (const CLI::Success& success) {  // --help, --version
    program.exit(success);
    return exit_good;
  } catch (const CLI::ParseError& error) {
    throw usage_error(error, commands);
  }
  const auto command =
      std::ranges::find_if(commands, [](const Command& c) { return c.app->parsed(); });
  const ExitCode code = command->run();
  if (std::fflush(stdout) != 0) throw bad_file("cannot write the result to standard output");
  return code;
}

ExitCode run_program(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const ToolError& error) {
    print_error(error.what(), error.suggestion());
    return error.code();
  } catch (const SourceError&) {
    return exit_bad_content;
  } catch (const Error& error) {
    if (error.diagnostics().empty()) {
      print_error(error.what(), {});
    } else {
      print_diagnostics(error.diagnostics(), "formula");
    }
    return exit_bad_content;
  } catch (const std::bad_alloc&) {
    print_error("there is not enough memory", "run it on fewer elements");
    return exit_bad_content;
  }
}

}  // namespace
}  // namespace actc::tools

int main(int argc, char** argv) { return actc::tools::run_program(argc, argv); }
