#include "common/rpc/dispatcher.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "common/rpc/methods.h"
#include "common/rpc/own_fields.h"
#include "proto/types.pb.h"

namespace strom::rpc {
namespace {

bool Serves(Audience audience, const MethodInfo& method) {
  switch (audience) {
    case Audience::kServers:
      return true;
    case Audience::kStromClients:
      return method.visibility == Visibility::kPublic;
    case Audience::kFlussClients:
      return method.visibility == Visibility::kPublic && method.api_key < kFirstOwnApiKey;
  }
  return false;
}

}  // namespace

Dispatcher::FieldGuard::FieldGuard(std::string_view method,
                                   const google::protobuf::Message& prototype)
    : method_(method), has_own_fields_(CanHoldOwnField(*prototype.GetDescriptor())) {}

Status Dispatcher::FieldGuard::operator()(const RequestContext& ctx,
                                          const google::protobuf::Message& request) const {
  if (!has_own_fields_ || ctx.listener().audience != Audience::kFlussClients) return Status::Ok();
  const google::protobuf::FieldDescriptor* field = FindOwnField(request);
  if (!field) return Status::Ok();
  return Error(ErrorCode::kUnsupportedVersion, "{}: field {} ({}) is not served on listener {}",
               method_, field->full_name(), field->number(), ctx.listener().name);
}

Dispatcher::Dispatcher(Options options) : options_(options), budget_(options.request_bytes_max) {}
Dispatcher::~Dispatcher() = default;

void Dispatcher::Add(const MethodInfo& method, const google::protobuf::Message& request_prototype,
                     RunFn run) {
  const bool added =
      entries_
          .emplace(method.api_key,
                   Entry{method, FieldGuard(method.name, request_prototype), std::move(run)})
          .second;
  STROM_CHECK(added) << "api key " << method.api_key << " has two handlers";
  keys_by_name_[{method.service, method.name}] = method.api_key;
}

void Dispatcher::Dispatch(RequestContext ctx, BytesView body, ReplyFn reply) const {
  STROM_CHECK(ctx.caller != nullptr);
  const auto it = entries_.find(ctx.api_key);
  if (it == entries_.end() || !Serves(ctx.listener().audience, it->second.method)) {
    return reply(Error(ErrorCode::kUnsupportedVersion, "api key {} is not served on listener {}",
                       ctx.api_key, ctx.listener().name));
  }
  const auto& [method, guard, run] = it->second;
  if (options_.observer) reply = Observed(method, ctx, std::move(reply));
  if (ctx.api_version < method.version_min || ctx.api_version > method.version_max) {
    return reply(Error(ErrorCode::kUnsupportedVersion, "{}: version {} is not in {}..{}",
                       method.name, ctx.api_version, method.version_min, method.version_max));
  }
  run(ctx, body, guard, std::move(reply));
}

ReplyFn Dispatcher::Observed(const MethodInfo& method, const RequestContext& ctx,
                             ReplyFn reply) const {
  options_.observer->OnRequest(method, ctx);
  return [observer = options_.observer, &method, ctx,
          reply = std::move(reply)](Result<Bytes> result) mutable {
    observer->OnReply(method, ctx, result.status().code(), result.ok() ? result->size() : 0);
    reply(std::move(result));
  };
}

const MethodInfo* Dispatcher::Find(int16_t api_key) const {
  const auto it = entries_.find(api_key);
  return it == entries_.end() ? nullptr : &it->second.method;
}

const MethodInfo* Dispatcher::Find(std::string_view service, std::string_view name) const {
  const auto it = keys_by_name_.find({service, name});
  return it == keys_by_name_.end() ? nullptr : Find(it->second);
}

std::vector<const MethodInfo*> Dispatcher::MethodsFor(Audience audience) const {
  std::vector<const MethodInfo*> methods;
  for (const auto& [key, entry] : entries_) {
    if (Serves(audience, entry.method)) methods.push_back(&entry.method);
  }
  return methods;
}

void FillApiVersions(const Dispatcher& dispatcher, Audience audience,
                     pb::ApiVersionsResponse* response) {
  const auto add = [response](const MethodInfo& method) {
    pb::PbApiVersion* version = response->add_api_versions();
    version->set_api_key(method.api_key);
    version->set_min_version(method.version_min);
    version->set_max_version(method.version_max);
  };
  for (const MethodInfo* method : dispatcher.MethodsFor(audience)) add(*method);
  if (!dispatcher.Find(kAuthenticate.api_key)) add(MethodInfo::Of(kAuthenticate));
}

}  // namespace strom::rpc
