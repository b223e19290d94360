// Elements as arrays hold them, to and from vectors of the computing format.
//
// Loads widen, which is exact; stores round once, to nearest, ties to even: overflow to an
// infinity, subnormal numbers as they are, a NaN quiet and with the upper part of its payload. All
// of it is vector instructions, whatever lies in memory.
#pragma once

#include <cstdint>
#include <utility>

#include "jit/engine.h"
#include "jit/llvm.h"
#include "jit/target.h"

namespace actc::jit {

constexpr unsigned bytes_of(Storage storage) {
  switch (storage) {
    case Storage::binary64:
      return 8;
    case Storage::binary32:
      return 4;
    case Storage::binary16:
    case Storage::bfloat16:
      return 2;
    case Storage::bit:
      break;
  }
  return 0;
}

constexpr unsigned bits_in_byte = 8;  // lanes of a vector beside bits

// The lanes of a vector that exist in memory.
struct Lanes {
  unsigned count = 0;
  llvm::Value* mask = nullptr;  // null: all of them
  llvm::Value* left = nullptr;  // beside a mask: how many, at least 1; an i64
};

enum class StoreKind : std::uint8_t {
  cached,
  streaming  // around the cache, to an address aligned to the whole vector; never masked
};

// How binary32 becomes bfloat16.
enum class Rounding : std::uint8_t {
  none,        // all are bfloat16 already
  integers,    // of any processor
  instruction  // vcvtne2ps2bf16, which takes subnormal numbers for 0
};

class StorageEmitter {
 public:
  StorageEmitter(llvm::IRBuilder<>& builder, const Processor& processor)
      : builder_(builder), processor_(processor) {}

  // Lanes that do not exist are 0 and not read. Bits are loaded as binary32.
  llvm::Value* load(Storage storage, llvm::Value* address, const Lanes& lanes);
  // Lanes that do not exist are not written.
  void store(Storage storage, llvm::Value* value, llvm::Value* address, const Lanes& lanes,
             StoreKind kind);

  // One element, in the computing format.
  llvm::Value* load_one(Storage storage, llvm::Value* address);
  void store_one(Storage storage, llvm::Value* value, llvm::Value* address);

  // Two vectors of bfloat16 from 2 · lanes elements side by side, all of which exist: the first has
  // those of even places, the second the others. A bfloat16 is half of a word, so that this takes
  // no permutation.
  std::pair<llvm::Value*, llvm::Value*> load_pairs(llvm::Value* address, unsigned lanes);
  void store_pairs(llvm::Value* even, llvm::Value* odd, llvm::Value* address, StoreKind kind,
                   Rounding rounding);
  bool can_round_by_instruction() const { return processor_.bf16; }
  // Of each lane, is it subnormal? Where the processor can round by its instruction.
  llvm::Value* is_subnormal(llvm::Value* value);

 private:
  llvm::Value* load_bits(llvm::Value* address, const Lanes& lanes);
  void store_bits(llvm::Value* value, llvm::Value* address, const Lanes& lanes);
  llvm::Value* widen(Storage storage, llvm::Value* elements);
  llvm::Value* narrow(Storage storage, llvm::Value* value);
  llvm::Value* widen_binary16(llvm::Value* elements);
  llvm::Value* narrow_binary16(llvm::Value* value);
  llvm::Value* rounded_by_instruction(llvm::Value* even, llvm::Value* odd);
  llvm::Value* rounded_to_upper_half(llvm::Value* value);
  llvm::Value* quiet(llvm::Value* value);
  llvm::Value* load_some_halves(llvm::Value* address, const Lanes& lanes);
  void store_some_halves(llvm::Value* elements, llvm::Value* address, const Lanes& lanes);
  void store_whole(llvm::Value* elements, llvm::Value* address, unsigned element_bytes,
                   StoreKind kind);
  llvm::Value* word_mask(const Lanes& lanes);

  bool converts_binary16() const { return !processor_.x86 || processor_.f16c; }
  bool masks_halves() const { return !processor_.x86 || processor_.avx512; }

  llvm::IRBuilder<>& builder_;
  const Processor& processor_;
};

}  // namespace actc::jit
