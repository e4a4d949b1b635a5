// SPDX-License-Identifier: BSL-1.0

// Unloads a plug-in in a thread that had a hook of its: the thread must end nevertheless.
//
//   host PLUGIN      It does not link the library itself, which would stay loaded for it.

#include <dlfcn.h>

#include <cstdio>
#include <thread>

int main(int count, char** arguments) {
  if (count != 2) return 2;
  bool added = false;
  bool closed = false;
  std::thread{[&] {
    void* const plugin = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    void* const function = plugin != nullptr ? dlsym(plugin, "add_and_take_back") : nullptr;
    if (function == nullptr) {
      std::fprintf(stderr, "%s\n", dlerror());
      return;
    }
    added = reinterpret_cast<bool (*)()>(function)();
    closed = dlclose(plugin) == 0;
  }}.join();
  return added && closed ? 0 : 1;
}
