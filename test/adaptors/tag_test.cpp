// SPDX-License-Identifier: BSL-1.0
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <tidemark/adaptors/tag.hpp>
#include <vector>

using namespace tidemark;

namespace {
using both_tags = boost::mpl::list<tag, shared_tag>;
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_tag_counts_bytes_blocks_and_their_peak, Tag, both_tags) {
  Tag physics{"physics"};
  physics.charge(100);
  physics.charge(20);
  physics.refund({.bytes = 100, .blocks = 1});
  physics.charge(10);
  auto const stats = physics.stats();
  BOOST_TEST(stats.bytes == 30U);
  BOOST_TEST(stats.blocks == 2U);
  BOOST_TEST(stats.bytes_peak == 120U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_tag_without_others_below_is_its_own_total, Tag, both_tags) {
  Tag physics{"physics"};
  physics.charge(100);
  physics.refund({.bytes = 60, .blocks = 1});
  auto const stats = physics.stats();
  BOOST_TEST(stats.total_bytes == stats.bytes);
  BOOST_TEST(stats.total_blocks == stats.blocks);
  BOOST_TEST(stats.total_bytes_peak == 100U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_total_is_that_of_all_tags_below, Tag, both_tags) {
  Tag game{"game"};
  Tag physics{"physics", &game};
  Tag broad{"broadphase", &physics};
  Tag audio{"audio", &game};
  game.charge(1);
  physics.charge(10);
  broad.charge(100);
  audio.charge(1000);
  BOOST_TEST(game.stats().total_bytes == 1111U);
  BOOST_TEST(game.stats().total_blocks == 4U);
  BOOST_TEST(game.stats().bytes == 1U);
  BOOST_TEST(physics.stats().total_bytes == 110U);
  broad.refund({.bytes = 100, .blocks = 1});
  BOOST_TEST(game.stats().total_bytes == 1011U);
  BOOST_TEST(physics.stats().total_bytes == 10U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_peak_of_a_total_is_of_one_moment, Tag, both_tags) {
  Tag game{"game"};
  Tag physics{"physics", &game};
  Tag audio{"audio", &game};
  physics.charge(100);
  physics.refund({.bytes = 100, .blocks = 1});
  audio.charge(70);
  game.charge(50);
  BOOST_TEST(game.stats().total_bytes_peak == 120U);  // not 220, the sum of the peaks
  BOOST_TEST(game.stats().bytes_peak == 50U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_peak_from_before_the_first_tag_below_stays, Tag, both_tags) {
  Tag game{"game"};
  game.charge(500);
  game.refund({.bytes = 500, .blocks = 1});
  Tag physics{"physics", &game};
  physics.charge(10);
  BOOST_TEST(game.stats().total_bytes_peak == 500U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_peak_of_a_total_outlives_the_tag_below, Tag, both_tags) {
  Tag game{"game"};
  {
    Tag level{"level", &game};
    level.charge(64);
    level.refund({.bytes = 64, .blocks = 1});
  }
  BOOST_TEST(game.stats().total_bytes == 0U);
  BOOST_TEST(game.stats().total_bytes_peak == 64U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_path_names_all_tags_from_the_root_on, Tag, both_tags) {
  Tag game{"game"};
  Tag physics{"physics/collision", &game};
  Tag broad{"broadphase", &physics};
  BOOST_TEST(broad.path() == "game/physics/collision/broadphase");
  BOOST_TEST(broad.name() == "broadphase");
  BOOST_TEST(broad.parent() == &physics);
  BOOST_TEST(game.parent() == nullptr);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_tree_lists_each_tag_before_those_below, Tag, both_tags) {
  Tag game{"game"};
  Tag physics{"physics", &game};
  auto level = std::make_unique<Tag>("level", &game);
  Tag audio{"audio", &game};
  Tag broad{"broadphase", &physics};
  level.reset();
  std::vector<std::string> paths;
  for (auto const& stats : game.tree()) paths.push_back(stats.path);
  std::vector<std::string> const expected{"game", "game/physics", "game/physics/broadphase",
                                          "game/audio"};
  BOOST_TEST(paths == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_tag_prints_as_a_table, Tag, both_tags) {
  Tag game{"game"};
  Tag physics{"physics", &game};
  game.charge(5);
  physics.charge(1234567890);
  std::ostringstream out;
  out << game;
  BOOST_TEST(out.str() ==
             "tag              bytes    blocks  bytes_peak  total_bytes  total_blocks  "
             "total_bytes_peak\n"
             "game                 5         1           5   1234567895             2  "
             "      1234567895\n"
             "game/physics  1234567890         1  1234567890   1234567890             1  "
             "      1234567890\n");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_tag_is_json, Tag, both_tags) {
  Tag game{"ga\"me"};
  Tag physics{"physics", &game};
  physics.charge(8);
  BOOST_TEST(to_json(game) ==
             R"([{"path":"ga\"me","bytes":0,"blocks":0,"bytes_peak":0,"total_bytes":8,)"
             R"("total_blocks":1,"total_bytes_peak":8},)"
             R"({"path":"ga\"me/physics","bytes":8,"blocks":1,"bytes_peak":8,"total_bytes":8,)"
             R"("total_blocks":1,"total_bytes_peak":8}])");
}

BOOST_AUTO_TEST_CASE(the_numbers_of_a_tag_print_in_one_line) {
  tag game{"game"};
  game.charge(8);
  std::ostringstream out;
  out << game.stats();
  BOOST_TEST(out.str() ==
             "game: bytes=8 blocks=1 bytes_peak=8 total_bytes=8 total_blocks=1 total_bytes_peak=8");
}

BOOST_AUTO_TEST_CASE(threads_may_charge_and_make_shared_tags_of_one_parent) {
  shared_tag game{"game"};
  shared_tag physics{"physics", &game};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        shared_tag job{"job", &game};
        job.charge(16);
        physics.charge(8);
        physics.charge(4);
        physics.refund({.bytes = 4, .blocks = 1});
        job.refund({.bytes = 16, .blocks = 1});
        if (i % 100 == 0) (void)game.tree();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  auto const stats = game.stats();
  BOOST_TEST(stats.bytes == 0U);
  BOOST_TEST(stats.total_bytes == 8U * 500U * 8U);
  BOOST_TEST(stats.total_blocks == 8U * 500U);
  BOOST_TEST(stats.total_bytes_peak >= stats.total_bytes);
  BOOST_TEST(stats.total_bytes_peak <= 8U * 500U * 8U + 8U * (16U + 4U));
  BOOST_TEST(game.tree().size() == 2U);
}
