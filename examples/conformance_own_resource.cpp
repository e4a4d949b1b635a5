// SPDX-License-Identifier: BSL-1.0

// A resource of one's own, certified: all rows but two that it does not claim.

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <memory_resource>
#include <tidemark/testing/testing.hpp>

// Counts what is in use and passes every call on.
class counting_resource final : public std::pmr::memory_resource {
 public:
  explicit counting_resource(std::pmr::memory_resource* upstream) : upstream_(upstream) {}
  std::size_t bytes_in_use() const noexcept { return bytes_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const block = upstream_->allocate(bytes, alignment);
    bytes_ += bytes;
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    bytes_ -= bytes;
    upstream_->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  std::pmr::memory_resource* upstream_;
  std::size_t bytes_ = 0;
};

int main() {
  using namespace tidemark::testing;
  auto const make = [](std::pmr::memory_resource* upstream) {
    return std::make_unique<counting_resource>(upstream);
  };
  conformance_traits const traits{
      .not_claimed = {rows::steady_state, rows::gives_back_live}};  // it keeps no block
  auto const report = conformance(make, traits);
  std::cout << report << '\n';
  return report.passed() ? EXIT_SUCCESS : EXIT_FAILURE;
}
