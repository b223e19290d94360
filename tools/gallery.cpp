// actc gallery: a folder of pages about the library and a user's own definitions.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "tools/commands.h"
#include "tools/gallery/site.h"
#include "tools/gallery_entries.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

struct GalleryOptions {
  std::string output, file;
  bool no_times = false;
  CacheChoice cache;
};

ExitCode make_gallery(const GalleryOptions& options) {
  gallery::check_place(options.output);  // before the work, not after it
  Progress progress("gallery");
  GalleryRequest request{.file = options.file,
                         .cache = open_cache(options.cache),
                         .threads = std::clamp(std::thread::hardware_concurrency(), 1U, 16U),
                         .timed = !options.no_times};
  request.progress = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  const std::vector<gallery::Entry> entries = gallery_entries(request);
  fmt::print("{}\n", gallery::write_site(options.output, entries));
  return exit_good;
}

}  // namespace

Command add_gallery(CLI::App& program) {
  auto options = std::make_shared<GalleryOptions>();
  CLI::App* app = add_command(program, "gallery", "Makes a folder of pages about all definitions",
                              "  actc gallery -o gallery          # then open gallery/index.html\n"
                              "  actc gallery -o gallery -f mine.act\n");
  app->add_option("-o,--output", options->output,
                  "The folder: a new or empty one, or that of a former gallery")
      ->type_name("DIR")
      ->required();
  app->add_option("-f,--file", options->file, "Show the definitions of this file, too")
      ->type_name("FILE");
  app->add_flag("--no-times", options->no_times,
                "Measure no nanoseconds: then nothing in it depends on the machine");
  add_cache_options(*app, options->cache);
  return {app, [options] { return make_gallery(*options); }};
}

}  // namespace actc::tools
