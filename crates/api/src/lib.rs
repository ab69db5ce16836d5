//! What goes over the wire: requests, answers, problems, and the table of error codes.
//!
//! Clients and the server share these types; nothing here knows a server. Fields are
//! `snake_case`, times are RFC 3339 in UTC with milliseconds, ids are UUIDs as text. JSON that
//! belongs to users passes through as text ([`Json`]).

mod adapter;
mod admin;
mod backup;
mod callback;
mod code;
mod dead_letter;
mod decision;
mod definition;
mod event;
mod exit;
mod genealogy;
mod history;
mod instance;
mod json;
mod list;
mod operation;
mod past;
mod problem;
mod resource;
mod router;
mod schedule;
mod stats;
mod submit;
mod system;
mod time;
mod verb;
mod window;

pub use adapter::{
    Adapter, AdapterCall, AdapterStatus, AdapterTarget, LimitsOverridden, OverrideRequest,
    SwitchRequest, Switched,
};
pub use admin::{AuditEntry, TaskCompletion, TaskFailure, TaskSummary};
pub use backup::{Backup, BackupRequest};
pub use callback::{Callback, Delivery};
pub use code::{CODES, Code};
pub use dead_letter::{
    DeadLetter, DeadLetterAttempt, DeadLetterError, DeadLetterSettled, ReprocessRequest,
};
pub use decision::{
    Answer, AnswerRequest, AuditCheck, AuditFinding, AuditHead, AuditHeads, AuditSeal, BulkAnswer,
    BulkAnswerRequest, BulkAnswers, Decision, DecisionFilter, DelegateRequest, Delegation, Notice,
};
pub use definition::{
    Definition, DefinitionSummary, DefinitionVersion, ExplainedStep, ExplainedValue, Explanation,
    Pin, Trigger,
};
pub use event::{Event, EventAccepted, EventBatchAnswer, EventItem, Routed};
pub use exit::Exit;
pub use genealogy::{Genealogy, GenealogyEdge, GenealogyNode, JourneyEntry};
pub use history::{HistoryRecord, StreamRecord};
pub use instance::{
    Attempt, Instance, InstanceError, InstanceSummary, KeptSignal, Lanes, Paused, Step, Waiting,
};
pub use json::Json;
pub use list::{Behind, Count, Counts, Page};
pub use operation::{OneOrMany, Operation, OperationFinding, OperationPreview, OperationRequest};
pub use past::{EffectSince, MigrateRequest, PastOutlook, RestoreRequest, RetryRequest, StepAgain};
pub use problem::{Finding, PROBLEM_JSON, Problem};
pub use resource::{ApplyReport, Change, Environment, File, FileSet, Policy, ValidationReport};
pub use router::{
    ExplainRequest, Router, RouterExplanation, RoutingExplanation, RuleExplanation, Verdict,
};
pub use schedule::{
    Schedule, ScheduleNext, SchedulePaused, ScheduleRequest, ScheduleTick, ScheduleTurned,
};
pub use stats::{FailureGroup, Failures, Latency, Stats, StatsFigures, StatsPoint, StatsSeries};
pub use submit::{
    BatchAnswer, BatchItem, BatchRequest, CancelRequest, Deleted, Submission, Submitted,
};
pub use system::{
    CheckFinding, Live, LogLevels, LogLevelsRequest, Node, NodeLogLevels, Nodes, PartitionHealth,
    PartitionOwner, Partitions, Ready, Reason, StoreSizes, System, SystemCheck,
};
pub use time::{InvalidTime, Time};
pub use verb::{ReplayRequest, SignalRequest, StepRequest};
pub use window::{CameToWindow, Window};
