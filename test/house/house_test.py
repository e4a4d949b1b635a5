# SPDX-License-Identifier: BSL-1.0
"""Proves that the house tests can fail: each rule is broken once in a tree made for it."""
import tempfile
import unittest
from pathlib import Path

import builds
import files
import layers

SPDX = "// SPDX-License-Identifier: BSL-1.0\n"


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def plant(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def assert_one(self, found, *parts):
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])


class Layers(Tree):
    def include(self, stem, *targets, folder="include/tidemark", ending="hpp"):
        lines = [f"#include <{target}>\n" for target in targets]
        self.plant(f"{folder}/{stem}.{ending}", SPDX + "".join(lines))

    def found(self):
        return layers.violations(self.root)

    def test_arrows_down_and_left_are_fine(self):
        self.include("detail/align", "cstddef", "tidemark/config.hpp")
        self.include("error", "tidemark/detail/align.hpp")
        self.include("marker", "tidemark/error.hpp")
        self.include("tasks/runtime", "oneapi/tbb.h", "tidemark/marker.hpp")
        self.include("error", "tidemark/error.hpp", folder="src", ending="cpp")
        self.assertEqual(self.found(), [])

    def test_an_arrow_up(self):
        self.include("marker", "tidemark/frame_resource.hpp")
        self.assert_one(self.found(), "include/tidemark/marker.hpp", "points up")

    def test_an_arrow_up_from_a_source(self):
        self.include("marker", "tidemark/report.hpp", folder="src", ending="cpp")
        self.assert_one(self.found(), "src/marker.cpp", "points up")

    def test_an_arrow_up_from_a_second_source_of_a_header(self):
        self.include("frame_resource_slow", "tidemark/report.hpp", folder="src", ending="cpp")
        self.assert_one(self.found(), "src/frame_resource_slow.cpp", "points up")

    def test_an_arrow_right(self):
        self.include("frame_resource", "tidemark/memory_scope.hpp")
        self.assert_one(self.found(), "points right in its own row")

    def test_detail_reaches_only_detail_and_config(self):
        self.include("detail/align", "tidemark/literals.hpp")
        self.assert_one(self.found(), "detail/ includes only")

    def test_onetbb_outside_tasks(self):
        for header in ["tbb/task_group.h", "oneapi/tbb.h", "oneapi/tbb/task_arena.h"]:
            self.include("error", header)
            self.assert_one(self.found(), "include/tidemark/error.hpp", "tasks/ only")

    def test_umbrellas_stand_above_what_they_gather(self):
        self.include("testing/testing", "tidemark/testing/misuse_recorder.hpp")
        self.include("testing/misuse_recorder", "tidemark/tidemark.hpp")
        self.assert_one(self.found(), "testing/misuse_recorder.hpp", "points right")

    def test_a_header_without_a_place(self):
        self.include("helpers")
        self.assert_one(self.found(), "helpers.hpp", "no place")

    def test_a_circle_within_a_folder(self):
        self.include("detail/one", "tidemark/detail/two.hpp")
        self.include("detail/two", "tidemark/detail/one.hpp")
        self.assert_one(self.found(), "circle", "detail/one -> detail/two -> detail/one")

    def test_a_comment_is_no_include(self):
        self.plant("include/tidemark/marker.hpp",
                   SPDX + "// #include <tidemark/tidemark.hpp>\n"
                   "/*\n#include <tidemark/tidemark.hpp>\n*/\n")
        self.assertEqual(self.found(), [])


class Files(Tree):
    def found(self):
        return files.violations(self.root)

    def test_a_tidy_tree_is_fine(self):
        self.plant("include/tidemark/marker.hpp", SPDX)
        self.plant("test/marker_test.cpp", SPDX + "BOOST_TEST(true)\n")
        self.plant("test/CMakeLists.txt", SPDX.replace("//", "#") + "tidemark_test(marker)\n")
        self.plant("cmake/sources.cmake",
                   SPDX.replace("//", "#") + "  include/tidemark/marker.hpp\n")
        self.assertEqual(self.found(), [])

    def test_no_license_line(self):
        self.plant("perf/one.cpp", "int main() {}\n")
        self.assert_one(self.found(), "perf/one.cpp", "license")

    def test_a_script_names_its_license_below_its_interpreter(self):
        self.plant("perf/run", "#!/usr/bin/env bash\n# SPDX-License-Identifier: BSL-1.0\n")
        self.assertEqual(self.found(), [])

    def test_line_limits(self):
        for name, limit in [("examples/one.cpp", 60), ("examples/big/main.cpp", 350),
                            ("perf/one.cpp", 250), ("test/support/one.hpp", 400),
                            ("cmake/one.cmake", 200), ("examples/CMakeLists.txt", 200)]:
            with self.subTest(name):
                mark = SPDX if name.endswith("pp") else SPDX.replace("//", "#")
                self.plant(name, mark + "\n" * (limit - 1))
                self.assertEqual(self.found(), [])
                self.plant(name, mark + "\n" * limit)
                self.assert_one(self.found(), name, f"{limit + 1} lines")
                (self.root / name).unlink()

    def test_a_long_header_and_a_long_source(self):
        self.plant("cmake/sources.cmake", SPDX.replace("//", "#") +
                   "  include/tidemark/config.hpp\n  src/config.cpp\n")
        for name in ["include/tidemark/config.hpp", "src/config.cpp"]:
            self.plant(name, SPDX + "\n" * 350)
        found = self.found()
        self.assertEqual([line.split(":")[0] for line in found],
                         ["include/tidemark/config.hpp", "src/config.cpp"])

    def test_a_wide_line(self):
        self.plant("perf/one.cpp", SPDX + "/" * 101 + "\n")
        self.assert_one(self.found(), "line 2 has 101 columns")

    def test_unfinished_work(self):
        for word in ["TO" + "DO", "FIX" + "ME"]:
            self.plant("perf/one.cpp", SPDX + f"// {word}: the rest\n")
            self.assert_one(self.found(), "line 2 is unfinished")

    def test_iostream_in_a_public_header(self):
        self.plant("cmake/sources.cmake",
                   SPDX.replace("//", "#") + "  include/tidemark/config.hpp\n")
        self.plant("include/tidemark/config.hpp", SPDX + "#include <iostream>\n")
        self.assert_one(self.found(), "includes <iostream>")

    def test_a_macro_outside_config_and_detail(self):
        self.plant("cmake/sources.cmake", SPDX.replace("//", "#") +
                   "  src/detail/poison.cpp\n  src/error.cpp\n")
        self.plant("src/detail/poison.cpp", SPDX + "#define TIDEMARK_POISON 1\n")
        self.plant("src/error.cpp", SPDX + "#define TIDEMARK_ERROR 1\n")
        self.assert_one(self.found(), "src/error.cpp", "macro")

    def test_a_header_without_a_test(self):
        self.plant("cmake/sources.cmake",
                   SPDX.replace("//", "#") + "  include/tidemark/upstream/page_resource.hpp\n")
        self.plant("include/tidemark/upstream/page_resource.hpp", SPDX)
        self.assert_one(self.found(), "has no test/upstream/page_resource_test.cpp")

    def test_a_test_that_sleeps_or_checks_nothing_or_is_not_registered(self):
        self.plant("test/marker_test.cpp", SPDX + "sleep_for(1s);\n")
        found = "\n".join(self.found())
        for part in ["a test sleeps", "checks nothing", "does not name it"]:
            self.assertIn(part, found)

    def test_a_test_with_threads_that_thread_sanitizer_does_not_run(self):
        for line in ["std::thread{f}.join();", "std::jthread t{f};", "std::async(f);"]:
            with self.subTest(line):
                self.plant("test/marker_test.cpp", SPDX + line + "\nBOOST_TEST(true)\n")
                registered = SPDX.replace("//", "#") + "tidemark_test(marker)\n"
                self.plant("test/CMakeLists.txt", registered)
                self.assert_one(self.found(), "test/marker_test.cpp", "no tidemark_threaded")
                self.plant("test/CMakeLists.txt", registered + "tidemark_threaded(marker)\n")
                self.assertEqual(self.found(), [])

    def test_unregistered_call_sites_and_negative_compile_tests(self):
        self.plant("test/callsites/keep.cpp", "")
        self.plant("test/compile_fail/view.cpp", SPDX)
        self.plant("test/planted/overrun.cpp", SPDX)
        found = "\n".join(self.found())
        self.assertIn("test/callsites/keep.cpp: test/CMakeLists.txt does not name it", found)
        self.assertIn("test/planted/overrun.cpp: test/CMakeLists.txt does not name it", found)
        self.assertIn("test/compile_fail/view.cpp: test/CMakeLists.txt does not name it", found)

    def test_the_source_list_is_the_tree(self):
        self.plant("cmake/sources.cmake", SPDX.replace("//", "#") + "  src/stats.cpp\n")
        self.plant("src/error.cpp", SPDX)
        found = "\n".join(self.found())
        self.assertIn("src/error.cpp: cmake/sources.cmake does not list it", found)
        self.assertIn("src/stats.cpp: cmake/sources.cmake lists it", found)

    def test_the_source_list_is_sorted(self):
        self.plant("cmake/sources.cmake", SPDX.replace("//", "#") +
                   "  src/stats.cpp\n  src/error.cpp\n")
        for name in ["src/error.cpp", "src/stats.cpp"]:
            self.plant(name, SPDX)
        self.assert_one(self.found(), "not sorted")


class Builds(Tree):
    """A tree of one entry in each list, then with one of them changed."""

    LISTS = {
        "include/tidemark/config.hpp": "#define TIDEMARK_VERSION_MAJOR 1\n"
                                       "#define TIDEMARK_VERSION_MINOR 2\n"
                                       "#define TIDEMARK_VERSION_PATCH 3\n",
        "CMakeLists.txt": "project(tidemark VERSION 1.2.3 LANGUAGES CXX)\n",
        "meson.build": "project('tidemark', 'cpp',\n  version: '1.2.3')\n",
        "cmake/sources.cmake": "set(TIDEMARK_HEADERS\n  include/a.hpp\n)\n"
                               "set(TIDEMARK_SOURCES\n  src/a.cpp\n)\n",
        "include/meson.build": "headers = [\n  'a.hpp',\n]\n",
        "src/meson.build": "sources = files(\n  'a.cpp',\n)\n",
        "test/CMakeLists.txt": "tidemark_test(a)\nif(B)\n  tidemark_test(b/c)\nendif()\n"
                               "tidemark_callsite(d)\ntidemark_planted(g)\n",
        "test/meson.build": "unit_tests = [\n  'a',\n]\nexample_tests = [\n  'b/c',\n]\n"
                            "callsites = [\n  'd',\n]\nplanted = [\n  'g',\n]\n",
        "examples/CMakeLists.txt": "function(tidemark_example name)\ntidemark_example(e)\n",
        "examples/meson.build": "examples = [\n  'e',\n]\n",
        "examples/cpp_outline/CMakeLists.txt": "add_library(cpp_outline_parts STATIC\n  f.cpp\n)\n",
        "examples/cpp_outline/meson.build": "parts = [\n  'f.cpp',\n]\n",
        "examples/typed_stack_solver/CMakeLists.txt":
            "add_library(typed_stack_solver_parts STATIC\n  g.cpp\n)\n",
        "examples/typed_stack_solver/meson.build": "parts = [\n  'g.cpp',\n]\n",
        "examples/request_service/CMakeLists.txt":
            "add_library(request_service_parts STATIC\n  h.cpp\n)\n",
        "examples/request_service/meson.build": "parts = [\n  'h.cpp',\n]\n",
        "examples/support/CMakeLists.txt": "add_library(examples_support STATIC\n  i.cpp\n)\n",
        "examples/support/meson.build": "shared_parts = [\n  'i.cpp',\n]\n",
    }

    def setUp(self):
        super().setUp()
        for name, text in self.LISTS.items():
            self.plant(name, text)

    def found(self):
        return builds.violations(self.root)

    def test_equal_lists_are_fine(self):
        self.assertEqual(self.found(), [])

    def test_an_entry_that_one_build_lacks(self):
        for name, entry in [("cmake/sources.cmake", "  include/a.hpp\n"),
                            ("cmake/sources.cmake", "  src/a.cpp\n"),
                            ("include/meson.build", "  'a.hpp',\n"),
                            ("src/meson.build", "  'a.cpp',\n"),
                            ("test/CMakeLists.txt", "tidemark_test(a)\n"),
                            ("test/CMakeLists.txt", "  tidemark_test(b/c)\n"),
                            ("test/CMakeLists.txt", "tidemark_callsite(d)\n"),
                            ("test/CMakeLists.txt", "tidemark_planted(g)\n"),
                            ("test/meson.build", "  'a',\n"),
                            ("test/meson.build", "  'b/c',\n"),
                            ("test/meson.build", "  'd',\n"),
                            ("test/meson.build", "  'g',\n"),
                            ("examples/CMakeLists.txt", "tidemark_example(e)\n"),
                            ("examples/meson.build", "  'e',\n"),
                            ("examples/cpp_outline/CMakeLists.txt", "  f.cpp\n"),
                            ("examples/cpp_outline/meson.build", "  'f.cpp',\n"),
                            ("examples/typed_stack_solver/CMakeLists.txt", "  g.cpp\n"),
                            ("examples/typed_stack_solver/meson.build", "  'g.cpp',\n"),
                            ("examples/request_service/CMakeLists.txt", "  h.cpp\n"),
                            ("examples/request_service/meson.build", "  'h.cpp',\n"),
                            ("examples/support/CMakeLists.txt", "  i.cpp\n"),
                            ("examples/support/meson.build", "  'i.cpp',\n")]:
            with self.subTest(name=name, entry=entry):
                self.assertIn(entry, self.LISTS[name])
                self.plant(name, self.LISTS[name].replace(entry, ""))
                self.assert_one(self.found(), f"{name}: lacks ")
                self.plant(name, self.LISTS[name])

    def test_a_list_that_neither_build_has(self):
        self.plant("src/meson.build", "")
        self.plant("cmake/sources.cmake", "set(TIDEMARK_HEADERS\n  include/a.hpp\n)\n")
        self.assert_one(self.found(), "neither has the list of sources")

    def test_an_entry_that_stands_twice(self):
        self.plant("src/meson.build", "sources = files(\n  'a.cpp',\n  'a.cpp',\n)\n")
        self.assert_one(self.found(), "src/meson.build: src/a.cpp stands twice")

    def test_different_versions(self):
        for name in ["CMakeLists.txt", "meson.build"]:
            with self.subTest(name):
                self.plant(name, self.LISTS[name].replace("1.2.3", "1.2.4"))
                self.assert_one(self.found(), f"{name}: the version is 1.2.4", "says 1.2.3")
                self.plant(name, self.LISTS[name])


if __name__ == "__main__":
    unittest.main()
