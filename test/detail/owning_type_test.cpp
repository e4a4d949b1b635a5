// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tidemark/detail/owning_type.hpp>
#include <vector>

using tidemark::detail::is_owning_type;
using tidemark::detail::names;
using tidemark::detail::type_arguments;

namespace other::std {
struct vector {};
}  // namespace other::std

namespace {

template <class T>
::std::vector<T> local_type_is_owning() {
  struct local {};
  BOOST_TEST(!is_owning_type<local>());
  return {};
}
struct derived : ::std::string {};

static_assert(is_owning_type<::std::vector<int*>>());
static_assert(is_owning_type<::std::string>() && is_owning_type<::std::wstring>());
static_assert(is_owning_type<::std::list<::std::map<int, ::std::unique_ptr<int[]>>>>());
static_assert(is_owning_type<::std::chrono::seconds>());
static_assert(is_owning_type<::std::chrono::system_clock::time_point>());
static_assert(is_owning_type<::std::filesystem::path>());
static_assert(is_owning_type<::std::runtime_error>());

static_assert(!is_owning_type<int>() && !is_owning_type<derived>());
static_assert(!is_owning_type<::std::string_view>() && !is_owning_type<::std::exception>());
static_assert(!is_owning_type<::std::vector<int>::iterator>());
static_assert(!is_owning_type<::std::list<int>::iterator>());
static_assert(!is_owning_type<::std::map<int, int>::node_type>());
static_assert(!is_owning_type<other::std::vector>());

static_assert(
    ::std::same_as<type_arguments<::std::pair<int, char>>::list, ::std::tuple<int, char>*>);
static_assert(::std::same_as<type_arguments<int>::list, ::std::tuple<>*>);

}  // namespace

BOOST_AUTO_TEST_CASE(a_name_matches_whole_and_past_inline_namespaces) {
  BOOST_TEST(names("vector<int>", "vector"));
  BOOST_TEST(names("__1::vector<a<b>, c>", "vector"));
  BOOST_TEST(names("chrono::_V2::clock", "chrono::clock"));
  BOOST_TEST(names("__fs::chrono::clock", "chrono::clock"));
  BOOST_TEST(!names("vectors<int>", "vector"));
  BOOST_TEST(!names("pmr::vector<int>", "vector"));
  BOOST_TEST(!names("_vector<int>", "vector"));
  BOOST_TEST(!names("chrono", "chrono::clock"));
  BOOST_TEST(!names("", "vector"));
}

BOOST_AUTO_TEST_CASE(what_goes_on_behind_the_arguments_is_another_type) {
  BOOST_TEST(!names("vector<int>::node", "vector"));
  BOOST_TEST(!names("vector<int> f()::<lambda(a<int>)>", "vector"));
  BOOST_TEST(!names("vector::node", "vector"));
  BOOST_TEST(!names("vector<int", "vector"));
  BOOST_TEST(local_type_is_owning<int>().empty());
}
