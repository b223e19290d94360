// PNG and PDF, made of SVG by rsvg-convert (Debian's librsvg2-bin): a program, looked for when it
// is needed, so that actc itself needs none of GTK's libraries.
#pragma once

#include <cstdint>
#include <string>

namespace actc::tools::plot {

enum class Format : std::uint8_t { png, pdf };

// The bytes of the file; a PNG has `scale` pixels for one of the SVG's. A ToolError of
// exit_bad_file where the program is missing (it names the package) or fails (with what it says).
// Waits for the program; it reads and writes memory, no files.
std::string converted(const std::string& svg, Format format, double scale = 1);

}  // namespace actc::tools::plot
