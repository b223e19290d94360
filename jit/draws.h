// Random numbers in a kernel: Philox (ir/philox.h) in vectors.
#pragma once

#include <array>
#include <vector>

#include "ir/format.h"
#include "ir/philox.h"
#include "jit/llvm.h"

namespace actc::jit {

// About what a block of two vectors takes.
constexpr std::size_t philox_instructions = 128;

class DrawEmitter {
 public:
  // For vectors of `lanes` lanes of `format`; from a lane to the next the index of the element
  // grows by `step`. What is the same for all draws is computed where the builder stands.
  DrawEmitter(llvm::IRBuilder<>& builder, ir::Format format, unsigned lanes, llvm::Value* seed,
              llvm::Value* step);

  // A block of each lane. Its words are in the low halves of 64 bits, where they are multiplied; of
  // binary32 the even lanes are in one vector, the odd ones in another.
  using Words = std::array<llvm::Value*, 4>;
  using Block = std::vector<Words>;

  // `index` is that of the first lane's element.
  Block block(llvm::Value* index, std::uint32_t number);
  // unit_random, from the block that is the stream's.
  llvm::Value* unit(const Block& block, std::uint32_t stream);

  // 1 or 2, as the format needs.
  std::uint32_t words() const { return format_ == ir::Format::binary32 ? 1 : 2; }

 private:
  llvm::Value* splat(llvm::Value* word) { return builder_.CreateVectorSplat(width_, word); }
  llvm::Value* splat(std::uint64_t word) { return splat(builder_.getInt64(word)); }
  llvm::Value* low(llvm::Value* words) { return builder_.CreateAnd(words, splat(0xffffffff)); }
  llvm::Value* high(llvm::Value* words) { return builder_.CreateLShr(words, 32); }
  // Two words as one: of the even and the odd lanes, or of one lane.
  llvm::Value* joined(llvm::Value* first, llvm::Value* second);

  llvm::IRBuilder<>& builder_;
  ir::Format format_;
  unsigned width_;                                                   // 64-bit lanes of a vector
  std::vector<llvm::Value*> steps_;                                  // indices, less that of lane 0
  std::array<std::array<llvm::Value*, 2>, ir::philox_rounds> keys_;  // of each round
};

}  // namespace actc::jit
