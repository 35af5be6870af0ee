// See byte_products.h.
#include "simt/byte_products.h"

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/IR/ValueHandle.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace ppu::simt {
namespace {

/// Byte `index` of `word`, extended to 32 bits.
struct Byte {
  Value* word = nullptr;
  unsigned index = 0;
  bool is_signed = false;
};

std::optional<Byte> byte_of(Value* v) {
  Value* x;
  uint64_t up, down, mask;
  if (match(v, m_AShr(m_Shl(m_Value(x), m_ConstantInt(up)), m_ConstantInt(down))) && down == 24 && up <= 24 &&
      up % 8 == 0)
    return Byte{x, unsigned(3 - up / 8), true};
  if (match(v, m_AShr(m_Value(x), m_ConstantInt(down))) && down == 24) return Byte{x, 3, true};
  if (match(v, m_LShr(m_Value(x), m_ConstantInt(down))) && down == 24) return Byte{x, 3, false};
  if (!match(v, m_And(m_Value(x), m_ConstantInt(mask))) || mask != 255) return std::nullopt;
  Value* y;
  if (match(x, m_LShr(m_Value(y), m_ConstantInt(down))) && down < 24 && down % 8 == 0)
    return Byte{y, unsigned(down / 8), false};
  return Byte{x, 0, false};
}

struct Product {
  Value* value = nullptr;
  Byte a, b;
};

std::optional<Product> product_of(Value* v) {
  Value *x, *y;
  if (!match(v, m_OneUse(m_Mul(m_Value(x), m_Value(y))))) return std::nullopt;
  auto a = byte_of(x), b = byte_of(y);
  if (!a || !b || a->index != b->index) return std::nullopt;
  if (b->word < a->word) std::swap(a, b);  // one order for all four
  return Product{v, *a, *b};
}

/// What an addition adds up, through additions that serve nothing else.
void addends(Value* v, bool root, const BasicBlock* block, std::vector<Value*>& out) {
  auto* add = dyn_cast<BinaryOperator>(v);
  if (!add || add->getOpcode() != Instruction::Add || add->getParent() != block ||
      (!root && !add->hasOneUse())) {
    out.push_back(v);
    return;
  }
  addends(add->getOperand(0), false, block, out);
  addends(add->getOperand(1), false, block, out);
}

/// Four products of the bytes of two words; `at[i]` = addend of byte i.
struct Dot {
  Byte a, b;
  int at[4] = {-1, -1, -1, -1};
  bool complete() const { return at[0] >= 0 && at[1] >= 0 && at[2] >= 0 && at[3] >= 0; }
};

std::vector<Dot> dots_in(const std::vector<Value*>& terms) {
  std::vector<Dot> dots;
  for (size_t i = 0; i < terms.size(); i++) {
    const auto p = product_of(terms[i]);
    if (!p) continue;
    Dot* mine = nullptr;
    for (Dot& d : dots)
      if (d.a.word == p->a.word && d.b.word == p->b.word && d.a.is_signed == p->a.is_signed &&
          d.b.is_signed == p->b.is_signed && d.at[p->a.index] < 0)
        mine = &d;
    if (!mine) mine = &dots.emplace_back(Dot{p->a, p->b});
    mine->at[p->a.index] = int(i);
  }
  std::erase_if(dots, [](const Dot& d) { return !d.complete(); });
  return dots;
}

bool join_at(BinaryOperator& root) {
  std::vector<Value*> terms;
  addends(&root, true, root.getParent(), terms);
  const std::vector<Dot> dots = dots_in(terms);
  if (dots.empty()) return false;
  std::set<int> taken;
  for (const Dot& d : dots) taken.insert(d.at, d.at + 4);
  IRBuilder<> b(&root);
  Value* sum = nullptr;
  for (size_t i = 0; i < terms.size(); i++)
    if (!taken.contains(int(i))) sum = sum ? b.CreateAdd(sum, terms[i]) : terms[i];
  if (!sum) sum = b.getInt32(0);
  for (const Dot& d : dots) {
    const std::string name = (kDot4Prefix + (d.a.is_signed ? "s" : "u") + (d.b.is_signed ? "s" : "u")).str();
    Type* i32 = b.getInt32Ty();
    auto* f = cast<Function>(root.getModule()->getOrInsertFunction(name, i32, i32, i32, i32).getCallee());
    f->setDoesNotAccessMemory();
    f->setDoesNotThrow();
    f->addFnAttr(Attribute::WillReturn);
    f->addFnAttr(Attribute::Speculatable);
    sum = b.CreateCall(f, {d.a.word, d.b.word, sum});
  }
  root.replaceAllUsesWith(sum);
  return true;
}

/// a * b of 16-bit halves, neighbours added: what pmaddwd does.
Value* multiply_halves(IRBuilderBase& b, bool avx512, Value* x, Value* y) {
  return b.CreateIntrinsic(avx512 ? Intrinsic::x86_avx512_pmaddw_d_512 : Intrinsic::x86_avx2_pmadd_wd, {},
                           {x, y});
}

/// Even or odd bytes as 16-bit halves.
Value* bytes_as_halves(IRBuilderBase& b, Value* x, bool is_signed, bool odd) {
  const unsigned words = cast<FixedVectorType>(x->getType())->getNumElements();
  auto* halves = FixedVectorType::get(b.getInt16Ty(), words * 2);
  Value* h = b.CreateBitCast(x, halves);
  Value* eight = ConstantInt::get(halves, 8);
  if (odd) return is_signed ? b.CreateAShr(h, eight) : b.CreateLShr(h, eight);
  return is_signed ? b.CreateAShr(b.CreateShl(h, eight), eight)
                   : b.CreateAnd(h, ConstantInt::get(halves, 255));
}

}  // namespace

void join_byte_products(Function& f) {
  SmallVector<WeakTrackingVH> replaced;
  for (BasicBlock& b : f) {
    std::vector<BinaryOperator*> sums;  // whole ones: nothing in the block adds to them
    for (Instruction& inst : b) {
      auto* add = dyn_cast<BinaryOperator>(&inst);
      if (!add || add->getOpcode() != Instruction::Add || !add->getType()->isIntegerTy(32)) continue;
      const auto* user = add->hasOneUse() ? dyn_cast<BinaryOperator>(add->user_back()) : nullptr;
      if (!user || user->getOpcode() != Instruction::Add || user->getParent() != &b) sums.push_back(add);
    }
    for (BinaryOperator* sum : sums)
      if (join_at(*sum)) replaced.push_back(sum);
  }
  RecursivelyDeleteTriviallyDeadInstructionsPermissive(replaced);
}

Value* dot4(IRBuilderBase& b, StringRef signs, StringRef features, bool avx512, Value* x, Value* y,
            Value* sum) {
  const bool vnni = avx512 ? features.contains("+avx512vnni") : features.contains("+avxvnni");
  bool x_signed = signs[0] == 's', y_signed = signs[1] == 's';
  if (!vnni) {
    for (const bool odd : {false, true})
      sum = b.CreateAdd(sum, multiply_halves(b, avx512, bytes_as_halves(b, x, x_signed, odd),
                                             bytes_as_halves(b, y, y_signed, odd)));
    return sum;
  }
  // vpdpbusd takes unsigned bytes times signed ones. Where signs are others, one side is moved by 128, and
  // 128 times the sum of the other side's bytes put right.
  const auto of_bytes = [&](uint32_t byte) { return ConstantInt::get(x->getType(), byte * 0x01010101u); };
  const auto add_products = [&](Value* to, Value* u, Value* s) -> Value* {
    return b.CreateIntrinsic(avx512 ? Intrinsic::x86_avx512_vpdpbusd_512 : Intrinsic::x86_avx512_vpdpbusd_256,
                             {}, {to, u, s});
  };
  if (x_signed && !y_signed) {
    std::swap(x, y);
    std::swap(x_signed, y_signed);
  }
  if (!x_signed && y_signed) return add_products(sum, x, y);
  Value* none = Constant::getNullValue(x->getType());
  if (x_signed) {
    Value* over = add_products(none, of_bytes(128), y);
    return b.CreateSub(add_products(sum, b.CreateXor(x, of_bytes(128)), y), over);
  }
  Value* half = add_products(none, x, of_bytes(64));
  return b.CreateAdd(add_products(sum, x, b.CreateXor(y, of_bytes(128))), b.CreateShl(half, 1));
}

}  // namespace ppu::simt
