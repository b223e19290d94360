// A formula of one input as smooth pieces: between the places where its conditions change, each
// condition has one outcome, and what is left is a formula without it. So a piece is known up to
// its ends: its value and slopes there are the one-sided ones.
//
// Conditions are decided exactly where they compare affine functions of the input (rational
// arithmetic), and by interval arithmetic where that suffices.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/graph.h"
#include "tools/oracle.h"

namespace actc::tools {

using ir::Rational;

// Of one input and no parameter, in operations alone.
struct Formulas {
  ir::Graph value;
  ir::Graph derivative;  // of the value
  ir::Graph slope;       // the gradient: another where the text writes a surrogate, else the same
  ir::Graph curve;       // the derivative of the slope
};

struct Piece {
  std::optional<Rational> low;   // nothing: from −inf
  std::optional<Rational> high;  // nothing: to inf
  Formulas formulas;
  bool smooth = true;  // no condition is left in it
  // The slope is 0 in all of it.
  bool is_dead() const;
};

struct Pieces {
  std::vector<Piece> pieces;   // in order, side by side; empty where there are none to be had
  bool written_slope = false;  // the text gives derivatives of its own: `slope` follows them
  Formulas whole;              // before it was cut, parameters in their places

  std::size_t cuts() const { return pieces.empty() ? 0 : pieces.size() - 1; }
  const Rational& cut(std::size_t k) const { return *pieces[k].high; }
};

// Of a definition of one input that is neither over rows nor random; else, and where a graph grows
// past its limit, no pieces. 0 is always a cut, so that what happens there is exact.
Pieces pieces_of(const Oracle& oracle, std::span<const double> parameters);

// The formulas at a point, each condition as it is exactly there.
Formulas formulas_at(const Pieces& pieces, const Rational& x);

double to_double(const Rational& x);

}  // namespace actc::tools
