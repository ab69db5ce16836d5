//! What a runtime is told when it opens.

use std::sync::Arc;

use adapter::{OutboundPolicy, Registry, Secrets};
use store::Store;

use crate::clock::Clock;
use crate::cluster::Membership;
use crate::handle::LogFilter;

/// Settings of one node's runtime.
#[derive(Clone, Debug)]
pub struct Config {
    /// This node's name, as it stands in the journal.
    pub node: String,
    /// The newest format of the journal that this node reads, and writes when all nodes read it.
    pub format: u32,
    /// The environment that the server runs as.
    pub environment: String,
    /// Partitions of a store that is opened for the first time (1 to 4,096); an existing store
    /// keeps the number that it was made with.
    pub partitions: u16,
    /// Whether calls go out and timers fire.
    pub begins: Begins,
    /// The URL under which other systems reach this server, without a slash at the end; absent,
    /// calls carry no callback address.
    pub callback_base: Option<String>,
    /// Which addresses adapters may call.
    pub outbound: OutboundPolicy,
    /// How much is held at once.
    pub bounds: Bounds,
}

impl Config {
    /// The defaults of an embedded node with so many partitions.
    pub fn embedded(environment: impl Into<String>, partitions: u16) -> Self {
        Self {
            node: "local".to_owned(),
            format: engine::codec::FORMAT,
            environment: environment.into(),
            partitions,
            begins: Begins::AsTheStoreSays,
            callback_base: None,
            outbound: OutboundPolicy::default(),
            bounds: Bounds::default(),
        }
    }
}

/// Whether calls go out and timers fire once the runtime is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// They do, unless the store was restored or somebody paused it.
    AsTheStoreSays,
    /// They wait, on all nodes, until [`crate::Runtime::pause`] ends it; the store notes it.
    Paused,
    /// They never do: the store is only brought to rest, and stays as it was.
    AtRest,
}

/// How much is held at once; everything has a bound.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Commands of one batch.
    pub batch_commands: usize,
    /// Bytes of one batch's records (one more decision may pass it).
    pub batch_bytes: usize,
    /// Milliseconds of deciding before a batch is closed.
    pub batch_deciding_ms: i64,
    /// Commands that wait at one partition's door.
    pub door_commands: usize,
    /// Bytes of payloads that wait at one partition's door.
    pub door_bytes: usize,
    /// Instances that one partition keeps in memory; only idle ones are evicted.
    pub hot_instances: usize,
    /// Bytes of instances that one partition keeps in memory, estimated.
    pub hot_bytes: usize,
    /// Commands that wait for one instance to be loaded.
    pub waiting_per_instance: usize,
    /// How long the projector gathers before it writes, in milliseconds, as long as nobody waits
    /// for the state: an instance that runs through in this time is written once.
    pub projection_gather_ms: u64,
    /// Bytes of records that the projector may be behind before the door refuses.
    pub projection_lag_bytes: usize,
    /// Timers that one partition keeps in memory.
    pub near_timers: usize,
    /// How far ahead timers are read, in milliseconds.
    pub timer_window_ms: i64,
    /// Calls at once of an adapter that does not say.
    pub adapter_concurrency: u32,
    /// Calls at once of an adapter with which the repeats after a recovery begin.
    pub ramp_start: u32,
    /// How long a list waits for the projector, in milliseconds.
    pub read_wait_ms: u64,
    /// How long a request waits for its partition to have an owner that answers, in milliseconds.
    pub owner_wait_ms: u64,
    /// How long an idempotency key is remembered, in milliseconds.
    pub key_ttl_ms: i64,
    /// How long calls in flight may take at shutdown, in milliseconds.
    pub shutdown_grace_ms: u64,
    /// How long a node that goes may take to hand its partitions over, in milliseconds.
    pub leave_wait_ms: u64,
    /// A checkpoint follows so many projected bytes ...
    pub checkpoint_bytes: usize,
    /// ... or so many milliseconds with anything projected.
    pub checkpoint_every_ms: u64,
    /// How often ended instances that are no longer kept are looked for, in milliseconds.
    pub purge_every_ms: u64,
    /// A blob goes when it was not named for so long, in milliseconds, and nothing names it; up to as
    /// long may go by on top.
    pub blobs_kept_ms: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            batch_commands: 1_000,
            batch_bytes: 4 << 20,
            batch_deciding_ms: 2,
            door_commands: 10_000,
            door_bytes: 64 << 20,
            hot_instances: 50_000,
            hot_bytes: 256 << 20,
            waiting_per_instance: 1_000,
            projection_gather_ms: 100,
            projection_lag_bytes: 64 << 20,
            near_timers: 50_000,
            timer_window_ms: 60_000,
            adapter_concurrency: 64,
            ramp_start: 8,
            read_wait_ms: 2_000,
            owner_wait_ms: 10_000,
            key_ttl_ms: 24 * 60 * 60 * 1_000,
            shutdown_grace_ms: 5_000,
            leave_wait_ms: 30_000,
            checkpoint_bytes: 64 << 20,
            checkpoint_every_ms: 60_000,
            purge_every_ms: 60_000,
            blobs_kept_ms: 24 * 60 * 60 * 1_000,
        }
    }
}

/// Called once, from any task, with the reason when the process must end.
pub type OnFatal = Arc<dyn Fn(String) + Send + Sync>;

/// What a runtime works with.
#[derive(Clone)]
pub struct Surroundings {
    /// The journal and the state.
    pub store: Arc<dyn Store>,
    /// Kinds of adapters.
    pub kinds: Registry,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Where `secrets.*` come from.
    pub secrets: Arc<dyn Secrets>,
    /// The other nodes on the same store; none: the store is this process's alone.
    pub cluster: Option<Membership>,
    /// What the process logs, where that can be changed while it runs.
    pub log_filter: Option<Arc<dyn LogFilter>>,
    /// The seed of all randomness: from the system's source in production, fixed in a simulation.
    pub seed: u64,
    /// Storage failed under a commit, or a task of the runtime broke: nothing that was acknowledged
    /// is lost, but this process must end and start anew.
    pub on_fatal: OnFatal,
}
