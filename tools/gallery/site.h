// The gallery's folder on the disk.
#pragma once

#include <span>
#include <string>

#include "tools/gallery/entry.h"

namespace actc::tools::gallery {

// May a gallery be written there? Where nothing is, where a folder is empty or holds a gallery and
// nothing else. Otherwise a ToolError of exit_bad_file that says what is in the way.
void check_place(const std::string& folder);

// Writes all files into a new folder beside it and renames that; a gallery that was there is
// removed. Without success nothing is left, and the former one stays. Errors as above. Returns the
// path of index.html.
std::string write_site(const std::string& folder, std::span<const Entry> entries);

}  // namespace actc::tools::gallery
