#include <actc/actc.h>

#include <cstdio>
#include <vector>

int main() {
  actc::Module m = actc::compile("swish(x; beta = 1) = x * sigmoid(beta * x)");
  actc::Kernel<float> swish = m["swish"].kernel<float>();
  std::vector<float> x = {-2, -1, 0, 1, 2}, y(5), dx(5), dy(5, 1);
  swish.forward(x, y, {{"beta", 1.5}});
  swish.backward(x, dy, dx, {{"beta", 1.5}});
  for (int k = 0; k < 5; ++k) std::printf("%4.1f %8.5f %8.5f\n", x[k], y[k], dx[k]);
}
