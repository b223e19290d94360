// The edges of a kernel: what lies in memory, in the registers' format and back.
#include "jit/storage.h"

#include <cassert>
#include <vector>

namespace actc::jit {
namespace {

constexpr std::uint32_t upper_half = 0xffff0000;

unsigned lane_count(const llvm::Value* value) {
  return llvm::cast<llvm::FixedVectorType>(value->getType())->getNumElements();
}

llvm::Constant* lane_numbers(llvm::IRBuilder<>& builder, unsigned bits, unsigned count) {
  std::vector<llvm::Constant*> numbers;
  for (unsigned k = 0; k < count; ++k) {
    numbers.push_back(llvm::ConstantInt::get(builder.getIntNTy(bits), k));
  }
  return llvm::ConstantVector::get(numbers);
}

// The type of `lanes` elements in memory; 16-bit formats as integers.
llvm::Type* stored_type(llvm::IRBuilder<>& builder, Storage storage, unsigned lanes) {
  llvm::Type* element = storage == Storage::binary64   ? builder.getDoubleTy()
                        : storage == Storage::binary32 ? builder.getFloatTy()
                                                       : builder.getInt16Ty();
  return llvm::FixedVectorType::get(element, lanes);
}

}  // namespace

llvm::Value* StorageEmitter::widen(Storage storage, llvm::Value* elements) {
  switch (storage) {
    case Storage::binary32:
    case Storage::binary64:
      return elements;
    case Storage::bit:
    case Storage::binary16:
      return widen_binary16(elements);
    case Storage::bfloat16:
      break;
  }
  const unsigned lanes = lane_count(elements);
  llvm::Value* word =
      builder_.CreateZExt(elements, llvm::FixedVectorType::get(builder_.getInt32Ty(), lanes));
  return builder_.CreateBitCast(builder_.CreateShl(word, 16),
                                llvm::FixedVectorType::get(builder_.getFloatTy(), lanes));
}

llvm::Value* StorageEmitter::narrow(Storage storage, llvm::Value* value) {
  switch (storage) {
    case Storage::binary32:
    case Storage::binary64:
      return value;
    case Storage::bit:
    case Storage::binary16:
      return narrow_binary16(value);
    case Storage::bfloat16:
      break;
  }
  return builder_.CreateTrunc(builder_.CreateLShr(rounded_to_upper_half(value), 16),
                              llvm::FixedVectorType::get(builder_.getInt16Ty(), lane_count(value)));
}

// Without F16C: a subnormal number is an integer times 2^-24, which no flush-to-zero touches; for
// the others the exponent's bias grows from 15 to 127.
llvm::Value* StorageEmitter::widen_binary16(llvm::Value* elements) {
  const unsigned lanes = lane_count(elements);
  llvm::Type* floats = llvm::FixedVectorType::get(builder_.getFloatTy(), lanes);
  if (converts_binary16()) {
    llvm::Type* halves = llvm::FixedVectorType::get(builder_.getHalfTy(), lanes);
    return builder_.CreateFPExt(builder_.CreateBitCast(elements, halves), floats);
  }
  llvm::Type* words = llvm::FixedVectorType::get(builder_.getInt32Ty(), lanes);
  const auto word = [&](std::uint32_t bits) { return llvm::ConstantInt::get(words, bits); };
  llvm::Value* whole = builder_.CreateZExt(elements, words);
  llvm::Value* sign = builder_.CreateShl(builder_.CreateAnd(whole, word(0x8000)), 16);
  llvm::Value* magnitude = builder_.CreateAnd(whole, word(0x7fff));
  llvm::Value* small =
      builder_.CreateBitCast(builder_.CreateFMul(builder_.CreateSIToFP(magnitude, floats),
                                                 llvm::ConstantFP::get(floats, 0x1p-24)),
                             words);
  llvm::Value* beyond = builder_.CreateICmpUGT(magnitude, word(0x7bff));
  llvm::Value* rebias = builder_.CreateSelect(beyond, word((255U - 31U) << 23), word(112U << 23));
  llvm::Value* normal = builder_.CreateAdd(builder_.CreateShl(magnitude, 13), rebias);
  llvm::Value* wide =
      builder_.CreateSelect(builder_.CreateICmpULT(magnitude, word(0x400)), small, normal);
  llvm::Value* quiet = builder_.CreateOr(wide, word(0x400000));
  wide = builder_.CreateSelect(builder_.CreateICmpUGT(magnitude, word(0x7c00)), quiet, wide);
  return builder_.CreateBitCast(builder_.CreateOr(sign, wide), floats);
}

// Without F16C: adding 0.5 to a number that will be subnormal rounds it to a multiple of 2^-24,
// half a unit of which is the last place of 0.5; the others round as integers.
llvm::Value* StorageEmitter::narrow_binary16(llvm::Value* value) {
  const unsigned lanes = lane_count(value);
  llvm::Type* halves = llvm::FixedVectorType::get(builder_.getInt16Ty(), lanes);
  if (converts_binary16()) {
    llvm::Type* type = llvm::FixedVectorType::get(builder_.getHalfTy(), lanes);
    return builder_.CreateBitCast(builder_.CreateFPTrunc(value, type), halves);
  }
  llvm::Type* words = llvm::FixedVectorType::get(builder_.getInt32Ty(), lanes);
  const auto word = [&](std::uint32_t bits) { return llvm::ConstantInt::get(words, bits); };
  constexpr std::uint32_t smallest_normal = 0x38800000;  // 2^-14
  constexpr std::uint32_t overflow = 0x477ff000;         // 65520
  llvm::Value* bits = builder_.CreateBitCast(value, words);
  llvm::Value* sign = builder_.CreateAnd(builder_.CreateLShr(bits, 16), word(0x8000));
  llvm::Value* magnitude = builder_.CreateAnd(bits, word(0x7fffffff));
  llvm::Value* sum = builder_.CreateFAdd(builder_.CreateBitCast(magnitude, value->getType()),
                                         llvm::ConstantFP::get(value->getType(), 0.5));
  llvm::Value* small = builder_.CreateSub(builder_.CreateBitCast(sum, words), word(0x3f000000));
  llvm::Value* upper = builder_.CreateLShr(magnitude, 13);
  llvm::Value* odd = builder_.CreateAnd(upper, word(1));
  llvm::Value* rounded =
      builder_.CreateAdd(builder_.CreateAdd(magnitude, odd), word(0xfff - (112U << 23)));
  llvm::Value* result =
      builder_.CreateSelect(builder_.CreateICmpULT(magnitude, word(smallest_normal)), small,
                            builder_.CreateLShr(rounded, 13));
  result = builder_.CreateSelect(builder_.CreateICmpUGE(magnitude, word(overflow)), word(0x7c00),
                                 result);
  llvm::Value* nan = builder_.CreateOr(builder_.CreateAnd(upper, word(0x3ff)), word(0x7e00));
  result = builder_.CreateSelect(builder_.CreateICmpUGT(magnitude, word(0x7f800000)), nan, result);
  return builder_.CreateTrunc(builder_.CreateOr(sign, result), halves);
}

// A binary32 as a bfloat16 in the upper half of its word; the lower half is anything.
llvm::Value* StorageEmitter::rounded_to_upper_half(llvm::Value* value) {
  llvm::Type* words = llvm::FixedVectorType::get(builder_.getInt32Ty(), lane_count(value));
  const auto word = [&](std::uint32_t bits) { return llvm::ConstantInt::get(words, bits); };
  llvm::Value* bits = builder_.CreateBitCast(value, words);
  llvm::Value* odd = builder_.CreateAnd(builder_.CreateLShr(bits, 16), word(1));
  llvm::Value* rounded = builder_.CreateAdd(builder_.CreateAdd(bits, word(0x7fff)), odd);
  llvm::Value* quiet = builder_.CreateOr(bits, word(0x400000));
  return builder_.CreateSelect(builder_.CreateFCmpUNO(value, value), quiet, rounded);
}

llvm::Value* StorageEmitter::is_subnormal(llvm::Value* value) {
  constexpr std::uint32_t denormal = 0x20;  // of vfpclassps's classes
  const bool wide = lane_count(value) == 16;
  return builder_.CreateIntrinsic(wide ? llvm::Intrinsic::x86_avx512_fpclass_ps_512
                                       : llvm::Intrinsic::x86_avx512_fpclass_ps_256,
                                  {}, {value, builder_.getInt32(denormal)});
}

// The instruction puts one vector behind the other.
llvm::Value* StorageEmitter::rounded_by_instruction(llvm::Value* even, llvm::Value* odd) {
  const unsigned lanes = lane_count(even);
  llvm::Value* both =
      builder_.CreateIntrinsic(lanes == 16 ? llvm::Intrinsic::x86_avx512bf16_cvtne2ps2bf16_512
                                           : llvm::Intrinsic::x86_avx512bf16_cvtne2ps2bf16_256,
                               {}, {odd, even});
  std::vector<int> in_turn;
  for (unsigned k = 0; k < lanes; ++k) {
    in_turn.push_back(static_cast<int>(k));
    in_turn.push_back(static_cast<int>(k + lanes));
  }
  return builder_.CreateShuffleVector(both, in_turn);
}

// A product with 1.
llvm::Value* StorageEmitter::quiet(llvm::Value* value) {
  return builder_.CreateUnaryIntrinsic(llvm::Intrinsic::canonicalize, value);
}

std::pair<llvm::Value*, llvm::Value*> StorageEmitter::load_pairs(llvm::Value* address,
                                                                 unsigned lanes) {
  llvm::Type* words = llvm::FixedVectorType::get(builder_.getInt32Ty(), lanes);
  llvm::Type* floats = llvm::FixedVectorType::get(builder_.getFloatTy(), lanes);
  llvm::Value* both = builder_.CreateAlignedLoad(words, address, llvm::Align(2));
  llvm::Value* even = builder_.CreateShl(both, 16);
  llvm::Value* odd = builder_.CreateAnd(both, llvm::ConstantInt::get(words, upper_half));
  return {builder_.CreateBitCast(even, floats), builder_.CreateBitCast(odd, floats)};
}

void StorageEmitter::store_pairs(llvm::Value* even, llvm::Value* odd, llvm::Value* address,
                                 StoreKind kind, Rounding rounding) {
  if (rounding == Rounding::instruction) {
    return store_whole(rounded_by_instruction(even, odd), address, 2, kind);
  }
  const bool exact = rounding == Rounding::none;
  llvm::Type* words = llvm::FixedVectorType::get(builder_.getInt32Ty(), lane_count(even));
  const auto in_upper_half = [&](llvm::Value* value) {
    return exact ? builder_.CreateBitCast(quiet(value), words) : rounded_to_upper_half(value);
  };
  llvm::Value* low = builder_.CreateLShr(in_upper_half(even), 16);
  llvm::Value* high = in_upper_half(odd);
  if (!exact) high = builder_.CreateAnd(high, llvm::ConstantInt::get(words, upper_half));
  llvm::Type* halves = llvm::FixedVectorType::get(builder_.getInt16Ty(), 2 * lane_count(even));
  store_whole(builder_.CreateBitCast(builder_.CreateOr(low, high), halves), address, 2, kind);
}

// AVX2 masks words of 32 bits only. Those that exist whole go by such a mask, and an odd element at
// the end alone. Element left - 1 always exists, so there is no branch.
llvm::Value* StorageEmitter::word_mask(const Lanes& lanes) {
  const unsigned words = lanes.count / 2;
  llvm::Value* whole =
      builder_.CreateTrunc(builder_.CreateLShr(lanes.left, 1), builder_.getInt32Ty());
  return builder_.CreateICmpULT(lane_numbers(builder_, 32, words),
                                builder_.CreateVectorSplat(words, whole));
}

llvm::Value* StorageEmitter::load_some_halves(llvm::Value* address, const Lanes& lanes) {
  llvm::Type* half = builder_.getInt16Ty();
  llvm::Type* halves = llvm::FixedVectorType::get(half, lanes.count);
  llvm::Type* words = llvm::FixedVectorType::get(builder_.getInt32Ty(), lanes.count / 2);
  llvm::Value* pairs = builder_.CreateMaskedLoad(words, address, llvm::Align(2), word_mask(lanes),
                                                 llvm::Constant::getNullValue(words));
  llvm::Value* last = builder_.CreateSub(lanes.left, builder_.getInt64(1));
  llvm::Value* element =
      builder_.CreateAlignedLoad(half, builder_.CreateGEP(half, address, last), llvm::Align(2));
  llvm::Value* here = builder_.CreateICmpEQ(
      lane_numbers(builder_, 16, lanes.count),
      builder_.CreateVectorSplat(lanes.count, builder_.CreateTrunc(last, half)));
  return builder_.CreateSelect(here, builder_.CreateVectorSplat(lanes.count, element),
                               builder_.CreateBitCast(pairs, halves));
}

void StorageEmitter::store_some_halves(llvm::Value* elements, llvm::Value* address,
                                       const Lanes& lanes) {
  llvm::Type* words = llvm::FixedVectorType::get(builder_.getInt32Ty(), lanes.count / 2);
  builder_.CreateMaskedStore(builder_.CreateBitCast(elements, words), address, llvm::Align(2),
                             word_mask(lanes));
  llvm::Value* last = builder_.CreateSub(lanes.left, builder_.getInt64(1));
  builder_.CreateAlignedStore(builder_.CreateExtractElement(elements, last),
                              builder_.CreateGEP(builder_.getInt16Ty(), address, last),
                              llvm::Align(2));
}

llvm::Value* StorageEmitter::load_bits(llvm::Value* address, const Lanes& lanes) {
  llvm::Value* byte = builder_.CreateAlignedLoad(builder_.getInt8Ty(), address, llvm::Align(1));
  llvm::Value* bits =
      builder_.CreateBitCast(byte, llvm::FixedVectorType::get(builder_.getInt1Ty(), lanes.count));
  return builder_.CreateUIToFP(bits,
                               llvm::FixedVectorType::get(builder_.getFloatTy(), lanes.count));
}

void StorageEmitter::store_bits(llvm::Value* value, llvm::Value* address, const Lanes& lanes) {
  llvm::Value* bits = builder_.CreateFCmpUNE(value, llvm::Constant::getNullValue(value->getType()));
  if (lanes.mask != nullptr) bits = builder_.CreateAnd(bits, lanes.mask);
  builder_.CreateAlignedStore(builder_.CreateBitCast(bits, builder_.getInt8Ty()), address,
                              llvm::Align(1));
}

llvm::Value* StorageEmitter::load(Storage storage, llvm::Value* address, const Lanes& lanes) {
  if (storage == Storage::bit) return load_bits(address, lanes);
  llvm::Type* type = stored_type(builder_, storage, lanes.count);
  const llvm::Align align(bytes_of(storage));
  llvm::Value* elements = nullptr;
  if (lanes.mask == nullptr) {
    elements = builder_.CreateAlignedLoad(type, address, align);
  } else if (bytes_of(storage) == 2 && !masks_halves()) {
    elements = load_some_halves(address, lanes);
  } else {
    elements = builder_.CreateMaskedLoad(type, address, align, lanes.mask,
                                         llvm::Constant::getNullValue(type));
  }
  return widen(storage, elements);
}

// Vectors of one lane, and not the first lane of a masked vector: of a bfloat16 stored so LLVM 22
// writes two elements on AVX-512.
llvm::Value* StorageEmitter::load_one(Storage storage, llvm::Value* address) {
  llvm::Value* element = load(storage, address, {1, nullptr, nullptr});
  return builder_.CreateExtractElement(element, std::uint64_t{0});
}

void StorageEmitter::store_one(Storage storage, llvm::Value* value, llvm::Value* address) {
  llvm::Value* element = builder_.CreateVectorSplat(1, value);
  store(storage, element, address, {1, nullptr, nullptr}, StoreKind::cached);
}

void StorageEmitter::store_whole(llvm::Value* elements, llvm::Value* address,
                                 unsigned element_bytes, StoreKind kind) {
  if (kind == StoreKind::cached) {
    builder_.CreateAlignedStore(elements, address, llvm::Align(element_bytes));
    return;
  }
  const std::uint64_t bytes = std::uint64_t{lane_count(elements)} * element_bytes;
  llvm::StoreInst* store = builder_.CreateAlignedStore(elements, address, llvm::Align(bytes));
  llvm::Metadata* one = llvm::ConstantAsMetadata::get(builder_.getInt32(1));
  store->setMetadata(llvm::LLVMContext::MD_nontemporal,
                     llvm::MDNode::get(builder_.getContext(), one));
}

void StorageEmitter::store(Storage storage, llvm::Value* value, llvm::Value* address,
                           const Lanes& lanes, StoreKind kind) {
  if (storage == Storage::bit) return store_bits(value, address, lanes);
  llvm::Value* elements = narrow(storage, value);
  if (lanes.mask == nullptr) {
    store_whole(elements, address, bytes_of(storage), kind);
  } else if (bytes_of(storage) == 2 && !masks_halves()) {
    store_some_halves(elements, address, lanes);
  } else {
    builder_.CreateMaskedStore(elements, address, llvm::Align(bytes_of(storage)), lanes.mask);
  }
}

}  // namespace actc::jit
