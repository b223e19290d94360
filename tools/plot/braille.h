// A scene as text for a terminal: dots of Braille (two by four a character), or plain ASCII.
#pragma once

#include <string>

#include "tools/plot/scene.h"

namespace actc::tools::plot {

struct TerminalStyle {
  int columns = 76, rows = 20;  // of the whole, legend left out; at least 24 by 6 are used
  bool unicode = false;         // Braille and lines; else ASCII alone
  bool colour = false;
};

// The style for what is printed to this file descriptor: Braille on a terminal whose locale is
// UTF-8 (and not where `ascii`), colour on a terminal unless NO_COLOR is set or TERM is dumb; at
// most as wide as the terminal is, at most 100 columns.
TerminalStyle terminal_style(int descriptor, bool ascii);

// The curves with their axes, their numbers, and a legend of a line for each labelled curve; ends
// with a newline. Without colour nothing is lost: f is a full line, f′ and f″ are broken ones, and
// of several definitions each has a letter along its curve. In ASCII the lines are made of `*`,
// `.` and `:`, and dots are `@` (closed) and `o`.
std::string terminal_plot(const Scene& scene, const TerminalStyle& style);

}  // namespace actc::tools::plot
