//! Faults drawn at random, one after the other: a short while in the tests, as long as one likes with `make chaos`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use postgres_server::{Server, Version};

use super::load::{Answered, Load, Record};
use super::nodes::{CONNECTIONS, Nodes, send};
use super::proxy::Cable;
use crate::harness::until;
use crate::random::Random;

/// How many seconds it lasts.
const LASTING: &str = "CHAOS_SECONDS";
/// What the faults are drawn from; the present time without it.
const SEED: &str = "CHAOS_SEED";
/// What a retrying client is promised an answer within.
const PROMISED: Duration = Duration::from_secs(10);
/// A pause between two answers that counts as an outage.
const OUTAGE: Duration = Duration::from_secs(1);
/// The node that reaches the databases through cables.
const WIRED: &str = "c";

#[test]
fn nothing_acknowledged_is_lost_whatever_fails() {
    let lasting = Duration::from_secs(number(LASTING).unwrap_or(20));
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let seed = number(SEED).unwrap_or(now.as_secs());
    println!("{SEED}={seed}");
    let mut stage = Stage::new(Random::new(seed));
    let begun = Instant::now();
    let struck = catch_unwind(AssertUnwindSafe(|| {
        while begun.elapsed() < lasting {
            stage.strike();
        }
    }));
    if let Err(panic) = struck {
        stage.tell();
        resume_unwind(panic);
    }
    let (lasted, strikes) = (begun.elapsed(), stage.strikes);
    let record = stage.load.end();
    record.check(&stage.nodes.nodes[0].0);
    report(lasted, &strikes, &record);
    late(&strikes, &record);
}

fn number(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().unwrap())
}

/// Three nodes, two databases, and clients.
struct Stage {
    nodes: Nodes,
    primary: Server,
    standby: Server,
    cables: [Cable; 2],
    load: Load,
    random: Random,
    strikes: Vec<Strike>,
}

/// A fault that was, from when it struck until all was well again.
struct Strike {
    name: &'static str,
    lasted: Range<Instant>,
}

/// A thing that goes wrong, and is mended again.
type Fault = fn(&mut Stage);

/// What can go wrong.
const FAULTS: [(&str, Fault); 8] = [
    ("node killed", Stage::kill_node),
    ("node restarted in order", Stage::restart_node),
    ("node stopped for a while", Stage::freeze_node),
    ("node cut off from the databases", Stage::cut_off),
    ("database killed, standby promoted", Stage::fail_over),
    ("database killed and started again", Stage::restart_database),
    ("database stopped for a while", Stage::freeze_database),
    ("standby killed and started again", Stage::restart_standby),
];

impl Stage {
    fn new(random: Random) -> Self {
        let settings = [CONNECTIONS, "synchronous_standby_names=second"];
        let primary = Server::start_with(Version::V15, &settings);
        let standby = primary.standby("second");
        let url = |hosts: [&str; 2]| {
            let hosts = hosts.join(",");
            format!("postgres://postgres@{hosts}/postgres?target_session_attrs=read-write")
        };
        let hosts = [primary.host(), standby.host()];
        let cables = hosts.each_ref().map(|host| Cable::to(host));
        let mut nodes = Nodes::on(None, url(hosts.each_ref().map(String::as_str)), &["a", "b"]);
        let through = url(cables.each_ref().map(|cable| cable.address.as_str()));
        nodes.join(WIRED, &through);
        nodes.until_settled(3);
        nodes.keep_addresses();
        let load = Load::begin(nodes.urls());
        Self {
            nodes,
            primary,
            standby,
            cables,
            load,
            random,
            strikes: Vec::new(),
        }
    }

    /// One fault, until all is well again.
    fn strike(&mut self) {
        let (name, fault) = FAULTS[self.random.below(FAULTS.len() as u64) as usize];
        let begun = Instant::now();
        print!("{name}: ");
        fault(self);
        self.load.until_more(20);
        self.nodes.until_settled(3);
        let lasted = begun..Instant::now();
        println!("well again after {:?}", lasted.end - lasted.start);
        self.strikes.push(Strike { name, lasted });
    }

    /// What the databases and the nodes say.
    fn tell(&self) {
        for (name, server) in [("primary", &self.primary), ("standby", &self.standby)] {
            let log = server.log();
            let last: Vec<&str> = log.lines().rev().take(30).collect();
            println!("the last lines of the {name}'s log, newest first: {last:#?}");
        }
        let waits = "SELECT backend_type, state, wait_event_type, wait_event, left(query, 60), count(*), \
                     max(now() - state_change) FROM pg_stat_activity GROUP BY 1, 2, 3, 4, 5";
        let follows = "SELECT application_name, state, sync_state, sent_lsn, flush_lsn, reply_time FROM pg_stat_replication";
        for statement in [waits, follows] {
            let said = catch_unwind(AssertUnwindSafe(|| self.primary.sql(statement)));
            println!("{}", said.unwrap_or_else(|_| "no answer".to_owned()));
        }
        for (node, start) in &self.nodes.nodes {
            let log = std::fs::read_to_string(&node.log).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(30).collect();
            println!(
                "the last lines of {}'s log, newest first: {last:#?}",
                start.name()
            );
        }
    }

    fn a_node(&mut self) -> usize {
        self.random.below(self.nodes.nodes.len() as u64) as usize
    }

    /// Lets the clients get on, for a while that is drawn.
    fn meanwhile(&mut self) {
        let more = self.random.below(300) as usize;
        self.load.until_more(more);
    }

    fn kill_node(&mut self) {
        let place = self.a_node();
        let start = self.nodes.kill(place);
        self.meanwhile();
        self.nodes.begin(start);
    }

    fn restart_node(&mut self) {
        let place = self.a_node();
        let start = self.nodes.stop(place);
        self.meanwhile();
        self.nodes.begin(start);
    }

    fn freeze_node(&mut self) {
        let place = self.a_node();
        let (node, start) = self.nodes.nodes.remove(place);
        send(&node, "STOP");
        self.while_others_take_over();
        send(&node, "CONT");
        self.nodes.nodes.push((node, start));
    }

    fn cut_off(&mut self) {
        let mut nodes = self.nodes.nodes.iter();
        let place = nodes.position(|(_, start)| start.name() == WIRED).unwrap();
        let wired = self.nodes.nodes.remove(place);
        self.cables.iter().for_each(Cable::pull);
        self.while_others_take_over();
        self.cables.iter().for_each(Cable::plug);
        self.nodes.nodes.push(wired);
    }

    /// Half the time it ends before the others could take over.
    fn while_others_take_over(&mut self) {
        if self.random.below(2) == 0 {
            self.nodes.until_settled(2);
        }
        self.meanwhile();
    }

    fn fail_over(&mut self) {
        self.primary.kill();
        self.standby.promote();
        self.load.until_more(1);
        let follower = self.standby.standby_at("second", self.primary.port);
        until("the new standby follows", || {
            let streaming = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
            (self.standby.sql(streaming) == "1").then_some(())
        });
        // Only now: a copy of this setting would have the follower wait for itself once it is promoted.
        self.standby
            .sql("ALTER SYSTEM SET synchronous_standby_names = 'second'");
        self.standby.sql("SELECT pg_reload_conf()");
        self.primary = std::mem::replace(&mut self.standby, follower);
    }

    fn restart_database(&mut self) {
        self.primary.kill();
        self.primary.launch();
    }

    fn freeze_database(&mut self) {
        self.primary.signal("-STOP");
        self.until_not_ready();
        self.primary.signal("-CONT");
    }

    fn restart_standby(&mut self) {
        self.standby.kill();
        self.standby.launch();
    }

    fn until_not_ready(&self) {
        let node = &self.nodes.nodes[0].0;
        until("a node says that it is not ready", || {
            (node.get("/readyz")["ready"] != true).then_some(())
        });
    }
}

fn report(lasted: Duration, strikes: &[Strike], record: &Record) {
    let requests = record.answered.len();
    let within = |limit: Duration| {
        let good = record.answered.iter().filter(|one| one.took <= limit);
        100.0 * good.count() as f64 / requests as f64
    };
    let mut at: Vec<Instant> = record.answered.iter().map(|one| one.at).collect();
    at.sort_unstable();
    let pauses = at.windows(2).map(|pair| pair[1] - pair[0]);
    let outages: Vec<Duration> = pauses.filter(|pause| *pause > OUTAGE).collect();
    let out: Duration = outages.iter().sum();
    println!("{lasted:.0?} of chaos:");
    for (name, count) in counted(strikes.iter().map(|strike| strike.name)) {
        println!("  {count:>4} × {name}");
    }
    println!(
        "  {requests} starts acknowledged, none lost, none twice; {} tries were refused or unanswered and repeated",
        record.retries
    );
    println!(
        "  a retrying client was answered within {PROMISED:?} in {:.4} % of its requests (wanted: 99.99 %), within 1 s in \
         {:.3} %, at the latest after {:.1?}",
        within(PROMISED),
        within(Duration::from_secs(1)),
        record.longest()
    );
    println!(
        "  no client was answered for {out:.1?} in all, {} times, the longest {:.1?}",
        outages.len(),
        outages.iter().max().copied().unwrap_or_default()
    );
}

/// Which faults the slow requests were under way in, and of those beyond the promise all that is known.
fn late(strikes: &[Strike], record: &Record) {
    let slow = record.answered.iter().filter(|one| one.took > OUTAGE);
    println!("  requests of more than {OUTAGE:?}, by the faults that they fell into:");
    for (faults, count) in counted(slow.map(|one| met(strikes, one))) {
        println!("  {count:>4} × {faults}");
    }
    for one in record.answered.iter().filter(|one| one.took > PROMISED) {
        println!("  {:.1?} late: {}", one.took, met(strikes, one));
        for (after, said) in &one.tries {
            println!("         after {after:.1?}: {said}");
        }
    }
}

/// The faults that a request met, in order.
fn met(strikes: &[Strike], one: &Answered) -> String {
    let begun = one.at - one.took;
    let met = strikes
        .iter()
        .filter(|strike| strike.lasted.start < one.at && strike.lasted.end > begun);
    let names: Vec<&str> = met.map(|strike| strike.name).collect();
    names.join(", then ")
}

fn counted<K: Ord>(of: impl Iterator<Item = K>) -> BTreeMap<K, u32> {
    let mut counts = BTreeMap::new();
    of.for_each(|key| *counts.entry(key).or_default() += 1);
    counts
}
