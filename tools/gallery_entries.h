// What the gallery shows, asked of the compiler: cards, pictures and texts in other languages.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tools/definition.h"
#include "tools/gallery/entry.h"

namespace actc::tools {

struct GalleryRequest {
  std::string file;  // a text whose definitions come first; may be empty
  KernelCache cache = {};
  double seconds = 1;    // for the proofs of one card; what is left then is sampled
  unsigned threads = 2;  // at work on cards
  bool timed = true;     // nanoseconds, too: one definition after the other
  std::function<void(std::size_t done, std::size_t total)> progress = {};  // one call at a time
};

// The definitions that `actc list` lists, the file's first. A definition that something cannot be
// said of (no kernel, too large a formula) is shown with what can be. Errors of the file are those
// of compile_file.
std::vector<gallery::Entry> gallery_entries(const GalleryRequest& request);

}  // namespace actc::tools
