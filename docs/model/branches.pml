/* Two branches of one run (executions/driving/beside.py, language/walking/frontier.py), as a model that spin checks
 * exhaustively: `sh docs/model/check`. Who holds the run at all is the other model's subject (lease.pml).
 *
 * The first branch makes a call. The second starts a run of its own, waits for its end, then makes a call. The calls are
 * made in threads; one driver writes what came to its outcome and begins what may begin, in one boundary. The child ends
 * at any moment, a person pauses and resumes at any moment, and the process ends at any point, CRASHES times. A stall
 * needs no code: any thread may rest between any two lines.
 *
 * Mutations, each of which has to be caught: -DNO_REST (a pause does not wait for what is under way), -DNO_INBOX (parking
 * does not name the inbox).
 */
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef PAUSES
#define PAUSES 2
#endif

mtype = { PENDING, IN_PROGRESS, WAITING, PAUSED, COMPLETED };
mtype:step = { NEW, RUNNING, DONE };
mtype:other = { NONE, LIVES, ENDED };

/* The rows. */
mtype phase = PENDING;
bool due = true;
bool pause_asked = false;
byte inbox = 0;
mtype:step call[2] = NEW;       /* the call of each branch */
mtype:other child = NONE;       /* the run that the second branch waits for */

/* The process that drives. */
bool up = true;
byte life = 0;
byte mine;                      /* the life in which the run was taken */
mtype:step heard[2];            /* as this drive has read or written it */
byte flight[2];                 /* 0: nothing; 1: the call is under way; 2: its outcome has come */
byte my_inbox;
bool child_has_ended;

byte crashes = CRASHES;
byte pauses = PAUSES;

/* What only the reader of the model sees. */
byte effects[2];
byte spoiled[2];

#define LIVING (up && life == mine)
#define UNDER_WAY (flight[0] != 0 || flight[1] != 0)
#define NOTHING_CAME (inbox == my_inbox)
#define MAY_BEGIN(b) (heard[b] != DONE && flight[b] == 0 && (b == 0 || child_has_ended))
#define IS_OVER (heard[0] == DONE && heard[1] == DONE)

inline look() { my_inbox = inbox; child_has_ended = (child == ENDED) }

/* The rows of a call that begins: one that had begun before is begun anew. */
inline begin(b) {
    if
    :: MAY_BEGIN(b) ->
        if :: call[b] == RUNNING -> spoiled[b]++ :: else fi;
        call[b] = RUNNING; heard[b] = RUNNING; flight[b] = 1
    :: else
    fi
}

inline write_outcomes() {
    if :: flight[0] == 2 -> call[0] = DONE; heard[0] = DONE; flight[0] = 0 :: else fi;
    if :: flight[1] == 2 -> call[1] = DONE; heard[1] = DONE; flight[1] = 0 :: else fi
}

proctype Driver() {
end_idle:
    atomic {    /* lease.claim: due, or left behind by a process that ended */
        up && ((phase == PENDING || phase == WAITING) && due || phase == IN_PROGRESS) ->
        phase = IN_PROGRESS; due = false; mine = life; flight[0] = 0; flight[1] = 0;
        heard[0] = call[0]; heard[1] = call[1];
        my_inbox = inbox; child_has_ended = (child == ENDED)
    }
boundary:
    if
    :: atomic { !LIVING -> goto end_idle }
    :: atomic {     /* somebody asked: nothing begins any more */
            LIVING && phase == IN_PROGRESS && !NOTHING_CAME && pause_asked ->
            write_outcomes(); goto rest
       }
    :: atomic { LIVING && !NOTHING_CAME && !pause_asked -> look(); goto boundary }
    :: atomic { LIVING && NOTHING_CAME && pause_asked -> write_outcomes(); goto rest }
    :: atomic {     /* what came to its outcome, and what begins, in one move */
            LIVING && NOTHING_CAME && !pause_asked ->
            write_outcomes();
            if :: child == NONE -> child = LIVES :: else fi;
            begin(0); begin(1)
       }
    fi;
    if
    :: atomic { LIVING && IS_OVER -> goto complete }
    :: atomic { LIVING && !IS_OVER && !UNDER_WAY -> goto park }
    :: atomic { !LIVING -> goto end_idle }
    :: atomic { LIVING && UNDER_WAY }
    fi;
    if      /* listens: an outcome has come, something has arrived, or the process is gone */
    :: atomic { LIVING && (flight[0] == 2 || flight[1] == 2) -> goto boundary }
    :: atomic { LIVING && !NOTHING_CAME -> goto boundary }
    :: atomic { !LIVING -> goto end_idle }
    fi;
park:
    if
#ifdef NO_INBOX
    :: atomic { LIVING && phase == IN_PROGRESS -> assert(!UNDER_WAY); phase = WAITING; goto end_idle }
#else
    :: atomic { LIVING && NOTHING_CAME && phase == IN_PROGRESS -> assert(!UNDER_WAY); phase = WAITING; goto end_idle }
    :: atomic { LIVING && !NOTHING_CAME -> goto boundary }
#endif
    :: atomic { !LIVING -> goto end_idle }
    fi;
rest:
    if
#ifdef NO_REST
    :: atomic { LIVING -> assert(!UNDER_WAY); phase = PAUSED; pause_asked = false; goto end_idle }
#else
    :: atomic { LIVING && (flight[0] == 2 || flight[1] == 2) -> write_outcomes(); goto rest }
    :: atomic { LIVING && !UNDER_WAY -> phase = PAUSED; pause_asked = false; goto end_idle }
#endif
    :: atomic { !LIVING -> goto end_idle }
    fi;
complete:
    atomic {
        if
        :: LIVING && NOTHING_CAME -> assert(!UNDER_WAY); assert(child == ENDED); phase = COMPLETED
        :: LIVING && !NOTHING_CAME -> goto boundary
        :: !LIVING -> goto end_idle
        fi
    }
}

/* A call in a thread of the process: made once, and once more for each time that its outcome was lost. */
proctype Call(byte b) {
end_call:
    do
    :: atomic { up && flight[b] == 1 -> effects[b]++; assert(effects[b] <= 1 + spoiled[b]); flight[b] = 2 }
    od
}

/* The run that the second branch started: its end raises the inbox, and wakes who waits. */
proctype Child() {
end_child:
    atomic { child == LIVES -> child = ENDED; inbox++; if :: phase == WAITING -> due = true :: else fi }
}

proctype Person() {
end_person:
    do
    :: atomic { pauses > 0 && phase == IN_PROGRESS && !pause_asked -> pauses--; pause_asked = true; inbox++ }
    :: atomic { pauses > 0 && (phase == WAITING || phase == PENDING) -> pauses--; phase = PAUSED; due = false; inbox++ }
    :: atomic { phase == PAUSED -> phase = PENDING; due = true }
    od
}

/* kill -9 at any point, and another process that takes over. */
proctype Crash() {
end_crash:
    do
    :: atomic { crashes > 0 && up && phase != COMPLETED -> crashes--; up = false; flight[0] = 0; flight[1] = 0 }
    :: atomic { !up -> up = true; life++ }
    od
}

init { atomic { run Driver(); run Call(0); run Call(1); run Child(); run Person(); run Crash() } }

/* A run that waits is due, or its child lives still: what has arrived is never slept over. */
ltl never_unaccounted { [] ((phase == WAITING && !due) -> child == LIVES) }

/* However unkind the world was a bounded number of times, both branches come to their end. */
ltl always_ends { <> (phase == COMPLETED) }
