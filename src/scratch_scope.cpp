// SPDX-License-Identifier: BSL-1.0
#include <stdexcept>
#include <tidemark/scratch_scope.hpp>
#include <typeinfo>

namespace tidemark {

namespace {

// Exact types first: of these the answer costs a fraction of a dynamic cast.
frame_resource* frame_behind(std::pmr::memory_resource* resource) {
  if (resource == nullptr) throw std::invalid_argument("scratch_scope: the resource is null");
  std::type_info const& type = typeid(*resource);
  if (type == typeid(frame_resource)) return static_cast<frame_resource*>(resource);
  if (type != typeid(detail::frame_scope_resource)) return nullptr;
  rewindable_resource& pool = static_cast<detail::frame_scope_resource*>(resource)->pool();
  return typeid(pool) == typeid(frame_resource) ? static_cast<frame_resource*>(&pool) : nullptr;
}

rewindable_resource* pool_behind(std::pmr::memory_resource* resource) {
  if (auto* const pool = dynamic_cast<rewindable_resource*>(resource)) return pool;
  auto const* const bound = dynamic_cast<detail::bound_resource_base*>(resource);
  return bound != nullptr ? &bound->pool() : nullptr;
}

}  // namespace

scratch_scope::scratch_scope(std::pmr::memory_resource* resource, source_location where)
    : frame_(frame_behind(resource)) {
  pool_ = frame_ != nullptr ? frame_ : pool_behind(resource);
  if (pool_ == nullptr) {
    pool_ = frame_ = &own_.emplace(frame_options{.name = "scratch_scope"}, resource);
  }
  mark_ = detail::scope_access::open(*pool_, where);
}

scratch_scope::scratch_scope(rewindable_resource& pool, source_location where)
    : pool_(&pool), frame_(frame_behind(&pool)), mark_(detail::scope_access::open(pool, where)) {}

scratch_scope::~scratch_scope() {
  destroy_made();
  detail::scope_access::end(*pool_, mark_, keep_);
}

void scratch_scope::reset(source_location where) noexcept {
  destroy_made();
  detail::scope_access::empty(*pool_, mark_, where);
}

bool scratch_scope::keep() noexcept {
  keep_ = !own_.has_value();
  return keep_;
}

void* scratch_scope::try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
  if (frame_ != nullptr) {
    return detail::scope_access::try_allocate(*frame_, mark_, bytes, alignment);
  }
  try {
    return resource()->allocate(bytes, alignment);
  } catch (...) {  // whatever the pool throws: there is no memory
    return nullptr;
  }
}

void scratch_scope::destroy_made() noexcept {
  if (!is_open()) {  // a reset of the pool has taken the objects' memory already
    made_ = {};
    return;
  }
  while (detail::finalizer* const made = made_.pop()) made->run(made);
}

}  // namespace tidemark
