// A product of 32 by 32 bits is one instruction on lanes of 64, whose upper halves it does not look
// at: so words stay there from round to round, and nothing is masked or moved.
#include "jit/draws.h"

namespace actc::jit {

DrawEmitter::DrawEmitter(llvm::IRBuilder<>& builder, ir::Format format, unsigned lanes,
                         llvm::Value* seed, llvm::Value* step)
    : builder_(builder),
      format_(format),
      width_(format == ir::Format::binary32 ? lanes / 2 : lanes) {
  const unsigned parts = lanes / width_;
  for (unsigned part = 0; part < parts; ++part) {
    llvm::Value* steps =
        llvm::PoisonValue::get(llvm::FixedVectorType::get(builder_.getInt64Ty(), width_));
    for (unsigned k = 0; k < width_; ++k) {
      llvm::Value* lane = builder_.CreateMul(step, builder_.getInt64(k * parts + part));
      steps = builder_.CreateInsertElement(steps, lane, std::uint64_t{k});
    }
    steps_.push_back(steps);
  }
  for (std::size_t half = 0; half < 2; ++half) {
    llvm::Value* key = builder_.CreateTrunc(half == 0 ? seed : high(seed), builder_.getInt32Ty());
    for (auto& round : keys_) {
      round[half] = splat(builder_.CreateZExt(key, builder_.getInt64Ty()));
      key = builder_.CreateAdd(key, builder_.getInt32(ir::philox_weyl[half]));
    }
  }
}

DrawEmitter::Block DrawEmitter::block(llvm::Value* index, std::uint32_t number) {
  Block block;
  for (llvm::Value* step : steps_) {
    llvm::Value* at = builder_.CreateAdd(splat(index), step);
    block.push_back({at, high(at), splat(number), splat(std::uint64_t{0})});
  }
  const auto xor_of = [&](llvm::Value* a, llvm::Value* b, llvm::Value* c) {
    return builder_.CreateXor(builder_.CreateXor(a, b), c);
  };
  for (const auto& key : keys_) {
    for (Words& c : block) {
      llvm::Value* p0 = builder_.CreateMul(low(c[0]), splat(ir::philox_multipliers[0]));
      llvm::Value* p1 = builder_.CreateMul(low(c[2]), splat(ir::philox_multipliers[1]));
      c = {xor_of(high(p1), c[1], key[0]), p1, xor_of(high(p0), c[3], key[1]), p0};
    }
  }
  return block;
}

llvm::Value* DrawEmitter::joined(llvm::Value* first, llvm::Value* second) {
  return builder_.CreateOr(low(first), builder_.CreateShl(second, 32));
}

// 1 + k / 2^n in its bits, less 1 - 1 / 2^(n + 1): exact.
llvm::Value* DrawEmitter::unit(const Block& block, std::uint32_t stream) {
  const std::uint32_t word = ir::draw_place(stream, words()).word;
  const bool single = format_ == ir::Format::binary32;
  llvm::Value* bits =
      single ? joined(block[0][word], block[1][word]) : joined(block[0][word], block[0][word + 1]);
  llvm::Type* integer = builder_.getIntNTy(single ? 32 : 64);
  llvm::Type* number = single ? builder_.getFloatTy() : builder_.getDoubleTy();
  const unsigned lanes = single ? 2 * width_ : width_;
  bits = builder_.CreateBitCast(bits, llvm::FixedVectorType::get(integer, lanes));
  bits = builder_.CreateLShr(bits, single ? 9 : 12);
  const std::uint64_t one = single ? 0x3f800000 : 0x3ff0000000000000;
  bits = builder_.CreateOr(bits, llvm::ConstantInt::get(bits->getType(), one));
  llvm::Type* type = llvm::FixedVectorType::get(number, lanes);
  return builder_.CreateFSub(builder_.CreateBitCast(bits, type),
                             llvm::ConstantFP::get(type, single ? 1 - 0x1p-24 : 1 - 0x1p-53));
}

}  // namespace actc::jit
