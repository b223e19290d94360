// Forward, backward and Adam, written out: the one thing that is not ordinary is that the
// activation is a compiled text.
#include "network.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace {

constexpr int class_count = 10;
constexpr int batch = 32;
constexpr float peak_rate = 3e-3f;
constexpr float mean_decay = 0.9f;
constexpr float variance_decay = 0.999f;

std::span<const float> elements(const Eigen::MatrixXf& m) {
  return {m.data(), static_cast<std::size_t>(m.size())};
}
std::span<float> elements(Eigen::MatrixXf& m) {
  return {m.data(), static_cast<std::size_t>(m.size())};
}

// Of the softmax and the cross entropy together: (softmax - one hot) / samples.
Eigen::MatrixXf loss_gradient(const Eigen::MatrixXf& logits, const std::vector<int>& labels) {
  Eigen::MatrixXf gradient = (logits.rowwise() - logits.colwise().maxCoeff()).array().exp();
  gradient.array().rowwise() /= gradient.colwise().sum().array().eval();
  for (Eigen::Index k = 0; k < gradient.cols(); ++k) {
    gradient(labels[static_cast<std::size_t>(k)], k) -= 1;
  }
  return gradient / static_cast<float>(gradient.cols());
}

}  // namespace

void Network::Learned::resize(Eigen::Index rows, Eigen::Index columns) {
  for (Eigen::MatrixXf* m : {&value, &gradient, &mean, &variance}) m->setZero(rows, columns);
}

void Network::Learned::step(float rate, float mean_correction, float variance_correction) {
  mean = mean_decay * mean + (1 - mean_decay) * gradient;
  variance = variance_decay * variance + (1 - variance_decay) * gradient.cwiseAbs2();
  value.array() -= rate * mean_correction * mean.array() /
                   ((variance_correction * variance.array()).sqrt() + 1e-8f);
}

Network::Network(const actc::BoundKernel<float>& activation, const TrainingOptions& options)
    : activation_(activation), options_(options), engine_(options.seed) {
  int inputs = 64;
  for (const int outputs : {options.hidden, options.hidden, class_count}) {
    Layer& layer = layers_.emplace_back();
    layer.weights.resize(outputs, inputs);
    layer.biases.resize(outputs, 1);
    // He et al., 2015.
    std::normal_distribution<float> normal(0, std::sqrt(2.0f / static_cast<float>(inputs)));
    for (float& weight : elements(layer.weights.value)) weight = normal(engine_);
    inputs = outputs;
  }
}

const Eigen::MatrixXf& Network::forward(const Eigen::MatrixXf& pixels) {
  const Eigen::MatrixXf* inputs = &pixels;
  for (Layer& layer : layers_) {
    layer.sums.noalias() = layer.weights.value * *inputs;
    layer.sums.colwise() += layer.biases.value.col(0);
    if (&layer == &layers_.back()) break;
    layer.outputs.resize(layer.sums.rows(), layer.sums.cols());
    activation_.forward(elements(std::as_const(layer.sums)), elements(layer.outputs));
    inputs = &layer.outputs;
  }
  return layers_.back().sums;
}

void Network::backward(const Eigen::MatrixXf& pixels, const std::vector<int>& labels) {
  layers_.back().sums_gradient = loss_gradient(layers_.back().sums, labels);
  for (std::size_t k = layers_.size(); k-- > 0;) {
    Layer& layer = layers_[k];
    const Eigen::MatrixXf& inputs = k == 0 ? pixels : layers_[k - 1].outputs;
    layer.weights.gradient.noalias() = layer.sums_gradient * inputs.transpose();
    layer.biases.gradient = layer.sums_gradient.rowwise().sum();
    if (k == 0) break;
    Layer& below = layers_[k - 1];
    below.outputs_gradient.noalias() = layer.weights.value.transpose() * layer.sums_gradient;
    below.sums_gradient.resize(below.sums.rows(), below.sums.cols());
    activation_.backward(elements(std::as_const(below.sums)),
                         elements(std::as_const(below.outputs_gradient)),
                         elements(below.sums_gradient));
  }
}

void Network::step(float rate) {
  ++steps_;
  const auto t = static_cast<float>(steps_);
  const float mean_correction = 1 / (1 - std::pow(mean_decay, t));
  const float variance_correction = 1 / (1 - std::pow(variance_decay, t));
  for (Layer& layer : layers_) {
    layer.weights.step(rate, mean_correction, variance_correction);
    layer.biases.step(rate, mean_correction, variance_correction);
  }
}

void Network::train(const Samples& samples) {
  const auto count = static_cast<int>(samples.labels.size());
  std::vector<int> order(samples.labels.size());
  std::iota(order.begin(), order.end(), 0);
  for (int epoch = 0; epoch < options_.epochs; ++epoch) {
    for (std::size_t k = order.size() - 1; k > 0; --k) {
      std::swap(order[k], order[engine_() % (k + 1)]);
    }
    // Down to nothing along a half cosine.
    const float rate = peak_rate * 0.5f *
                       (1 + std::cos(3.14159265f * static_cast<float>(epoch) /
                                     static_cast<float>(options_.epochs)));
    for (int begin = 0; begin < count; begin += batch) {
      const int end = std::min(begin + batch, count);
      const std::vector<int> chosen(order.begin() + begin, order.begin() + end);
      const Eigen::MatrixXf pixels = samples.pixels(Eigen::all, chosen);
      std::vector<int> labels;
      for (const int k : chosen) labels.push_back(samples.labels[static_cast<std::size_t>(k)]);
      forward(pixels);
      backward(pixels, labels);
      step(rate);
    }
  }
}

double Network::accuracy(const Samples& samples) {
  const Eigen::MatrixXf& logits = forward(samples.pixels);
  std::size_t right = 0;
  for (std::size_t k = 0; k < samples.labels.size(); ++k) {
    Eigen::Index answer = 0;
    logits.col(static_cast<Eigen::Index>(k)).maxCoeff(&answer);
    right += answer == samples.labels[k];
  }
  return static_cast<double>(right) / static_cast<double>(samples.labels.size());
}
