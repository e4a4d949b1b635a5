// SPDX-License-Identifier: BSL-1.0

// A test of one's own: memory runs out at one exact place, and the object must be as before.

#include <cstdlib>
#include <memory_resource>
#include <new>
#include <string>
#include <string_view>
#include <tidemark/adaptors/failing_resource.hpp>
#include <vector>

class contacts {
 public:
  explicit contacts(std::pmr::memory_resource* memory) : names_(memory), numbers_(memory) {}
  void add(std::string_view name, std::string_view number) {
    names_.emplace_back(name);
    try {
      numbers_.emplace_back(number);
    } catch (...) {
      names_.pop_back();  // both or none: what this test is for
      throw;
    }
  }
  bool consistent() const { return names_.size() == numbers_.size(); }
  std::size_t size() const { return names_.size(); }

 private:
  std::pmr::vector<std::pmr::string> names_, numbers_;
};

int main() {
  tidemark::failing_resource memory{std::pmr::new_delete_resource()};
  contacts book{&memory};
  book.add("somebody with a name of some length", "a number with very many digits");
  memory.fail_at(4);  // names' array, the name, numbers' array, and now the number
  bool refused = false;
  try {
    book.add("somebody else with a name of some length", "another number with many digits");
  } catch (std::bad_alloc const&) {
    refused = true;
  }
  bool const right = refused && memory.failures() == 1 && book.consistent() && book.size() == 1;
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
