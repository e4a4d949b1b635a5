// SPDX-License-Identifier: BSL-1.0
#pragma once

// The plainest adaptor on counting_adaptor.hpp: its account is a book that a test reads.

#include <boost/mpl/list.hpp>
#include <cstddef>
#include <tidemark/adaptors/counting_adaptor.hpp>
#include <tidemark/detail/charges.hpp>
#include <tidemark/detail/owned_count.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_resource.hpp>

namespace support {

using all_pools = boost::mpl::list<tidemark::frame_resource, tidemark::typed_stack_resource,
                                   tidemark::fixed_block_resource, tidemark::thread_local_resource>;
using frames_and_stacks =
    boost::mpl::list<tidemark::frame_resource, tidemark::typed_stack_resource>;
using block_pools =
    boost::mpl::list<tidemark::fixed_block_resource, tidemark::thread_local_resource>;

struct book {
  tidemark::detail::charge held;
  std::size_t frees = 0;
  std::size_t late_frees = 0;
  std::size_t refunds = 0;
};

inline bool holds(book const& b, std::size_t bytes, std::size_t blocks) {
  return b.held == tidemark::detail::charge{.bytes = bytes, .blocks = blocks};
}

class book_account {
 public:
  using count = tidemark::detail::owned_count;
  template <class Count>
  using holding = tidemark::detail::charges<Count>;

  explicit book_account(book& charged) noexcept : book_(&charged) {}

  template <class M>
  void* allocate(M& from, std::size_t bytes, std::size_t alignment) {
    void* const block = from.allocate(bytes, alignment);
    book_->held.bytes += bytes;
    ++book_->held.blocks;
    return block;
  }
  void freed(std::size_t bytes) noexcept {
    ++book_->frees;
    book_->held.bytes -= bytes;
    --book_->held.blocks;
  }
  void freed_late(std::size_t) noexcept { ++book_->late_frees; }
  void refund(tidemark::detail::charge held) noexcept {
    ++book_->refunds;
    book_->held.bytes -= held.bytes;
    book_->held.blocks -= held.blocks;
  }

 private:
  book* book_;
};

template <class R>
class book_adaptor final : public tidemark::detail::counting_adaptor<R, book_account> {
 public:
  book_adaptor(R* wrapped, book& charged) noexcept
      : tidemark::detail::counting_adaptor<R, book_account>(wrapped, charged) {}
};

}  // namespace support
