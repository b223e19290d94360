// What the gallery shows of one definition: plain values, all of them text or numbers. Who fills
// them (tools/gallery_entries.cpp) knows the compiler; who writes pages need not.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tools/card/card.h"

namespace actc::tools::gallery {

// A slider: a parameter, or an input that is held while another is the axis.
struct Control {
  std::string name;
  double value = 1;         // where it begins; what the still picture and the card are of
  double from = 0, to = 1;  // of the slider; the field beside it takes any number
  bool learned = false;
  bool has_default = true;
};

struct Curve {
  std::size_t axis = 0;          // the input that varies
  double x_from = -4, x_to = 4;  // what is shown
  double y_from = -1, y_to = 4;
  std::string svg, thumbnail;  // plot/svg.h, without a style of their own
};

struct Entry {
  std::string name;  // a formula without a name has its text
  std::string slug;  // of its files: unique, also where a file system ignores case
  std::string kind;  // "activation", "gated", "row", "random", "math"
  bool own = false;  // of the user's file
  std::string signature, documentation;
  std::string source;  // the text that defines it, documentation included
  std::vector<Control> inputs, parameters;
  std::optional<Curve> curve;  // none of what is over rows or random

  // As Function::emit gives them; empty where the language cannot say it.
  std::string mathml, latex, javascript, python, c;
  std::string text;       // of the user's file, for programs that compile it; empty of built-ins
  std::size_t place = 0;  // among the functions of that text
  bool over_rows = false, row_value = false, random = false;

  Card card;
  bool is_learned() const;
};

}  // namespace actc::tools::gallery
