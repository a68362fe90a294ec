#include "client/bucket_queue.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::client {
namespace {

constexpr MonoTime kNow(1000);
constexpr MonoTime kRetryAt = kNow + Millis(10);
constexpr MonoTime kDeadline = kNow + Seconds(100);

class Queue {
 public:
  explicit Queue(BucketQueue::Options options = {}) : queue(options) {
    if (options.idempotent) Add(0);
  }

  // One batch, closed, for each id.
  template <class... Ids>
  void Add(Ids... ids) {
    for (const int id : {ids...}) {
      if (id == 0) continue;
      auto batch = std::make_shared<WriteBatch>();
      batch->id = static_cast<uint64_t>(id);
      batch->deadline = kDeadline;
      queue.Open(std::move(batch));
    }
  }

  // Sends all that can be sent; the ids and sequences, as "1@0 2@1".
  std::string Send(MonoTime now = kNow) {
    std::string text;
    while (queue.CanSend(now)) {
      auto batch = queue.TakeNext(now);
      text += fmt::format("{}{}@{}", text.empty() ? "" : " ", batch->id, batch->identity.sequence);
      flying[batch->id] = batch;
    }
    return text;
  }

  // Answers; the batches that ended, as "1:kOk 2:kNetwork".
  std::string Answer(int id, ErrorCode code) {
    std::vector<BucketQueue::Ended> ended;
    queue.OnAnswer(*flying.at(static_cast<uint64_t>(id)),
                   code == ErrorCode::kOk ? Result<LogOffset>(LogOffset(id))
                                          : Result<LogOffset>(Error(code, "scripted")),
                   kRetryAt, &ended);
    return ToText(ended);
  }
  static std::string ToText(const std::vector<BucketQueue::Ended>& ended) {
    std::string text;
    for (const auto& end : ended) {
      text += fmt::format("{}{}:{}", text.empty() ? "" : " ", end.batch->id,
                          ErrorCodeName(end.base_offset.status().code()));
    }
    return text;
  }

  BucketQueue queue;
  std::map<uint64_t, std::shared_ptr<WriteBatch>> flying;
};

Queue WithId() {
  Queue q;
  q.queue.SetWriterId(WriterId(7));
  return q;
}

}  // namespace

TEST_CASE("batches get consecutive sequences, five at a time", "[client]") {
  Queue q;
  q.Add(1, 2, 3, 4, 5, 6, 7);
  CHECK(q.queue.WantsWriterId(kNow));
  CHECK(q.Send().empty());
  q.queue.SetWriterId(WriterId(7));
  CHECK_FALSE(q.queue.WantsWriterId(kNow));
  CHECK(q.Send() == "1@0 2@1 3@2 4@3 5@4");
  CHECK(q.Answer(1, ErrorCode::kOk) == "1:kOk");
  CHECK(q.Send() == "6@5");
  CHECK(q.Answer(2, ErrorCode::kOk) == "2:kOk");
  CHECK(q.Send() == "7@6");
  for (const int id : {3, 4, 5, 6, 7}) q.Answer(id, ErrorCode::kOk);
  CHECK(q.queue.empty());
}

TEST_CASE("the server has to remember the oldest batch, however many behind it ended", "[client]") {
  Queue q = WithId();
  q.Add(1, 2, 3, 4, 5, 6);
  CHECK(q.Send() == "1@0 2@1 3@2 4@3 5@4");
  for (const int id : {2, 3, 4, 5}) q.Answer(id, ErrorCode::kOk);
  CHECK(q.Send().empty());  // With a sixth one in its log it would forget the first.
  CHECK(q.Answer(1, ErrorCode::kNetwork).empty());
  CHECK(q.Send(kRetryAt) == "1@0");
  CHECK(q.Answer(1, ErrorCode::kOk) == "1:kOk");
  CHECK(q.Send(kRetryAt) == "6@5");
}

TEST_CASE("the open batch takes rows until it is sent", "[client]") {
  Queue q = WithId();
  CHECK(q.queue.open() == nullptr);
  q.Add(1);
  CHECK(q.queue.open()->id == 1);
  q.Add(2);
  CHECK(q.queue.open()->id == 2);
  q.queue.DropOpen();
  CHECK(q.queue.open() == nullptr);
  CHECK(q.Send() == "1@0");
}

TEST_CASE("a failed batch goes before those behind it, once they are back", "[client]") {
  Queue q = WithId();
  q.Add(1, 2, 3, 4);
  CHECK(q.Send() == "1@0 2@1 3@2 4@3");
  CHECK(q.Answer(1, ErrorCode::kNotLeaderOrFollower).empty());
  CHECK_FALSE(q.queue.CanSend(kRetryAt));  // 2 to 4 are on their way.
  CHECK(q.Answer(2, ErrorCode::kOutOfOrderSequence).empty());
  CHECK(q.Answer(3, ErrorCode::kNetwork).empty());
  q.Add(5);
  CHECK_FALSE(q.queue.CanSend(kRetryAt));
  CHECK(q.Answer(4, ErrorCode::kOutOfOrderSequence).empty());
  CHECK_FALSE(q.queue.CanSend(kNow));  // The pause.
  CHECK(q.queue.NextWake(kNow) == kRetryAt);
  CHECK(q.queue.failures() == 4);
  CHECK(q.Send(kRetryAt) == "1@0 2@1 3@2 4@3 5@4");
  CHECK(q.Answer(1, ErrorCode::kDuplicateSequence) == "1:kOk");
  CHECK(q.queue.failures() == 0);
}

TEST_CASE("a batch that was surely refused gives its sequence to the next", "[client]") {
  Queue q = WithId();
  q.Add(1, 2, 3, 4);
  q.Send();
  CHECK(q.Answer(1, ErrorCode::kOk) == "1:kOk");
  CHECK(q.Answer(2, ErrorCode::kRecordTooLarge) == "2:kRecordTooLarge");
  CHECK(q.Answer(3, ErrorCode::kOutOfOrderSequence).empty());
  CHECK(q.Send(kRetryAt).empty());
  CHECK(q.Answer(4, ErrorCode::kNetwork).empty());  // It cannot be there, behind a gap.
  CHECK(q.Send(kRetryAt) == "3@1 4@2");
  CHECK(q.queue.last_writer_id() == WriterId(7));
}

TEST_CASE("a gap waits for the batches before it", "[client]") {
  Queue q = WithId();
  q.Add(1, 2, 3);
  q.Send();
  CHECK(q.Answer(1, ErrorCode::kNetwork).empty());
  CHECK(q.Answer(2, ErrorCode::kRecordTooLarge) == "2:kRecordTooLarge");
  CHECK(q.Answer(3, ErrorCode::kOutOfOrderSequence).empty());
  CHECK(q.Send(kRetryAt) == "1@0 3@1");
}

TEST_CASE("a lost identity is replaced if nothing is in doubt", "[client]") {
  Queue q = WithId();
  q.Add(1, 2);
  q.Send();
  CHECK(q.Answer(1, ErrorCode::kUnknownWriterId).empty());
  CHECK_FALSE(q.queue.WantsWriterId(kRetryAt));  // 2 is on its way.
  CHECK(q.Answer(2, ErrorCode::kNotLeaderOrFollower).empty());
  CHECK(q.queue.WantsWriterId(kRetryAt));
  q.queue.SetWriterId(WriterId(8));
  CHECK(q.Send(kRetryAt) == "1@0 2@1");
  CHECK(q.flying[1]->identity.writer == WriterId(8));
}

TEST_CASE("a batch in doubt keeps its identity: maybe only this server does not know it",
          "[client]") {
  Queue q = WithId();
  q.Add(1, 2, 3, 4);
  q.Send();
  CHECK(q.Answer(1, ErrorCode::kRequestTimeOut).empty());
  CHECK(q.Answer(2, ErrorCode::kOutOfOrderSequence).empty());
  CHECK(q.Answer(3, ErrorCode::kRequestTimeOut).empty());
  CHECK(q.Answer(4, ErrorCode::kOutOfOrderSequence).empty());
  CHECK(q.Send(kRetryAt) == "1@0 2@1 3@2 4@3");
  for (const int id : {1, 2, 3, 4}) CHECK(q.Answer(id, ErrorCode::kOutOfOrderSequence).empty());
  CHECK_FALSE(q.queue.WantsWriterId(kRetryAt));
  CHECK(q.Send(kRetryAt) == "1@0 2@1 3@2 4@3");
  SECTION("another one does") {
    CHECK(q.Answer(1, ErrorCode::kDuplicateSequence) == "1:kOk");
    for (const int id : {2, 3, 4}) q.Answer(id, ErrorCode::kOk);
    CHECK(q.queue.empty());
  }
  SECTION("none does, and its time is over") {
    CHECK(q.Answer(1, ErrorCode::kUnknownWriterId).empty());
    for (const int id : {2, 3, 4}) q.Answer(id, ErrorCode::kOutOfOrderSequence);
    std::vector<BucketQueue::Ended> ended;
    q.queue.Expire(kDeadline, &ended);
    CHECK(Queue::ToText(ended) ==
          "1:kUnknownWriterId 2:kOutOfOrderSequence 3:kOutOfOrderSequence 4:kOutOfOrderSequence");
    q.Add(5);
    CHECK(q.queue.WantsWriterId(kRetryAt));
  }
}

TEST_CASE("an unknown error in the middle keeps the id for what is before it", "[client]") {
  Queue q = WithId();
  q.Add(1, 2, 3);
  q.Send();
  CHECK(q.Answer(1, ErrorCode::kNetwork).empty());
  CHECK(q.Answer(2, ErrorCode::kUnknownServerError) == "2:kUnknownServerError");
  CHECK(q.Answer(3, ErrorCode::kOutOfOrderSequence).empty());
  CHECK(q.Send(kRetryAt) == "1@0");  // Not 3: under this id its sequence is in doubt.
  CHECK_FALSE(q.queue.WantsWriterId(kRetryAt));
  CHECK(q.Answer(1, ErrorCode::kOk) == "1:kOk");
  CHECK(q.queue.WantsWriterId(kRetryAt));
  q.queue.SetWriterId(WriterId(8));
  CHECK(q.Send(kRetryAt) == "3@0");
}

TEST_CASE("a success behind a refused batch puts the refusal in doubt", "[client]") {
  Queue q = WithId();
  q.Add(1, 2);
  q.Send();
  CHECK(q.Answer(1, ErrorCode::kRecordTooLarge) == "1:kRecordTooLarge");
  CHECK(q.Answer(2, ErrorCode::kOk) == "2:kOk");
  q.Add(3);
  CHECK(q.queue.WantsWriterId(kRetryAt));  // Sequence 0 or 2? Neither is sure.
}

TEST_CASE("what is late ends, and says why", "[client]") {
  Queue q = WithId();
  q.Add(1, 2);
  q.Send();
  q.Add(3);
  CHECK(q.Answer(1, ErrorCode::kNotLeaderOrFollower).empty());
  CHECK(q.Answer(2, ErrorCode::kOutOfOrderSequence).empty());
  std::vector<BucketQueue::Ended> ended;
  q.queue.Expire(kDeadline + Micros(-1), &ended);
  CHECK(ended.empty());
  CHECK(q.queue.NextWake(kRetryAt) == kDeadline);
  q.queue.Expire(kDeadline, &ended);
  CHECK(Queue::ToText(ended) == "1:kNotLeaderOrFollower 2:kOutOfOrderSequence 3:kRequestTimeOut");
  CHECK(q.queue.empty());
  CHECK(q.queue.NextWake(kDeadline) == MonoTime::Infinite());
}

TEST_CASE("a batch in flight does not expire", "[client]") {
  Queue q = WithId();
  q.Add(1);
  q.Send();
  std::vector<BucketQueue::Ended> ended;
  q.queue.Expire(kDeadline, &ended);
  q.queue.FailIdle(Error(ErrorCode::kTableNotExist, "gone"), &ended);
  CHECK(ended.empty());
  q.queue.FailAll(Error(ErrorCode::kNetwork, "closed"), &ended);
  CHECK(Queue::ToText(ended) == "1:kNetwork");
  CHECK(q.Answer(1, ErrorCode::kOk).empty());  // Too late.
  CHECK(q.queue.empty());
}

TEST_CASE("without sequences one batch is under way, and failures leave no gap", "[client]") {
  Queue q({.in_flight_max = 1, .idempotent = false});
  q.Add(1, 2);
  CHECK_FALSE(q.queue.WantsWriterId(kNow));
  CHECK(q.Send() == "1@-1");
  CHECK(q.Answer(1, ErrorCode::kNotEnoughReplicas).empty());
  CHECK(q.Send(kRetryAt) == "1@-1");
  CHECK(q.Answer(1, ErrorCode::kOutOfOrderSequence) == "1:kOutOfOrderSequence");
  CHECK(q.Send(kRetryAt) == "2@-1");
  CHECK(q.Answer(2, ErrorCode::kOk) == "2:kOk");
}

}  // namespace strom::client
