// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the tests of may_point_into_pool say of types, and types that they share.

#include <boost/core/demangle.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <tidemark/detail/escape.hpp>
#include <typeinfo>

namespace support {

template <class T>
void check_one(bool expected) {
  bool const answer = tidemark::may_point_into_pool<T>;
  BOOST_TEST(answer == expected, "wrong about " << boost::core::demangle(typeid(T*).name()));
}
template <class... T>
void stay_inside() {
  (check_one<T>(true), ...);
}
template <class... T>
void may_leave() {
  (check_one<T>(false), ...);
}

struct plain {
  int number;
  double weight;
  std::string name;
};
template <class T>
struct boxed {
  T value;
};

}  // namespace support
