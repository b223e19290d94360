// A folder is put in place whole, as files are: who looks at the gallery while it is made anew sees
// the old one or the new one.
#include "tools/gallery/site.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "tools/errors.h"
#include "tools/files.h"
#include "tools/gallery/html.h"
#include "tools/gallery/markdown.h"
#include "tools/gallery/page.h"

namespace actc::tools::gallery {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view mark = "<meta name=\"generator\" content=\"actc gallery\">";
constexpr std::string_view own[] = {"index.html", "gallery.css", "gallery.js", "f", "docs"};
constexpr std::string_view documents_folder = "docs";

ToolError failure(std::string_view what, const std::string& path, const std::error_code& error) {
  return bad_file(fmt::format("cannot {} {}: {}", what, path, error.message()));
}

// Links followed, without a slash at the end.
fs::path place_of(const std::string& folder) {
  if (folder.empty()) throw bad_file("the folder's name is empty", "give one: -o gallery");
  std::error_code error;
  fs::path place = fs::weakly_canonical(fs::absolute(folder), error);
  if (error) throw failure("write", folder, error);
  if (!place.has_filename()) place = place.parent_path();
  return place;
}

// A folder that is there until it is kept.
class NewFolder {
 public:
  explicit NewFolder(const fs::path& beside) {
    std::string name = (beside.parent_path() / ".actc-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw failure("make a folder beside", beside.string(),
                    std::error_code(errno, std::generic_category()));
    }
    path_ = name;
    const mode_t hidden = ::umask(0);
    ::umask(hidden);
    ::chmod(name.c_str(), 0777 & ~hidden);
  }
  ~NewFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void write(const fs::path& path, std::string_view text) {
  OutputFile file(path.string());
  file.write(text);
  file.commit();
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directory(path, error);
  if (error) throw failure("make", path.string(), error);
}

void move_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw failure("write", to.string(), error);
}

void write_all(const fs::path& root, std::span<const Entry> entries) {
  write(root / "gallery.css", style_sheet());
  write(root / "gallery.js", asset("gallery.js"));
  make_folder(root / "f");
  make_folder(root / documents_folder);
  for (const Document& d : documents()) write(root / d.path, document_page(d));
  for (const std::string_view picture : embedded_pictures()) {
    write(root / documents_folder / picture, asset(picture));
  }
  for (std::size_t k = 0; k < entries.size(); ++k) {
    const Entry& entry = entries[k];
    write(root / "f" / (entry.slug + ".html"),
          definition_page(entry, k > 0 ? &entries[k - 1] : nullptr,
                          k + 1 < entries.size() ? &entries[k + 1] : nullptr));
    const std::string script = definition_script(entry);
    if (!script.empty()) write(root / "f" / (entry.slug + ".js"), script);
  }
  write(root / "index.html", index_page(entries));
}

}  // namespace

void check_place(const std::string& folder) {
  const fs::path place = place_of(folder);
  std::error_code error;
  const fs::file_status status = fs::status(place, error);
  if (!fs::exists(status)) {
    if (!fs::is_directory(place.parent_path(), error)) {
      throw bad_file(fmt::format("cannot make {}: there is no folder {}", folder,
                                 place.parent_path().string()));
    }
    return;
  }
  if (!fs::is_directory(status)) throw bad_file(fmt::format("{} is no folder", folder));
  std::string stranger;
  bool empty = true;
  fs::directory_iterator entries(place, error);
  if (error) throw failure("read", folder, error);
  for (const fs::directory_entry& entry : entries) {
    empty = false;
    const std::string name = entry.path().filename().string();
    if (std::ranges::find(own, name) == std::end(own)) stranger = name;
  }
  if (empty) return;
  constexpr std::string_view advice = "give a new folder, or an empty one";
  if (!stranger.empty()) {
    throw bad_file(fmt::format("{} holds '{}', which is of no gallery", folder, stranger),
                   std::string(advice));
  }
  const fs::path index = place / "index.html";
  if (!fs::is_regular_file(index, error) ||
      read_file(index.string(), 2000).find(mark) == std::string::npos) {
    throw bad_file(fmt::format("{} is a folder with something else in it than a gallery", folder),
                   std::string(advice));
  }
}

std::string write_site(const std::string& folder, std::span<const Entry> entries) {
  check_place(folder);
  const fs::path place = place_of(folder);
  const NewFolder made(place), former(place);
  const fs::path root = made.path() / "site";
  make_folder(root);
  write_all(root, entries);
  std::error_code error;
  const bool replaced = fs::exists(place, error);
  const fs::path aside = former.path() / "site";
  if (replaced) move_folder(place, aside);
  try {
    move_folder(root, place);
  } catch (const ToolError&) {
    if (replaced) move_folder(aside, place);
    throw;
  }
  return (fs::path(folder) / "index.html").string();
}

}  // namespace actc::tools::gallery
