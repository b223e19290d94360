// The hand-written digits: read, shuffled and split.
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

// Columns are samples.
struct Samples {
  Eigen::MatrixXf pixels;   // 64 rows, each value between 0 and 1
  std::vector<int> labels;  // 0 to 9
};

struct Digits {
  Samples train;  // 1,437
  Samples test;   // 360
};

// Reads the comma-separated file (64 pixels of 0 to 16, then the label) and shuffles it with a
// fixed seed. Throws std::runtime_error with the line that is wrong.
Digits load_digits(const std::string& path);
