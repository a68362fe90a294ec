// How the records of one bucket get onto three servers and stay there, as a model for Spin: leader epochs, ISR, high
// watermark, min ISR; servers that restart, that are counted as lost while they run, that hear things late.
// docs/design/replication.md says what it shows and which file does what; ./run model checks it.
//
//   RULE=STROM  ours: a log is cut where its leader epochs part from the leader's; an ISR counts once it is stored
//   RULE=FLUSS  Apache Fluss 0.9: a follower's high watermark is its log's end; cut at it, no epochs
//   RULE=HW     Fluss before 0.7, Kafka before KIP-101: the same, but the high watermark comes from the leader
//   BREAK=...   STROM with one thing left out
//   POWER       restarts are power failures: what is not synced may be lost, only what is synced counts (`durable`).
//               Without: the page cache stays (`replicated`)
//   CALM        only leaders fail, one after the other, and everybody hears of it at once: for a plain counterexample
//   ONLY        checks this property alone
//
// Each step is one message or one decision; between two of them anything may happen that is possible. A server that is
// down takes no steps, so it goes down in the step in which it is back.
#define STROM 1
#define FLUSS 2
#define HW 3

#define ISR_AT_ONCE 1      // The leader counts on an ISR that it only proposed.
#define UNCLEAN 2          // Who is not in the ISR may be elected.
#define ACK_AT_APPEND 3    // Acknowledged is what the leader has.
#define JOIN_TOO_EARLY 4   // A follower may join below the start of the leader's epoch.
#define NO_EPOCH_CHECK 5   // A fetch is answered under whatever epoch it is made.
#define OLD_NOTICE 6       // A server that restarted believes an older coordinator.
#define LEAD_TWICE 7       // ... leads again under the epoch that it led before.
#define ACK_BEFORE_SYNC 8  // Positions count before they are synced.

#define LOSS 1
#define EQUAL 2

#ifndef BREAK
#define BREAK 0
#endif
#ifndef RECORDS
#define RECORDS 4  // In all, at most 4.
#endif
#define SERVERS 3
#define EPOCHS 3
#define ISR_MIN 2
#define me _pid  // Servers are 0, 1, 2 here, and 1, 2, 3 in what is printed.

// --- What the coordinator has stored, a line per leader epoch. The last one holds.
byte epoch;
byte leader[EPOCHS];
byte isr[EPOCHS] = 7;  // A bit a server.
byte proposed;         // The ISR that the leader asked for; 0: none.
bool fresh = true;     // The leader knows what is stored: what it proposes carries the right bucket epoch.
byte start;            // Where the leader's log ended when its epoch began.

// --- Servers.
short log[SERVERS];  // Four bits a record, first the one at offset 0.
byte log_end[SERVERS];
#ifdef POWER
byte synced[SERVERS];  // Records below it survive a power failure.
#endif
byte hw[SERVERS];
byte known[SERVERS];  // The leader epoch it was told last.
// As leaders (of others they mean nothing):
byte members[SERVERS] = 7;  // The ISR it was told.
short pos[SERVERS];         // What each follower is known to have, plus 1; 0: it has not fetched. Four bits each.

// --- Records and clients. A record is known by its offset and this number: 1 + the epoch it was appended under.
byte made;
byte acked[4];   // The record that was acknowledged at an offset; 0: none.
bool went_back;  // A running server lost what was below its high watermark, or an offset was acknowledged twice.
#if BREAK == LEAD_TWICE
byte again;  // Epochs that were led a second time, a bit each; records of then are other ones (+ 4).
#define NEW_RECORD (1 + known[me] + (HAS(again, known[me]) -> 4 : 0))
#else
#define NEW_RECORD (1 + known[me])
#endif

byte k, n, r, t;  // Within a step; 0 between them.

#define HAS(set, s) (((set) >> (s)) & 1)
#define SIZE(set) (HAS(set, 0) + HAS(set, 1) + HAS(set, 2))
#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define REC(s, o) ((log[s] >> (4 * (o))) & 15)
#define PUT(s, o, record) log[s] = log[s] | ((record) << (4 * (o)))
#define POS(s, f) ((pos[s] >> (4 * (f))) & 15)
#define SET_POS(s, f, p) pos[s] = (pos[s] & (4095 - (15 << (4 * (f))))) | ((p) << (4 * (f)))

#ifdef CALM
#define UP(s) (known[s] == epoch)
#else
#define UP(s) true
#endif
#define LEADER_OF(s) leader[known[s]]
#define LEADS(s) (LEADER_OF(s) == (s) && UP(s))
#define FOLLOWS(s) (LEADER_OF(s) != (s) && UP(s))

// What counts of a server's log, and where.
#if defined(POWER) && BREAK != ACK_BEFORE_SYNC
#define POSITION(s) synced[s]
#else
#define POSITION(s) log_end[s]
#endif
#if BREAK == ISR_AT_ONCE
#define WAITS_FOR(s, f) HAS(members[s], f)
#else
#define WAITS_FOR(s, f) HAS(members[s] | (known[s] == epoch -> proposed : 0), f)
#endif
#define IS_PAST_HW(s, f) ((f) == (s) || !WAITS_FOR(s, f) || POS(s, f) > hw[s] + 1)

// Whether whom s takes for its leader answers it. Fluss's requests carry no epoch.
#if RULE == STROM && BREAK != NO_EPOCH_CHECK
#define IS_ANSWERED(s) (FOLLOWS(s) && known[LEADER_OF(s)] == known[s])
#else
#define IS_ANSWERED(s) (FOLLOWS(s) && LEADS(LEADER_OF(s)))
#endif

// Ends a step. A line: what happened, and of each server the log (a, b, c: records of epochs 0, 1, 2) and high watermark.
#define LETTER(s, o) (REC(s, o) == 0 -> '.' : (REC(s, o) & 4 -> 'A' : 'a') + (REC(s, o) & 3) - 1)
#define LOG(s) LETTER(s, 0), LETTER(s, 1), LETTER(s, 2), LETTER(s, 3), hw[s]
#define MEMBER(set, s) (HAS(set, s) -> '1' + s : '-')
#define SET(set) MEMBER(set, 0), MEMBER(set, 1), MEMBER(set, 2)
#define DONE \
  printf("|%c%c%c%c %d|%c%c%c%c %d|%c%c%c%c %d\n", LOG(0), LOG(1), LOG(2)); k = 0; n = 0; r = 0; t = 0

// --- Logs.
inline cut(s, to) {
  log[s] = log[s] & ((1 << (4 * to)) - 1);
  log_end[s] = to;
#ifdef POWER
  synced[s] = MIN(synced[s], to);
#endif
}

// How many records of s are of the epoch of `record` or an earlier one. Epochs never fall along a log.
#define OF(s, o, record) (log_end[s] > (o) && (REC(s, o) & 3) <= (record))
#define UP_TO(s, record) (OF(s, 0, record) + OF(s, 1, record) + OF(s, 2, record) + OF(s, 3, record))

// k := the leader of s; n := where s has to be cut to go on from its leader's log, log_end[s] if nowhere.
inline compare(s) {
  k = LEADER_OF(s);
#if RULE == STROM
  if
  :: log_end[s] == 0 -> n = 0
  :: else ->
     r = REC(s, log_end[s] - 1) & 3;
     n = UP_TO(k, r);
     if
     :: r == known[s] + 1 || (n > 0 && (REC(k, n - 1) & 3) == r) -> n = MIN(n, log_end[s])
     :: else ->  // The leader has nothing of that epoch. Of the one before, both have what the shorter one has.
        r = (n == 0 -> 0 : REC(k, n - 1) & 3);
        t = UP_TO(s, r);
        n = MIN(n, t)
     fi
  fi
#else
  n = MIN(log_end[k], log_end[s])
#endif
}

inline acknowledge(s, o) {
  went_back = went_back || (acked[o] != 0 && acked[o] != REC(s, o));
  acked[o] = (acked[o] == 0 -> REC(s, o) : acked[o])
}

// --- Restarts. The high watermark comes from a file that lags: it is the last one, or as old as can be.
#ifdef POWER
#define CAN_FORGET (hw[me] > 0 || synced[me] < log_end[me])
#else
#define CAN_FORGET (hw[me] > 0)
#endif
inline forget() {
#ifdef POWER
  do
  :: log_end[me] > synced[me] -> n = log_end[me] - 1; cut(me, n)
  :: break
  od;
#endif
  if
  :: hw[me] = 0
  :: hw[me] = MIN(hw[me], log_end[me])
  fi
}

// --- Roles. Notices come late, and not all of them; to a server that restarted comes none that is older than its new life,
// which the coordinator has seen: so it leads under no epoch that it led before.
#ifdef CALM
#define HEARS(e) ((e) == epoch && known[me] < (e))
#define MAY_RESTART (!HAS(isr[epoch], me))
#else
#define HEARS(e) ((e) <= epoch && known[me] < (e))
#define MAY_RESTART true
#endif

inline take_role(e) {
  known[me] = e;
  pos[me] = 0;
  members[me] = 0;
  if
  :: leader[e] == me ->
     members[me] = isr[e];
     if
     :: e == epoch -> start = log_end[me]; fresh = true
     :: else
     fi;
     printf("%d leads, epoch %d", me + 1, e)
  :: else ->
#if RULE == STROM
     printf("%d follows %d, epoch %d", me + 1, leader[e] + 1, e)
#else
     cut(me, hw[me]);
     printf("%d follows %d, epoch %d, and cuts its log at %d", me + 1, leader[e] + 1, e, log_end[me])
#endif
  fi;
  DONE
}

// --- Followers. A fetch says what the follower has, and brings one record or none, and the high watermark. What it took
// the leader knows at once, unless it has to be synced first: the next fetch says so, and the leader takes its time anyway.
inline fetch(count) {
  compare(me);
  if
  :: n < log_end[me] ->
     went_back = went_back || (RULE == STROM && hw[me] > n);
     cut(me, n);
     hw[me] = MIN(hw[me], n);
     printf("%d is cut", me + 1)
  :: else ->
     if
     :: count > 0 -> PUT(me, n, REC(k, n)); log_end[me] = n + 1; printf("%d takes a record", me + 1)
     :: else -> printf("%d fetches", me + 1)
     fi;
     SET_POS(k, me, POSITION(me) + 1);
#if RULE == FLUSS
     hw[me] = (count > 0 -> log_end[me] : hw[me])
#else
     n = MIN(hw[k], log_end[me]);
     hw[me] = (hw[me] > n -> hw[me] : n)
#endif
  fi;
  DONE
}
#define HAS_NEWS(s) (POS(LEADER_OF(s), s) != POSITION(s) + 1 || (hw[s] < hw[LEADER_OF(s)] && hw[s] < log_end[s]))

// --- The ISR.
#if RULE == STROM && BREAK != JOIN_TOO_EARLY
#define JOINS_FROM start
#else
#define JOINS_FROM 0
#endif
#define MAY_BE_IN(f, set) \
  (!HAS(set, f) || HAS(members[me], f) || (POS(me, f) > hw[me] && POS(me, f) > JOINS_FROM))
#define MAY_PROPOSE(set) \
  (LEADS(me) && known[me] == epoch && fresh && proposed == 0 && (set) != isr[epoch] && HAS(set, me) && \
   MAY_BE_IN(0, set) && MAY_BE_IN(1, set) && MAY_BE_IN(2, set))
inline propose(set) {
  proposed = set;
#if BREAK == ISR_AT_ONCE
  members[me] = set;
#endif
  printf("%d proposes the ISR %c%c%c", me + 1, SET(set));
  DONE
}

active [SERVERS] proctype Server() {
  do
  :: atomic {  // Is told a newer leader; it may have restarted.
       HEARS(1) || HEARS(2) ->
       if
       :: HEARS(1) -> t = 1
       :: HEARS(2) -> t = 2
       fi;
       if
       :: MAY_RESTART && CAN_FORGET -> forget()
       :: true
       fi;
       take_role(t)
     }
  :: atomic { !LEADS(me) && MAY_RESTART && CAN_FORGET -> forget(); printf("%d restarts", me + 1); DONE }
#ifdef POWER
  :: atomic {  // A leader, restarted while nobody looked, refuses its old epoch; it is given the next one, and the same ISR.
       LEADS(me) && known[me] == epoch && epoch + 1 < EPOCHS ->
       t = epoch + 1;
       leader[t] = me;
       isr[t] = isr[epoch];
       epoch = t;
       proposed = 0;
       forget();
       take_role(t)
     }
#endif
#if BREAK == OLD_NOTICE
  :: atomic {
       known[me] > 0 && leader[0] != me || known[me] > 1 && leader[1] != me ->
       if
       :: known[me] > 0 && leader[0] != me -> t = 0
       :: known[me] > 1 && leader[1] != me -> t = 1
       fi;
       forget();
       take_role(t)
     }
#endif
#if BREAK == LEAD_TWICE
  :: atomic {
       LEADS(me) && !HAS(again, known[me]) -> again = again | (1 << known[me]); t = known[me]; forget(); take_role(t)
     }
#endif

  // A leader.
  :: d_step {
       LEADS(me) && (members[me] != isr[known[me]] || (known[me] == epoch && !fresh)) ->
       members[me] = isr[known[me]];
       if
       :: known[me] == epoch -> fresh = true; proposed = 0
       :: else
       fi;
       printf("%d hears of the ISR %c%c%c", me + 1, SET(members[me]));
       DONE
     }
  :: d_step {
       LEADS(me) && made < RECORDS && SIZE(members[me]) >= ISR_MIN ->
       made++;
       PUT(me, log_end[me], NEW_RECORD);
       log_end[me]++;
#if BREAK == ACK_AT_APPEND
       acknowledge(me, log_end[me] - 1);
#endif
       printf("%d appends a record", me + 1);
       DONE
     }
  :: d_step {
       LEADS(me) && SIZE(members[me]) >= ISR_MIN && hw[me] < POSITION(me) &&
       IS_PAST_HW(me, 0) && IS_PAST_HW(me, 1) && IS_PAST_HW(me, 2) ->
       acknowledge(me, hw[me]);
       hw[me]++;
       printf("%d acknowledges", me + 1);
       DONE
     }
  :: d_step { MAY_PROPOSE(1) -> propose(1) }
  :: d_step { MAY_PROPOSE(2) -> propose(2) }
  :: d_step { MAY_PROPOSE(3) -> propose(3) }
  :: d_step { MAY_PROPOSE(4) -> propose(4) }
  :: d_step { MAY_PROPOSE(5) -> propose(5) }
  :: d_step { MAY_PROPOSE(6) -> propose(6) }
  :: d_step { MAY_PROPOSE(7) -> propose(7) }

  // A follower. In `durable` it syncs before it fetches again.
  :: d_step { IS_ANSWERED(me) && POSITION(me) == log_end[me] && HAS_NEWS(me) -> fetch(0) }
  :: d_step { IS_ANSWERED(me) && POSITION(me) == log_end[me] && log_end[me] < log_end[LEADER_OF(me)] -> fetch(1) }
#ifdef POWER
  :: d_step { synced[me] < log_end[me] -> synced[me] = log_end[me]; printf("%d syncs", me + 1); DONE }
#endif
  od
}

// --- The coordinator. It may count anybody as lost at any time, rightly or not. Without a leader the last member waits for
// itself, which is the same as being elected at once.
#define CURRENT leader[epoch]
#define ISR_LEFT (SIZE(isr[epoch]) == 1 -> isr[epoch] : isr[epoch] & (7 - (1 << CURRENT)))
// As long as servers 1 and 2 have had the same part in everything, it does not matter which of them it is.
#define IS_OTHER(s) ((s) < 2 || (epoch == 1 && leader[1] == 1))
#ifdef CALM
#define IS_FIRST(s) (((s) < 1 || !HAS(ISR_LEFT, 0)) && ((s) < 2 || !HAS(ISR_LEFT, 1)))
#else
#define IS_FIRST(s) true
#endif
#if BREAK == UNCLEAN
#define MAY_LEAD(s) true
#else
#define MAY_LEAD(s) HAS(ISR_LEFT, s)
#endif
#define CAN_ELECT(s) (epoch + 1 < EPOCHS && MAY_LEAD(s) && IS_FIRST(s) && IS_OTHER(s))

// With the ISR n.
inline elect(s) {
  if
  :: known[CURRENT] == epoch -> members[CURRENT] = members[CURRENT] | proposed  // It goes on waiting for both.
  :: else
  fi;
  r = CURRENT;
  epoch++;
  leader[epoch] = s;
  isr[epoch] = n;
  proposed = 0;
  start = 0;
  fresh = false;
  printf("(%d counts as lost: %d is elected, epoch %d, ISR %c%c%c)", r + 1, s + 1, epoch, SET(n));
  DONE
}
#define ISR_UNDER(s) (HAS(ISR_LEFT, s) -> ISR_LEFT : 1 << s)

inline store(set) {
  isr[epoch] = set;
  fresh = false;
  printf("(the ISR %c%c%c is stored)", SET(isr[epoch]));
  DONE
}

#ifdef CALM
#define CAN_LOSE(s) false
#else
#define CAN_LOSE(s) ((s) != CURRENT && HAS(isr[epoch], s))
#endif

active proctype Coordinator() {
  do
  :: d_step { CAN_ELECT(0) -> n = ISR_UNDER(0); elect(0) }
  :: d_step { CAN_ELECT(1) -> n = ISR_UNDER(1); elect(1) }
  :: d_step { CAN_ELECT(2) -> n = ISR_UNDER(2); elect(2) }
  :: d_step { CAN_LOSE(0) -> n = isr[epoch] & 6; store(n) }
  :: d_step { CAN_LOSE(1) -> n = isr[epoch] & 5; store(n) }
  :: d_step { CAN_LOSE(2) -> n = isr[epoch] & 3; store(n) }
  :: d_step { proposed != 0 && fresh -> n = proposed; store(n) }
  :: d_step { proposed != 0 && fresh -> proposed = 0; printf("(the ISR is refused)"); DONE }
  od
}

// --- What must hold. Only what is false can be executed here.
#define KEEPS(s, o) (acked[o] == 0 || (acked[o] == REC(s, o) && POSITION(s) > (o)))
#define KEEPS_ALL(s) (KEEPS(s, 0) && KEEPS(s, 1) && KEEPS(s, 2) && KEEPS(s, 3))
#define IS_HONEST(s) (!HAS(isr[epoch], s) || KEEPS_ALL(s))
#define AGREE_AT(s, f, o) (hw[s] <= (o) || hw[f] <= (o) || REC(s, o) == REC(f, o))
#define AGREE(s, f) (AGREE_AT(s, f, 0) && AGREE_AT(s, f, 1) && AGREE_AT(s, f, 2) && AGREE_AT(s, f, 3))
// A leader says what is committed once its high watermark has reached the start of its epoch.
#define SHOWS_TOO_LITTLE(o) (acked[o] != 0 && hw[CURRENT] <= (o))
#define SAYS_LESS \
  (known[CURRENT] == epoch && hw[CURRENT] >= start && \
   (SHOWS_TOO_LITTLE(0) || SHOWS_TOO_LITTLE(1) || SHOWS_TOO_LITTLE(2) || SHOWS_TOO_LITTLE(3)))

active proctype Checker() {
end:
  if
#if !defined(ONLY) || ONLY == LOSS
  :: d_step { !KEEPS_ALL(CURRENT) -> printf("An acknowledged record is not in the log of the leader.\n"); assert(false) }
#endif
#if !defined(ONLY) || ONLY == EQUAL
  :: d_step {
       !(AGREE(0, 1) && AGREE(0, 2) && AGREE(1, 2)) -> printf("Two logs differ below both high watermarks.\n"); assert(false)
     }
#endif
#ifndef ONLY
  :: d_step {
       !(IS_HONEST(0) && IS_HONEST(1) && IS_HONEST(2)) ->
       printf("A member of the ISR, who may be elected, lacks an acknowledged record.\n");
       assert(false)
     }
  :: d_step { went_back || SAYS_LESS -> printf("A high watermark went back.\n"); assert(false) }
#endif
  fi
}
