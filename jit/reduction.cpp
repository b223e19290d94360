// Sums in a wider format, largest and smallest values with NaN as the largest of all.
#include "jit/reduction.h"

namespace actc::jit {

using ir::Operation;

Words rounded_away(llvm::IRBuilder<>& builder, llvm::Value* a, llvm::Value* b) {
  llvm::Value* sum = builder.CreateFAdd(a, b);
  llvm::Value* of_b = builder.CreateFSub(sum, a);
  llvm::Value* of_a = builder.CreateFSub(sum, of_b);
  return {sum, builder.CreateFAdd(builder.CreateFSub(a, of_a), builder.CreateFSub(b, of_b))};
}

Reduction::Reduction(llvm::IRBuilder<>& builder, Operation op, llvm::FixedVectorType* vector,
                     llvm::Type* result, unsigned in_flight, llvm::BasicBlock* entry, bool apart)
    : builder_(builder),
      op_(op),
      vector_(vector),
      element_(vector->getElementType()),
      result_(result) {
  const unsigned lanes = vector->getNumElements();
  llvm::Type* wide = llvm::FixedVectorType::get(builder.getDoubleTy(), lanes);
  llvm::Type* flags = llvm::FixedVectorType::get(builder.getInt1Ty(), lanes);
  for (unsigned k = 0; k < in_flight; ++k) {
    if (op == Operation::Sum) {
      llvm::Type* low = in_two_words() ? wide : nullptr;
      current_.push_back(place(entry, wide, low));
      total_.push_back(place(entry, wide, low));
    } else {
      // One set of flags for all lanes' one result: registers for them are few.
      const bool shares = !apart && k > 0;
      current_.push_back(place(entry, vector, shares ? nullptr : flags));
      if (shares) current_.back().low = current_.front().low;
    }
  }
}

Reduction::Place Reduction::place(llvm::BasicBlock* entry, llvm::Type* high, llvm::Type* low) {
  llvm::IRBuilder<> at_entry(entry, entry->begin());
  const auto one = [&](llvm::Type* type) -> llvm::AllocaInst* {
    if (type == nullptr) return nullptr;
    allocas_.push_back(at_entry.CreateAlloca(type));
    return allocas_.back();
  };
  return {one(high), one(low)};
}

Words Reduction::load(const Place& place) {
  const auto one = [&](llvm::AllocaInst* from) -> llvm::Value* {
    return from == nullptr ? nullptr : builder_.CreateLoad(from->getAllocatedType(), from);
  };
  return {one(place.high), one(place.low)};
}

void Reduction::store(const Place& place, const Words& words) {
  builder_.CreateStore(words.high, place.high);
  if (place.low != nullptr) builder_.CreateStore(words.low, place.low);
}

void Reduction::begin() {
  for (const std::vector<Place>* places : {&current_, &total_}) {
    for (const Place& p : *places) {
      llvm::Type* high = p.high->getAllocatedType();
      llvm::Value* low =
          p.low == nullptr ? nullptr : llvm::Constant::getNullValue(p.low->getAllocatedType());
      const bool sum = op_ == Operation::Sum;
      store(p, {sum ? llvm::Constant::getNullValue(high)
                    : llvm::ConstantFP::getInfinity(high, op_ == Operation::Largest),
                low});
    }
  }
}

// The low words of an infinite or NaN sum mean nothing.
Words Reduction::add(const Words& a, const Words& b) {
  if (a.low == nullptr) return {builder_.CreateFAdd(a.high, b.high), nullptr};
  const auto [sum, error] = rounded_away(builder_, a.high, b.high);
  llvm::Value* rest = builder_.CreateFAdd(builder_.CreateFAdd(a.low, b.low), error);
  llvm::Value* high = builder_.CreateFAdd(sum, rest);
  llvm::Value* low = builder_.CreateFSub(rest, builder_.CreateFSub(high, sum));
  llvm::Value* magnitude = builder_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, high);
  llvm::Value* finite =
      builder_.CreateFCmpOLT(magnitude, llvm::ConstantFP::getInfinity(magnitude->getType()));
  return {builder_.CreateSelect(finite, high, sum),
          builder_.CreateSelect(finite, low, llvm::Constant::getNullValue(low->getType()))};
}

// The flags say where a NaN was.
Words Reduction::largest(const Words& a, const Words& b) {
  llvm::Value* first = op_ == Operation::Largest ? builder_.CreateFCmpOGT(a.high, b.high)
                                                 : builder_.CreateFCmpOLT(a.high, b.high);
  return {builder_.CreateSelect(first, a.high, b.high), builder_.CreateOr(a.low, b.low)};
}

void Reduction::take_product(unsigned k, llvm::Value* a, llvm::Value* b, llvm::Value* mask) {
  const Place& place = current_[k];
  llvm::Value* before = load(place).high;
  llvm::Value* sum = builder_.CreateIntrinsic(llvm::Intrinsic::fma, {before->getType()},
                                              {builder_.CreateFPExt(a, before->getType()),
                                               builder_.CreateFPExt(b, before->getType()), before});
  store(place, {mask == nullptr ? sum : builder_.CreateSelect(mask, sum, before), nullptr});
}

void Reduction::take(unsigned k, llvm::Value* vector, llvm::Value* mask) {
  const Place& place = current_[k];
  const Words before = load(place);
  if (op_ == Operation::Sum) {
    if (mask != nullptr) {
      vector = builder_.CreateSelect(mask, vector, llvm::Constant::getNullValue(vector_));
    }
    if (!in_two_words()) {
      llvm::Value* wide = builder_.CreateFPExt(vector, place.high->getAllocatedType());
      store(place, {builder_.CreateFAdd(before.high, wide), nullptr});
      return;
    }
    const auto [sum, error] = rounded_away(builder_, before.high, vector);
    store(place, {sum, builder_.CreateFAdd(before.low, error)});
    return;
  }
  llvm::Value* is_nan = builder_.CreateFCmpUNO(vector, vector);
  if (mask != nullptr) {
    is_nan = builder_.CreateAnd(is_nan, mask);
    vector = builder_.CreateSelect(
        mask, vector, llvm::ConstantFP::getInfinity(vector_, op_ == Operation::Largest));
  }
  store(place, largest(before, {vector, is_nan}));
}

void Reduction::end_block() {
  for (std::size_t k = 0; k < total_.size(); ++k) {
    store(total_[k], add(load(total_[k]), load(current_[k])));
    llvm::Value* zero = llvm::Constant::getNullValue(current_[k].high->getAllocatedType());
    store(current_[k], {zero, zero});
  }
}

Words Reduction::combined() {
  if (has_blocks()) end_block();
  const std::vector<Place>& places = has_blocks() ? total_ : current_;
  std::vector<Words> parts;
  for (const Place& p : places) parts.push_back(load(p));
  while (parts.size() > 1) {
    const std::size_t half = parts.size() / 2;
    for (std::size_t k = 0; k < half; ++k) parts[k] = combine(parts[k], parts[k + half]);
    parts.resize(half);
  }
  Words all = parts.front();
  for (unsigned lanes = vector_->getNumElements(); lanes > 1; lanes /= 2) {
    const auto part = [&](llvm::Value* of, unsigned first) -> llvm::Value* {
      if (of == nullptr) return nullptr;
      std::vector<int> taken(lanes / 2);
      for (unsigned i = 0; i < lanes / 2; ++i) taken[i] = static_cast<int>(first + i);
      return builder_.CreateShuffleVector(of, taken);
    };
    all = combine({part(all.high, 0), part(all.low, 0)},
                  {part(all.high, lanes / 2), part(all.low, lanes / 2)});
  }
  const auto first = [&](llvm::Value* of) -> llvm::Value* {
    return of == nullptr ? nullptr : builder_.CreateExtractElement(of, std::uint64_t{0});
  };
  return {first(all.high), first(all.low)};
}

llvm::Value* Reduction::result(const Words& words) {
  if (op_ != Operation::Sum) {
    llvm::Type* type = words.high->getType();
    return builder_.CreateSelect(words.low, llvm::ConstantFP::getQNaN(type), words.high);
  }
  if (result_->isDoubleTy()) return words.high;
  llvm::Type* type = words.high->getType()->isVectorTy() ? vector_ : element_;
  return builder_.CreateFPTrunc(words.high, type);
}

Words Reduction::added(const Words& a, const Words& b) {
  return add(a, {b.high, b.low == nullptr ? llvm::ConstantFP::get(b.high->getType(), 0.0) : b.low});
}

llvm::Value* Reduction::finish() { return result(combined()); }

Words Reduction::added_to(const Words& other) { return added(other, combined()); }

llvm::Value* Reduction::finish_lanes(unsigned k) {
  return result(load((has_blocks() ? total_ : current_)[k]));
}

Words Reduction::lanes_added_to(unsigned k, const Words& other) {
  return added(other, load(total_[k]));
}

}  // namespace actc::jit
