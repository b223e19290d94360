// Scenes of definitions: which curves, over which ranges, with what happens where. All numbers are
// the oracle's (tools/oracle.h), so what is drawn is the formula's meaning.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/definition.h"
#include "tools/plot/braille.h"
#include "tools/plot/scene.h"
#include "tools/plot/svg.h"

namespace actc::tools::plot {

// One curve's definition. What is over rows or draws random numbers, and what has several inputs of
// which not all but one are held, is a ToolError of exit_bad_usage; so is a missing parameter.
struct Subject {
  Definition definition;
  Parameters parameters = {};               // those given; defaults for the others
  std::map<std::string, double> held = {};  // inputs that stay at a value
  std::string label = {};  // for the legend; empty: the definition's, with what is given
};

struct PictureOptions {
  bool derivative = true;
  bool second = false;
  std::optional<Range> x = {}, y = {};  // else what is interesting of them
  bool equal = false;
  double width = 800, height = 500;  // pixels for which the curves are followed
  std::string title = {};            // else it is made of the definitions
};

Scene picture_of(const std::vector<Subject>& subjects, const PictureOptions& options);

// Has it a curve, its parameters given: is it elementwise, not random, and of one input?
bool has_curve(const Function& function);

// The picture for a terminal: one function with its derivative, several without.
std::string terminal_of(const std::vector<Subject>& subjects, const TerminalStyle& style);

// The picture of one definition as SVG, with its derivative where it is no thumbnail.
std::string svg_of(const Subject& subject, const SvgOptions& options);

}  // namespace actc::tools::plot
