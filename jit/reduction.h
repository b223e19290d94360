// One reduction over a row: a vector of partial results for each vector that a loop has in flight,
// and what is made of them at the row's end. Or one over as many rows as these vectors have lanes,
// a result for each.
//
// A sum of binary32 is taken in binary64, one of binary64 in two words. After every
// `reduction_block` terms of a lane the partial sums are added to others of their own, so that no
// lane's sum has more than a few thousand roundings: with n terms a lane, b = reduction_block and u
// = 2^-53, the error of a sum of binary32 is at most (b + n / b) u times the sum of the magnitudes,
// that of a sum of binary64 (b^2 + 2 n / b) u^2. The order depends on the row's length alone.
#pragma once

#include <span>
#include <vector>

#include "ir/operation.h"
#include "jit/llvm.h"

namespace actc::jit {

constexpr unsigned reduction_block = 32;
// Where a lane has a row of its own.
constexpr unsigned reduction_block_of_rows = 128;

// A value and what its additions rounded away, where that is kept.
struct Words {
  llvm::Value* high = nullptr;
  llvm::Value* low = nullptr;
};

// Knuth's sum of two numbers and its error, exact where nothing overflows (The Art of Computer
// Programming, vol. 2, 4.2.2, theorem B).
Words rounded_away(llvm::IRBuilder<>& builder, llvm::Value* a, llvm::Value* b);

class Reduction {
 public:
  // Of vectors of type `vector`, `in_flight` of them a turn of the loop. What it holds are
  // `allocas` in the block `entry`, to be promoted to registers. `apart`: each lane for itself.
  // The result of a sum is of type `result`, that of the elements or binary64.
  Reduction(llvm::IRBuilder<>& builder, ir::Operation op, llvm::FixedVectorType* vector,
            llvm::Type* result, unsigned in_flight, llvm::BasicBlock* entry, bool apart = false);

  void begin();
  // The lanes of `mask` of one more vector; all where it is null.
  void take(unsigned k, llvm::Value* vector, llvm::Value* mask);
  // The same of a product, which is not rounded before it is added; of sums of binary32.
  void take_product(unsigned k, llvm::Value* a, llvm::Value* b, llvm::Value* mask);
  bool takes_products() const { return op_ == ir::Operation::Sum && !in_two_words(); }
  bool has_blocks() const { return op_ == ir::Operation::Sum; }
  void end_block();
  llvm::Value* finish();  // a scalar

  // Of a sum: the other with it, in two words of binary64.
  Words added_to(const Words& other);
  // The same of what is apart, of the lanes of vector k.
  llvm::Value* finish_lanes(unsigned k);
  Words lanes_added_to(unsigned k, const Words& other);

  std::span<llvm::AllocaInst* const> allocas() const { return allocas_; }

 private:
  struct Place {
    llvm::AllocaInst* high = nullptr;
    llvm::AllocaInst* low = nullptr;
  };

  Place place(llvm::BasicBlock* entry, llvm::Type* high, llvm::Type* low);
  Words combined();  // all lanes, as scalars
  llvm::Value* result(const Words& words);
  Words added(const Words& a, const Words& b);  // in two words, b without a low word too
  Words load(const Place& place);
  void store(const Place& place, const Words& words);
  Words add(const Words& a, const Words& b);
  Words largest(const Words& a, const Words& b);
  Words combine(const Words& a, const Words& b) {
    return op_ == ir::Operation::Sum ? add(a, b) : largest(a, b);
  }
  bool in_two_words() const { return op_ == ir::Operation::Sum && element_->isDoubleTy(); }

  llvm::IRBuilder<>& builder_;
  ir::Operation op_;
  llvm::FixedVectorType* vector_;
  llvm::Type* element_;
  llvm::Type* result_;
  std::vector<Place> current_;  // by vector in flight
  std::vector<Place> total_;    // of the blocks before
  std::vector<llvm::AllocaInst*> allocas_;
};

}  // namespace actc::jit
