/* The lease and token protocol of one execution (executions/driving/lease.py, boundary.py; models/move_sql.py;
 * recovery/sweep.py; worker/pulse.py), as a model that spin checks exhaustively: `sh docs/model/check`.
 *
 * One execution: call one (its first attempt fails and backs off), wait for an ask, call two, end. Two workers with
 * a driving thread and a pulse each, and a row per life of a process; one sweep; one ask that comes at any moment; the
 * clock. A stall needs no code: any thread may rest between any two lines for as long as it likes. What is bounded
 * is how often the world is unkind: CRASHES ends a process at any point, STALLS declares a living one dead, LOSSES
 * empties the queue, ERRORS makes a drive end without knowing whether its last write stood.
 *
 * Each atomic block is one transaction of the database, or something that no other thread can see halfway.
 *
 * Mutations, each of which has to be caught: -DNO_TOKEN (writes do not name the token), -DNO_INBOX (parking does not
 * name the inbox), -DNO_SWEEP (nobody rings again), -DNO_GIVE_BACK (the pulse does not look for undriven leases).
 */
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef STALLS
#define STALLS 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef ERRORS
#define ERRORS 1
#endif
#define WORKERS 2
#define ROWS (WORKERS + CRASHES + STALLS)
#define NOBODY 255

mtype = { PENDING, IN_PROGRESS, WAITING, COMPLETED };

/* The row of the execution. */
mtype phase = PENDING;
bool due = true;            /* wake_at is set and has come */
bool timer = false;         /* wake_at is set and will come */
bool rung = false;          /* rung_at: the sweep rang and time has not passed since */
bool asked = false;         /* what a person asked for, or an answer that arrived */
byte holder = NOBODY;       /* process_id */
byte token = 0;
byte inbox = 0;
byte finished = 0;          /* steps in the journal */
bool begun = false;         /* the next step is RUNNING in the journal */
bool tried = false;         /* the first call has failed once */

/* The rows of processes; each life of a worker has its own. */
bool dead[ROWS];
byte rows = WORKERS;
byte row[WORKERS];          /* which row this worker's present life has */
bool up[WORKERS];
byte life[WORKERS];

byte bells = 1;             /* jobs in Redis */
byte crashes = CRASHES;
byte stalls = STALLS;
byte losses = LOSSES;
byte errors = ERRORS;

/* What only the reader of the model sees. */
byte writer = 0;            /* the token of the claim that holds */
byte effects[2];            /* how often each call was really made */
byte spoiled[2];            /* how often a call was begun and its outcome was lost */
bool driving[WORKERS];

#define LIVES    (up[i] && life[i] == mine)
#define IS_DUE   ((phase == PENDING || phase == WAITING) && due)
#define ORPHANED (phase == IN_PROGRESS && holder != NOBODY && dead[holder])

#ifdef NO_TOKEN
#define HOLDS (phase == IN_PROGRESS)
#else
#define HOLDS (phase == IN_PROGRESS && token == my_token)
#endif

#ifdef NO_INBOX
#define NOTHING_CAME true
#else
#define NOTHING_CAME (inbox == my_inbox)
#endif

inline ring() { if :: bells < 2 -> bells++ :: else fi }

/* Every write of a driver: the conditional UPDATE that hit. What the row says comes back with it. */
inline wrote() {
    assert(my_token == writer);         /* at most one effective writer */
    assert(my_finished == finished);    /* it continues the journal that it read */
    my_inbox = inbox; my_asked = asked
}

/* A drive may end after a write without knowing whether it stood: a COMMIT whose answer was lost. */
inline may_break() { if :: errors > 0 -> errors--; goto broke :: skip fi }

proctype Driver(byte i) {
    byte mine, my_token, my_inbox, my_finished;
    bool my_asked, my_begun, my_tried;

idle:
    atomic {
        driving[i] = false; my_token = 0; my_inbox = 0; my_finished = 0; my_asked = false; my_begun = false;
        my_tried = false; mine = 0
    }
end_idle:
    atomic { up[i] && bells > 0 -> bells--; mine = life[i]; driving[i] = true }
    atomic {    /* lease.claim */
        if
        :: LIVES && !dead[row[i]] && (IS_DUE || ORPHANED) ->
            phase = IN_PROGRESS; holder = row[i]; token++; due = false; timer = false; rung = false;
            writer = token; my_token = token; my_inbox = inbox; my_asked = asked; my_finished = finished;
            my_begun = begun; my_tried = tried;
            may_break()
        :: else -> goto idle
        fi
    }
walk:
    if
    :: my_finished == 1 && !my_asked -> goto park
    :: my_finished == 2 -> goto complete
    :: else
    fi;
    atomic {    /* boundary.commit: begun */
        if
        :: LIVES && HOLDS -> wrote(); if :: begun -> spoiled[my_finished]++ :: else fi; begun = true; may_break()
        :: else -> goto idle
        fi
    }
    atomic {    /* the effect, outside of any transaction */
        if
        :: LIVES -> effects[my_finished]++;
           /* made once, and once more for each time that an attempt's outcome was lost; the first call fails once */
           assert(effects[my_finished] <= 1 + spoiled[my_finished] + (my_finished == 0))
        :: else -> goto idle
        fi
    }
    atomic {    /* boundary: its outcome */
        if
        :: !(LIVES && HOLDS) -> goto idle
        :: else ->
            if
            :: my_finished == 0 && !my_tried ->     /* failed; parked until the next attempt */
                if
                :: NOTHING_CAME ->
                    wrote(); begun = false; tried = true; phase = WAITING; timer = true; holder = NOBODY; goto idle
                :: else -> wrote(); begun = false; tried = true; my_tried = true; goto back_off
                fi
            :: else ->
                wrote(); begun = false; finished++; my_finished = finished; may_break(); goto walk
            fi
        fi
    }
back_off:
    atomic {    /* something came: it was looked at, and the park is tried again */
        if
        :: LIVES && HOLDS && NOTHING_CAME -> wrote(); phase = WAITING; timer = true; holder = NOBODY; goto idle
        :: LIVES && HOLDS && !NOTHING_CAME -> wrote(); goto back_off
        :: else -> goto idle
        fi
    }
park:
    atomic {    /* boundary.park: waits for the ask, without a time */
        if
        :: LIVES && HOLDS && NOTHING_CAME ->
            assert(my_token == writer); assert(my_finished == finished);
            phase = WAITING; holder = NOBODY; goto idle
        :: LIVES && HOLDS && !NOTHING_CAME -> wrote(); goto walk
        :: else -> goto idle
        fi
    }
complete:
    atomic {
        if
        :: LIVES && HOLDS -> wrote(); phase = COMPLETED; holder = NOBODY
        :: else
        fi;
        goto idle
    }
broke:
    goto idle
}

/* worker/pulse.py: ends the process that was declared dead; gives back a lease that none of its threads drives. */
proctype Pulse(byte i) {
end_pulse:
    do
    :: atomic { up[i] && dead[row[i]] -> up[i] = false }
#ifndef NO_GIVE_BACK
    :: atomic {
            up[i] && !dead[row[i]] && phase == IN_PROGRESS && holder == row[i] && !driving[i] ->
            phase = PENDING; due = true; holder = NOBODY; ring()
       }
#endif
    od
}

/* A process ends at any point: kill -9, power, its own exit. */
proctype Crash() {
end_crash:
    do
    :: atomic { crashes > 0 && up[0] -> crashes--; up[0] = false }
    :: atomic { crashes > 0 && up[1] -> crashes--; up[1] = false }
    :: atomic { losses > 0 && bells > 0 -> losses--; bells = 0 }
    od
}

/* The supervisor starts another one, with a row of its own. */
proctype Supervisor() {
    byte i;
end_supervisor:
    do
    :: atomic { !up[0] && rows < ROWS -> row[0] = rows; rows++; life[0]++; up[0] = true }
    :: atomic { !up[1] && rows < ROWS -> row[1] = rows; rows++; life[1]++; up[1] = true }
    od
}

#define GONE(r) (!dead[r] && !(up[0] && row[0] == r) && !(up[1] && row[1] == r) && r < rows)

/* recovery/sweep.py */
proctype Sweep() {
    byte r;
end_sweep:
    do
    :: atomic { GONE(0) -> dead[0] = true }
    :: atomic { GONE(1) -> dead[1] = true }
    :: atomic { ROWS > 2 && GONE(2) -> dead[2] = true }
    :: atomic { ROWS > 3 && GONE(3) -> dead[3] = true }
    /* silent for too long though it lives: it stalls */
    :: atomic { stalls > 0 && up[0] && !dead[row[0]] -> stalls--; dead[row[0]] = true }
    :: atomic { stalls > 0 && up[1] && !dead[row[1]] -> stalls--; dead[row[1]] = true }
#ifndef NO_SWEEP
    :: atomic { (IS_DUE || ORPHANED) && !rung && bells == 0 -> rung = true; ring() }
    :: atomic { rung && bells == 0 -> rung = false }     /* STIGMER_RING_AGAIN_SECONDS went by */
#endif
    od
}

/* engine/control.py, decisions.py: an ask, and an answer that arrives. Once. */
proctype Person() {
    atomic {
        if
        :: phase == IN_PROGRESS -> asked = true; inbox++
        :: phase == PENDING || phase == WAITING ->
            asked = true; inbox++; phase = PENDING; due = true; timer = false; rung = false; ring()
        fi
    }
}

proctype Clock() {
end_clock:
    do
    :: atomic { phase == WAITING && timer -> timer = false; due = true }
    od
}

init {
    atomic {
        up[0] = true; up[1] = true; row[0] = 0; row[1] = 1;
        run Driver(0); run Driver(1); run Pulse(0); run Pulse(1); run Crash(); run Supervisor(); run Sweep();
        run Person(); run Clock()
    }
}

/* Never in none of {due, leased, waiting for something named}; and what has arrived is never slept over. */
ltl never_unaccounted {
    [] ( (phase == PENDING -> due) && (phase == IN_PROGRESS -> holder != NOBODY)
         && ((phase == WAITING && !due && !timer) -> !asked) )
}

/* However unkind the world was a bounded number of times, it comes to its end. */
ltl always_ends { <> (phase == COMPLETED) }
