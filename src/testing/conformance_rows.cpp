// SPDX-License-Identifier: BSL-1.0
#include "conformance_rows.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <random>
#include <tidemark/rewindable_resource.hpp>
#include <tidemark/testing/checked_upstream.hpp>

#include "live_blocks.hpp"

namespace tidemark::testing {
namespace {

struct shape {
  std::size_t bytes;
  std::size_t alignment;
};

void require(bool kept, std::string const& broken) {
  if (!kept) throw violation{broken};
}

// A resource with its upstream, in the order in which they must end.
struct subject {
  /// `fail_at`: see `checked_upstream`. The resource is null if its constructor met the failure.
  explicit subject(resource_factory const& make, std::size_t fail_at = 0) {
    upstream.fail_at(fail_at);
    try {
      resource = make(&upstream);
    } catch (std::bad_alloc const&) {
      if (upstream.totals().failures == 0) throw;
      return;
    }
    require(resource != nullptr, "the factory made no resource");
  }
  void require_books_closed() {
    resource.reset();
    const auto complaint = upstream.complaint();
    require(complaint.empty(), complaint);
  }
  checked_upstream upstream{};
  std::shared_ptr<std::pmr::memory_resource> resource{};
};

bool holds_the_same(checked_upstream::books const& a, checked_upstream::books const& b) {
  return a.blocks_outstanding == b.blocks_outstanding && a.bytes_outstanding == b.bytes_outstanding;
}

// Mostly small, some over a page, few over what a pool keeps in its chunks; multiples of their
// alignment unless `odd`. Written out: std's distributions differ between libraries.
shape random_shape(std::mt19937_64& random, bool odd = false) {
  const auto kind = random() % 100;
  const std::size_t most = kind < 80 ? 256 : kind < 98 ? 8192 : 200000;
  const auto bytes = static_cast<std::size_t>(random() % (most + 1));
  const std::size_t alignment = std::size_t{1} << (kind % 10 == 0 ? random() % 9 : random() % 5);
  return {odd ? bytes : (bytes + alignment - 1) / alignment * alignment, alignment};
}

// Allocates and frees at random; about `held` blocks are left.
void load(live_blocks& blocks, std::mt19937_64 random, std::size_t operations, std::size_t held,
          bool odd = false) {
  for (std::size_t i = 0; i < operations; ++i) {
    if (blocks.count() > 0 && random() % (2 * held) < blocks.count()) {
      blocks.free(blocks.number_at(static_cast<std::size_t>(random() % blocks.count())));
    } else {
      const auto [bytes, alignment] = random_shape(random, odd);
      blocks.allocate(bytes, alignment);
    }
  }
}

void size_0(resource_factory const& make, conformance_traits const&) {
  const subject s{make};
  live_blocks blocks{*s.resource};
  for (const std::size_t alignment : {1U, 8U, 16U, 64U}) {
    for (int i = 0; i < 40; ++i) {
      blocks.allocate(0, alignment);
      blocks.allocate(1, 1);
    }
  }
  blocks.free_all_newest_first();
}

void impossible_sizes(resource_factory const& make, conformance_traits const&) {
  const subject s{make};
  live_blocks blocks{*s.resource};
  for (std::size_t bytes = 1; bytes < 300; bytes += 13) blocks.allocate(bytes, 8);
  const auto before = s.upstream.totals();
  constexpr std::array<std::size_t, 6> sizes{SIZE_MAX,        SIZE_MAX - 1,     SIZE_MAX - 15,
                                             SIZE_MAX - 4096, SIZE_MAX / 2 + 2, SIZE_MAX / 2 + 1};
  for (const auto bytes : sizes) {
    for (const std::size_t alignment : {1U, 16U, 4096U}) {
      bool refused = false;
      try {
        (void)s.resource->allocate(bytes, alignment);
      } catch (std::bad_alloc const&) {
        refused = true;
      }
      require(refused, std::to_string(bytes) + " bytes were handed out");
      require(holds_the_same(s.upstream.totals(), before),
              "a refused request of " + std::to_string(bytes) + " bytes changed the upstream");
    }
  }
  blocks.allocate(100, 16);
  blocks.verify();
}

void alignments(resource_factory const& make, conformance_traits const&) {
  const subject s{make};
  live_blocks blocks{*s.resource};
  for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
    for (const auto bytes : {std::size_t{1}, alignment / 2, alignment, 3 * alignment}) {
      blocks.allocate(bytes, alignment);
      blocks.allocate(1, 1);  // so that the next one does not lie right by luck
    }
  }
  blocks.free_all_newest_first();
}

void odd_sizes(resource_factory const& make, conformance_traits const& traits) {
  const subject s{make};
  live_blocks blocks{*s.resource};
  for (const auto [bytes, alignment] : {shape{24, 16}, shape{48, 32}, shape{96, 64}, shape{80, 32},
                                        shape{112, 64}, shape{320, 256}}) {
    for (int i = 0; i < 64; ++i) blocks.allocate(bytes, alignment);
  }
  for (std::size_t alignment = 2; alignment <= 8192; alignment *= 2) {
    for (const auto bytes : {alignment - 1, alignment + 1, 3 * alignment / 2}) {
      blocks.allocate(bytes, alignment);
    }
  }
  load(blocks, std::mt19937_64{traits.seed}, traits.load_operations / 3, 200, true);
  blocks.free_all_newest_first();
}

void random_load(resource_factory const& make, conformance_traits const& traits) {
  const subject s{make};
  live_blocks blocks{*s.resource};
  load(blocks, std::mt19937_64{traits.seed}, traits.load_operations, 300);
  blocks.verify();
  blocks.free_all_newest_first();
}

void free_order(resource_factory const& make, conformance_traits const& traits) {
  const subject s{make};
  live_blocks blocks{*s.resource};
  std::mt19937_64 random{traits.seed};
  constexpr std::size_t count = 200;
  const auto fill = [&] {
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < count; ++i) {
      const auto [bytes, alignment] = random_shape(random);
      numbers.push_back(blocks.allocate(bytes, alignment));
    }
    return numbers;
  };
  for (const auto number : fill()) blocks.free(number);  // oldest first
  fill();
  blocks.free_all_newest_first();
  auto numbers = fill();  // every other one, then the rest
  std::partition(numbers.begin(), numbers.end(), [](auto n) { return n % 2 == 0; });
  for (std::size_t i = 0; i < count; ++i) {
    blocks.free(numbers[i]);
    if (i % 16 == 0) blocks.verify();
  }
}

void equality(resource_factory const& make, conformance_traits const&) {
  subject s{make};
  const auto other = make(&s.upstream);
  require(s.resource->is_equal(*s.resource), "a resource does not equal itself");
  require(s.resource->is_equal(*other) == (s.resource == other), "two resources are equal");
  require(!s.resource->is_equal(s.upstream), "it equals its upstream");
  require(!s.resource->is_equal(*std::pmr::null_memory_resource()), "it equals another type");
}

void lazy(resource_factory const& make, conformance_traits const&) {
  subject s{make};
  require(s.upstream.calls() == 0,
          "the constructor asked " + std::to_string(s.upstream.calls()) + " times");
  s.require_books_closed();
}

void gives_back(resource_factory const& make, conformance_traits const& traits) {
  subject s{make};
  {
    live_blocks blocks{*s.resource};
    load(blocks, std::mt19937_64{traits.seed}, traits.load_operations / 6, 100);
    blocks.free_all_newest_first();
  }
  s.require_books_closed();
}

void gives_back_live(resource_factory const& make, conformance_traits const& traits) {
  subject s{make};
  live_blocks blocks{*s.resource};
  load(blocks, std::mt19937_64{traits.seed}, traits.load_operations / 6, 100);
  blocks.forget();
  s.require_books_closed();
}

// One allocation that may meet the failure: then nothing may have changed, and it works afterwards.
void allocate_despite_failure(subject& s, live_blocks& blocks, shape request) {
  const auto before = s.upstream.totals();
  try {
    blocks.allocate(request.bytes, request.alignment);
    return;
  } catch (std::bad_alloc const&) {
    const auto after = s.upstream.totals();
    require(after.failures != before.failures, "bad_alloc though upstream had memory");
    require(holds_the_same(after, before), "a failed allocation changed what upstream has given");
  }
  blocks.verify();
  blocks.allocate(request.bytes, request.alignment);
}

void upstream_failure(resource_factory const& make, conformance_traits const& traits) {
  bool met = true;
  for (std::size_t call = 1; met; ++call) {
    subject s{make, call};
    if (s.resource != nullptr) {
      std::mt19937_64 random{traits.seed};
      live_blocks blocks{*s.resource};
      for (int i = 0; i < 120; ++i) allocate_despite_failure(s, blocks, random_shape(random));
      blocks.free_all_newest_first();
    }
    met = s.upstream.totals().failures != 0;
    s.require_books_closed();
  }
}

void steady_state(resource_factory const& make, conformance_traits const& traits) {
  subject s{make};
  auto* const rewindable = dynamic_cast<rewindable_resource*>(s.resource.get());
  const auto run = [&] {
    const auto mark = rewindable != nullptr ? rewindable->checkpoint() : marker{};
    {
      live_blocks blocks{*s.resource};
      load(blocks, std::mt19937_64{traits.seed}, traits.load_operations / 3, 200);
      blocks.free_all_newest_first();
    }
    if (rewindable != nullptr) rewindable->rewind(mark);
    if (traits.end_of_run) traits.end_of_run(*s.resource);
  };
  run();
  const auto calls = s.upstream.calls();
  run();
  const auto more = s.upstream.calls() - calls;
  require(more == 0, "the second run asked " + std::to_string(more) + " times, the first " +
                         std::to_string(calls) + " times");
}

constexpr std::array definitions{
    row_definition{rows::size_0, &size_0},
    row_definition{rows::impossible_sizes, &impossible_sizes},
    row_definition{rows::alignments, &alignments},
    row_definition{rows::odd_sizes, &odd_sizes},
    row_definition{rows::random_load, &random_load},
    row_definition{rows::free_order, &free_order},
    row_definition{rows::equality, &equality},
    row_definition{rows::lazy, &lazy},
    row_definition{rows::gives_back, &gives_back},
    row_definition{rows::gives_back_live, &gives_back_live},
    row_definition{rows::upstream_failure, &upstream_failure},
    row_definition{rows::steady_state, &steady_state},
};

}  // namespace

std::span<row_definition const> all_rows() noexcept { return definitions; }

}  // namespace tidemark::testing
