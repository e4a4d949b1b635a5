// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <tidemark/error.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <type_traits>
#include <vector>

using namespace tidemark;

namespace {

// A user's own pool, as small as one can be: it knows which marks are open and owns no memory.
class own_pool final : public rewindable_resource {
 public:
  std::vector<marker> open;
  source_location last_place;
  int kept = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }
  marker do_checkpoint(bool, source_location where) override {
    last_place = where;
    open.push_back(new_marker(static_cast<std::uint32_t>(open.size()) + 1));
    return open.back();
  }
  void do_rewind(marker mark, source_location where) noexcept override { close(mark, where); }
  void do_keep(marker mark, source_location where) noexcept override {
    if (close(mark, where)) ++kept;
  }
  void do_empty(marker, source_location) noexcept override {}
  void do_end_scope(marker mark, bool) noexcept override { close(mark, {}); }
  bool do_is_open(marker mark) const noexcept override {
    const auto depth = detail::marker_access::depth(mark);
    return depth > 0 && depth <= open.size() && open[depth - 1] == mark;
  }
  std::pmr::memory_resource* do_resource_of(marker mark) noexcept override {
    return do_is_open(mark) ? static_cast<std::pmr::memory_resource*>(this)
                            : std::pmr::null_memory_resource();
  }
  std::pmr::memory_resource* do_unscoped() noexcept override { return this; }

  bool close(marker mark, source_location where) noexcept {
    last_place = where;
    if (!do_is_open(mark)) {
      misuse bug;
      bug.resource = resource_name{"own"};
      bug.used = where;
      report_misuse(bug);
      return false;
    }
    open.resize(detail::marker_access::depth(mark) - 1);
    return true;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_users_own_pool_is_marked_and_rewound_through_the_base) {
  own_pool own;
  rewindable_resource& pool = own;
  const auto outer = pool.checkpoint();
  BOOST_TEST(own.last_place.line == __LINE__ - 1U);
  const auto inner = pool.checkpoint();
  BOOST_TEST((outer != inner));
  BOOST_TEST(own.open.size() == 2U);
  pool.rewind(outer);
  BOOST_TEST(own.last_place.line == __LINE__ - 1U);
  BOOST_TEST(own.open.empty());
}

BOOST_AUTO_TEST_CASE(keep_is_not_rewind) {
  own_pool own;
  rewindable_resource& pool = own;
  pool.keep(pool.checkpoint());
  BOOST_TEST(own.kept == 1);
  pool.rewind(pool.checkpoint());
  BOOST_TEST(own.kept == 1);
}

BOOST_AUTO_TEST_CASE(a_users_own_pool_tells_markers_of_other_pools_from_its_own) {
  testing::misuse_recorder recorder;
  own_pool first;
  own_pool second;
  const auto mark = first.checkpoint();
  const auto other = second.checkpoint();
  second.rewind(mark);
  second.rewind(marker{});
  BOOST_TEST(recorder.seen.size() == 2U);
  BOOST_TEST(second.open.size() == 1U);
  BOOST_TEST(second.resource_of(mark) == std::pmr::null_memory_resource());
  BOOST_TEST(second.resource_of(other) == &second);
}

BOOST_AUTO_TEST_CASE(a_door_for_scopes_reaches_the_protected_half) {
  own_pool own;
  rewindable_resource& pool = own;
  const auto mark = detail::scope_access::open(pool, source_location{"here.cpp", 3});
  BOOST_TEST(own.last_place.line == 3U);
  BOOST_TEST(detail::scope_access::is_open(pool, mark));
  detail::scope_access::end(pool, mark, false);
  BOOST_TEST(!detail::scope_access::is_open(pool, mark));
  static_assert(!std::is_copy_constructible_v<rewindable_resource>);
}
