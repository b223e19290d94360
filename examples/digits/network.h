// A network of two hidden layers, trained with Adam. The matrix products are Eigen's; the
// activation, forward and backward, is whatever actc compiled.
#pragma once

#include <Eigen/Core>
#include <random>
#include <vector>

#include "actc/actc.h"
#include "digits.h"

struct TrainingOptions {
  int epochs = 40;
  int hidden = 64;
  unsigned seed = 1;
};

class Network {
 public:
  Network(const actc::BoundKernel<float>& activation, const TrainingOptions& options);

  void train(const Samples& samples);
  // The part of the samples that it names right, 0 to 1.
  double accuracy(const Samples& samples);

 private:
  // Weights or biases with Adam's two moments (Kingma and Ba, 2015).
  struct Learned {
    Eigen::MatrixXf value, gradient, mean, variance;
    void resize(Eigen::Index rows, Eigen::Index columns);
    void step(float rate, float mean_correction, float variance_correction);
  };
  struct Layer {
    Learned weights, biases;
    Eigen::MatrixXf sums, outputs;  // before and after the activation; columns are samples
    Eigen::MatrixXf sums_gradient, outputs_gradient;
  };

  // The last layer's sums: the logits.
  const Eigen::MatrixXf& forward(const Eigen::MatrixXf& pixels);
  void backward(const Eigen::MatrixXf& pixels, const std::vector<int>& labels);
  void step(float rate);

  actc::BoundKernel<float> activation_;
  TrainingOptions options_;
  std::mt19937 engine_;
  std::vector<Layer> layers_;
  int steps_ = 0;
};
