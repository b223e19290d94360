// What is kept of each binade while inputs are verified, and how an error is ranked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tools/verify.h"

namespace actc::tools {

// κ beyond this, and half of it may be added to the bound.
inline constexpr double ill_conditioned = 8;
// Around a zero crossing.
inline constexpr double near_zero_radius = 0.25;
// Inputs of one binade that the screen leaves open and MPFR judges: errors too near the bound, as
// many as a binade of binary32 has at a stride of 257; and what seems to be a mismatch, where the
// screen is sure enough that some tell for all.
inline constexpr std::size_t most_doubtful = 32768;
inline constexpr std::size_t most_doubtful_mismatches = 256;

// All that is known of one binade of one sign.
struct Binade {
  double picture = -1;      // the largest error, by whoever saw it
  double screen_error = 0;  // in ULP, at the judged points
  bool screened = true;     // the screen is of use here
  int direction = 0;        // along the magnitudes the formula rises (1) or falls (−1)
  Finding plain, tail, excess, near_zero;
  Count over, mismatches;
  Count swept_over, swept_mismatches;  // of judged points that the sweep may come to again
  // Left to MPFR: errors too near the bound for the screen, and what seems a mismatch.
  std::vector<double> doubtful;
  std::uint64_t doubtful_lost = 0;  // more than were kept

  // What the screen's verdicts are not sure of, in ULP.
  double margin() const { return 2 * screen_error + 0x1p-9; }
};

// What the threads gather, each its own.
struct Gathered {
  VerifyReport report;
  std::vector<Binade> binades;
};
void merge(Gathered& to, Gathered&& from);
// The report of all binades; `lowest` is the exponent of the first.
void collect(Gathered& all, long lowest);

void keep_larger(Finding& a, const Finding& b);
void keep_larger_excess(Finding& a, const Finding& b);
void add(Count& a, const Count& b);

// Leaves an input to MPFR; false where there are `most` of them already.
bool doubt(Binade& binade, double x, std::size_t most);

// Files a finding, of which all but the excess is set, in its class, and returns its excess: what
// the contract's bound is held to.
double file(Binade& binade, Finding finding, const std::optional<Contract>& contract,
            std::span<const Crossing> crossings, const NumberFormat& format);

}  // namespace actc::tools
