// oneDNN's activations at every STRIDE-th binary32 number, for `actc verify --against`:
//
//     peer_onednn --list
//     peer_onednn NAME forward|gradient STRIDE OUT.npy
//
// Element k of the file is the result at the input whose representation is k * STRIDE. For oneDNN 2
// (Debian's libdnnl-dev).
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Eltwise {
  dnnl::algorithm algorithm;
  float alpha = 0;
  float beta = 0;
};

// actc's name: oneDNN's algorithm with actc's defaults.
const std::map<std::string, Eltwise, std::less<>>& functions() {
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

// y = f(x), or f'(x).
void run(const Eltwise& f, bool gradient, std::vector<float>& x, std::vector<float>& y) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const dnnl::memory::desc array({static_cast<dnnl::memory::dim>(x.size())},
                                 dnnl::memory::data_type::f32, dnnl::memory::format_tag::a);
  dnnl::memory in(array, engine, x.data());
  dnnl::memory out(array, engine, y.data());
  const auto kind =
      gradient ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  const dnnl::eltwise_forward::primitive_desc forward({kind, f.algorithm, array, f.alpha, f.beta},
                                                      engine);
  if (!gradient) {
    dnnl::eltwise_forward(forward).execute(stream, {{DNNL_ARG_SRC, in}, {DNNL_ARG_DST, out}});
    stream.wait();
    return;
  }
  std::vector<float> ones(x.size(), 1.0F);
  dnnl::memory dy(array, engine, ones.data());
  const dnnl::eltwise_backward::primitive_desc backward(
      {f.algorithm, array, array, f.alpha, f.beta}, engine, forward);
  dnnl::eltwise_backward(backward).execute(
      stream, {{DNNL_ARG_SRC, in}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, out}});
  stream.wait();
}

// A .npy file of version 1.0: the header is padded to 128 bytes.
void save(const std::string& path, const std::vector<float>& values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(values.size()) + ",), }";
  header.resize(117, ' ');
  header += '\n';
  std::ofstream out(path, std::ios::binary);
  out.write("\x93NUMPY\x01\x00\x76\x00", 10);
  out << header;
  out.write(reinterpret_cast<const char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
  out.close();
  if (!out) throw std::runtime_error(path + " cannot be written");
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && arguments[0] == "--list") {
    for (const auto& [name, f] : functions()) std::puts(name.c_str());
    return 0;
  }
  std::uint64_t stride = 0;
  if (arguments.size() == 4) {
    std::from_chars(arguments[2].data(), arguments[2].data() + arguments[2].size(), stride);
  }
  if (stride == 0 || (arguments[1] != "forward" && arguments[1] != "gradient")) {
    std::fputs("usage: peer_onednn --list | NAME forward|gradient STRIDE OUT.npy\n", stderr);
    return 2;
  }
  const auto f = functions().find(arguments[0]);
  if (f == functions().end()) {
    std::fprintf(stderr, "oneDNN has no %s\n", argv[1]);
    return 1;
  }
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32; bits += stride) {
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  std::vector<float> y(x.size());
  run(f->second, arguments[1] == "gradient", x, y);
  save(std::string(arguments[3]), y);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "peer_onednn: %s\n", error.what());
  return 1;
}
