# SPDX-License-Identifier: BSL-1.0
# Sourced by the run scripts: which Debian packages each needs, and how it comes to have them.

packages_to_build=(g++ cmake ninja-build libboost1.81-dev libmimalloc2.0)
packages_to_show=("${packages_to_build[@]}" libcli11-dev iso-codes)
packages_to_measure=("${packages_to_show[@]}"
  python3 libbenchmark-dev libboost-container1.81-dev libboost-json1.81-dev valgrind
  libfoonathan-memory-dev libjemalloc2 libtbbmalloc2)
packages_to_test=("${packages_to_measure[@]}" libboost-test1.81-dev)
packages_to_install=("${packages_to_build[@]}" meson pkg-config binutils)
packages_to_prove=("${packages_to_test[@]}"
  "${packages_to_install[@]}"
  g++-12 clang-14 llvm-14 clang-19 libclang-rt-19-dev clang-format-19 clang-tidy-19 gcovr)

# missing_packages NAME...: those that are not installed.
missing_packages() {
  local name
  for name in "$@"; do
    case $(dpkg-query -W -f='${db:Status-Abbrev}' "$name" 2>/dev/null) in
      ii*) ;;
      *) echo "$name" ;;
    esac
  done
}

# need_packages NAME...: installs what is missing; asks nothing of apt if all is there. It never
# removes a package: Boost 1.81 excludes the headers of 1.74, and those are the user's to give up.
need_packages() {
  local missing admin=()
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  echo "Installing: ${missing[*]}" >&2
  ((EUID == 0)) || admin=(sudo)
  # A source that cannot be reached need not be the one that is needed: the install decides.
  "${admin[@]}" apt-get update >&2 || true
  if "${admin[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install \
    --yes --no-install-recommends --no-remove "${missing[@]}" >&2; then
    return 0
  fi
  mapfile -t missing < <(missing_packages "$@")
  echo "These Debian packages are needed and could not be installed: ${missing[*]}" >&2
  echo "Install them by hand, then run this again:" >&2
  echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
  return 1
}
