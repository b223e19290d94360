// oneDNN's activations at the binary32 numbers that `actc verify NAME --inputs IN.npy` writes:
//
//     peer_onednn --list
//     peer_onednn --version
//     peer_onednn NAME forward|gradient IN.npy OUT.npy
//
// Element k of OUT.npy, which `actc verify NAME --against OUT.npy` judges, is the result at element
// k of IN.npy. For oneDNN 2 (Debian's libdnnl-dev).
#include "bench/peers/onednn.h"

#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tools/npy.h"

namespace {

using bench::Eltwise;

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

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && arguments[0] == "--list") {
    for (const auto& [name, f] : bench::onednn_functions()) std::puts(name.c_str());
    return 0;
  }
  if (arguments.size() == 1 && arguments[0] == "--version") {
    const dnnl_version_t* version = dnnl_version();
    std::printf("%d.%d.%d\n", version->major, version->minor, version->patch);
    return 0;
  }
  if (arguments.size() != 4 || (arguments[1] != "forward" && arguments[1] != "gradient")) {
    std::fputs("usage: peer_onednn --list | --version | NAME forward|gradient IN.npy OUT.npy\n",
               stderr);
    return 2;
  }
  const auto f = bench::onednn_functions().find(arguments[0]);
  if (f == bench::onednn_functions().end()) {
    std::fprintf(stderr, "oneDNN has no %s\n", argv[1]);
    return 1;
  }
  actc::tools::NpyArray array = actc::tools::read_npy(argv[3]);
  auto* x = std::get_if<std::vector<float>>(&array.elements);
  if (x == nullptr) throw std::runtime_error(std::string(argv[3]) + " is not of binary32");
  std::vector<float> y(x->size());
  run(f->second, arguments[1] == "gradient", *x, y);
  actc::tools::OutputFile out(argv[4]);
  actc::tools::write_npy(out, {y.size()}, y);
  out.commit();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "peer_onednn: %s\n", error.what());
  return 1;
}
