"""What phases, pauses, ends, conditions and events mean to a reader; each name needs a sentence."""

PHASES = {
    "Pending": "Nothing has been looked at yet.",
    "Initializing": "The first model starts; nothing answers yet.",
    "Preparing": "The candidate starts, beside a stable that answers everything.",
    "Shadowing": "The candidate gets copies of requests; its answers are dropped.",
    "Progressing": "The candidate answers its share of the requests.",
    "Promoting": "The candidate gets everything; the router has yet to report it.",
    "Baking": "The candidate is the new stable; the old one is kept warm for a way back.",
    "Healthy": "Stable answers everything; nothing is under way.",
    "RollingBack": "The candidate loses its routes; the router has yet to report it.",
    "RolledBack": "The wanted model was sent home, stable answers; `retry` tries it again.",
    "Failed": "The first model cannot serve. A new spec or `retry` starts anew.",
    "Terminating": "The deployment was deleted: routes go first, servers after them.",
}
PAUSES = {
    "Manual": "A person said `pause`. Ends with `resume`.",
    "Step": "A pause step without a duration. Ends with `resume`, which goes to the next step.",
    "Inconclusive": "The analysis ran out of time with a gate undecided. Ends by itself once the "
    "gates are safe, with `resume` (the analysis gets its whole time again) or with `promote`.",
    "Unproven": "The next weight is above `maxWeightBeforeObjectives` and an Objective is not "
    "proven safe. Ends by itself once it is, or with `promote`.",
    "Unapproved": "Nobody approved in time. Ends with `promote`, or with `resume`, which waits "
    "again.",
    "NoMetrics": "A gate with `onNoData: Pause` has had no counts for `noDataLimit`. Ends by "
    "itself when counts are back.",
    "TrafficDrift": "The router has reported other traffic than wanted for 90 s, though it was "
    "told again at each look. Ends by itself when it reports the wanted traffic.",
}
OUTCOMES = {
    "Promoted": "The candidate is stable now.",
    "RolledBack": "The candidate was taken back, and is not tried again until `retry`.",
    "Superseded": "Another model was wanted before this one was done.",
    "Reverted": "The spec went back to the model that is stable, or was before the bake.",
    "Undone": "`undo`, or harm, in the bake: the revision before is stable again, and this one is "
    "not tried again until `retry`.",
}
CONDITIONS = {
    "Ready": "The stable revision answers. False while the first model starts, or when it died.",
    "Reconciling": "Something is under way; the reason is the phase.",
    "Stalled": "It does not go on by itself: the first model failed, the router has not "
    "followed for 90 s, the engine refuses what is asked (`EngineRefused`, in a cluster only) "
    "for want of a right, a kind, a name or a model, or a template of gates is missing; what "
    "passes by itself is no such refusal.",
    "CandidateReady": "The revision on trial answers; in a bake, the new stable. If it does not, "
    "the message has the engine's own reason.",
    "TrafficVerified": "The router itself reports the wanted traffic; the message says who gets "
    "what, or why the router cannot be asked.",
    "MetricsAvailable": "Every gate that was asked had counts; the message names those that had "
    "not.",
    "GatesPassing": "No enforced gate has proven harm, and every Objective is proven safe; "
    "the message names those that are not.",
    "Paused": "The rollout rests in the middle; the reason is one of the pauses above.",
    "RolledBack": "The last candidate was, or is being, taken back; the message says why.",
}
EVENTS = {
    "ActionIgnored": "A request of a person did not fit the moment, and did nothing.",
    "Adopted": "The first model answers all requests.",
    "BakeEnded": "The way back is closed; the old revision stops.",
    "Deleted": "Somebody deleted the deployment.",
    "Failed": "The first model cannot serve, and why.",
    "GateHarm": "A gate has proven harm.",
    "GateSafe": "A gate has proven safety; told with the step that it opens, if there is one.",
    "Initializing": "The first model starts.",
    "Paused": "The rollout rests; a warning, unless a step of the plan asked for it.",
    "Promoted": "The candidate is stable now.",
    "Promoting": "The candidate gets all traffic.",
    "Resumed": "The rollout goes on.",
    "Retried": "A person asked for another try.",
    "Reverted": "The candidate left because the model before it is wanted again.",
    "RolledBack": "The candidate has no traffic any more, as the router reports.",
    "RollingBack": "The candidate is being taken off all routes, and why.",
    "RolloutStarted": "A new attempt began.",
    "SteppedByHand": "A person went on; the message names the gates that had proven nothing.",
    "StepStarted": "The next step of the plan began; with the proofs that opened it.",
    "Superseded": "The candidate left because another model is wanted.",
    "Undone": "The revision before is stable again.",
}
