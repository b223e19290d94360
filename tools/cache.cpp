// The program's kernel cache: where it is, and actc cache, which shows and clears it.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include "tools/commands.h"
#include "tools/json.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

constexpr std::uint64_t max_bytes = std::uint64_t{64} << 20;

struct CacheCommandOptions {
  CacheChoice choice;
  std::string action;
  bool json = false;
};

std::optional<std::string> variable(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this program changes its environment
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

// Empty: none. Of folders in variables the XDG Base Directory Specification has relative ones
// ignored.
std::filesystem::path directory_of(const CacheChoice& choice) {
  if (choice.off) return {};
  if (!choice.directory.empty()) return choice.directory;
  if (const auto own = variable("ACTC_CACHE_DIR")) return *own;
  const std::filesystem::path user = variable("XDG_CACHE_HOME").value_or("");
  if (user.is_absolute()) return user / "actc";
  const std::filesystem::path home = variable("HOME").value_or("");
  if (home.is_absolute()) return home / ".cache" / "actc";
  return {};
}

std::string amount(const CacheContents& contents) {
  return fmt::format("{} {}, {:.1f} MB", contents.entries,
                     contents.entries == 1 ? "kernel" : "kernels",
                     static_cast<double>(contents.bytes) / 1e6);
}

ExitCode cache_command(const CacheCommandOptions& options) {
  if (!options.action.empty() && options.action != "clear") {
    const std::string words[] = {"clear"};
    const std::string guess = did_you_mean(options.action, words);
    throw bad_usage(fmt::format("'actc cache' cannot '{}'", options.action),
                    guess.empty() ? "it shows the cache, or with 'clear' empties it" : guess);
  }
  const KernelCache cache = open_cache(options.choice);
  const bool clear = !options.action.empty();
  const CacheContents contents = clear ? cache.clear() : cache.contents();
  if (options.json) {
    Json object = {{"directory", nullptr}};
    if (cache) object["directory"] = cache.directory().string();
    object[clear ? "removed_entries" : "entries"] = contents.entries;
    object[clear ? "removed_bytes" : "bytes"] = contents.bytes;
    if (!clear) object["max_bytes"] = max_bytes;
    print_json(object);
  } else if (!cache) {
    fmt::print("there is no kernel cache: ACTC_CACHE_DIR is empty, or no HOME is set\n");
  } else if (clear) {
    fmt::print("{}: removed {}\n", cache.directory().string(), amount(contents));
  } else {
    fmt::print("{}: {} of at most {:.1f} MB\n", cache.directory().string(), amount(contents),
               static_cast<double>(max_bytes) / 1e6);
  }
  return exit_good;
}

void add_directory_option(CLI::App& app, CacheChoice& choice) {
  app.add_option("--cache", choice.directory,
                 "The folder of the kernel cache; where it is not given $ACTC_CACHE_DIR, else actc "
                 "in the user's folder of caches")
      ->type_name("DIR");
}

}  // namespace

void add_cache_options(CLI::App& app, CacheChoice& choice) {
  add_directory_option(app, choice);
  app.add_flag("--no-cache", choice.off, "Compile all kernels anew, and keep none")
      ->excludes("--cache");
}

KernelCache open_cache(const CacheChoice& choice) {
  const std::filesystem::path directory = directory_of(choice);
  if (directory.empty()) return {};
  return KernelCache({.directory = directory,
                      .max_bytes = max_bytes,
                      .report = [](std::string_view problem) { print_warning(problem); }});
}

Command add_cache(CLI::App& program) {
  auto options = std::make_shared<CacheCommandOptions>();
  CLI::App* app = add_command(
      program, "cache",
      "Shows the cache of compiled kernels, or empties it. Commands that compile keep their "
      "kernels\n"
      "there; a kernel is found again as long as its text, its options, the processor, actc and\n"
      "LLVM stay the same.",
      "  actc cache\n"
      "  actc cache clear\n"
      "  actc cache --cache folder --json\n"
      "  ACTC_CACHE_DIR= actc run gelu --input x.npy --output y.npy   # none for this once\n");
  app->add_option("ACTION", options->action, "clear: remove all entries");
  add_directory_option(*app, options->choice);
  app->add_flag("--json", options->json, "Print JSON");
  return {app, [options] { return cache_command(*options); }};
}

}  // namespace actc::tools
