// oneDNN's activations by actc's names, for oneDNN 2 (Debian's libdnnl-dev).
#pragma once

#include <functional>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

namespace bench {

struct Eltwise {
  dnnl::algorithm algorithm;
  float alpha = 0;
  float beta = 0;
};

// actc's name: oneDNN's algorithm with actc's defaults.
inline const std::map<std::string, Eltwise, std::less<>>& onednn_functions() {
  using dnnl::algorithm;
  static const std::map<std::string, Eltwise, std::less<>> table = {
      {"elu", {algorithm::eltwise_elu, 1}},
      {"exp", {algorithm::eltwise_exp}},
      {"gelu", {algorithm::eltwise_gelu_erf}},
      {"gelu_tanh", {algorithm::eltwise_gelu_tanh}},
      {"hard_swish", {algorithm::eltwise_hardswish}},
      {"leaky_relu", {algorithm::eltwise_relu, 0.01F}},
      {"log", {algorithm::eltwise_log}},
      {"log_sigmoid", {algorithm::eltwise_logsigmoid}},
      {"mish", {algorithm::eltwise_mish}},
      {"relu", {algorithm::eltwise_relu}},
      {"sigmoid", {algorithm::eltwise_logistic}},
      {"silu", {algorithm::eltwise_swish, 1}},
      {"softplus", {algorithm::eltwise_soft_relu}},
      {"sqrt", {algorithm::eltwise_sqrt}},
      {"tanh", {algorithm::eltwise_tanh}},
  };
  return table;
}

}  // namespace bench
